//! The moment from which on a run begins nothing more. What it has committed stays, and the next run goes on from there.

use super::Options;

impl Options {
    /// Whether the deadline has come.
    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= std::time::Instant::now())
    }

    /// Waits for the deadline; for ever where there is none.
    pub(super) async fn late(&self) {
        match self.deadline {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    }
}

//! How long the stages of a domain take, for its report.

use std::time::{Duration, Instant};

use crate::report::DomainReport;

/// A stage, as reports and metrics call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timed {
    /// Earlier findings are looked at again.
    FollowUp,
    /// Slices are read, judged and committed.
    Read,
    /// What has to rest is waited for and judged.
    Rest,
    /// The limits are applied, and events let go.
    Release,
    /// The outbox is delivered, for all domains of the run together.
    Deliver,
}

impl Timed {
    const fn as_str(self) -> &'static str {
        match self {
            Self::FollowUp => "follow_up",
            Self::Read => "read",
            Self::Rest => "rest",
            Self::Release => "release",
            Self::Deliver => "deliver",
        }
    }
}

impl DomainReport {
    /// Adds what a stage took.
    pub(super) fn took(&mut self, stage: Timed, time: Duration) {
        *self.stages.entry(stage.as_str().to_owned()).or_default() += time.as_secs_f64();
    }
}

/// What work comes to, and how long it took.
pub(super) async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    (work.await, began.elapsed())
}

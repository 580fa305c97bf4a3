//! What ends the work of a run before its time: a signal, a standstill, a pause, or another run that took a domain over.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tieout_reconcilers::spoken::Spoken;
use tokio_util::sync::CancellationToken;

use super::outcome::Failure;
use crate::going::Going;

/// How long a run that is to end may take to end itself. What has not ended by then is given up, and its report is made from what
/// the state store holds.
const LAST_ORDERS: Duration = Duration::from_secs(9);

/// Whether a run is to end.
#[derive(Debug, Clone)]
pub(super) struct RunStop {
    going: Going,
    /// How long nothing had moved.
    stuck: Arc<OnceLock<Duration>>,
}

/// Whether the work on a domain is to end: with the run, or by itself.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    run: RunStop,
    going: Going,
    /// Why the work on this domain alone is to end.
    own: Arc<OnceLock<Failure>>,
}

impl RunStop {
    /// A run that ends when it is asked to.
    pub(super) fn on(asked: &CancellationToken) -> Self {
        Self { going: Going::until(asked.child_token()), stuck: Arc::default() }
    }

    /// The run, for those who work for it.
    pub(super) const fn going(&self) -> &Going {
        &self.going
    }

    /// The same for one of its domains.
    pub(super) fn of_a_domain(&self) -> Stop {
        Stop { run: self.clone(), going: self.going.part(), own: Arc::default() }
    }

    /// For how long nothing had moved, where that is why it ends.
    pub(super) fn stuck(&self) -> Option<Duration> {
        self.stuck.get().copied()
    }

    /// Ends the run once nothing has moved for so long. Then, and after a signal, comes back when the time is over in which the run
    /// should have ended itself.
    pub(super) async fn overdue(&self, stuck_after: Duration) {
        tokio::select! {
            () = self.going.over() => {}
            () = self.going.is_stuck(stuck_after) => {
                tracing::error!("nothing has moved for {}", Spoken(stuck_after));
                let _first = self.stuck.set(stuck_after);
                self.going.end();
            }
        }
        tokio::time::sleep(LAST_ORDERS).await;
    }
}

impl Stop {
    /// The work, for those who do it.
    pub(super) const fn going(&self) -> &Going {
        &self.going
    }

    /// Another run took the domain over.
    pub(super) fn lose(&self) {
        self.end_for(Failure::LeaseLost);
    }

    /// A person paused the domain.
    pub(super) fn pause_for(&self, by: &str) {
        self.end_for(Failure::PausedMeanwhile(by.to_owned()));
    }

    fn end_for(&self, why: Failure) {
        let _first = self.own.set(why);
        self.going.end();
    }

    /// Goes on, or says why not.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.going.is_over() { Err(self.why()) } else { Ok(()) }
    }

    /// Waits until the work is to end, and says why.
    pub(super) async fn asked(&self) -> Failure {
        self.going.over().await;
        self.why()
    }

    /// Why work has failed: what was only told to end does not know why.
    pub(super) fn cause_of(&self, failure: Failure) -> Failure {
        if matches!(failure, Failure::Interrupted) && self.going.is_over() { self.why() } else { failure }
    }

    /// Waits for some time, unless the work is to end.
    pub(super) async fn pause(&self, time: Duration) -> Result<(), Failure> {
        self.going.pause(time).await.map_err(|_| self.why())
    }

    fn why(&self) -> Failure {
        if let Some(own) = self.own.get() {
            return own.clone();
        }
        self.run.stuck().map_or(Failure::Interrupted, Failure::Stalled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_was_only_told_to_end_failed_for_what_ended_it() {
        let run = RunStop::on(&CancellationToken::new());
        let stop = run.of_a_domain();
        assert!(matches!(stop.cause_of(Failure::Interrupted), Failure::Interrupted));
        stop.lose();
        assert!(matches!(stop.cause_of(Failure::Interrupted), Failure::LeaseLost));
        assert!(matches!(stop.cause_of(Failure::Panicked(String::new())), Failure::Panicked(_)));
        let paused = run.of_a_domain();
        paused.pause_for("ada: the bank is closed");
        assert!(matches!(paused.check(), Err(Failure::PausedMeanwhile(by)) if by.contains("ada")));
        let other = run.of_a_domain();
        run.stuck.set(Duration::from_secs(2)).unwrap();
        run.going.end();
        assert!(matches!(other.cause_of(Failure::Interrupted), Failure::Stalled(_)));
    }
}

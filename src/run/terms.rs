//! On which terms one run works: what its call asks for beside what it looks at.

use std::time::Duration;

use crate::report::{DomainReport, Gate, Status};

/// The terms of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terms {
    /// What happens once a domain has failed.
    pub after_failure: AfterFailure,
    /// How long items rest before they are judged, where that is longer than their domains say. Whoever makes a job gives it
    /// domains that do ([`Resting`](tieout_reconcilers::resting::Resting)).
    pub settle: Option<Duration>,
    /// For how long what was sent is looked at again, until it is repaired; not at all where nothing is said.
    pub confirm: Option<Duration>,
    /// When what was found makes the exit code 4. It then decides that in the place of differences alone.
    pub fail_on: Option<Gate>,
}

/// What happens once a domain has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterFailure {
    /// The others are worked on all the same.
    #[default]
    GoOn,
    /// No other is begun.
    Stop,
}

/// The domain whose failure kept others from being begun, and the exit code that the failure speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopper {
    /// Its name.
    pub domain: String,
    /// The exit code.
    pub exit_code: u8,
}

impl AfterFailure {
    /// Whether a domain's end keeps others from being begun. One that is partial, held, locked or paused has not failed: what was
    /// read of it counts, or somebody else sees to it.
    pub(super) fn stopped_by(self, domain: &DomainReport) -> Option<Stopper> {
        let stops = self == Self::Stop && domain.status == Status::Failed;
        stops.then(|| Stopper { domain: domain.domain.clone(), exit_code: domain.exit_code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::samples;

    #[test]
    fn only_a_failure_stops_and_only_where_that_is_asked_for() {
        let one = |status| DomainReport { status, exit_code: 3, ..samples::in_sync().domains.remove(0) };
        for status in Status::ALL {
            let stopper = AfterFailure::Stop.stopped_by(&one(status));
            assert_eq!(stopper.map(|by| by.exit_code), (status == Status::Failed).then_some(3), "{status:?}");
            assert_eq!(AfterFailure::GoOn.stopped_by(&one(status)), None);
        }
    }
}

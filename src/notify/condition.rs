//! How a domain is at the end of a run, as troubles. Pure.

use std::collections::BTreeMap;

use super::event::Trouble;
use crate::report::{DomainReport, RunReport, Status};

/// Troubles with how large each is: findings or events where it counts some, else one.
pub type Troubles = BTreeMap<Trouble, u64>;

/// How a domain is, as far as a run knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What is not as it should be.
    pub troubles: Troubles,
    /// Whether the run looked at the domain, so that what it does not find is over.
    pub is_known: bool,
}

impl Condition {
    /// How a domain is.
    #[must_use]
    pub fn of(domain: &DomainReport) -> Self {
        let standing = &domain.standing;
        let is = u64::from;
        let sizes = [
            (Trouble::Failed, is(domain.status == Status::Failed)),
            (Trouble::Interrupted, is(matches!(domain.status, Status::Interrupted | Status::Running))),
            (Trouble::Partial, is(!domain.complete && domain.failure.is_none())),
            (Trouble::Held, standing.held.max(is(domain.limits.iter().any(|limit| limit.tripped)))),
            (Trouble::Undelivered, domain.events.waiting + domain.events.dead),
            (Trouble::Recurring, standing.recurring),
            (Trouble::Differences, standing.open + standing.emitted),
            (Trouble::Skipped, is(domain.status == Status::Skipped)),
        ];
        Self {
            troubles: sizes.into_iter().filter(|(_, size)| *size > 0).collect(),
            is_known: matches!(domain.status, Status::Done | Status::Partial | Status::Held),
        }
    }

    /// How a domain is that a run was asked for and did not come to.
    fn not_reached() -> Self {
        Self { troubles: Troubles::from([(Trouble::Interrupted, 1)]), is_known: false }
    }
}

/// How every domain of a run is, in its order.
#[must_use]
pub fn conditions(report: &RunReport) -> Vec<(&str, Condition)> {
    let of = |name: &String| report.domains.iter().find(|domain| domain.domain == *name);
    let condition = |name| of(name).map_or_else(Condition::not_reached, Condition::of);
    report.selected.iter().map(|name| (name.as_str(), condition(name))).collect()
}

//! What a drain comes to.

use std::collections::BTreeMap;

use tieout_reconcilers::name::DomainName;

use crate::queue::QueueFault;

/// What a drain did.
#[derive(Debug, Default)]
pub struct Drained {
    /// Events that a queue acknowledged, by domain.
    pub sent: BTreeMap<DomainName, u64>,
    /// Attempts that failed and will be repeated.
    pub retried: u64,
    /// Events given up, by domain.
    pub dead: BTreeMap<DomainName, u64>,
    /// Events still pending at the end, in all queues of the state store.
    pub left: u64,
    /// Why a queue did not work at the end of the drain, by its name.
    pub faults: BTreeMap<String, QueueFault>,
}

impl Drained {
    /// Events that a queue acknowledged.
    #[must_use]
    pub fn n_sent(&self) -> u64 {
        self.sent.values().sum()
    }

    /// Adds what came of another queue.
    pub(super) fn add(&mut self, other: Self) {
        for (all, more) in [(&mut self.sent, other.sent), (&mut self.dead, other.dead)] {
            for (domain, count) in more {
                *all.entry(domain).or_default() += count;
            }
        }
        self.retried += other.retried;
        self.left += other.left;
        self.faults.extend(other.faults);
    }
}

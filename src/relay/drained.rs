//! What a drain comes to.

use std::collections::BTreeMap;

use tieout_reconcilers::name::DomainName;

use crate::queue::{Crowd, QueueFault};

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
    /// The consumers of a queue that were too far behind at the end of the drain, by its name.
    pub crowds: BTreeMap<String, Crowd>,
}

impl Drained {
    /// Events that a queue acknowledged.
    #[must_use]
    pub fn n_sent(&self) -> u64 {
        self.sent.values().sum()
    }

    /// Whether a queue takes nothing before somebody does something about it.
    #[must_use]
    pub fn is_refused_by(&self, queue: &str) -> bool {
        matches!(self.faults.get(queue), Some(QueueFault::Refused { .. }))
    }

    /// Why events are left, in words: what is wrong with queues, and whose consumers are too far behind.
    pub fn problems(&self) -> impl Iterator<Item = String> {
        self.problems_of(|_| true)
    }

    /// The same of some queues.
    pub fn problems_of(&self, is_meant: impl Fn(&str) -> bool + Copy) -> impl Iterator<Item = String> {
        let faults = self.faults.iter().filter(move |(queue, _)| is_meant(queue));
        let crowds = self.crowds.iter().filter(move |(queue, _)| is_meant(queue));
        let faults = faults.map(|(_, fault)| fault.to_string());
        faults.chain(crowds.map(|(queue, crowd)| format!("the queue `{queue}` {crowd}")))
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
        self.crowds.extend(other.crowds);
    }
}

//! How many requests a run sent and how they were answered, for its report.

use std::sync::atomic::{AtomicU64, Ordering};

use super::error::SourceError;

/// Counters that the clones of a run's client share.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    ok: AtomicU64,
    throttled: AtomicU64,
    failed: AtomicU64,
}

/// Requests by their outcome; a request that is sent again counts again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Answered and used.
    pub ok: u64,
    /// Answered with "slow down".
    pub throttled: u64,
    /// Not answered, or answered with an error.
    pub failed: u64,
}

impl Traffic {
    pub(super) fn count<T>(&self, outcome: &Result<T, SourceError>) {
        let counter = match outcome {
            Ok(_) => &self.ok,
            Err(SourceError::SlowDown { .. }) => &self.throttled,
            Err(_) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) -> Sent {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Sent { ok: read(&self.ok), throttled: read(&self.throttled), failed: read(&self.failed) }
    }
}

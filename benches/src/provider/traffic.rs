//! What clients asked of the mock since it was last told to forget. Counts requests, never their content.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// The answer of `/_traffic`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When the first request had arrived, in nanoseconds of Unix time.
    pub first_request_nanos: Option<u64>,
    /// Requests for the list.
    pub pages: u64,
    /// Requests for one charge.
    pub lookups: u64,
}

#[derive(Default)]
pub(super) struct Traffic {
    /// Zero as long as there was none.
    first_request_nanos: AtomicU64,
    pages: AtomicU64,
    lookups: AtomicU64,
}

impl Traffic {
    /// Counts a request for the list and says the how manieth it is.
    pub(super) fn count_page(&self) -> u64 {
        self.stamp();
        self.pages.fetch_add(1, Relaxed) + 1
    }

    pub(super) fn count_lookup(&self) {
        self.stamp();
        self.lookups.fetch_add(1, Relaxed);
    }

    pub(super) fn report(&self) -> Report {
        let first = self.first_request_nanos.load(Relaxed);
        Report {
            first_request_nanos: (first > 0).then_some(first),
            pages: self.pages.load(Relaxed),
            lookups: self.lookups.load(Relaxed),
        }
    }

    pub(super) fn forget(&self) {
        for counter in [&self.first_request_nanos, &self.pages, &self.lookups] {
            counter.store(0, Relaxed);
        }
    }

    fn stamp(&self) {
        if self.first_request_nanos.load(Relaxed) == 0 {
            self.first_request_nanos.store(epoch_nanos(), Relaxed);
        }
    }
}

/// Now, in nanoseconds of Unix time: the one clock that two processes share without ceremony.
#[must_use]
pub fn epoch_nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

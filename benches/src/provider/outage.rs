//! A while in the middle of a walk in which the mock answers every request for the list with an error.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

/// When the mock fails.
#[derive(Debug)]
pub struct Outage {
    after: u64,
    lasts: Duration,
    began: OnceLock<Instant>,
}

impl Outage {
    /// An outage that begins with the page after the `after`-th.
    #[must_use]
    pub fn new(after: u64, lasts: Duration) -> Self {
        Self { after, lasts, began: OnceLock::new() }
    }

    /// Whether the mock fails now, having been asked for so many pages.
    pub(super) fn is_on(&self, pages: u64) -> bool {
        pages > self.after && self.began.get_or_init(Instant::now).elapsed() < self.lasts
    }
}

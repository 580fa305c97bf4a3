//! One queue during a drain: what the relay remembers of it between its turns.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use crate::queue::Queue;

/// One queue during a drain.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) queue: &'a mut dyn Queue,
    /// When it has no more time to answer.
    pub(super) until: Instant,
    pub(super) backoff: ExponentialBackoff,
    pub(super) not_before: Instant,
    pub(super) is_paused: bool,
}

pub(super) fn line<'a>(name: &'a str, queue: &'a mut dyn Queue, until: Instant) -> Line<'a> {
    Line { name, queue, until, backoff: pauses(), not_before: Instant::now(), is_paused: false }
}

/// Pauses of a queue that cannot be reached: half a second, doubled up to ten seconds, with jitter, without end.
pub(super) fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(10))
        .without_max_times()
        .with_jitter()
        .build()
}

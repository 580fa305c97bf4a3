//! Whether work goes on: here it hears that it is to end, and here it says that it moves.
//!
//! Whatever waits for somebody else listens here, so that a run ends soon after it is asked to, and says how long a wait is where
//! that is known, so that nobody takes it for stuck.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How long what is under way may still take once the work is to end.
pub const LAST_WORDS: Duration = Duration::from_secs(5);

/// How often somebody looks whether anything has moved: so often in the time after which it is stuck.
const LOOKS: u32 = 16;

/// The work is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work is to end")]
pub struct Over;

/// Waits until what follows work has had its time: so long, and no longer than so long once a token is cancelled.
pub async fn had_its_time(cancel: &CancellationToken, time: Duration, last_time: Duration) {
    tokio::select! {
        () = sleep(time) => {}
        () = async {
            cancel.cancelled().await;
            sleep(last_time).await;
        } => {}
    }
}

/// Whether work goes on. Clones are about the same work.
#[derive(Debug, Clone, Default)]
pub struct Going {
    over: CancellationToken,
    pulse: Arc<Pulse>,
}

#[derive(Debug, Default)]
struct Pulse {
    moves: AtomicU64,
    /// The end of the longest wait whose end is known.
    waits_until: Mutex<Option<Instant>>,
}

impl Going {
    /// Work that goes on until a token is cancelled.
    #[must_use]
    pub fn until(over: CancellationToken) -> Self {
        Self { over, pulse: Arc::default() }
    }

    /// A part of the work: it ends with the whole, and may end by itself.
    #[must_use]
    pub fn part(&self) -> Self {
        Self { over: self.over.child_token(), pulse: Arc::clone(&self.pulse) }
    }

    /// Asks the work to end.
    pub fn end(&self) {
        self.over.cancel();
    }

    /// Whether it is to end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Waits until it is to end.
    pub async fn over(&self) {
        self.over.cancelled().await;
    }

    /// Waits until it is to end and what is under way has had time to come to its own end.
    pub async fn over_for(&self, time: Duration) {
        self.over.cancelled().await;
        sleep(time).await;
    }

    /// Says that something moved.
    pub fn moves(&self) {
        self.pulse.moves.fetch_add(1, Ordering::Relaxed);
    }

    /// Says that a wait is known to end then.
    pub fn waits_until(&self, end: Instant) {
        let mut known = self.pulse.waits_until.lock().unwrap_or_else(PoisonError::into_inner);
        *known = (*known).max(Some(end));
    }

    /// Waits for some time, and no longer than the work goes on.
    pub async fn pause(&self, time: Duration) -> Result<(), Over> {
        if let Some(end) = Instant::now().checked_add(time) {
            self.waits_until(end);
        }
        match timeout(time, self.over.cancelled()).await {
            Ok(()) => Err(Over),
            Err(_) => Ok(()),
        }
    }

    /// Waits until nothing has moved for so long, other than in a wait with a known end.
    pub async fn is_stuck(&self, after: Duration) {
        let (mut seen, mut since) = (self.pulse.moves.load(Ordering::Relaxed), Instant::now());
        loop {
            let waits_until = *self.pulse.waits_until.lock().unwrap_or_else(PoisonError::into_inner);
            let stuck_at = waits_until.map_or(since, |end| end.max(since)).checked_add(after);
            let now = Instant::now();
            if stuck_at.is_some_and(|at| at <= now) {
                return;
            }
            sleep_until(stuck_at.map_or(now + after, |at| at.min(now + after / LOOKS))).await;
            let moves = self.pulse.moves.load(Ordering::Relaxed);
            if moves != seen {
                (seen, since) = (moves, Instant::now());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    async fn is_stuck_within(going: &Going, time: Duration) -> bool {
        timeout(time, going.is_stuck(MINUTE)).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_move_is_stuck_and_what_moves_is_not() {
        let going = Going::default();
        let mover = going.part();
        let moving = tokio::spawn(async move {
            for _ in 0..10 {
                sleep(MINUTE / 2).await;
                mover.moves();
            }
        });
        assert!(!is_stuck_within(&going, MINUTE * 5).await);
        moving.await.unwrap();
        assert!(is_stuck_within(&going, MINUTE * 2).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_with_a_known_end_is_no_standstill_and_a_longer_one_is() {
        let going = Going::default();
        going.waits_until(Instant::now() + MINUTE * 10);
        going.waits_until(Instant::now() + MINUTE);
        assert!(!is_stuck_within(&going, MINUTE * 10).await);
        assert!(is_stuck_within(&going, MINUTE * 2).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_with_the_work_and_the_work_does_not_end_with_a_part_of_it() {
        let going = Going::default();
        let part = going.part();
        assert_eq!(part.pause(MINUTE).await, Ok(()));
        part.end();
        assert_eq!(part.pause(MINUTE).await, Err(Over));
        assert!(!going.is_over());
        let other = going.part();
        going.end();
        assert!(other.is_over());
    }
}

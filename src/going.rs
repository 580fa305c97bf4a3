//! Whether work goes on: here it hears that it is to end, and here it says that it moves.
//!
//! Whatever waits for somebody else listens here, so that a run ends soon after it is asked to, and says how long a wait is where
//! that is known, so that nobody takes it for stuck.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How long what is under way may still take once the work is to end.
pub const LAST_WORDS: Duration = Duration::from_secs(5);

/// How often somebody looks whether anything has moved: so often in the time after which it is stuck.
const LOOKS: u32 = 16;

/// The shortest wait that anybody is told of: requests that keep a pace wait all the time.
const NOTABLE: Duration = Duration::from_millis(1_500);

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

/// What requests wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitsFor {
    /// The provider, or what was declared for it, permits none yet.
    Limit,
    /// Some have failed, and the provider is given time.
    Outage,
}

/// Whether work goes on. Clones are about the same work.
#[derive(Debug, Clone, Default)]
pub struct Going {
    over: CancellationToken,
    pulse: Arc<Pulse>,
    ear: Ear,
}

/// Whoever is told how long the work waits, and for what.
#[derive(Clone, Default)]
struct Ear(Option<Arc<dyn Fn(Duration, WaitsFor) + Send + Sync>>);

#[derive(Debug, Default)]
struct Pulse {
    moves: AtomicU64,
    /// The end of the longest wait whose end is known.
    waits_until: Mutex<Option<Instant>>,
}

impl WaitsFor {
    /// The word used in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Outage => "outage",
        }
    }
}

impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Limit => "for the provider's limit",
            Self::Outage => "after requests that failed",
        })
    }
}

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ear").field(&self.0.is_some()).finish()
    }
}

impl Going {
    /// Work that goes on until a token is cancelled.
    #[must_use]
    pub fn until(over: CancellationToken) -> Self {
        Self { over, ..Self::default() }
    }

    /// The same work, of whose long waits somebody is told, who must return at once.
    #[must_use]
    pub fn heard_by(self, ear: impl Fn(Duration, WaitsFor) + Send + Sync + 'static) -> Self {
        Self { ear: Ear(Some(Arc::new(ear))), ..self }
    }

    /// A part of the work: it ends with the whole, and may end by itself.
    #[must_use]
    pub fn part(&self) -> Self {
        Self { over: self.over.child_token(), ..self.clone() }
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

    /// The same of a wait that whoever watches should know of.
    pub fn waits_for(&self, end: Instant, what: WaitsFor) {
        self.waits_until(end);
        let left = end.saturating_duration_since(Instant::now());
        if let Some(ear) = self.ear.0.as_ref().filter(|_| left >= NOTABLE) {
            ear(left, what);
        }
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
    async fn a_long_wait_is_told_with_its_length_and_what_it_is_for_and_a_short_one_is_not() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let going = Going::default().heard_by(move |left, what| ear.lock().unwrap().push((left, what)));
        going.part().waits_for(Instant::now() + MINUTE, WaitsFor::Limit);
        going.waits_for(Instant::now() + MINUTE / 60, WaitsFor::Limit);
        going.waits_until(Instant::now() + MINUTE);
        going.waits_for(Instant::now() + MINUTE * 2, WaitsFor::Outage);
        assert_eq!(*heard.lock().unwrap(), [(MINUTE, WaitsFor::Limit), (MINUTE * 2, WaitsFor::Outage)]);
        assert!(!is_stuck_within(&going, MINUTE * 2).await, "each of them has a known end");
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

//! What time it is, and waiting: the one value through which a run meets time.
//!
//! Normally it is the clock of the host, or the database's own. A test of many nights cannot wait for them: it makes a clock
//! that stands still until it is moved, and whoever waits by such a clock moves it. Only a caller of the library can make one:
//! no setting, argument or variable of the environment does.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tieout_reconcilers::instant::Instant;

/// A clock. Clones show the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Still>);

/// A clock that stands still: microseconds since 1970 that clones share, and how far this one is ahead of that.
#[derive(Debug, Clone)]
struct Still {
    hand: Arc<AtomicI64>,
    ahead: TimeDelta,
}

/// The clocks of a run, apart from the state store's, which the store has itself.
#[derive(Debug, Clone, Default)]
pub struct Clocks {
    /// The process's.
    pub process: Clock,
    /// The local databases'.
    pub local: Clock,
}

impl Clock {
    /// A clock that stands still at an instant until it is moved.
    #[must_use]
    pub fn still(at: Instant) -> Self {
        Self(Some(Still { hand: Arc::new(AtomicI64::new(at.micros())), ahead: TimeDelta::zero() }))
    }

    /// A clock that moves with a still one and shows another time. The clock of the host is not changed.
    #[must_use]
    pub fn ahead_by(&self, ahead: TimeDelta) -> Self {
        Self(self.0.clone().map(|still| Still { ahead: still.ahead + ahead, ..still }))
    }

    /// Moves a still clock, and all that move with it. The clock of the host moves by itself.
    pub fn pass(&self, time: Duration) {
        if let Some(still) = &self.0 {
            let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
            still.hand.fetch_add(micros, Ordering::SeqCst);
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.shown().unwrap_or_else(|| Utc::now().into())
    }

    /// The time by a still clock, or what a database says by its own.
    pub(crate) async fn or_own<E>(
        &self,
        own: impl Future<Output = Result<Instant, E>>,
    ) -> Result<Instant, E> {
        match self.shown() {
            Some(at) => Ok(at),
            None => own.await,
        }
    }

    /// Waits.
    pub(crate) async fn wait(&self, time: Duration) {
        if self.0.is_some() {
            self.pass(time);
        } else {
            tokio::time::sleep(time).await;
        }
    }

    /// Begins to measure how long something takes.
    pub(crate) fn stopwatch(&self) -> Stopwatch {
        Stopwatch { clock: self.clone(), shown: self.shown(), began: std::time::Instant::now() }
    }

    /// The time by a still clock.
    pub(crate) fn shown(&self) -> Option<Instant> {
        let still = self.0.as_ref()?;
        let micros = still.hand.load(Ordering::SeqCst);
        let ahead = still.ahead.num_microseconds().unwrap_or_default();
        Some(Instant::from_micros(micros.saturating_add(ahead)))
    }
}

/// Measures a duration, which no correction of a clock changes.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    clock: Clock,
    shown: Option<Instant>,
    began: std::time::Instant,
}

impl Stopwatch {
    /// How long ago it began.
    pub(crate) fn elapsed(&self) -> Duration {
        match self.shown.zip(self.clock.shown()) {
            Some((from, to)) => {
                Duration::from_micros(to.micros().saturating_sub(from.micros()).unsigned_abs())
            }
            None => self.began.elapsed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn waiting_by_a_still_clock_moves_it_and_takes_no_time() {
        let clock = Clock::still(Instant::from_micros(5));
        let watch = clock.stopwatch();
        clock.wait(HOUR).await;
        clock.pass(HOUR);
        assert_eq!(clock.now(), Instant::from_micros(5) + HOUR + HOUR);
        assert_eq!(watch.elapsed(), HOUR + HOUR);
        assert!(watch.began.elapsed() < HOUR);
    }

    #[test]
    fn clocks_that_disagree_move_together() {
        let clock = Clock::still(Instant::from_micros(0) + HOUR);
        let behind = clock.ahead_by(-TimeDelta::minutes(1));
        clock.pass(HOUR);
        assert_eq!(behind.now() + Duration::from_mins(1), clock.now());
    }

    #[tokio::test]
    async fn the_clock_of_the_host_is_that_of_the_host_and_cannot_be_moved() {
        let clock = Clock::default();
        clock.pass(HOUR);
        let hour_ahead = clock.ahead_by(TimeDelta::hours(1));
        let before = Instant::from(Utc::now());
        assert!((before..before + HOUR).contains(&hour_ahead.now()));
        let own = clock.or_own(async { Ok::<_, ()>(Instant::from_micros(7)) }).await;
        assert_eq!(own, Ok(Instant::from_micros(7)));
    }
}

//! Paces the requests of one provider, for every walk of the process together.
//!
//! It knows the permitted rate and the pauses that the provider asked for; it never looks at an answer.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

use super::error::SourceError;
use super::provider::Rate;

/// When the next request may be sent.
#[derive(Debug)]
pub struct Pace {
    limiter: Option<DefaultDirectRateLimiter>,
    born: Instant,
    /// Milliseconds after `born` until which the provider wants to be left alone.
    held_until: AtomicU64,
}

impl Pace {
    /// The pace of a permitted rate, or no pace.
    pub fn new(rate: Option<Rate>) -> Result<Self, SourceError> {
        let limiter = rate.map(quota).transpose()?.map(RateLimiter::direct);
        Ok(Self { limiter, born: Instant::now(), held_until: AtomicU64::new(0) })
    }

    /// Waits until a request may be sent, and counts it as sent.
    pub async fn ready(&self) {
        loop {
            let until = self.born + Duration::from_millis(self.held_until.load(Ordering::Relaxed));
            if until <= Instant::now() {
                break;
            }
            tokio::time::sleep_until(until).await;
        }
        if let Some(limiter) = &self.limiter {
            limiter.until_ready().await;
        }
    }

    /// Sends nothing for a while: the provider asked for a pause, and it meant all of our requests.
    pub fn hold(&self, pause: Duration) {
        let until = (self.born.elapsed() + pause).as_millis();
        self.held_until.fetch_max(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

fn quota(rate: Rate) -> Result<Quota, SourceError> {
    let period = Duration::try_from_secs_f64(1.0 / rate.per_second).ok();
    let quota = period.and_then(Quota::with_period);
    match (quota, NonZeroU32::new(rate.burst)) {
        (Some(quota), Some(burst)) => Ok(quota.allow_burst(burst)),
        _ => {
            Err(SourceError::settings("a rate needs a positive number per second and a burst of at least 1"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_means_nothing_is_refused() {
        for (per_second, burst) in [(0.0, 1), (-1.0, 1), (f64::NAN, 1), (f64::INFINITY, 1), (5.0, 0)] {
            assert!(Pace::new(Some(Rate { per_second, burst })).is_err(), "{per_second} {burst}");
        }
    }

    #[tokio::test]
    async fn requests_beyond_the_burst_wait_for_their_turn() {
        let pace = Pace::new(Some(Rate { per_second: 50.0, burst: 2 })).unwrap();
        let started = std::time::Instant::now();
        for _ in 0..5 {
            pace.ready().await;
        }
        assert!(started.elapsed() >= Duration::from_millis(59), "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_every_request_and_a_shorter_one_does_not_end_it() {
        let pace = Pace::new(None).unwrap();
        pace.hold(Duration::from_secs(30));
        pace.hold(Duration::from_secs(1));
        let started = Instant::now();
        pace.ready().await;
        assert!(started.elapsed() >= Duration::from_secs(29));
    }
}

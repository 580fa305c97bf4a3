//! A rate learned from refusals alone: cut at once, raised slowly, and hardly at all near where it failed before. Pure.

use tokio::time::Instant;

/// What is kept of the rate that failed.
const CUT: f64 = 0.85;
/// How close to the rate that failed it comes back quickly.
const CLOSE: f64 = 0.97;
/// How long that takes, in seconds.
const BACK_AFTER: f64 = 3.0;
/// The share of the rate that failed that is added every second from then on.
const PROBE: f64 = 0.002;
/// Two failures as close as this are the provider's limit, and it is probed half as eagerly.
const SAME: f64 = 0.1;
/// The slowest probing.
const LEAST_PROBE: f64 = 0.000_5;
/// Requests per second that no refusal goes below.
const LEAST: f64 = 0.05;

/// A rate that refusals taught.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brake {
    /// What is permitted at most.
    most: f64,
    /// The rate just after the last refusal.
    from: f64,
    /// The rate that was refused; nothing where it was not known.
    failed: Option<f64>,
    probe: f64,
    since: Instant,
}

impl Brake {
    /// The rate after the first refusal. `accepted` is what the provider took in the second before; where nothing was
    /// declared it says too little, so the rate doubles every second until the next refusal.
    pub(super) fn new(declared: Option<f64>, accepted: f64, since: Instant) -> Self {
        let (from, failed) = match declared {
            Some(declared) => (declared * CUT, Some(declared)),
            None => (accepted.max(1.0), None),
        };
        Self { most: declared.unwrap_or(f64::MAX), from, failed, probe: PROBE, since }
    }

    /// Requests per second.
    pub(super) fn per_second(&self, now: Instant) -> f64 {
        let t = now.saturating_duration_since(self.since).as_secs_f64();
        let rate = match self.failed {
            None => self.from * t.min(40.0).exp2(),
            Some(failed) if t < BACK_AFTER => self.from + (failed * CLOSE - self.from) * (t / BACK_AFTER),
            Some(failed) => failed * (CLOSE + self.probe * (t - BACK_AFTER)),
        };
        rate.clamp(LEAST, self.most.max(LEAST))
    }

    /// Whether it brakes nothing any more.
    pub(super) fn is_off(&self, now: Instant) -> bool {
        self.per_second(now) >= self.most
    }

    /// Cuts the rate once more. The next one begins at `since`, the end of the provider's pause.
    pub(super) fn refused(&mut self, accepted: f64, now: Instant, since: Instant) {
        let tried = self.per_second(now);
        let failed = accepted.clamp(tried / 2.0, tried);
        let is_same = self.failed.is_some_and(|before| (failed - before).abs() <= before * SAME);
        self.probe = if is_same { (self.probe / 2.0).max(LEAST_PROBE) } else { PROBE };
        (self.failed, self.from, self.since) = (Some(failed), failed * CUT, since);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_rate_never_leaves_what_is_declared_and_always_comes_back(
            declared in 0.1_f64..500.0,
            refusals in proptest::collection::vec((0_u64..20_000, 0.0_f64..600.0), 0..30),
        ) {
            let mut now = Instant::now();
            let mut brake = Brake::new(Some(declared), 0.0, now);
            for (gap, accepted) in refusals {
                now += Duration::from_millis(gap);
                brake.refused(accepted, now, now);
                let rate = brake.per_second(now);
                prop_assert!(rate >= LEAST && rate <= declared.max(LEAST), "{rate} of {declared}");
            }
            let mut later = now;
            for _ in 0..48 {
                prop_assert!(brake.per_second(later) <= brake.per_second(later + Duration::from_mins(10)));
                later += Duration::from_mins(10);
            }
            let failed = brake.failed.unwrap();
            prop_assert!(brake.per_second(later) > failed.min(declared * 0.99));
        }
    }

    #[test]
    fn an_unknown_limit_is_looked_for_by_doubling_and_then_approached_with_care() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut brake = Brake::new(None, 25.0, start);
        let rates = [at(0), at(1), at(3)].map(|now| format!("{:.0}", brake.per_second(now)));
        assert_eq!(rates, ["25", "50", "200"]);
        brake.refused(110.0, at(3), at(4));
        assert!(brake.per_second(at(4)) < 95.0);
        assert!((105.0..110.0).contains(&brake.per_second(at(8))), "{}", brake.per_second(at(8)));
        assert!(!brake.is_off(at(10_000)));
    }
}

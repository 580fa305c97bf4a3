//! Permits that come back at a steady rate. Pure: every question brings its own clock.
//!
//! It is not governor's limiter, because it has to change its rate while it runs, to give nothing back before the
//! provider has answered once, and to forgive a timer that woke too late.

use std::time::Duration;

use tokio::time::Instant;

/// A bucket that was full as long as this was not in use.
const IDLE: Duration = Duration::from_secs(1);

/// How long after the first request of a busy time the bucket refills at the latest, answered or not.
const ANSWERED_BY: Duration = Duration::from_secs(1);

/// A wait that nobody waits for, and that a clock can still add.
pub(super) const AN_AGE: Duration = Duration::from_hours(24 * 365);

/// A token that is missing by less than this is there: sums of fractions are not exact.
const NEXT_TO_NOTHING: f64 = 1e-9;

/// Permits that come back at a steady rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    per_second: f64,
    depth: f64,
    level: f64,
    /// When `level` was right; it rises from then on.
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(per_second: f64, depth: f64, now: Instant) -> Self {
        Self { per_second, depth, level: depth, at: now.checked_sub(IDLE).unwrap_or(now) }
    }

    fn level(&self, now: Instant) -> f64 {
        let risen = self.per_second * now.saturating_duration_since(self.at).as_secs_f64();
        (self.level + risen).min(self.depth)
    }

    /// When there is a permit.
    pub(super) fn ready_at(&self, now: Instant) -> Instant {
        let missing = 1.0 - self.level;
        if missing <= NEXT_TO_NOTHING { now } else { self.at + time_for(missing, self.per_second) }
    }

    /// Takes a permit at the time it was due.
    ///
    /// The provider's bucket is full as well until the first request reaches it, which takes the time of a connection;
    /// so this one begins to refill no earlier than the first answer.
    pub(super) fn take(&mut self, due: Instant) {
        let level = self.level(due);
        let full_at = self.at + time_for(self.depth - self.level, self.per_second);
        let was_idle = due.saturating_duration_since(full_at) >= IDLE;
        self.at = if was_idle { due + ANSWERED_BY } else { self.at.max(due) };
        self.level = level - 1.0;
    }

    /// The provider answered: what was sent so far has reached it.
    pub(super) fn answered(&mut self, now: Instant) {
        self.at = self.at.min(now);
    }

    /// Changes how fast permits come back.
    pub(super) fn set_rate(&mut self, per_second: f64, now: Instant) {
        if now > self.at {
            (self.level, self.at) = (self.level(now), now);
        }
        self.per_second = per_second;
    }

    /// Holds one permit, at the end of a pause, and no burst.
    pub(super) fn start_again(&mut self, at: Instant) {
        (self.level, self.at) = (self.level.min(1.0), self.at.max(at));
    }
}

/// How long it takes until so much has come back.
pub(super) fn time_for(missing: f64, per_second: f64) -> Duration {
    Duration::try_from_secs_f64(missing / per_second).unwrap_or(AN_AGE).min(AN_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// When requests are sent that arrive at such times and are answered so much later.
    fn sent(bucket: &mut Bucket, start: Instant, arrivals: &[u64], answer_after: u64) -> Vec<Instant> {
        let mut sent: Vec<Instant> = Vec::new();
        let (mut at, mut answered) = (start, 0);
        for gap in arrivals {
            let arrived = at + Duration::from_millis(*gap);
            at = bucket.ready_at(arrived).max(arrived);
            while let Some(answer) = sent.get(answered).map(|one| *one + Duration::from_millis(answer_after))
                && answer <= at
            {
                bucket.answered(answer);
                answered += 1;
                at = bucket.ready_at(arrived).max(arrived).max(answer);
            }
            bucket.take(at);
            sent.push(at);
        }
        sent
    }

    proptest! {
        #[test]
        fn no_span_of_time_sees_more_than_the_burst_and_the_rate(
            arrivals in proptest::collection::vec(0_u64..400, 1..120),
            per_second in 0.5_f64..200.0,
            burst in 1_u32..40,
            answer_after in 0_u64..3_000,
        ) {
            let start = Instant::now();
            let mut bucket = Bucket::new(per_second, f64::from(burst), start);
            let sent = sent(&mut bucket, start, &arrivals, answer_after);
            for (first, from) in sent.iter().enumerate() {
                for (last, to) in sent.iter().enumerate().skip(first) {
                    let permitted = f64::from(burst) + per_second * to.duration_since(*from).as_secs_f64();
                    let seen = f64::from(u32::try_from(last - first + 1).unwrap());
                    prop_assert!(seen <= permitted + 1e-6, "{seen} where {permitted} are permitted");
                }
            }
        }

        #[test]
        fn who_always_wants_more_gets_all_that_is_permitted(per_second in 0.5_f64..200.0, burst in 1_u32..40) {
            let start = Instant::now();
            let mut bucket = Bucket::new(per_second, f64::from(burst), start);
            let sent = sent(&mut bucket, start, &[0; 300], 0);
            let least = (300.0 - f64::from(burst)) / per_second;
            let took = sent[299].duration_since(start).as_secs_f64();
            // The first answer is only noticed with the request after it.
            prop_assert!(took <= least + ANSWERED_BY.as_secs_f64() + 1e-6, "{took} instead of {least}");
        }
    }

    #[test]
    fn a_pause_ends_with_one_permit_and_not_with_a_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, 20.0, start);
        let end = start + Duration::from_secs(5);
        bucket.start_again(end);
        bucket.take(end);
        assert_eq!(bucket.ready_at(end), end + Duration::from_millis(100));
    }

    #[test]
    fn nothing_comes_back_before_the_first_answer() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100.0, 2.0, start);
        bucket.take(start);
        bucket.take(start);
        assert!(bucket.ready_at(start) > start + ANSWERED_BY);
        bucket.answered(start + Duration::from_millis(300));
        assert_eq!(bucket.ready_at(start), start + Duration::from_millis(310));
    }
}

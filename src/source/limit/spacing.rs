//! The moments that a shared limit gives to requests: a steady pace, and ahead of it a burst where one is permitted. Pure: it counts
//! in microseconds of one clock, which everybody who shares the limit goes by.
//!
//! This is the generic cell rate algorithm. All that is kept of a limit is when the next request would be due at the steady pace.

use std::time::Duration;

use tieout_reconcilers::define::limits::Allowance;
use tieout_reconcilers::instant::Instant;

/// How far ahead moments are given out; who asks for later ones asks again.
pub(in crate::source) const AHEAD: Duration = Duration::from_secs(5);

/// The share of the permitted rate that is given out. It leaves as much room as a request may be late ([`LATE`]): so no second, and
/// nothing longer, sees a request more than is permitted.
///
/// [`LATE`]: super::hand::LATE
const AIM: f64 = 0.98;
/// From this burst on, one of it is kept for requests that reach the provider closer together than they were sent.
const SPARE_FROM: f64 = 4.0;
/// What is due later than anybody can have been given was written before the clock was set back.
const SET_BACK: i64 = 60_000_000;
/// A wait that nobody waits for, and that a clock can still add, in microseconds.
const AN_AGE: f64 = 365.0 * 86_400e6;

/// How far apart the moments are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spacing {
    /// Microseconds from one to the next at the steady pace, at least 1.
    gap: i64,
    /// How many microseconds a burst may run ahead of that.
    slack: i64,
}

/// What somebody is given who asks for moments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// These are theirs and nobody else's, in their order; at least one.
    Slots(Vec<Instant>),
    /// Too many are given out already; from then on there is one to be had.
    From(Instant),
}

impl Spacing {
    /// What an allowance asks for; nothing where it declares no rate.
    pub(in crate::source) fn of(allowance: &Allowance) -> Option<Self> {
        let share = 1.0 - allowance.reserve;
        let per_second = allowance.per_second? * share * AIM;
        let burst = allowance.burst.map_or(1.0, |burst| f64::from(burst.get()) * share);
        let depth = if burst < SPARE_FROM { burst.max(1.0) } else { burst - 1.0 };
        let gap = whole(1e6 / per_second).max(1);
        Some(Self { gap, slack: whole((depth - 1.0) * 1e6 / per_second) })
    }

    /// How many moments come along in so long a time, at least 1.
    pub(super) fn within(&self, time: Duration) -> u32 {
        let time = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        u32::try_from(time / self.gap).unwrap_or(u32::MAX).max(1)
    }

    /// Gives out up to `most` moments, none of them before `lead` has passed, and says when the next one after them is due at the
    /// steady pace. `next` is what the last grant said about that.
    pub(in crate::source) fn grant(
        &self,
        next: Option<Instant>,
        now: Instant,
        lead: Duration,
        most: u32,
    ) -> (Grant, Instant) {
        let ahead = i64::try_from(AHEAD.as_micros()).unwrap_or_default();
        let earliest = now.micros() + i64::try_from(lead.min(AHEAD).as_micros()).unwrap_or_default();
        let last = now.micros() + ahead;
        let farthest = last + self.slack + self.gap;
        let mut next = next.map_or(earliest, Instant::micros);
        if next > farthest + SET_BACK {
            next = farthest;
        }
        let mut slots = Vec::new();
        while slots.len() < most as usize {
            let slot = earliest.max(next - self.slack);
            if slot > last {
                break;
            }
            slots.push(Instant::from_micros(slot));
            next = next.max(slot) + self.gap;
        }
        let after = Instant::from_micros(next);
        if slots.is_empty() {
            return (Grant::From(Instant::from_micros(next - self.slack - ahead)), after);
        }
        (Grant::Slots(slots), after)
    }
}

/// Whole microseconds, rounded up: a little slower and never faster.
#[expect(clippy::cast_possible_truncation, reason = "it is clamped to less than a year")]
fn whole(micros: f64) -> i64 {
    micros.ceil().clamp(0.0, AN_AGE) as i64
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::source::limit::hand::LATE;
    use proptest::prelude::*;

    fn allowance(per_second: f64, burst: Option<u32>) -> Allowance {
        Allowance {
            per_second: Some(per_second),
            burst: burst.and_then(NonZeroU32::new),
            ..Allowance::default()
        }
    }

    /// [`LATE`] in microseconds.
    const MOST_LATE: i64 = 20_000;

    /// What several processes are given that ask at such times for so many moments, all by one clock.
    fn given(spacing: Spacing, asks: &[(u64, u32, u64)]) -> Vec<i64> {
        let (mut now, mut next, mut all) = (Instant::from_micros(0), None, Vec::new());
        for (pause, most, lead) in asks {
            now = now + Duration::from_millis(*pause);
            let (grant, after) = spacing.grant(next, now, Duration::from_millis(*lead), *most);
            next = Some(after);
            if let Grant::Slots(slots) = grant {
                all.extend(slots.iter().map(|slot| slot.micros()));
            }
        }
        all.sort_unstable();
        all
    }

    fn asks() -> impl Strategy<Value = Vec<(u64, u32, u64)>> {
        proptest::collection::vec((0_u64..400, 1_u32..20, 0_u64..300), 1..80)
    }

    proptest! {
        #[test]
        fn no_span_of_time_is_given_more_than_the_burst_and_the_rate(
            asks in asks(),
            per_second in 0.5_f64..500.0,
            burst in 1_u32..40,
        ) {
            let given = given(Spacing::of(&allowance(per_second, Some(burst))).unwrap(), &asks);
            for (first, from) in given.iter().enumerate() {
                for (to, seen) in given[first..].iter().zip(1_u32..) {
                    let span = Duration::from_micros((to - from).unsigned_abs()).as_secs_f64();
                    let permitted = f64::from(burst) + per_second * span;
                    prop_assert!(f64::from(seen) <= permitted + 1e-6, "{seen} where {permitted} are permitted");
                }
            }
        }

        /// Whoever is given a moment uses it up to [`LATE`] later, or never.
        #[test]
        fn no_window_of_a_second_or_more_sees_a_request_more_than_is_permitted(
            asks in asks(),
            per_window in 1_u32..200,
            window in 1_u32..60,
            late in proptest::collection::vec(proptest::option::weighted(0.9, 0_i64..=MOST_LATE), 1600),
        ) {
            assert_eq!(Duration::from_micros(MOST_LATE.unsigned_abs()), LATE);
            let spacing = Spacing::of(&allowance(f64::from(per_window) / f64::from(window), None)).unwrap();
            let mut sent: Vec<i64> =
                given(spacing, &asks).iter().zip(late).filter_map(|(at, late)| Some(at + late?)).collect();
            sent.sort_unstable();
            let span = i64::from(window) * 1_000_000;
            for (first, from) in sent.iter().enumerate() {
                let seen = sent[first..].iter().take_while(|to| **to < from + span).count();
                prop_assert!(seen <= per_window as usize, "{seen} where {per_window} are permitted");
            }
        }

        #[test]
        fn who_always_wants_more_gets_ninety_eight_of_a_hundred(per_second in 1.0_f64..500.0, n in 10_u32..20) {
            let spacing = Spacing::of(&allowance(per_second, None)).unwrap();
            let asks: Vec<_> = (0..4_000).map(|_| (10, n, 0)).collect();
            let given = given(spacing, &asks);
            let in_time: u32 = given.iter().filter(|at| **at < 40_000_000).map(|_| 1).sum();
            prop_assert!(f64::from(in_time) >= (40.0 * per_second * AIM * 0.99).floor(), "{in_time}");
        }
    }

    #[test]
    fn who_asks_too_early_is_told_when_there_is_something_to_be_had() {
        let spacing = Spacing::of(&allowance(1.0 / 60.0, None)).unwrap();
        let start = Instant::from_micros(0);
        let (first, next) = spacing.grant(None, start, Duration::ZERO, 5);
        assert_eq!(first, Grant::Slots(vec![start]));
        let (Grant::From(at), after) = spacing.grant(Some(next), start, Duration::ZERO, 5) else {
            panic!("nothing is due within a minute");
        };
        assert_eq!(after, next, "who is given nothing takes nothing");
        assert_eq!(spacing.grant(Some(next), at, Duration::ZERO, 1).0, Grant::Slots(vec![next]));
    }

    #[test]
    fn a_clock_that_was_set_back_by_an_hour_stops_nobody_for_an_hour() {
        let spacing = Spacing::of(&allowance(10.0, None)).unwrap();
        let (before, now) = (Instant::from_micros(3_600_000_000), Instant::from_micros(0));
        let (Grant::From(at), next) = spacing.grant(Some(before), now, Duration::ZERO, 1) else {
            panic!("it waits as long as anybody may have been given something");
        };
        assert!(at.micros() < 1_000_000, "{at}");
        assert!(matches!(spacing.grant(Some(next), at, Duration::ZERO, 1).0, Grant::Slots(_)));
    }
}

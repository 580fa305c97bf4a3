//! Nothing is left: how long nobody asks, and what a provider tells that is asked for nothing else.

use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;
use tieout_reconcilers::define::limits::{Allowance, Reading};
use tokio::time::Instant;

use super::super::budget::{Budget, Ready};
use super::simulation::first;
use crate::source::provider::Caps;
use tieout_reconcilers::pace::{Seen, Told};

fn says(left: f64, of: Option<f64>, reset: Option<Duration>) -> Seen {
    let reading = Reading { left, of, reset: None, refill: None, ask: None };
    Seen { reading, reset, told: Told::Declared }
}

/// A budget whose first request was answered with these words.
fn after(allowance: &Allowance, seen: &Seen, now: Instant) -> Budget {
    let mut budget = Budget::new(allowance, &Caps::default(), now);
    budget.take(None, now);
    budget.see(Some(seen), now);
    budget.answered(now);
    budget.done();
    budget
}

fn wait(budget: &mut Budget, now: Instant) -> Duration {
    match budget.ready(now) {
        Ready::Now => Duration::ZERO,
        Ready::At(at) => at - now,
        Ready::TooLate(wait) | Ready::TooSlow(wait) => wait,
        Ready::AfterAnAnswer => panic!("nothing is under way"),
    }
}

proptest! {
    #[test]
    fn nothing_is_asked_before_the_declared_rate_has_brought_back_a_request(
        per_second in 0.02_f64..50.0,
        of in 2_u32..200,
    ) {
        let now = Instant::now();
        let allowance =
            Allowance { per_second: Some(per_second), burst: NonZeroU32::new(of), ..Allowance::default() };
        let mut budget = after(&allowance, &says(0.0, Some(f64::from(of)), None), now);
        let wait = wait(&mut budget, now).as_secs_f64();
        // One to ask with, and one that is left to others.
        prop_assert!(wait >= 1.0 / per_second && wait <= 2.0 / per_second + 1e-3, "{wait} at {per_second}");
        let later = now + Duration::from_secs_f64(wait + 1e-3);
        prop_assert_eq!(budget.ready(later), Ready::Now);
    }

    #[test]
    fn points_of_cost_are_waited_for_as_long_as_their_refill_needs(refill in 1.0_f64..500.0, ask in 1.0_f64..300.0) {
        let now = Instant::now();
        let reading = Reading { left: 0.0, of: Some(1_000.0), reset: None, refill: Some(refill), ask: Some(ask) };
        let seen = Seen { reading, reset: None, told: Told::Declared };
        let mut budget = after(&Allowance::default(), &seen, now);
        prop_assert!(wait(&mut budget, now).as_secs_f64() + 1e-6 >= ask / refill);
    }
}

#[test]
fn where_nobody_says_how_fast_it_comes_back_one_request_a_second_asks() {
    let now = Instant::now();
    let mut budget = after(&Allowance::default(), &says(0.0, Some(40.0), None), now);
    assert_eq!(wait(&mut budget, now), Duration::from_secs(1));
    let later = now + Duration::from_secs(1);
    assert_eq!(budget.ready(later), Ready::Now);
    budget.take(None, later);
    budget.done();
    assert_eq!(wait(&mut budget, later), Duration::from_secs(1), "an answer without a word changes nothing");
}

#[test]
fn the_end_of_a_window_is_waited_for_whatever_rate_is_declared() {
    let now = Instant::now();
    let reset = Duration::from_secs(90);
    for per_second in [None, Some(10.0)] {
        let allowance = Allowance { per_second, ..Allowance::default() };
        let mut budget = after(&allowance, &says(0.0, Some(100.0), Some(reset)), now);
        assert_eq!(wait(&mut budget, now), reset);
    }
}

#[test]
fn what_a_quota_tells_holds_before_the_first_request() {
    let now = Instant::now();
    let mut budget = Budget::new(&Allowance::default(), &Caps::default(), now);
    assert!(budget.wants_quota(now));
    budget.told(Some(&says(0.0, None, Some(Duration::from_secs(30)))), now);
    assert!(!budget.wants_quota(now));
    assert_eq!(wait(&mut budget, now), Duration::from_secs(30));

    let mut budget = Budget::new(&Allowance::default(), &Caps::default(), now);
    budget.told(Some(&says(0.0, None, Some(Duration::from_hours(1)))), now);
    assert!(matches!(budget.ready(now), Ready::TooLate(_)));

    let mut budget = Budget::new(&Allowance::default(), &Caps::default(), now);
    budget.told(Some(&says(4_000.0, None, Some(Duration::from_hours(1)))), now);
    assert_eq!(budget.ready(now), Ready::Now);
}

#[test]
fn a_quota_is_asked_again_seldom_and_when_it_was_counted_anew() {
    let start = Instant::now();
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    let mut budget = Budget::new(&Allowance::default(), &Caps::default(), start);
    budget.told(Some(&says(4_000.0, None, Some(Duration::from_mins(1)))), start);
    for (seconds, wanted) in [(1, false), (59, false), (60, true), (299, true), (300, true)] {
        assert_eq!(budget.wants_quota(at(seconds)), wanted, "{seconds}");
    }
    budget.told(Some(&says(5_000.0, None, None)), at(60));
    for (seconds, wanted) in [(61, false), (69, false), (70, true)] {
        assert_eq!(budget.wants_quota(at(seconds)), wanted, "{seconds}");
    }
}

#[test]
fn a_quota_that_was_not_told_is_asked_for_again_after_a_while_and_never_in_a_pause() {
    let start = Instant::now();
    let mut budget = Budget::new(&Allowance::default(), &Caps::default(), start);
    budget.told(None, start);
    let (soon, later) = (start + Duration::from_secs(299), start + Duration::from_mins(5));
    assert!(!budget.wants_quota(soon) && budget.wants_quota(later));
    let ticket = budget.take(None, later);
    budget.throttled(ticket, first(), Some(Duration::from_secs(20)), 0.5, later);
    budget.done();
    assert!(!budget.wants_quota(later) && budget.wants_quota(later + Duration::from_secs(20)));
}

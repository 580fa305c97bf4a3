//! Failures: how often a request is sent again, and when nobody asks any more.

use std::time::Duration;

use proptest::prelude::*;
use tieout_reconcilers::define::limits::Allowance;
use tokio::time::Instant;

use super::super::budget::{Budget, Ready};
use super::super::trouble::{Attempts, Trouble, Verdict};
use super::simulation::first;
use crate::source::provider::Caps;

fn budget(now: Instant) -> Budget {
    let mut budget = Budget::new(&Allowance::default(), &Caps::default(), now);
    budget.take(None, now);
    budget.see(None, now);
    budget.answered(now);
    budget.done();
    budget
}

/// How many requests a walker sends that has nothing but failures, and how long it goes on.
fn all_fail(random: f64) -> (u32, Duration) {
    let start = Instant::now();
    let (mut now, mut budget) = (start, budget(start));
    let mut attempts = first();
    loop {
        match budget.ready(now) {
            Ready::At(at) => now = at,
            Ready::Now => {}
            other => panic!("{other:?}"),
        }
        budget.take(None, now);
        budget.see(None, now);
        let verdict = budget.failed(attempts, None, random, now);
        budget.done();
        attempts.since.get_or_insert(now);
        match verdict {
            Verdict::Again => {}
            Verdict::After(pause) => now += pause,
            Verdict::Enough => return (attempts.number, now - start),
            Verdict::TooLong(pause) => panic!("{pause:?}"),
        }
        attempts.number += 1;
    }
}

proptest! {
    #[test]
    fn a_provider_that_is_down_is_asked_for_a_minute_and_seldom(random in 0.0_f64..1.0) {
        let (sent, lasted) = all_fail(random);
        prop_assert!((8..=24).contains(&sent), "{sent}");
        prop_assert!(lasted >= Duration::from_mins(1) && lasted < Duration::from_secs(75), "{lasted:?}");
    }

    #[test]
    fn own_pauses_stay_within_the_doubled_base(attempt in 1_u32..6, random in 0.0_f64..1.0) {
        let caps = Caps::default();
        let attempts = Attempts { number: attempt, since: None };
        let verdict = Trouble::default().failed(attempts, &caps, random, Instant::now());
        let Verdict::After(pause) = verdict else { panic!("{verdict:?}") };
        prop_assert!(pause <= caps.retry_base * 2_u32.pow(attempt - 1) && pause <= caps.retry_cap);
    }
}

#[test]
fn in_trouble_one_request_at_a_time_asks_whether_it_is_over() {
    let start = Instant::now();
    let mut budget = budget(start);
    for _ in 0..8 {
        budget.take(None, start);
    }
    let verdicts: Vec<_> = (0..8).map(|_| budget.failed(first(), None, 1.0, start)).collect();
    assert!(verdicts[..4].iter().all(|verdict| matches!(verdict, Verdict::After(_))), "{verdicts:?}");
    assert_eq!(verdicts[4..], [Verdict::Again; 4]);
    (0..8).for_each(|_| budget.done());

    let Ready::At(first_look) = budget.ready(start) else { panic!("no pause") };
    budget.take(None, first_look);
    assert_eq!(budget.ready(first_look), Ready::AfterAnAnswer);
    budget.failed(first(), None, 1.0, first_look);
    budget.done();
    let Ready::At(second_look) = budget.ready(first_look) else { panic!("no pause") };
    assert!(second_look - first_look > first_look - start, "pauses grow");

    budget.take(None, second_look);
    budget.answered(second_look);
    budget.done();
    assert_eq!(budget.ready(second_look), Ready::Now);
    budget.take(None, second_look);
    assert_eq!(budget.ready(second_look), Ready::Now, "all may go on at once");
}

#[test]
fn one_word_about_an_outage_makes_everybody_wait_and_leaves_the_pace_alone() {
    let start = Instant::now();
    let mut budget = budget(start);
    for _ in 0..3 {
        budget.take(None, start);
    }
    assert_eq!(budget.out_of_service(first(), None, 0.5, start), Verdict::Again);
    (0..3).for_each(|_| budget.done());
    let Ready::At(look) = budget.ready(start) else { panic!("nobody waits") };
    budget.take(None, look);
    assert_eq!(budget.ready(look), Ready::AfterAnAnswer);
    budget.answered(look);
    budget.done();
    for _ in 0..50 {
        assert_eq!(budget.ready(look), Ready::Now, "nothing was learned about the pace");
        budget.take(None, look);
    }
    let asked = Duration::from_secs(7);
    assert_eq!(budget.out_of_service(first(), Some(asked), 0.5, look), Verdict::Again);
    assert_eq!(budget.ready(look), Ready::At(look + asked));
}

#[test]
fn failures_among_successes_never_end_a_request_before_its_time() {
    let (start, caps) = (Instant::now(), Caps::default());
    let mut trouble = Trouble::default();
    for number in 1..60 {
        let now = start + Duration::from_millis(500) * number;
        let attempts = Attempts { number, since: Some(start) };
        let verdict = trouble.failed(attempts, &caps, 0.5, now);
        assert!(matches!(verdict, Verdict::Again | Verdict::After(_)), "{number}: {verdict:?}");
        trouble.over();
    }
    let late = Attempts { number: 60, since: Some(start) };
    assert_eq!(trouble.failed(late, &caps, 0.5, start + caps.outage), Verdict::Enough);
}

#[test]
fn a_named_pause_costs_no_retry_and_too_long_a_one_ends_the_walk() {
    let (start, caps) = (Instant::now(), Caps::default());
    for asked in [Duration::from_secs(121), Duration::from_hours(24), Duration::MAX] {
        let mut budget = budget(start);
        let ticket = budget.take(None, start);
        assert_eq!(budget.failed(first(), Some(asked), 0.5, start), Verdict::TooLong(asked));
        assert_eq!(budget.throttled(ticket, first(), Some(asked), 0.5, start), Verdict::TooLong(asked));
        assert!(matches!(budget.ready(start), Ready::TooLate(_)), "others do not ask either");
    }
    let mut budget = budget(start);
    for second in 0..100 {
        let now = start + Duration::from_secs(second);
        let verdict = budget.failed(first(), Some(Duration::from_secs(1)), 0.5, now);
        assert_eq!(verdict, Verdict::Again);
        assert_eq!(budget.ready(now), Ready::At(now + Duration::from_secs(1)));
    }
    let late = start + caps.max_wait;
    let attempts = Attempts { number: caps.attempts, since: Some(start) };
    assert_eq!(budget.failed(attempts, Some(Duration::from_secs(1)), 0.5, late), Verdict::Enough);
}

#[test]
fn one_refusal_holds_all_and_those_under_way_change_nothing() {
    let start = Instant::now();
    let mut budget = budget(start);
    let tickets: Vec<_> = (0..32).map(|_| budget.take(None, start)).collect();
    let wait = Duration::from_secs(3);
    for ticket in tickets {
        assert_eq!(budget.throttled(ticket, first(), Some(wait), 0.5, start), Verdict::Again);
        budget.done();
    }
    let end = start + wait;
    assert_eq!(budget.ready(start), Ready::At(end));
    budget.take(Some(end), end);
    let Ready::At(second) = budget.ready(end) else { panic!("a herd") };
    assert!(second > end + Duration::from_millis(100), "after the pause they leave one by one");
}

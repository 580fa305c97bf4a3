//! How much of what a provider permits is used, and how often it has to refuse.

use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;
use tieout_reconcilers::define::limits::Allowance;

use super::simulation::{Counts, Outcome, Shows, World, run};
use crate::source::provider::Caps;

const BURSTS: [(f64, f64); 4] = [(100.0, 25.0), (100.0, 100.0), (20.0, 5.0), (20.0, 20.0)];
const WALKERS: [(u32, Duration); 4] = [
    (1, Duration::ZERO),
    (8, Duration::from_millis(2)),
    (16, Duration::from_millis(50)),
    (32, Duration::from_millis(150)),
];

fn worlds(shows: Shows) -> impl Iterator<Item = (World, f64, f64)> {
    BURSTS.into_iter().flat_map(move |(per_second, burst)| {
        WALKERS.map(|(walkers, latency)| {
            let counts = Counts::Bucket { per_second, burst };
            (World { counts, shows, walkers, latency, requests: 1_000 }, per_second, burst)
        })
    })
}

fn declared(per_second: f64, burst: Option<f64>) -> Allowance {
    let burst = burst.and_then(|burst| NonZeroU32::new(burst as u32));
    Allowance { per_second: Some(per_second), burst, ..Allowance::default() }
}

fn check(world: World, outcome: &Outcome, least: f64, refusals: u32) {
    let share = outcome.share(world.counts);
    let said = format!("{world:?}: {share:.3}, {} refusals, {:?}", outcome.throttled, outcome.ended);
    assert!(outcome.ended.is_none() && share >= least && outcome.throttled <= refusals, "{said}");
}

#[test]
fn a_declared_rate_is_used_whole_and_never_refused() {
    for (world, per_second, burst) in worlds(Shows::Nothing) {
        let outcome = run(world, declared(per_second, Some(burst)), &Caps::default());
        check(world, &outcome, 0.98, 0);
    }
}

#[test]
fn a_declared_rate_without_its_burst_is_used_whole_as_well() {
    for (world, per_second, burst) in worlds(Shows::Nothing) {
        let outcome = run(world, declared(per_second, None), &Caps::default());
        // The burst that nobody declared is not used.
        let without = f64::from(world.requests) / (f64::from(world.requests) + burst);
        check(world, &outcome, 0.98 * without, 0);
    }
}

#[test]
fn a_rate_that_answers_show_is_learned_with_hardly_a_refusal() {
    for (world, ..) in worlds(Shows::Left) {
        let outcome = run(world, Allowance::default(), &Caps::default());
        // What an answer that took long says about so small a bucket is hardly true any more.
        let least = if world.latency > Duration::from_millis(100) { 0.9 } else { 0.95 };
        check(world, &outcome, least, 2);
    }
}

#[test]
fn windows_that_are_counted_anew_are_waited_for() {
    for (walkers, latency) in WALKERS {
        let counts = Counts::Window { quota: 100.0, span: Duration::from_secs(10) };
        let world = World { counts, shows: Shows::Left, walkers, latency, requests: 500 };
        let outcome = run(world, Allowance::default(), &Caps::default());
        check(world, &outcome, 0.7, 3);
    }
}

#[test]
fn a_rate_that_only_refusals_show_is_found_and_no_run_is_aborted() {
    for (world, ..) in worlds(Shows::Nothing) {
        let world = World { requests: 3_000, ..world };
        let outcome = run(world, Allowance::default(), &Caps::default());
        check(world, &outcome, 0.7, 3 * world.walkers + 20);
    }
}

#[test]
fn a_rate_declared_too_high_is_corrected_by_refusals() {
    let counts = Counts::Bucket { per_second: 20.0, burst: 20.0 };
    let (walkers, latency) = (8, Duration::from_millis(20));
    let world = World { counts, shows: Shows::Nothing, walkers, latency, requests: 1_000 };
    let outcome = run(world, declared(40.0, Some(10.0)), &Caps::default());
    check(world, &outcome, 0.75, 40);
}

proptest! {
    #[test]
    fn whatever_the_provider_does_no_span_sees_more_than_the_declared_rate(
        per_second in 1.0_f64..200.0,
        burst in 1_u32..50,
        theirs in 0.2_f64..3.0,
        walkers in 1_u32..33,
        latency in 0_u64..300,
    ) {
        let counts = Counts::Bucket { per_second: per_second * theirs, burst: f64::from(burst) };
        let latency = Duration::from_millis(latency);
        let world = World { counts, shows: Shows::Nothing, walkers, latency, requests: 150 };
        let outcome = run(world, declared(per_second, Some(f64::from(burst))), &Caps::default());
        // Answers come back within three quarters of the latency of each other.
        for (first, from) in outcome.times.iter().enumerate() {
            for (last, to) in outcome.times.iter().enumerate().skip(first) {
                let span = to.duration_since(*from) + latency;
                let permitted = f64::from(burst) + per_second * span.as_secs_f64();
                prop_assert!((last - first + 1) as f64 <= permitted + 1e-6);
            }
        }
    }
}

#[test]
fn the_reserved_share_is_left_to_others() {
    let counts = Counts::Bucket { per_second: 100.0, burst: 100.0 };
    let world = World { counts, shows: Shows::Nothing, walkers: 8, latency: Duration::ZERO, requests: 1_000 };
    let allowance = Allowance { reserve: 0.2, ..declared(100.0, Some(100.0)) };
    let share = run(world, allowance, &Caps::default()).share(counts);
    assert!((0.76..=0.80).contains(&share), "{share}");
}

#[test]
fn a_permit_that_would_come_too_late_ends_the_run_politely() {
    let counts = Counts::Bucket { per_second: 1_000.0, burst: 1_000.0 };
    let world = World { counts, shows: Shows::Nothing, walkers: 1, latency: Duration::ZERO, requests: 3 };
    let outcome = run(world, declared(1.0 / 86_400.0, None), &Caps::default());
    assert_eq!((outcome.accepted, outcome.throttled), (1, 0));
    assert!(outcome.ended.is_some_and(|ended| ended.starts_with("too late by 86")));
}

//! The coverage ledger against a set of seconds.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::window::Window;

use super::on_both_stores;
use super::world::{World, domain, window};
use crate::store::{Commit, Covered};

on_both_stores!(
    ranges_that_overlap_or_touch_are_one,
    the_ledger_holds_exactly_the_points_that_were_added,
    clocks_are_kept_apart
);

async fn add(world: &World, clock: &str, window: Window) {
    let coverage = Some(Covered { clock: clock.to_owned(), window });
    world.store.commit(&world.lease, Commit { coverage, ..Commit::default() }).await.unwrap();
}

async fn ledger(world: &World, clock: &str) -> Vec<Window> {
    world.store.coverage(&domain(), &Each::default(), clock).await.unwrap()
}

async fn ranges_that_overlap_or_touch_are_one(world: World) {
    for range in [window(0, 10), window(20, 30), window(40, 50)] {
        add(&world, "created", range).await;
    }
    add(&world, "created", window(10, 20)).await;
    assert_eq!(ledger(&world, "created").await, vec![window(0, 30), window(40, 50)]);
    add(&world, "created", window(25, 45)).await;
    assert_eq!(ledger(&world, "created").await, vec![window(0, 50)]);
}

async fn clocks_are_kept_apart(world: World) {
    add(&world, "created", window(0, 10)).await;
    add(&world, "updated", window(10, 20)).await;
    assert_eq!(ledger(&world, "created").await, vec![window(0, 10)]);
}

/// Against a set of seconds, for random ranges in random order; every case has a clock of its own.
async fn the_ledger_holds_exactly_the_points_that_were_added(world: World) {
    let ranges = proptest::collection::vec((0_i64..40, 1_i64..12), 1..10);
    let mut runner = TestRunner::deterministic();
    for case in 0..24 {
        let ranges = ranges.new_tree(&mut runner).unwrap().current();
        let clock = format!("case-{case}");
        let mut points = BTreeSet::new();
        for (from, length) in &ranges {
            add(&world, &clock, window(*from, from + length)).await;
            points.extend(*from..from + length);
        }
        let ledger = ledger(&world, &clock).await;
        let seconds = |range: &Window| range.from().micros() / 1_000_000..range.to().micros() / 1_000_000;
        assert_eq!(ledger.iter().flat_map(seconds).collect::<Vec<_>>(), Vec::from_iter(points), "{ranges:?}");
        assert!(ledger.windows(2).all(|pair| pair[0].to() < pair[1].from()), "{ranges:?} left {ledger:?}");
    }
}

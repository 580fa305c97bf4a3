//! Slices in which much differs: they are judged part by part, and proven whole or not at all.

use std::collections::BTreeSet;
use std::time::Duration;

use tieout_reconcilers::reconciler::Feed;

use super::double::Double;
use super::world::{World, at, findings, item};
use crate::finding::State;
use crate::report::Status;
use crate::store::FindingFilter;

/// More than two parts.
const LOST: i64 = 450;

/// A provider with items in one slice that the local side lost.
async fn world() -> World {
    let world = World::new().await;
    let lost: Vec<_> = (0..LOST).map(|n| item(&format!("i{n:03}"), n / 5)).collect();
    world.upstream(&lost);
    world
}

async fn open(world: &World) -> usize {
    let filter = FindingFilter { states: vec![State::Open], ..FindingFilter::default() };
    world.store.list(&filter).await.unwrap().len()
}

#[tokio::test]
async fn every_suspect_of_a_slice_with_many_is_judged_once() {
    let world = world().await;
    let report = world.run(Double::new(at(0))).await;
    let all: BTreeSet<String> = (0..LOST).map(|n| format!("missing i{n:03}")).collect();
    assert_eq!(findings(&report), all);
    assert_eq!((report.items.missing, report.items.upstream, report.items.pending.upstream), (450, 450, 0));
    assert_eq!((report.status, report.complete, open(&world).await), (Status::Done, true, 450));
}

#[tokio::test]
async fn what_was_judged_of_a_slice_is_kept_when_the_rest_cannot_be_and_nothing_of_it_counts_as_verified() {
    let world = world().await;
    world.change(|shelf| shelf.refuses = [("i430", 401)].into());
    let first = world.run(Double::new(at(0))).await;
    assert_eq!((first.status, first.verified_through), (Status::Failed, None));
    assert_eq!(open(&world).await, 400, "two parts were stored before the third was looked up");

    world.change(|shelf| shelf.refuses.clear());
    let second = world.run(Double::new(at(0))).await;
    assert_eq!((second.status, second.items.missing), (Status::Done, 450), "{second:?}");
    assert_eq!(open(&world).await, 450);
}

/// More than a slice waits with, a hundred a page.
const CROWD: i64 = 4_300;

async fn crowd(second: fn(i64) -> i64) -> World {
    let world = World::new().await;
    let lost: Vec<_> = (0..CROWD).map(|n| item(&format!("i{n:04}"), second(n))).collect();
    world.upstream(&lost);
    world.change(|shelf| shelf.page = Some(100));
    world
}

#[tokio::test]
async fn a_slice_that_leaves_more_than_fits_gives_way_to_its_halves() {
    let world = crowd(|n| n / 50).await;
    let report = world.run(Double::new(at(0))).await;
    assert_eq!((report.status, report.complete, report.items.missing), (Status::Done, true, 4_300));
    let from = |second: i64| format!("from={}", at(second).micros() / 1_000_000);
    assert!(world.lists().iter().any(|query| query.contains(&from(50))), "{:?}", world.lists().last());
    assert_eq!(open(&world).await, 4_300);
}

#[tokio::test]
async fn a_slice_that_cannot_be_shorter_is_judged_however_much_it_leaves() {
    let world = crowd(|_| 7).await;
    let double = Double::new(at(0));
    let feed = Feed { grain: Duration::from_secs(100), ..double.feed };
    let report = world.run(Double { feed, ..double }).await;
    assert_eq!((report.status, report.complete, report.items.missing), (Status::Done, true, 4_300));
}

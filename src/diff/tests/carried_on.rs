//! A comparison that is written down after some page, read back by another process and carried on comes to the same.

use std::collections::HashMap;

use proptest::prelude::*;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::Wanted;
use tieout_reconcilers::reconciler::Order;

use super::laws::{disorderly, honest};
use super::world::{Outcome, Thing, World, feed, fields, items, look_up, meet, outcome, read, run};
use crate::diff::{SavedDiff, SliceDiff};

/// What happens after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    /// Rows are read early.
    Early,
    /// The process ends, and another one carries on.
    Death,
}

/// What came of a comparison that was carried on.
struct Carried {
    outcome: Outcome,
    n_deaths: usize,
    looked_up: Vec<String>,
}

fn carried(world: &World, after: &[After]) -> Carried {
    let (fields, feed) = (fields(), feed(world));
    let new = || SliceDiff::new(&fields, &feed, world.window()).with_batch(world.batch);
    let (mut diff, mut ranges, mut n_deaths) = (new(), Vec::new(), 0);
    for (page, after) in world.pages.iter().zip(after.iter().cycle()) {
        diff.take(&items(page));
        while let Some(range) = diff.ready() {
            read(&mut diff, world, range, &mut ranges);
        }
        if let Some(range) = diff.whole_ticks().filter(|_| *after != After::Nothing) {
            meet(&mut diff, world, range);
            diff.pass(range);
        }
        if let Some(saved) = diff.saved().filter(|_| *after == After::Death) {
            let text = serde_json::to_string(&saved).unwrap();
            let read: SavedDiff = serde_json::from_str(&text).unwrap();
            assert_eq!(read, saved);
            diff = SliceDiff::carry_on(
                &fields,
                &feed,
                (read, Some(Instant::from_micros(0))),
                world.window().to(),
            )
            .unwrap();
            diff = diff.with_batch(world.batch);
            n_deaths += 1;
        }
    }
    if let Some(rest) = diff.rest() {
        read(&mut diff, world, rest, &mut ranges);
    }
    let unmatched = diff.finish();
    let found = look_up(world, &unmatched.keys());
    let forgotten = unmatched.forgotten(&found);
    let values = values(world, &forgotten);
    let looked_up = forgotten.iter().map(|wanted| wanted.key.to_string()).collect();
    Carried { outcome: outcome(unmatched.resolve(&found, &values), ranges), n_deaths, looked_up }
}

/// What a look-up by key finds.
fn values(world: &World, wanted: &[Wanted]) -> HashMap<Key, Items> {
    let listed = |key: &Key| world.pages.iter().flatten().find(|thing| thing.key == key.as_str());
    let value = |wanted: &Wanted| Some((wanted.key.clone(), items(&[listed(&wanted.key)?.clone()])));
    wanted.iter().filter_map(value).collect()
}

fn after() -> impl Strategy<Value = Vec<After>> {
    let one = prop_oneof![1 => Just(After::Nothing), 1 => Just(After::Early), 2 => Just(After::Death)];
    proptest::collection::vec(one, 1..6)
}

proptest! {
    #[test]
    fn whenever_a_process_dies_the_next_one_comes_to_the_same(world in honest(), after in after()) {
        let (whole, carried) = (run(&world), carried(&world, &after).outcome);
        prop_assert_eq!(&carried.suspects, &whole.suspects);
        prop_assert_eq!(&carried.tally, &whole.tally);
        prop_assert_eq!(&carried.doubts, &whole.doubts);
    }

    #[test]
    fn rows_that_are_read_early_change_nothing_even_where_the_order_is_not_kept(world in disorderly()) {
        let (whole, early) = (run(&world), carried(&world, &[After::Early]).outcome);
        prop_assert_eq!(&early.suspects, &whole.suspects);
        prop_assert_eq!(&early.tally, &whole.tally);
        prop_assert_eq!(&early.doubts, &whole.doubts);
    }

    #[test]
    fn a_feed_that_breaks_its_order_never_looks_better_because_somebody_carried_on(world in disorderly(), after in after()) {
        let (whole, carried) = (run(&world), carried(&world, &after).outcome);
        prop_assert!(whole.doubts.is_empty() || !carried.doubts.is_empty());
        if carried.doubts.is_empty() {
            prop_assert_eq!(&carried.suspects, &whole.suspects);
        }
    }
}

#[test]
fn only_what_waits_for_rows_of_its_own_tick_is_looked_up_again() {
    let things: Vec<Thing> = (0..8).map(|n| Thing::new(&format!("k{n}"), 2 * n, n)).collect();
    let (rows, lost) = (things.clone(), Thing::new("lost", 3, 1));
    let mut listed = things;
    listed.insert(2, lost);
    let pages: Vec<&[Thing]> = listed.chunks(3).collect();
    let world = World::listing(&pages, Order::Ascending).with_rows(&rows);
    let carried = carried(&world, &[After::Death]);
    assert_eq!((carried.n_deaths, carried.looked_up), (3, vec!["k1".to_owned(), "k4".into(), "k7".into()]));
    assert_eq!(carried.outcome.suspects.len(), 1, "what was lost has no row to be compared with");
}

#[test]
fn what_is_written_down_holds_no_value() {
    let thing = Thing::new("key", 2, 987_654_321);
    let world = World::listing(&[&[thing.clone(), Thing::new("next", 4, 987_654_321)]], Order::Ascending);
    let (fields, feed) = (fields(), feed(&world));
    let mut diff = SliceDiff::new(&fields, &feed, world.window()).with_batch(100);
    diff.take(&items(&world.pages[0]));
    let text = serde_json::to_string(&diff.saved().unwrap()).unwrap();
    assert!(text.contains("key") && !text.contains("987654321") && !text.contains("USD"), "{text}");
}

#[test]
fn where_too_many_items_would_be_looked_up_nothing_is_written_down() {
    let crowd: Vec<Thing> = (0..101).map(|n| Thing::new(&format!("k{n}"), 2, n)).collect();
    let world = World::listing(&[&crowd], Order::Ascending);
    let (fields, feed) = (fields(), feed(&world));
    let diff = |n: usize| {
        let mut diff = SliceDiff::new(&fields, &feed, world.window()).with_batch(1_000);
        diff.take(&items(&crowd[..n]));
        diff
    };
    assert!(diff(100).saved().is_some());
    assert!(diff(101).saved().is_none());
}

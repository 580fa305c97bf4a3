//! What a page names as deleted, and a window that ends where the provider's answers do.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::Order;

use super::world::{HALF_SECOND, Outcome, Thing, World, feed, fields, items, look_up, outcome, read};
use crate::diff::{Looks, SliceDiff};

fn one(key: &str, at: i64) -> Thing {
    Thing::new(key, at, 1)
}

/// Runs a world whose last page names these keys as deleted.
fn run(world: &World, gone: &[&str]) -> Outcome {
    let (fields, feed) = (fields(), feed(world));
    let mut diff = SliceDiff::new(&fields, &feed, world.window()).with_batch(world.batch);
    let mut ranges = Vec::new();
    for page in &world.pages {
        diff.take(&items(page));
        while let Some(range) = diff.ready() {
            read(&mut diff, world, range, &mut ranges);
        }
    }
    let gone: Vec<Key> = gone.iter().map(|key| Key::checked(key).unwrap()).collect();
    diff.take_gone(&gone);
    if let Some(rest) = diff.rest() {
        read(&mut diff, world, rest, &mut ranges);
    }
    let unmatched = diff.finish();
    let found = look_up(world, &unmatched.keys());
    outcome(unmatched.resolve(&found, &[].into()), ranges)
}

#[test]
fn a_row_that_upstream_names_as_deleted_is_a_suspect_wherever_it_lies() {
    let world = World::listing(&[&[one("a", 2)]], Order::Ascending).with_rows(&[
        one("a", 2),
        one("inside", 4),
        one("outside", 500),
    ]);
    let outcome = run(&world, &["inside", "outside", "unknown"]);
    assert_eq!(outcome.looks(), [("inside", Looks::Deleted), ("outside", Looks::Deleted)].into());
    assert_eq!((outcome.tally.matched, outcome.tally.local), (1, 3));
}

#[test]
fn an_item_that_is_listed_and_named_as_deleted_is_looked_up_and_counted_once() {
    let rows = [one("a", 2), one("b", 4), one("c", 6)];
    let [a, b, c] = rows.clone();
    let world = World::listing(&[&[a, b], &[c]], Order::Ascending).with_rows(&rows);
    for key in ["a", "b", "c"] {
        let outcome = run(&world, &[key]);
        assert_eq!(outcome.looks().into_keys().collect::<Vec<_>>(), [key]);
    }
}

#[test]
fn nothing_at_or_after_the_providers_own_ceiling_is_compared() {
    let world = World::listing(&[&[one("a", 2), one("b", 40)]], Order::Ascending)
        .with_rows(&[one("a", 2), one("late", 41)]);
    let (fields, feed) = (fields(), feed(&world));
    let at = |half_seconds| Instant::from_micros(half_seconds * HALF_SECOND);
    let mut diff = SliceDiff::new(&fields, &feed, world.window());
    assert!(diff.end_at(at(40)));
    diff.take(&items(&world.pages[0]));
    let mut ranges = Vec::new();
    let rest = diff.rest().unwrap();
    read(&mut diff, &world, rest, &mut ranges);
    let outcome = outcome(diff.finish().resolve(&[].into(), &[].into()), ranges);
    assert_eq!((outcome.suspects.len(), outcome.tally.matched), (0, 1), "{outcome:?}");
    assert_eq!(outcome.ranges[0].to(), at(40));
    assert!(!SliceDiff::new(&fields, &feed, world.window()).end_at(at(0)));
}

//! Changes are judged by key: nothing follows from what a feed of changes does not name.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::Order;

use super::world::{Outcome, Thing, World, feed, fields, items, look_up, outcome};
use crate::diff::{KeyedDiff, Looks};

/// Runs pages of changes; each page has its items and the keys that it names as deleted.
fn run(rows: &[Thing], pages: &[(Vec<Thing>, Vec<&str>)], batch: usize) -> Outcome {
    let world = World::listing(&[], Order::None).with_rows(rows);
    let (fields, feed) = (fields(), feed(&world));
    let mut diff = KeyedDiff::new(&fields, &feed, batch);
    for (page, gone) in pages {
        diff.take(&items(page));
        diff.take_gone(&gone.iter().map(|key| Key::checked(key).unwrap()).collect::<Vec<_>>());
        if diff.is_full() {
            let found = look_up(&world, &diff.keys());
            diff.meet(&found);
        }
    }
    let found = look_up(&world, &diff.keys());
    diff.meet(&found);
    outcome(diff.finish(), Vec::new())
}

fn one(key: &str, cents: i64) -> Thing {
    Thing::new(key, 2, cents)
}

#[test]
fn changes_meet_their_rows_whatever_their_clock_and_what_is_not_named_is_left_alone() {
    let rows = [one("same", 1), one("differs", 1), one("deleted", 1), one("untouched", 1)];
    let undated = Thing { at: None, ..one("same", 1) };
    let changes = vec![undated, one("differs", 2), one("new", 3)];
    let outcome = run(&rows, &[(changes, vec!["deleted", "never had"])], 1_000);
    let expected = [("deleted", Looks::Deleted), ("differs", Looks::Different), ("new", Looks::UpstreamOnly)];
    assert_eq!(outcome.looks(), expected.into());
    assert_eq!((outcome.tally.matched, outcome.tally.upstream, outcome.tally.local), (1, 3, 3));
}

#[test]
fn two_changes_of_one_item_are_no_doubt_but_a_reason_to_ask() {
    let rows = [one("a", 2), one("b", 1)];
    let outcome = run(&rows, &[(vec![one("a", 1), one("a", 2), one("b", 1), one("b", 1)], vec![])], 1_000);
    assert_eq!(outcome.doubts, []);
    assert_eq!(outcome.looks(), [("a", Looks::Different)].into());
}

#[test]
fn a_change_and_a_deletion_of_one_item_are_asked_about_in_either_order() {
    let rows = [one("a", 1)];
    let change = || (vec![one("a", 1)], vec![]);
    let deletion = || (vec![], vec!["a"]);
    for pages in [[change(), deletion()], [deletion(), change()]] {
        assert_eq!(run(&rows, &pages, 1_000).suspects.len(), 1);
    }
}

proptest! {
    #[test]
    fn the_size_of_a_batch_changes_nothing_about_what_is_suspected(
        rows in proptest::collection::btree_map("[a-h]", 0_i64..3, 0..8),
        changes in proptest::collection::btree_map("[a-k]", 0_i64..3, 0..8),
        gone in proptest::collection::btree_set("[l-p]", 0..4),
        batch in 1_usize..6,
    ) {
        let things = |of: &BTreeMap<String, i64>| of.iter().map(|(key, cents)| one(key, *cents)).collect::<Vec<_>>();
        let rows = [things(&rows), vec![one("l", 1), one("m", 1)]].concat();
        let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
        let mut pages: Vec<(Vec<Thing>, Vec<&str>)> =
            things(&changes).into_iter().map(|change| (vec![change], vec![])).collect();
        pages.extend(gone.iter().map(|key| (vec![], vec![*key])));
        let (small, large) = (run(&rows, &pages, batch), run(&rows, &pages, 1_000));
        prop_assert_eq!(&small.suspects, &large.suspects);
        prop_assert_eq!(&small.tally, &large.tally);
        let deleted: BTreeSet<&str> =
            large.looks().into_iter().filter(|(_, looks)| *looks == Looks::Deleted).map(|(key, _)| key).collect();
        let expected: BTreeSet<&str> = gone.into_iter().filter(|key| ["l", "m"].contains(key)).collect();
        prop_assert_eq!(deleted, expected);
    }
}

//! What makes a walk doubtful, by example.

use tieout_reconcilers::projection::ItemFault;
use tieout_reconcilers::reconciler::Order;

use super::world::{Thing, World, raw_items, run};
use crate::diff::{Doubt, Looks, SliceDiff};

fn one(key: &str, at: i64) -> Thing {
    Thing::new(key, at, 1)
}

#[test]
fn pages_that_overlap_raise_no_doubt() {
    let newest_first = [one("d", 8), one("c", 6), one("b", 4), one("a", 2)];
    let [d, c, b, a] = newest_first.clone();
    // Two items came in at the top while the walk went on, so the second page repeats two.
    let world =
        World::listing(&[&[d, c.clone(), b.clone()], &[c, b, a]], Order::Descending).with_rows(&newest_first);
    let outcome = run(&world);
    assert!(outcome.suspects.is_empty());
    assert_eq!(outcome.doubts, []);
    assert_eq!((outcome.tally.upstream, outcome.tally.local, outcome.tally.repeated), (4, 4, 2));
}

#[test]
fn two_items_under_one_key_are_doubtful_and_never_agree() {
    let other = Thing::new("a", 2, 9);
    for (first, second) in [(one("a", 2), other.clone()), (other, one("a", 2))] {
        let outcome = run(&World::listing(&[&[first, second]], Order::Ascending).with_rows(&[one("a", 2)]));
        assert_eq!(outcome.doubts, [Doubt::KeyTwice]);
        assert_eq!(outcome.looks(), [("a", Looks::Different)].into());
        assert_eq!((outcome.tally.upstream, outcome.tally.local, outcome.tally.repeated), (1, 1, 1));
    }
}

#[test]
fn two_items_under_one_key_never_agree_by_look_up_either() {
    // The row's own clock lies outside the window, so the pair only meets at the end.
    let items = [one("a", 2), Thing::new("a", 2, 9), one("b", 4), one("c", 6)];
    let outcome = run(&World::listing(&[&items], Order::Ascending).with_rows(&[
        one("a", 500),
        one("b", 4),
        one("c", 6),
    ]));
    assert_eq!(outcome.doubts, [Doubt::KeyTwice]);
    assert_eq!(outcome.looks(), [("a", Looks::Different)].into());
}

#[test]
fn an_item_that_changed_while_its_page_was_read_twice_is_a_suspect() {
    let rows = [one("c", 6), one("b", 4), one("a", 2)];
    let [c, b, a] = rows.clone();
    let changed = Thing::new("c", 6, 9);
    let outcome = run(&World::listing(&[&[c, b], &[changed, a]], Order::Descending).with_rows(&rows));
    assert_eq!(outcome.doubts, [Doubt::KeyTwice]);
    assert_eq!(
        outcome.suspects,
        [("c".to_owned(), (Looks::Different, false, false))].into(),
        "it was counted before"
    );
    assert_eq!((outcome.tally.upstream, outcome.tally.local), (3, 3));
}

#[test]
fn a_row_that_comes_twice_is_doubtful_and_counted_once() {
    let rows = [one("a", 2), one("a", 2), one("x", 4), one("x", 4)];
    let outcome = run(&World::listing(&[&[one("a", 2)]], Order::Ascending).with_rows(&rows));
    assert_eq!(outcome.doubts, [Doubt::RowTwice]);
    assert_eq!(outcome.looks(), [("x", Looks::LocalOnly)].into());
    assert_eq!((outcome.tally.upstream, outcome.tally.local), (1, 2));
}

#[test]
fn an_item_that_comes_after_the_rows_of_its_time_breaks_the_order() {
    let rows = [one("a", 2), one("b", 4), one("c", 6), one("d", 8)];
    let [a, b, c, d] = rows.clone();
    let outcome = run(&World::listing(&[&[b.clone(), c], &[a, d]], Order::Ascending).with_rows(&rows));
    assert_eq!(outcome.doubts, [Doubt::OrderBroken]);
    assert!(outcome.suspects.is_empty(), "it is found by key all the same");
    assert_eq!((outcome.tally.upstream, outcome.tally.local), (4, 4));
}

#[test]
fn items_without_a_usable_key_are_counted_apart() {
    let world = World::listing(&[], Order::Ascending);
    let (fields, feed) = (super::world::fields(), super::world::feed(&world));
    let mut diff = SliceDiff::new(&fields, &feed, world.window());
    diff.take(&raw_items(
        r#"[{"at":1},{"id":null,"at":1},{"id":"","at":1},{"id":{},"at":1},{"id":"a\u0000","at":1}]"#,
    ));
    let fault = |index| ItemFault { index, reason: "it is not an object".into(), fingerprint: None };
    diff.turn_to(2);
    diff.take_faults(&[fault(0), fault(1)]);
    diff.take_faults(&[]);
    let difference = diff.finish().resolve(&[].into(), &[].into());
    assert_eq!((difference.tally.nameless, difference.tally.upstream), (7, 0));
    assert_eq!(difference.doubts, [Doubt::Nameless]);
    assert!(difference.suspects.is_empty());
    let told: Vec<String> = difference
        .faulty
        .told
        .iter()
        .map(|one| format!("{} {:?} {} {}", one.page, one.row, one.reason, one.fingerprint.is_some()))
        .collect();
    assert_eq!(
        told,
        [
            "0 None the item has no key true",
            "0 None the item has no key true",
            "0 None the item has no key true",
            "0 None the key is neither text nor a whole number true",
            "0 None the key is longer than 1024 bytes or holds a control character true",
            "2 Some(1) it is not an object false",
            "2 Some(2) it is not an object false",
        ]
    );
}

#[test]
fn however_many_items_have_no_key_only_some_are_told_and_all_are_counted() {
    let world = World::listing(&[], Order::Ascending);
    let (fields, feed) = (super::world::fields(), super::world::feed(&world));
    let mut diff = SliceDiff::new(&fields, &feed, world.window());
    let fault = |index| ItemFault { index, reason: "it is not an object".into(), fingerprint: None };
    diff.take_faults(&(0..150).map(fault).collect::<Vec<_>>());
    let difference = diff.finish().resolve(&[].into(), &[].into());
    assert_eq!((difference.faulty.told.len(), difference.faulty.left_out), (100, 50));
    assert_eq!(difference.tally.nameless, 150);
}

#[test]
fn a_row_without_a_usable_key_is_doubtful_and_not_counted() {
    let rows = [one("", 2), one("a\u{1}", 2)];
    let outcome = run(&World::listing(&[], Order::Ascending).with_rows(&rows));
    assert_eq!(outcome.doubts, [Doubt::NamelessRow]);
    assert_eq!(outcome.tally.local, 0);
}

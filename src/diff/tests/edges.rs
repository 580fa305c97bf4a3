//! The edges of windows, ticks and batches, and items that lack what others have.

use tieout_reconcilers::reconciler::{Filter, Order};
use tieout_reconcilers::window::Window;

use super::world::{HALF_SECOND, Thing, Walk, World, run, run_to};
use crate::diff::{BATCH, Looks, SliceDiff};
use tieout_reconcilers::instant::Instant;

fn one(key: &str, at: i64) -> Thing {
    Thing::new(key, at, 1)
}

fn range(from: i64, to: i64) -> Window {
    Window::new(Instant::from_micros(from * HALF_SECOND), Instant::from_micros(to * HALF_SECOND)).unwrap()
}

#[test]
fn local_rows_are_read_in_whole_ticks_whose_items_are_all_in_hand() {
    // 2 and 3 are one tick, and more of it may follow on the next page.
    let page = [one("a", 0), one("b", 2), one("c", 3)];
    let ascending = run(&World::listing(&[&page, &[one("d", 3), one("e", 9)]], Order::Ascending));
    assert_eq!(ascending.ranges, [range(0, 2), range(2, 8), range(8, 100)]);
    let page = [one("e", 9), one("d", 3), one("c", 3)];
    let descending = run(&World::listing(&[&page, &[one("b", 2), one("a", 0)]], Order::Descending));
    assert_eq!(descending.ranges, [range(4, 100), range(2, 4), range(0, 2)]);
}

#[test]
fn a_feed_without_an_order_is_compared_after_its_last_page() {
    let pages: [&[Thing]; 2] = [&[one("a", 9), one("b", 1)], &[one("c", 5)]];
    assert_eq!(run(&World::listing(&pages, Order::None)).ranges, [range(0, 100)]);
    let client = World { filter: Filter::Client, ..World::listing(&pages, Order::Ascending) };
    assert_eq!(
        run(&client).ranges,
        [range(0, 100)],
        "what the provider lists in order is not our window's order"
    );
}

#[test]
fn a_window_is_half_open_on_both_sides() {
    let things = [one("before", 9), one("first", 10), one("last", 19), one("after", 20)];
    let world = World { window: (10, 20), ..World::listing(&[&things], Order::Ascending) };
    assert_eq!(run(&world).looks(), [("first", Looks::UpstreamOnly), ("last", Looks::UpstreamOnly)].into());
    let world = World { window: (10, 20), ..World::listing(&[], Order::Ascending) }.with_rows(&things);
    assert_eq!(run(&world).looks(), [("first", Looks::LocalOnly), ("last", Looks::LocalOnly)].into());
}

#[test]
fn items_that_changed_after_an_open_window_are_compared_by_key_unless_they_came_before() {
    let pages =
        vec![vec![one("a", 12), one("b", 14)], vec![Thing::new("b", 21, 7), one("c", 22), one("d", 23)]];
    let world = World { window: (10, 20), ..World::listing(&[], Order::Ascending) };
    let world = World { pages, ..world }.with_rows(&[one("a", 12), one("b", 14), one("c", 3)]);
    let (fields, feed) = (super::world::fields(), super::world::feed(&world));
    let mut diff = SliceDiff::new(&fields, &feed, world.window()).with_young(true);
    for page in &world.pages {
        diff.take(&super::world::items(page));
    }
    super::world::read(&mut diff, &world, world.window(), &mut Vec::new());
    let unmatched = diff.finish();
    let found = super::world::look_up(&world, &unmatched.keys());
    let outcome = super::world::outcome(unmatched.resolve(&found, &[].into()), Vec::new());
    assert_eq!(outcome.looks(), [("d", Looks::UpstreamOnly)].into());
    assert_eq!((outcome.tally.upstream, outcome.tally.local, outcome.tally.repeated), (4, 3, 1));
    assert_eq!(outcome.doubts, []);
}

#[test]
fn a_row_under_another_clock_is_found_by_its_key() {
    let items = [one("a", 2), one("b", 4), one("c", 6), one("d", 8)];
    // One comes before its item, one after, one lies outside the window, and one has no clock at all.
    let rows = [one("a", 9), one("b", 1), one("c", 500), Thing { at: None, ..one("d", 0) }];
    let outcome = run(&World::listing(&[&items], Order::Ascending).with_rows(&rows));
    assert!(outcome.suspects.is_empty());
    assert_eq!((outcome.tally.upstream, outcome.tally.local, outcome.tally.matched), (4, 4, 4));
}

#[test]
fn an_item_without_a_clock_is_unreadable_once_whether_it_has_a_row_or_not() {
    let lost = |key: &str| Thing { at: None, ..one(key, 0) };
    let items = [lost("a"), lost("b"), lost("a"), one("c", 4)];
    let outcome = run(&World::listing(&[&items], Order::Ascending).with_rows(&[one("a", 2), one("c", 4)]));
    let expected = [
        ("a".to_owned(), (Looks::Unreadable, true, true)),
        ("b".to_owned(), (Looks::Unreadable, true, false)),
    ];
    assert_eq!(outcome.suspects, expected.into());
    assert_eq!(outcome.doubts, []);
}

#[test]
fn a_row_that_goes_while_the_slice_is_read_leaves_its_item_missing() {
    let world = World::listing(&[&[one("a", 2), one("b", 4), one("c", 6)]], Order::Ascending);
    let (fields, feed) = (super::world::fields(), super::world::feed(&world));
    let mut diff = SliceDiff::new(&fields, &feed, world.window()).with_batch(1);
    diff.take(&super::world::items(&world.pages[0]));
    let range = diff.ready().unwrap();
    // The row of the newest item streams past too early, under a clock of its own.
    let row = tieout_reconcilers::row::Row {
        key: "zz".into(),
        clock: Some(Instant::from_micros(0)),
        changed: None,
        version: tieout_reconcilers::scalar::Scalar::Null,
        fields: Vec::new(),
        whole: None,
    };
    diff.meet(row);
    diff.close(range);
    diff.take(&super::world::items(&[one("zz", 9)]));
    let difference = diff.finish().resolve(&[].into(), &[].into());
    let zz = difference.suspects.iter().find(|suspect| suspect.key.as_str() == "zz").unwrap();
    assert_eq!((zz.looks, zz.upstream, zz.local), (Looks::UpstreamOnly, true, true));
    assert_eq!((difference.tally.upstream, difference.tally.local), (4, 1));
}

#[test]
fn a_walk_that_was_cut_off_makes_no_orphan_of_what_it_did_not_see() {
    let rows = [one("a", 2), one("b", 4), one("c", 6), one("d", 8)];
    let world = World::listing(&[&[one("a", 2)]], Order::Ascending).with_rows(&rows);
    let outcome = run_to(&world, Walk::CutOff);
    assert!(outcome.suspects.is_empty());
    assert_eq!((outcome.tally.upstream, outcome.tally.local, outcome.tally.matched), (1, 1, 1));
}

#[test]
fn nothing_is_read_before_a_batch_is_in_hand() {
    let world = World::listing(&[], Order::Ascending);
    let (fields, feed) = (super::world::fields(), super::world::feed(&world));
    let mut diff = SliceDiff::new(
        &fields,
        &feed,
        Window::new(Instant::from_micros(0), Instant::from_micros(i64::MAX)).unwrap(),
    );
    let items: Vec<Thing> = (0..).map(|n| one(&format!("k{n}"), n * 2)).take(BATCH).collect();
    for page in items[..BATCH - 1].chunks(1_000) {
        diff.take(&super::world::items(page));
    }
    assert_eq!(diff.ready(), None);
    let bytes = diff.hand_bytes();
    diff.take(&super::world::items(&items[BATCH - 1..]));
    let range = diff.ready().unwrap();
    diff.close(range);
    assert!(diff.hand_bytes() < bytes / 1_000, "what was compared has left the hand");
    assert_eq!(diff.ready(), None);
}

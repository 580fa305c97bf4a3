//! A feed without a clock: walked whole, compared by key, and its absences told by what the whole walk did not show.

use std::time::Duration;

use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::{Feed, Filter, Local, NO_CLOCK, Policy};

use super::double::Double;
use super::world::{Item, World, at, findings, item, set};
use crate::report::{DomainReport, Status};

fn timeless() -> Double {
    let double = Double::new(at(0));
    let feed = Feed {
        clock: NO_CLOCK.to_owned(),
        timeless: true,
        filter: Filter::Client,
        clock_kind: None,
        ..double.feed.clone()
    };
    let local =
        Local { clock: None, rows: "SELECT id, amount FROM items".to_owned(), ..double.local.clone() };
    let keys = "SELECT id, amount FROM items WHERE id IN (:keys)".to_owned();
    Double { feed, local: Local { keys, ..local }, ..double.without_clock() }
}

/// Forty items that agree, with times that lie anywhere, and one each that is lost, changed and invented.
async fn world() -> World {
    let world = World::new().await;
    let items: Vec<Item> = (0..40).map(|n| item(&format!("i{n:02}"), 1_000 * n - 20_000)).collect();
    world.both(&items).await;
    world.upstream(&[item("lost", -5), Item { amount: 2, ..item("changed", 5) }]);
    world.local(&[item("changed", 7), item("invented", -70_000)]).await;
    world.change(|shelf| shelf.is_whole = true);
    world
}

fn differences() -> std::collections::BTreeSet<String> {
    set(["missing lost", "mismatched changed", "orphaned invented"])
}

async fn verified(world: &World) -> usize {
    world.store.coverage(&timeless().domain, &Each::default(), NO_CLOCK).await.unwrap().len()
}

#[tokio::test]
async fn whatever_differs_is_found_wherever_its_time_lies() {
    let world = world().await;
    let report = world.run(timeless()).await;
    assert_eq!(findings(&report), differences(), "{report:?}");
    assert_eq!((report.status, counts(&report)), (Status::Done, (42, 42, 40)), "{report:?}");
    assert_eq!(verified(&world).await, 1);
    let again = world.run(timeless()).await;
    assert_eq!((findings(&again), again.follow_up.checked), (differences(), 3), "{again:?}");
}

#[tokio::test]
async fn a_walk_that_breaks_off_tells_no_orphan_and_verifies_nothing() {
    let world = world().await;
    world.change(|shelf| shelf.moods = [None, None, Some(400)].into());
    let report = world.run(timeless()).await;
    assert_eq!((report.status, findings(&report)), (Status::Partial, set([])), "{report:?}");
    assert_eq!(report.items.local, 4, "the rows of what was not shown are nobody's orphans: {report:?}");
    assert_eq!(verified(&world).await, 0);
}

#[tokio::test]
async fn what_a_page_repeats_far_away_counts_once() {
    let world = world().await;
    let repeated = [0, 5, 9].map(|n| item(&format!("i{n:02}"), 90_000 + n));
    world.upstream(&repeated);
    let report = world.run(timeless()).await;
    assert_eq!(findings(&report), differences(), "{report:?}");
    assert_eq!(counts(&report), (42, 42, 40), "{report:?}");
}

#[tokio::test]
async fn nothing_is_judged_before_it_has_rested_because_nothing_dates_it() {
    let world = world().await;
    let policy = Policy { settle: Duration::from_millis(1_200), ..timeless().policy };
    let report = world.run(Double { policy, ..timeless() }).await;
    assert_eq!(findings(&report), differences(), "{report:?}");
    assert!(report.seconds >= 1.2, "a webhook that is on its way got no time: {report:?}");
}

#[tokio::test]
async fn a_whole_feed_that_is_empty_is_held_and_nobody_is_asked_about_each_row() {
    let world = world().await;
    world.change(|shelf| shelf.items.clear());
    let policy = Policy { min_items: 1, ..timeless().policy };
    let report = world.run(Double { policy, ..timeless() }).await;
    assert_eq!(report.status, Status::Held, "{report:?}");
    assert_eq!(world.take_look_ups(), [""; 0]);
}

#[tokio::test]
async fn an_item_that_came_while_the_walk_went_on_is_no_orphan() {
    let world = world().await;
    world.local(&[item("late", 1)]).await;
    // The list does not show it yet; the look-up finds it.
    world.change(|shelf| shelf.unlisted.push(item("late", 1)));
    let report = world.run(timeless()).await;
    assert_eq!(findings(&report), differences(), "{report:?}");
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert!(report.notes.iter().any(|note| note.contains("may have come while it went on")), "{report:?}");
}

fn counts(report: &DomainReport) -> (u64, u64, u64) {
    (report.items.upstream, report.items.local, report.items.matched)
}

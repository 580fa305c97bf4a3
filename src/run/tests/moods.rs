//! A provider that says too much, loses the way, leaves a feed out, or vouches for less than it shows.

use std::time::Duration;

use tieout_reconcilers::reconciler::{Cap, Cure, Feed};

use super::double::Double;
use super::world::{Item, World, at, findings, item, set};
use crate::report::Status;

fn double() -> Double {
    Double::new(at(0))
}

fn capped(rows: u64) -> Double {
    let cap = Some(Cap { rows, then: Cure::Halve });
    Double { feed: Feed { cap, ..double().feed }, ..double() }
}

/// Twenty items that agree, and a lost and an invented one.
async fn world() -> World {
    let world = World::new().await;
    let items: Vec<Item> = (0..20).map(|n| item(&format!("i{n:02}"), 5 * n)).collect();
    world.both(&items).await;
    world.upstream(&[item("lost", 33)]);
    world.local(&[item("invented", 66)]).await;
    world
}

#[tokio::test]
async fn a_range_that_the_provider_refuses_as_too_large_is_read_in_halves() {
    let world = world().await;
    world.change(|shelf| shelf.cap = Some(4));
    let report = world.run(double()).await;
    assert_eq!(findings(&report), set(["missing lost", "orphaned invented"]), "{report:?}");
    assert_eq!((report.status, report.items.matched), (Status::Done, 20));
    assert_eq!(report.ranges.len(), 1);
}

#[tokio::test]
async fn a_range_that_reaches_the_declared_cap_is_read_in_halves() {
    let world = world().await;
    let report = world.run(capped(5)).await;
    assert_eq!(findings(&report), set(["missing lost", "orphaned invented"]), "{report:?}");
    assert_eq!((report.status, report.items.matched), (Status::Done, 20));
}

#[tokio::test]
async fn more_rows_in_one_tick_than_the_cap_are_partial_and_say_what_helps() {
    let world = world().await;
    let crowd: Vec<Item> = (0..6).map(|n| item(&format!("crowd{n}"), 50)).collect();
    world.both(&crowd).await;
    world.local(&[item("in the crowd", 50)]).await;
    let report = world.run(capped(5)).await;
    assert_eq!(report.status, Status::Partial);
    assert!(report.problems.iter().any(|problem| problem.contains("then: rekey")), "{report:?}");
    assert_eq!(
        findings(&report),
        set(["missing lost", "orphaned invented"]),
        "absence in the crowd proves nothing"
    );
}

#[tokio::test]
async fn a_lost_cursor_begins_the_slice_anew_and_nothing_is_lost_or_counted_twice() {
    let world = world().await;
    world.change(|shelf| shelf.moods = [None, None, Some(410), None, Some(410)].into());
    let report = world.run(double()).await;
    assert_eq!(findings(&report), set(["missing lost", "orphaned invented"]), "{report:?}");
    assert_eq!((report.status, report.items.upstream, report.items.local), (Status::Done, 21, 21));
}

#[tokio::test]
async fn a_cursor_that_is_lost_again_and_again_leaves_the_slice_partial() {
    let world = world().await;
    world.change(|shelf| shelf.refuses = [("", 410)].into());
    let report = world.run(double()).await;
    assert_eq!((report.status, world.lists().len()), (Status::Partial, 4), "{report:?}");
    assert!(report.problems[0].contains("cursor expired"), "{report:?}");
}

#[tokio::test]
async fn a_feed_that_the_account_does_not_have_is_left_out_visibly() {
    let world = world().await;
    world.change(|shelf| shelf.refuses = [("", 451)].into());
    let double = Double { feed: Feed { span: Duration::from_secs(10), ..double().feed }, ..double() };
    let report = world.run(double).await;
    assert_eq!((report.status, world.lists().len()), (Status::Partial, 1), "{report:?}");
    assert!(report.problems.iter().any(|problem| problem.contains("not for this account")), "{report:?}");
    assert!(report.problems.iter().any(|problem| problem.contains("not tried")), "{report:?}");
}

#[tokio::test]
async fn what_lies_behind_the_providers_own_ceiling_is_not_judged_and_not_covered() {
    let world = world().await;
    world.change(|shelf| shelf.extra = serde_json::json!({ "ceiling": 1_750_000_050_i64 }));
    let report = world.run(double()).await;
    assert_eq!(findings(&report), set(["missing lost"]), "{report:?}");
    assert_eq!(report.ceiling, Some(at(50).to_string()));
    assert_eq!(report.verified_through, Some(at(50).to_string()));
    assert_eq!(report.items.matched, 10);
}

#[tokio::test]
async fn a_row_that_any_page_names_as_deleted_is_orphaned_wherever_its_clock_lies() {
    let world = world().await;
    world.local(&[item("deleted", 500)]).await;
    world.change(|shelf| shelf.extra = serde_json::json!({ "gone": ["deleted", "i03"] }));
    let report = world.run(double()).await;
    let expected = set(["missing lost", "orphaned invented", "orphaned deleted"]);
    assert_eq!(findings(&report), expected, "what the look-up still shows is not deleted: {report:?}");
}

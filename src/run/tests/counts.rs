//! Providers that count the rows of a range: right, wrong in both directions, and not at all.

use std::time::Duration;

use serde_json::{Value, json};
use tieout_reconcilers::reconciler::{Cap, Cure, Feed};

use super::double::Double;
use super::world::{Item, World, at, findings, item, set};
use crate::report::{DomainReport, Status};

/// What a provider says of the true number of rows.
type Says = fn(u64) -> Value;

/// A provider that hands out six rows for one query, and may count them.
fn capped(counts: bool) -> Double {
    let double = Double::new(at(0));
    let cap = Some(Cap { rows: 6, then: Cure::Halve });
    let feed = Feed { cap, span: Duration::from_secs(2_000), ..double.feed.clone() };
    Double { feed, counts, ..double }
}

/// Forty items that agree, a lost and an invented one, in a window of two thousand seconds.
async fn world(counts: Option<Says>) -> World {
    let world = World::new().await;
    let items: Vec<Item> = (0..40).map(|n| item(&format!("i{n:02}"), 7 * n + 600)).collect();
    world.both(&items).await;
    world.upstream(&[item("lost", 633)]);
    world.local(&[item("invented", 666)]).await;
    world.change(|shelf| shelf.counts = counts);
    world
}

async fn run(world: &World, counts: bool) -> DomainReport {
    world.run_until(capped(counts), 2_000).await
}

/// What a report says of the domain, without how it was read.
fn proven(report: &DomainReport) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        report.status,
        report.complete,
        findings(report),
        report.items,
        report.ranges,
        report.verified_through,
        report.problems
    )
}

#[tokio::test]
async fn a_range_that_holds_more_than_the_cap_is_split_before_it_is_walked() {
    let counting = world(Some(|n| json!(n))).await;
    let report = run(&counting, true).await;
    assert_eq!(findings(&report), set(["missing lost", "orphaned invented"]), "{report:?}");
    assert_eq!((report.status, report.items.matched), (Status::Done, 40));
    assert_eq!(report.notes, [""; 0]);
    let walking = world(None).await;
    assert_eq!(proven(&run(&walking, false).await), proven(&report));
    let (counted, walked) = (counting.lists().len(), walking.lists().len());
    assert!(counted < walked, "{counted} pages with counts, {walked} without");
}

#[tokio::test]
async fn a_count_that_lies_in_either_direction_changes_nothing_that_is_proven() {
    let honest = world(None).await;
    let expected = proven(&run(&honest, false).await);
    let lies: [Says; 9] = [
        |_| json!(0),
        |_| json!(1_000_000_000_u64),
        |_| json!(u64::MAX),
        |n| json!(n * 1_000),
        |n| json!(n * 10),
        |n| json!(n / 10),
        |n| json!(n + 7),
        |n| json!(n.saturating_sub(7)),
        |n| json!(40 - n.min(40)),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let world = world(Some(lie)).await;
        let report = run(&world, true).await;
        assert_eq!(proven(&report), expected, "lie {number}");
        assert!(world.n_counts() < 80, "lie {number}: {} counts", world.n_counts());
    }
}

#[tokio::test]
async fn a_count_that_was_seen_to_mislead_is_not_asked_for_any_more_and_that_is_said() {
    let world = world(Some(|_| json!(1_000_000))).await;
    let report = run(&world, true).await;
    assert_eq!(report.status, Status::Done);
    assert_eq!(report.notes.len(), 1);
    assert!(
        report.notes[0].contains("the provider counted 1000000 rows in a range where 0 were seen"),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_count_that_fails_is_a_note_and_no_failure() {
    let expected = proven(&run(&world(None).await, false).await);
    let broken: [Option<Says>; 4] = [None, Some(|_| json!("many")), Some(|_| json!(-1)), Some(|_| json!({}))];
    for counts in broken {
        let world = world(counts).await;
        let report = run(&world, true).await;
        assert_eq!(proven(&report), expected);
        assert_eq!((world.n_counts(), report.notes.len()), (1, 1), "{report:?}");
        assert!(
            report.notes[0].starts_with("ranges are not counted before they are read: GET http"),
            "{report:?}"
        );
    }
}

#[tokio::test]
async fn a_feed_without_a_cap_is_not_counted() {
    let world = world(Some(|n| json!(n))).await;
    let double =
        Double { feed: Feed { span: Duration::from_secs(500), ..Double::new(at(0)).feed }, ..capped(true) };
    world.run_until(double, 2_000).await;
    assert_eq!(world.n_counts(), 0);
}

//! Look-ups that prove nothing, that cost too much, or that race with somebody who writes: none of them makes a verdict.

use std::time::Duration;

use serde_json::json;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::{Feed, Local, Policy};

use super::double::Double;
use super::world::{Item, World, at, findings, item, set};
use crate::report::{DomainReport, Status};
use crate::store::FindingFilter;

fn double() -> Double {
    Double::new(at(0))
}

fn states(report: &DomainReport) -> Vec<(&str, &str)> {
    let mut states: Vec<_> =
        report.findings.iter().map(|finding| (finding.key.as_str(), finding.state.as_str())).collect();
    states.sort_unstable();
    states
}

/// Five items that agree, and two that only the local side has.
async fn world() -> World {
    let world = World::new().await;
    let items: Vec<Item> = (0..5).map(|n| item(&format!("i{n}"), 10 * n)).collect();
    world.both(&items).await;
    world.local(&[item("invented", 22), item("made up", 33)]).await;
    world
}

#[tokio::test]
async fn an_outage_that_answers_gone_to_everything_makes_no_orphan_and_verifies_nothing() {
    let world = world().await;
    world.change(|shelf| shelf.blind = 0..usize::MAX);
    let report = world.run(double()).await;
    assert_eq!(states(&report), [("invented", "suspected"), ("made up", "suspected")], "{report:?}");
    assert_eq!((report.status, report.items.orphaned), (Status::Partial, 0));
    assert!(report.problems.iter().any(|problem| problem.contains("they prove no absence")), "{report:?}");
    assert_eq!(world.store.coverage(&double().domain, &Each::default(), "at").await.unwrap(), []);

    world.change(|shelf| shelf.blind = 0..0);
    let next = world.run(double()).await;
    assert_eq!(findings(&next), set(["orphaned invented", "orphaned made up"]), "{next:?}");
    assert_eq!(next.status, Status::Done, "{next:?}");
}

#[tokio::test]
async fn an_outage_that_begins_or_ends_among_the_look_ups_is_noticed_on_either_side() {
    // What is known to be there is looked up first and last. Five are known, so that an outage of five hides all of them.
    for outage in [0..5, 2..10, 1..10, 0..10] {
        let world = world().await;
        world.change(|shelf| shelf.blind = outage.clone());
        let report = world.run(double()).await;
        assert_eq!(report.items.orphaned, 0, "{outage:?}: {report:?}");
        assert_eq!(report.status, Status::Partial, "{outage:?}: {report:?}");
    }
}

#[tokio::test]
async fn absences_cost_two_more_look_ups_however_many_there_are() {
    let world = world().await;
    let report = world.run(double()).await;
    assert_eq!(findings(&report), set(["orphaned invented", "orphaned made up"]), "{report:?}");
    let asked = world.take_look_ups();
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert_eq!(asked[0], asked[3], "{asked:?}");
    assert!(
        asked[0].starts_with('i') && asked[0].len() == 2,
        "an item of the list is the sentinel: {asked:?}"
    );
}

#[tokio::test]
async fn a_sentinel_that_was_deleted_meanwhile_gives_way_to_another() {
    let world = World::new().await;
    let items: Vec<Item> = (0..6).map(|n| item(&format!("i{n}"), 10 * n)).collect();
    world.both(&items).await;
    world.local(&[item("invented", 22)]).await;
    // The newest sentinel is the last item of the last page; it answers "gone" in both reads and the others do not.
    world.change(|shelf| shelf.blind = 0..1);
    let report = world.run(double()).await;
    assert_eq!((report.status, report.items.orphaned), (Status::Done, 1), "{report:?}");
}

#[tokio::test]
async fn an_outage_does_not_make_a_missing_item_vanish() {
    let world = World::new().await;
    world.both(&[item("a", 1), item("b", 2)]).await;
    world.upstream(&[item("lost", 3)]);
    world.change(|shelf| shelf.blind = 0..usize::MAX);
    let report = world.run(double()).await;
    assert_eq!(states(&report), [("lost", "suspected")], "{report:?}");
    assert_eq!(report.status, Status::Partial);
    world.change(|shelf| shelf.blind = 0..0);
    assert_eq!(states(&world.run(double()).await), [("lost", "open")]);
}

#[tokio::test]
async fn an_item_that_is_gone_since_the_list_is_looked_up_twice_between_two_sentinels() {
    let world = World::new().await;
    world.both(&[item("a", 1), item("b", 2)]).await;
    world.upstream(&[item("lost", 3)]);
    // Only its own two look-ups find nothing: it was deleted after the list had shown it.
    world.change(|shelf| shelf.blind = 0..1);
    let report = world.run(double()).await;
    assert_eq!(states(&report), [("lost", "open")], "the second look found it: {report:?}");
    let asked = world.take_look_ups();
    assert_eq!((asked[0].as_str(), asked[2].as_str()), ("lost", "lost"), "{asked:?}");
}

#[tokio::test]
async fn a_night_without_any_item_asks_one_page_for_a_sentinel() {
    let (world, late) = barren().await;
    let before = world.lists().len();
    let report = world.run_between(late, 200, 300).await;
    assert_eq!(findings(&report), set(["orphaned invented"]), "{report:?}");
    assert_eq!(
        world.lists().len() - before,
        2,
        "one page of the range, and one that is asked for a sentinel"
    );
}

/// A night whose range is empty upstream, with a row that only the local side has.
async fn barren() -> (World, Double) {
    let world = World::new().await;
    world.both(&[item("old", 1)]).await;
    world.local(&[item("invented", 250)]).await;
    let scope = Double { policy: Policy { start: Some(at(200)), ..double().policy }, ..double() };
    let late = Double { feed: Feed { span: Duration::from_secs(400), ..scope.feed.clone() }, ..scope };
    (world, late)
}

#[tokio::test]
async fn where_no_item_is_known_and_the_page_that_is_asked_for_does_not_come_no_absence_is_proven() {
    let (world, late) = barren().await;
    world.change(|shelf| shelf.moods = [None, Some(400)].into());
    let report = world.run_between(late, 200, 300).await;
    assert_eq!(states(&report), [("invented", "suspected")], "{report:?}");
    assert_eq!((report.status, report.items.orphaned), (Status::Partial, 0), "{report:?}");
}

#[tokio::test]
async fn a_feed_that_shows_no_item_at_all_has_no_sentinel_and_its_absences_count() {
    let (world, late) = barren().await;
    world.change(|shelf| shelf.items.clear());
    let report = world.run_between(late, 200, 300).await;
    assert_eq!(findings(&report), set(["orphaned invented"]), "{report:?}");
}

#[tokio::test]
async fn an_item_that_look_ups_may_not_know_yet_proves_all_the_same_that_they_see_once_it_is_found() {
    let (world, late) = barren().await;
    world.both(&[item("deleted", 205), item("fresh", 290)]).await;
    world.change(|shelf| {
        shelf.refuses.insert("deleted", 404);
    });
    let feed = Feed { confirm_after: Duration::from_secs(50), ..late.feed.clone() };
    let report = world.run_between(Double { feed, ..late }, 200, 300).await;
    assert_eq!((findings(&report), report.status), (set(["orphaned invented"]), Status::Done), "{report:?}");
}

#[tokio::test]
async fn a_sentinel_whose_answer_cannot_be_read_proves_nothing_and_gives_way_to_one_that_can() {
    let world = world().await;
    world.change(|shelf| shelf.garbled = ["i0", "i1", "i2", "i3", "i4"].into());
    let report = world.run(double()).await;
    assert_eq!(states(&report), [("invented", "suspected"), ("made up", "suspected")], "{report:?}");
    assert_eq!((report.status, report.items.orphaned), (Status::Partial, 0), "{report:?}");

    world.change(|shelf| shelf.garbled.retain(|id| *id != "i2"));
    assert_eq!(findings(&world.run(double()).await), set(["orphaned invented", "orphaned made up"]));
}

#[tokio::test]
async fn a_page_that_cannot_be_read_does_not_say_that_the_feed_has_no_item() {
    let world = World::new().await;
    world.local(&[item("invented", 22)]).await;
    world.change(|shelf| shelf.extra = json!({ "data": [{ "odd": true }] }));
    let report = world.look_at(double(), "invented").await;
    assert_eq!(report.items.orphaned, 0, "{report:?}");
    world.change(|shelf| shelf.extra = json!({}));
    assert_eq!(world.look_at(double(), "invented").await.items.orphaned, 1);
}

fn frugal(max_lookups: u64) -> Double {
    Double { policy: Policy { max_lookups, ..double().policy }, ..double() }
}

#[tokio::test]
async fn what_is_over_the_budget_stays_suspected_and_comes_first_in_the_next_run() {
    let world = World::new().await;
    world.both(&[item("a", 1), item("b", 2)]).await;
    world.upstream(&[item("l1", 3), item("l2", 4), item("l3", 5)]);
    let first = world.run(frugal(2)).await;
    let judged = first.findings.iter().filter(|finding| finding.state == "open").count();
    assert_eq!((judged, first.findings.len()), (2, 3), "{first:?}");
    assert_eq!((first.status, first.items.missing, first.items.pending.upstream), (Status::Partial, 2, 1));
    let said = "1 items were not looked up, because a run looks up 2 at most";
    assert!(first.problems.iter().any(|problem| problem.starts_with(said)), "{first:?}");
    let mut report = first;
    for _ in 0..3 {
        report = world.run(frugal(2)).await;
    }
    let all = world.store.list(&FindingFilter::default()).await.unwrap();
    assert!(all.iter().all(|finding| finding.state.as_str() == "open") && all.len() == 3, "{report:?}");
}

#[tokio::test]
async fn an_orphan_over_the_budget_is_no_verdict_and_its_range_is_read_again() {
    let world = world().await;
    let report = world.run(frugal(1)).await;
    assert_eq!(report.items.orphaned, 1, "{report:?}");
    assert_eq!(world.store.coverage(&double().domain, &Each::default(), "at").await.unwrap(), []);
    assert_eq!(report.status, Status::Partial);
}

/// Items that differ, and a webhook that writes the row while upstream is asked for it.
async fn racing(sql: &'static str) -> World {
    let world = World::new().await;
    world.both(&[item("a", 1)]).await;
    world.upstream(&[Item { amount: 2, ..item("raced", 2) }]);
    world.local(&[item("raced", 2)]).await;
    world.write_meanwhile("raced", sql);
    world
}

#[tokio::test]
async fn a_row_that_is_written_while_upstream_is_asked_is_not_judged_against_what_upstream_held_before() {
    // Upstream is at 2 when it answers; right after that it goes on to 3, and the webhook of that arrives.
    let world = racing("UPDATE items SET amount = 3 WHERE id = 'raced'").await;
    let report = world.run(double()).await;
    assert_eq!(states(&report), [("raced", "suspected")], "{report:?}");
    world.change(|shelf| {
        shelf.meanwhile = None;
        shelf.items.iter_mut().find(|item| item.id == "raced").unwrap().amount = 3;
    });
    let next = world.run(double()).await;
    assert_eq!((next.follow_up.healed, next.findings.len()), (1, 0), "{next:?}");
}

#[tokio::test]
async fn a_webhook_that_arrives_while_upstream_is_asked_heals_what_it_is_about() {
    let world = racing("UPDATE items SET amount = 2 WHERE id = 'raced'").await;
    let report = world.run(double()).await;
    assert_eq!((report.findings.len(), report.items.matched), (0, 2), "{report:?}");
}

#[tokio::test]
async fn a_row_that_nobody_writes_is_judged_at_once() {
    let world = racing("UPDATE items SET amount = 3 WHERE id = 'nobody'").await;
    assert_eq!(states(&world.run(double()).await), [("raced", "open")]);
}

#[tokio::test]
async fn where_a_column_says_when_rows_were_written_it_decides() {
    let world =
        racing("UPDATE items SET amount = 3, at = strftime('%s', 'now') + 5 WHERE id = 'raced'").await;
    let base = double();
    let local = Local { changed: Some("at".to_owned()), ..base.local.clone() };
    let report = world.run(Double { local, ..base }).await;
    assert_eq!(states(&report), [("raced", "suspected")], "{report:?}");
}

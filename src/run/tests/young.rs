//! Items that are touched while they are read, or short before: they lie in no window that a run may judge.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tieout_reconcilers::reconciler::{ClockKind, Feed, Policy};

use super::double::Double;
use super::world::{Item, World, at, item};
use crate::report::{DomainReport, Status};

/// Seconds after the start of the world.
fn now() -> i64 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(unix).unwrap() - at(0).micros() / 1_000_000
}

/// The last day of a list of changes without an upper bound, whose items rest for an hour.
fn open() -> Double {
    let double = Double::new(at(now() - 86_400));
    let feed = Feed {
        open: true,
        mutable: true,
        clock_kind: Some(ClockKind::Updated),
        span: Duration::from_hours(24),
        ..double.feed
    };
    let policy = Policy { settle: Duration::from_hours(1), ..double.policy };
    Double { feed, policy, ..double }
}

fn states(report: &DomainReport) -> Vec<(&str, &str)> {
    report.findings.iter().map(|finding| (finding.key.as_str(), finding.state.as_str())).collect()
}

fn touched(item: Item) -> Item {
    Item { at: now() - 60, ..item }
}

#[tokio::test]
async fn what_is_touched_before_every_run_is_seen_and_followed_until_it_can_be_judged() {
    let world = World::new().await;
    let old = now() - 7_200;
    let hot = item("hot", old);
    world.local(&[hot.clone(), item("busy", old)]).await;
    world.upstream(&[touched(Item { amount: 2, ..hot.clone() }), touched(item("busy", old))]);
    let first = world.run(open()).await;
    assert_eq!((first.status, states(&first)), (Status::Done, vec![("hot", "suspected")]), "{first:?}");
    assert_eq!(counts(&first), (2, 2, 1), "the other one agrees, however young it is");

    world.change(|shelf| shelf.items.retain(|item| item.id == "busy"));
    world.upstream(&[Item { amount: 2, ..hot }]);
    assert_eq!(states(&world.run(open()).await), [("hot", "open")], "it rests now, and is judged");
}

/// The item is touched again right before the next run, at another second.
fn touch_again(world: &World, item: &Item) {
    world.change(|shelf| shelf.items.retain(|other| other.id != item.id));
    world.upstream(&[Item { at: now() - 30, ..item.clone() }]);
}

#[tokio::test]
async fn what_is_touched_before_every_run_and_never_arrives_is_judged_after_it_was_seen_to_be_missing_for_settle()
 {
    let world = World::new().await;
    let hot = touched(item("hot", 0));
    world.upstream(std::slice::from_ref(&hot));
    assert_eq!(states(&world.run(open()).await), [("hot", "suspected")]);
    touch_again(&world, &hot);
    assert_eq!(states(&world.run(open()).await), [("hot", "suspected")], "it has not been missing for long");
    world.first_seen_long_ago().await;
    touch_again(&world, &hot);
    let judged = world.run(open()).await;
    assert_eq!(states(&judged), [("hot", "open")], "{judged:?}");
    assert_eq!(judged.findings[0].kind, "missing");
}

#[tokio::test]
async fn a_hot_row_that_still_lacks_an_old_change_is_judged() {
    let world = World::new().await;
    let hot = touched(Item { amount: 2, ..item("hot", 0) });
    world.upstream(std::slice::from_ref(&hot));
    world.local(&[item("hot", now() - 7_200)]).await;
    assert_eq!(states(&world.run(open()).await), [("hot", "suspected")]);
    world.first_seen_long_ago().await;
    touch_again(&world, &hot);
    assert_eq!(states(&world.run(open()).await), [("hot", "open")]);
}

#[tokio::test]
async fn a_hot_row_that_has_applied_what_was_seen_then_may_wait_for_a_webhook_about_what_came_after() {
    let world = World::new().await;
    let hot = touched(Item { amount: 2, ..item("hot", 0) });
    world.upstream(std::slice::from_ref(&hot));
    // The local side has another amount, and the clock of the change that was seen: it is at most one webhook behind.
    world.local(&[Item { amount: 1, ..hot.clone() }]).await;
    assert_eq!(states(&world.run(open()).await), [("hot", "suspected")]);
    world.first_seen_long_ago().await;
    touch_again(&world, &hot);
    assert_eq!(states(&world.run(open()).await), [("hot", "suspected")]);
}

#[tokio::test]
async fn a_crowd_of_young_items_is_left_to_the_next_run_and_nobody_is_asked_about_each() {
    let world = World::new().await;
    let crowd: Vec<Item> = (0..1_010).map(|n| touched(item(&format!("i{n:04}"), 0))).collect();
    world.upstream(&crowd);
    let report = world.run(open()).await;
    assert_eq!((report.status, report.items.pending.upstream), (Status::Done, 1_000), "{report:?}");
    assert!(report.notes.iter().any(|note| note.starts_with("10 more items changed")), "{report:?}");
    assert_eq!(report.api_requests.ok, report.pages, "no item was looked up");
}

fn counts(report: &DomainReport) -> (u64, u64, u64) {
    (report.items.upstream, report.items.local, report.items.matched)
}

#[tokio::test]
async fn a_look_by_key_before_any_other_request_goes_by_the_provider_s_clock_too() {
    let world = World::new().await;
    let behind = SystemTime::now() - Duration::from_hours(1);
    world.change(|shelf| shelf.date = Some(httpdate::fmt_http_date(behind)));
    world.upstream(&[item("new", now() - 30 * 60), item("old", now() - 90 * 60)]);
    let domain = || Double::new(at(now() - 86_400));
    assert_eq!(states(&world.look_at(domain(), "new").await), [("new", "suspected")]);
    assert_eq!(states(&world.look_at(domain(), "old").await), [("old", "open")]);
}

#[tokio::test]
async fn what_the_list_does_not_show_yet_above_the_ceiling_by_the_provider_s_clock_is_no_reason_to_doubt_it()
{
    let world = World::new().await;
    let behind = UNIX_EPOCH + Duration::from_micros(at(6_000).micros().unsigned_abs());
    world.change(|shelf| shelf.date = Some(httpdate::fmt_http_date(behind)));
    world.both(&[item("old", 1_000)]).await;
    // It was made anew under its old id, and the list does not know that yet.
    world.local(&[item("anew", 2_000)]).await;
    world.change(|shelf| shelf.unlisted.push(item("anew", 8_000)));
    let double = Double::new(at(0));
    let feed = Feed { span: Duration::from_hours(24), ..double.feed };
    let policy = Policy { settle: Duration::from_mins(1), ..double.policy };
    let report = world.night(Double { feed, policy, ..double }, 10_000).await;
    assert_eq!((report.status, states(&report)), (Status::Done, Vec::new()), "{report:?}");
}

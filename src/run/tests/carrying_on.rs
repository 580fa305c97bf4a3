//! Runs that die, and the next ones, which read on from where they were.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::{Feed, Order};
use tieout_reconcilers::window::Window;

use super::double::Double;
use super::world::{Cut, Item, World, at, findings, item, set};
use crate::report::{DomainReport, ItemCounts, Status};
use crate::store::FindingFilter;

/// How many rows a page has.
const PAGE: usize = 7;
/// How many pages a walk asks for again at most that was killed: those that waited for the comparison on a busy machine, the one that
/// was being compared and the one that was asked for.
const REPEATED: usize = 8;

pub(super) fn double(span: u64, order: Order) -> Double {
    let double = Double::new(at(0));
    Double { feed: Feed { order, span: Duration::from_secs(span), ..double.feed }, ..double }
}

/// Ninety items, some of them in one second.
fn items() -> Vec<Item> {
    (0..90).map(|n| item(&format!("i{n:02}"), n * 10 / 9 / 3 * 3)).collect()
}

/// The same on a shelf and in a table, but some are lost, some differ, and some rows are nobody's.
pub(super) async fn world(order: Order) -> World {
    let (world, items) = (World::new().await, items());
    world.upstream(&items);
    let kept = |n: &usize| n % 17 != 3;
    let changed = |n: usize, item: &Item| Item { amount: if n % 23 == 5 { 9 } else { 1 }, ..item.clone() };
    // A row that lies elsewhere than its item is found by its key.
    let moved = |n: usize, item: Item| Item { at: if n % 29 == 7 { 99 - item.at } else { item.at }, ..item };
    let rows: Vec<Item> = items
        .iter()
        .enumerate()
        .filter(|(n, _)| kept(n))
        .map(|(n, item)| moved(n, changed(n, item)))
        .collect();
    world.local(&rows).await;
    world.local(&[item("invented", 20), item("nobodys", 71)]).await;
    leaf_through(&world, order);
    world
}

/// Shows the shelf page by page, each of which takes its time.
fn leaf_through(world: &World, order: Order) {
    world.change(|shelf| {
        (shelf.page, shelf.is_newest_first) = (Some(PAGE), order == Order::Descending);
        shelf.pace = Duration::from_millis(20);
    });
}

/// What a run leaves behind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Left {
    findings: BTreeSet<String>,
    verified: Vec<Window>,
    n_bookmarks: usize,
}

pub(super) async fn left(world: &World) -> Left {
    let all = world.store.list(&FindingFilter::default()).await.unwrap();
    let told = all.iter().map(|finding| {
        format!("{} {} {:?} {}", finding.id.key, finding.kind.as_str(), finding.state, finding.episode)
    });
    let (domain, each) = ("shop.items".parse().unwrap(), Each::default());
    let verified = world.store.coverage(&domain, &each, "at").await.unwrap();
    let n_bookmarks = world.store.bookmarks(&domain, &each).await.unwrap().len();
    Left { findings: told.collect(), verified, n_bookmarks }
}

pub(super) fn counts(report: &DomainReport) -> (Status, bool, ItemCounts, BTreeSet<String>) {
    (report.status, report.complete, report.items, findings(report))
}

/// A run that nobody cuts off, with the list requests that it takes.
pub(super) async fn whole(span: u64, order: Order) -> (DomainReport, Left, usize) {
    let world = world(order).await;
    let report = world.night(double(span, order), 100).await;
    let n_lists = world.lists().len();
    (report, left(&world).await, n_lists)
}

async fn cut_anywhere(order: Order, how: Cut) {
    let (report, expected, n_lists) = whole(100, order).await;
    assert!(expected.findings.len() > 8 && n_lists == 13, "{report:?}");
    for number in 1..=n_lists {
        let world = world(order).await;
        let cut = world.night_cut_at(double(100, order), 100, (number, how)).await;
        assert!(cut.is_none_or(|report| report.status == Status::Interrupted), "at {number}");
        world.lapse().await;
        let second = world.night(double(100, order), 100).await;
        assert_eq!(counts(&second), counts(&report), "cut off at {number}: {second:?}");
        assert_eq!(left(&world).await, expected, "cut off at {number}");
        let lists = world.lists().len();
        let repeated = if how == Cut::Stopped { 1 } else { REPEATED };
        assert!(
            lists <= n_lists + repeated,
            "cut off at {number}, {lists} list requests instead of {n_lists}"
        );
    }
}

#[tokio::test]
async fn a_run_that_is_killed_at_any_page_is_carried_on_and_comes_to_the_same() {
    Box::pin(cut_anywhere(Order::Ascending, Cut::Killed)).await;
}

#[tokio::test]
async fn a_run_that_is_killed_at_any_page_of_a_list_with_the_newest_first_is_carried_on_as_well() {
    Box::pin(cut_anywhere(Order::Descending, Cut::Killed)).await;
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_at_any_page_is_carried_on_and_comes_to_the_same() {
    Box::pin(cut_anywhere(Order::Descending, Cut::Stopped)).await;
}

#[tokio::test]
async fn a_run_that_dies_again_and_again_comes_to_its_end() {
    let (report, expected, n_lists) = whole(100, Order::Ascending).await;
    let world = world(Order::Ascending).await;
    let mut deaths = 0;
    while world.night_cut_at(double(100, Order::Ascending), 100, (4, Cut::Killed)).await.is_none() {
        world.lapse().await;
        deaths += 1;
        assert!(deaths < n_lists, "it does not get any further");
    }
    assert!(deaths > 1, "{deaths}");
    assert_eq!(left(&world).await, expected);
    assert!(world.lists().len() <= n_lists + REPEATED * deaths, "{} list requests", world.lists().len());
    assert_eq!(report.status, Status::Done);
}

#[tokio::test]
async fn slices_side_by_side_are_all_carried_on() {
    let (_, expected, n_lists) = whole(25, Order::Ascending).await;
    for number in 1..=n_lists {
        let world = world(Order::Ascending).await;
        assert!(world.night_cut_at(double(25, Order::Ascending), 100, (number, Cut::Killed)).await.is_none());
        world.lapse().await;
        let second = world.night(double(25, Order::Ascending), 100).await;
        assert_eq!(second.status, Status::Done, "{second:?}");
        assert_eq!(left(&world).await, expected, "cut off at {number}");
        let lists = world.lists().len();
        assert!(
            lists <= n_lists + 4 * REPEATED,
            "cut off at {number}, {lists} list requests instead of {n_lists}"
        );
    }
}

/// A run that was killed in the middle of its only slice, once it was written down how far that is.
async fn half_way() -> World {
    half_way_through(world(Order::Ascending).await, Order::Ascending).await
}

async fn half_way_through(world: World, order: Order) -> World {
    for number in 7..13 {
        assert!(world.night_cut_at(double(100, order), 100, (number, Cut::Killed)).await.is_none());
        world.lapse().await;
        if left(&world).await.n_bookmarks == 1 {
            return world;
        }
    }
    panic!("nothing is written down");
}

/// Runs on, and expects what a run without any death comes to, with so many list requests and such a note.
async fn reads_on(world: &World, domain: Double, lists: std::ops::RangeInclusive<usize>, note: &str) {
    let (report, expected, _) = whole(100, Order::Ascending).await;
    let before = world.lists().len();
    let second = world.night(domain, 100).await;
    assert_eq!(counts(&second), counts(&report), "{second:?}");
    assert_eq!(left(world).await, expected);
    assert!(second.notes.iter().any(|said| said.contains(note)), "{:?}", second.notes);
    let lists_now = world.lists().len() - before;
    assert!(lists.contains(&lists_now), "{lists_now} list requests");
}

fn same() -> Double {
    double(100, Order::Ascending)
}

#[tokio::test]
async fn what_is_carried_on_is_said() {
    let world = half_way().await;
    reads_on(&world, same(), 6..=13, "1 ranges were read on from where an earlier run had stopped").await;
}

#[tokio::test]
async fn a_cursor_that_the_provider_has_forgotten_begins_the_slice_anew() {
    let world = half_way().await;
    world.change(|shelf| shelf.moods = [Some(410)].into());
    reads_on(&world, same(), 14..=14, "what an earlier run had read of it did not lead on").await;
}

#[tokio::test]
async fn a_cursor_that_the_provider_refuses_in_its_own_way_begins_the_slice_anew() {
    let world = half_way().await;
    world.change(|shelf| shelf.moods = [Some(400)].into());
    reads_on(&world, same(), 14..=14, "what an earlier run had read of it did not lead on").await;
}

#[tokio::test]
async fn a_damaged_bookmark_is_not_used() {
    for damage in [
        "UPDATE bookmarks SET state = replace(state, 'i0', 'j0')",
        "UPDATE bookmarks SET to_at = '2030-01-01T00:00:00.000000Z'",
        "UPDATE bookmarks SET from_at = 'garbage'",
        "UPDATE bookmarks SET purpose = 'fun'",
        "UPDATE bookmarks SET written_at = ''",
        "UPDATE bookmarks SET checksum = ''",
    ] {
        let world = half_way().await;
        world.state(damage).await;
        reads_on(&world, same(), 13..=13, "its bookmark is damaged").await;
    }
}

#[tokio::test]
async fn a_bookmark_of_another_format_or_definition_is_not_used() {
    let world = half_way().await;
    let mut changed = same();
    changed.policy.max_emits += 1;
    reads_on(&world, changed, 13..=13, "the definition, the account or the base has changed since").await;
}

#[tokio::test]
async fn a_bookmark_is_not_used_once_it_is_too_old() {
    let world = half_way().await;
    world
        .state("UPDATE bookmarks SET written_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-61 minutes')")
        .await;
    reads_on(&world, same(), 13..=13, "its bookmark is older than 1h").await;
}

#[tokio::test]
async fn what_changed_meanwhile_is_judged_as_it_is_now() {
    let world = half_way().await;
    world.change(|shelf| shelf.items.retain(|item| item.id != "i87"));
    world.upstream(&[item("new", 95)]);
    let second = world.night(same(), 100).await;
    assert_eq!(second.status, Status::Done, "{second:?}");
    let found = findings(&second);
    assert!(found.contains("orphaned i87") && found.contains("missing new"), "{found:?}");
}

#[tokio::test]
async fn what_lay_after_the_ceiling_by_the_provider_s_clock_is_counted_once() {
    for order in [Order::Ascending, Order::Descending] {
        let world = World::new().await;
        world.both(&items()).await;
        leaf_through(&world, order);
        let behind = UNIX_EPOCH + Duration::from_micros(at(30).micros().unsigned_abs());
        world.change(|shelf| shelf.date = Some(httpdate::fmt_http_date(behind)));
        let world = half_way_through(world, order).await;
        world.change(|shelf| shelf.date = None);
        let second = world.night(double(100, order), 100).await;
        assert!(second.notes.iter().any(|said| said.contains("were read on")), "{:?}", second.notes);
        let ItemCounts { upstream, local, matched, .. } = second.items;
        assert_eq!((upstream, local, matched), (90, 90, 90), "{order:?}: {second:?}");
    }
}

#[tokio::test]
async fn a_sight_from_before_a_finding_was_over_begins_it_no_second_time() {
    let world = half_way().await;
    let found = findings(&world.look_at(same(), "invented").await);
    assert_eq!(found, set(["orphaned invented"]));
    world.unlocal("invented").await;
    let night = world.night(same(), 100).await;
    assert!(night.notes.iter().any(|said| said.contains("were read on")), "{:?}", night.notes);
    let left = left(&world).await.findings;
    let its: Vec<&String> = left.iter().filter(|told| told.starts_with("invented")).collect();
    assert_eq!(its, ["invented orphaned Healed 1"]);
}

#[tokio::test]
async fn a_feed_whose_pages_are_counted_is_begun_anew() {
    let world = world(Order::Ascending).await;
    let counted = || Double { feed: Feed { is_led: false, ..same().feed }, ..same() };
    assert!(world.night_cut_at(counted(), 100, (7, Cut::Killed)).await.is_none());
    world.lapse().await;
    assert_eq!(left(&world).await.n_bookmarks, 0);
    assert_eq!(world.night(counted(), 100).await.status, Status::Done);
    assert!((7 + 13..=7 + 13 + 1).contains(&world.lists().len()), "{}", world.lists().len());
}

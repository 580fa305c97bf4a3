//! What is wrong or rarely meant in a feed whose parts are right one by one.

use std::time::Duration;

use super::checked::Fault;
use super::document::Problems;
use super::limits::Allowance;
use super::paging::{By, Paging};
use super::problem::Spot;
use super::window_file::{OrderWord, WindowDefinition};
use crate::reconciler::{ClockKind, Cure, Feed, Filter, Order};
use crate::spoken::Spoken;

/// How many requests lie between two pages of a walk where several walks take turns.
const TURN: f64 = 4.0;

/// Where the parts of a feed stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spots {
    pub(super) next: Spot,
    pub(super) window: Spot,
    pub(super) order: Spot,
}

/// Looks at the parts of a feed together.
pub(super) fn lint(
    paging: &Paging,
    window: &WindowDefinition,
    is_export: bool,
    spots: Spots,
    problems: &mut Problems<'_>,
) {
    stops_too_early(paging, window, spots, problems);
    contradicts_itself(paging, window, spots, problems);
    if is_export {
        is_whole_at_once(paging, window, spots, problems);
    } else {
        shifts(paging, window, spots, problems);
    }
}

/// Walks that take turns at a slow pace find the way to their next page gone, and begin again and again.
pub(super) fn outlives(paging: &Paging, allowance: &Allowance, spot: Spot, problems: &mut Problems<'_>) {
    let (Some(ttl), Some(per_second)) = (paging.ttl, allowance.per_second) else { return };
    let gap = Duration::try_from_secs_f64(TURN / (per_second * (1.0 - allowance.reserve)));
    if gap.is_ok_and(|gap| gap <= ttl) {
        return;
    }
    let message = format!(
        "at the declared rate {TURN} requests take longer than the {} that a way to the next page lives, so walks that take \
         turns lose it and begin again",
        Spoken(ttl)
    );
    let help = "read fewer ranges at once (`--concurrency 1`), ask for larger pages, or declare the rate that is permitted";
    problems.warn(spot, Fault::new(message).with_help(help));
}

/// Rows that come newest first can end a walk; in any other order, older rows say nothing about the next page.
fn stops_too_early(paging: &Paging, window: &WindowDefinition, spots: Spots, problems: &mut Problems<'_>) {
    if paging.stop.older && window.feed.order != Order::Descending {
        let help = "say `order: created desc` or `updated desc` if the provider guarantees it, along the window's clock";
        let fault =
            Fault::new("`stop: [older]` would lose rows of a list that is not declared to come newest first");
        problems.add(spots.next, fault.with_help(help));
    }
}

fn contradicts_itself(paging: &Paging, window: &WindowDefinition, spots: Spots, problems: &mut Problems<'_>) {
    let Feed { filter, cap, .. } = &window.feed;
    if paging.save.is_some() && *filter == Filter::Server {
        let help = "say `filter: client`: a run goes on from the token that the last one saved";
        let fault = Fault::new("a feed of changes has no window that the provider could apply");
        problems.add(spots.window, fault.with_help(help));
    }
    match cap.map(|cap| cap.then) {
        Some(Cure::Halve) if *filter == Filter::Client => {
            let help = "say `then: rekey`, or let the provider apply the window";
            let fault = Fault::new("a range that the provider does not apply cannot be halved");
            problems.add(spots.window, fault.with_help(help));
        }
        Some(Cure::Rekey) if matches!(paging.by, By::Single) => {
            problems.add(spots.window, Fault::new("a feed of one page cannot begin anew behind an id"));
        }
        _ => {}
    }
}

/// What a job exports stays as it is while it is read, and is the answer to one question.
fn is_whole_at_once(paging: &Paging, window: &WindowDefinition, spots: Spots, problems: &mut Problems<'_>) {
    if window.feed.cap.is_some_and(|cap| cap.then == Cure::Rekey) {
        let fault = Fault::new("a job cannot begin anew behind the last id of its export");
        problems.add(
            spots.window,
            fault.with_help("say `then: halve`: the halves are exported by jobs of their own"),
        );
    }
    if paging.save.is_some() {
        let fault = Fault::new("an export is no feed of changes, so there is no token to go on from");
        problems.add(spots.next, fault.with_help("leave `save` out"));
    }
}

/// A list that is counted through and whose rows move loses those that move to a page that was read.
fn shifts(paging: &Paging, window: &WindowDefinition, spots: Spots, problems: &mut Problems<'_>) {
    let is_fixed = matches!(window.sorted, OrderWord::Id | OrderWord::Along(ClockKind::Created, _));
    if paging.by.counts() && !is_fixed {
        let help = "ask for an order by creation or id and declare it, or page by cursor or link";
        let fault = Fault::new(
            "pages are counted over a list that is not in a fixed order, so rows can slip past between two pages",
        );
        problems.warn(spots.next, fault.with_help(help));
    }
}

/// Items that change may leave the window before anybody has read them.
pub(super) fn misses_changes(
    window: &WindowDefinition,
    follows_events: bool,
    spots: Spots,
    problems: &mut Problems<'_>,
) {
    let (feed, edges) = (&window.feed, window.edges);
    let by_change = window.sorted == OrderWord::Along(ClockKind::Updated, Order::Descending);
    if by_change {
        let fault = Fault::new("an item that changes during the walk moves to pages that were read already");
        problems.warn(spots.order, fault.with_help("ask for `updated asc` if the provider offers it"));
    }
    if follows_events && (feed.filter == Filter::Client || feed.clock_kind != Some(ClockKind::Created)) {
        let fault = Fault::new("`drives: changes` means nothing here: changes show in the feed itself");
        problems.warn(spots.window, fault.with_help("it is for feeds whose window runs on a creation clock"));
    }
    if feed.filter == Filter::Client {
        return;
    }
    match feed.clock_kind {
        Some(ClockKind::Created) if feed.mutable && feed.overlap.is_none() && !follows_events => {
            let message =
                "items of this feed change after their window was verified, and nothing reads them again";
            let help = "say `overlap_scan: {back: 30d, every: 1d}`, `events: {..., drives: changes}` where a list of events tells of \
                 every change, or `mutable: false` if they never change";
            problems.warn(spots.window, Fault::new(message).with_help(help));
        }
        Some(ClockKind::Updated) if edges.upper.is_some() && !edges.open => {
            let message = "an item that changes all the time is newer than every window, and is never read";
            let help = "say `open: true`: the newest window of a run then has no upper bound";
            problems.warn(spots.window, Fault::new(message).with_help(help));
        }
        None => {
            let message =
                "nothing says what the window's clock measures, so nothing missing upstream can be proved";
            let help = "say `on: created` or `on: updated`";
            problems.warn(spots.window, Fault::new(message).with_help(help));
        }
        _ => {}
    }
}

//! Which ranges a run reads: holes in the verified coverage first, then what is new, then what may have changed since.
//!
//! Pure: it is told what is verified and where the ceiling lies, and never asks a clock or a store.

mod ledger;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::TimeDelta;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::{Feed, Filter, Policy};
use tieout_reconcilers::window::{Purpose, Slice, Window};

use self::ledger::common;
pub use self::ledger::{from_on, gaps, holes, verified_through, without};

/// How far back the first run reads where the domain says nothing.
pub const DEFAULT_BACK: Duration = Duration::from_hours(30 * 24);

/// What is known before a run reads anything.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// Verified ranges, sorted and merged.
    pub verified: &'a [Window],
    /// Where the first run began, whatever came of it.
    pub began: Option<Instant>,
    /// When the last wider re-read was complete.
    pub last_overlap: Option<Instant>,
    /// The run's start.
    pub now: Instant,
    /// The run's frozen ceiling.
    pub ceiling: Instant,
}

/// The ceiling of a run: no item whose clock lies at or after it is judged.
///
/// `skew` is the provider's clock minus ours; only a provider that is behind moves the ceiling, and only downwards.
#[must_use]
pub fn ceiling(now: Instant, feed: &Feed, policy: &Policy, skew: Option<TimeDelta>) -> Instant {
    let behind = skew.and_then(|skew| (-skew).to_std().ok()).unwrap_or_default();
    let ahead = skew.filter(|_| bug!("skew_upwards")).and_then(|skew| skew.to_std().ok()).unwrap_or_default();
    let settle = if bug!("no_settle") { Duration::ZERO } else { policy.settle };
    let lag = if bug!("no_lag") { Duration::ZERO } else { feed.lag };
    (now + ahead - behind - lag.max(settle)).floor(feed.grain)
}

/// The slices of a run, oldest first.
#[must_use]
pub fn slices(feed: &Feed, policy: &Policy, known: &Known<'_>) -> Vec<Slice> {
    let start = first_instant(feed, policy, known);
    let Some(range) = Window::new(start.max(reach(feed, known.now)), known.ceiling) else {
        return Vec::new();
    };
    if feed.filter == Filter::Client {
        return vec![Slice { newest: true, ..Slice::new(range, Purpose::Coverage) }];
    }
    let fresh = with_margin(feed, range, gaps(range, known.verified));
    let again = overlap(feed, known).map_or_else(Vec::new, |back| common(back, known.verified));
    let mut fresh = cut(feed, &fresh, Purpose::Coverage);
    if let Some(last) = fresh.last_mut() {
        last.newest = last.window.to() == known.ceiling;
    }
    [fresh, cut(feed, &again, Purpose::Overlap)].concat()
}

/// The slices of a run that reads everything again from where coverage begins, oldest first.
#[must_use]
pub fn everything(feed: &Feed, policy: &Policy, known: &Known<'_>) -> Vec<Slice> {
    slices(feed, policy, &Known { verified: &[], ..known.clone() })
}

/// Whether slices without a hole between them reach as far back as the feed's wider re-read would.
#[must_use]
pub fn reaches_back(feed: &Feed, known: &Known<'_>, slices: &[Slice]) -> bool {
    let (from, scan) = (slices.first().map(|slice| slice.window.from()), feed.overlap);
    from.zip(scan).is_some_and(|(from, scan)| from <= known.ceiling - scan.back)
}

/// The ranges that were verified and that the provider does not keep any more: they cannot be read again.
#[must_use]
pub fn forgotten(feed: &Feed, policy: &Policy, known: &Known<'_>) -> Vec<Window> {
    let end = reach(feed, known.now).min(known.ceiling);
    let whole = Window::new(first_instant(feed, policy, known), end);
    whole.map_or_else(Vec::new, |whole| common(whole, known.verified))
}

/// The ranges that were never verified and that the provider does not keep any more: nothing can be proved about them.
#[must_use]
pub fn out_of_reach(feed: &Feed, policy: &Policy, known: &Known<'_>) -> Vec<Window> {
    let end = reach(feed, known.now).min(known.ceiling);
    let lost = Window::new(first_instant(feed, policy, known), end);
    lost.map_or_else(Vec::new, |lost| gaps(lost, known.verified))
}

/// What was never verified of a range, apart by whether it can still be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unfilled {
    /// What the provider still keeps.
    pub readable: Vec<Window>,
    /// What it does not keep any more: nothing can be proved about it.
    pub lost: Vec<Window>,
}

/// The parts of some ranges that the provider does not keep any more.
#[must_use]
pub fn lost(feed: &Feed, now: Instant, ranges: &[Window]) -> Vec<Window> {
    let reach = reach(feed, now);
    ranges.iter().filter_map(|range| range.until(reach)).collect()
}

/// What a backfill has to fill: of the range that was asked for, else between where coverage begins and its newest end.
#[must_use]
pub fn unfilled(feed: &Feed, policy: &Policy, known: &Known<'_>, asked: Option<Window>) -> Unfilled {
    let whole = || Window::new(first_instant(feed, policy, known), known.verified.last()?.to());
    let Some(range) = asked.or_else(whole).and_then(|range| range.until(known.ceiling)) else {
        return Unfilled::default();
    };
    let reach = reach(feed, known.now);
    let missing = gaps(range, known.verified);
    let lost = lost(feed, known.now, &missing);
    let readable = missing.iter().filter_map(|gap| Window::new(gap.from().max(reach), gap.to())).collect();
    Unfilled { readable, lost }
}

/// The slices of ranges that were never verified, oldest first. A feed that we filter ourselves is read whole, for all of them.
#[must_use]
pub fn slices_filling(feed: &Feed, ranges: &[Window]) -> Vec<Slice> {
    let whole = ranges.first().zip(ranges.last());
    match whole.and_then(|(first, last)| Window::new(first.from(), last.to())) {
        Some(whole) if feed.filter == Filter::Client => slices_of(feed, whole),
        _ => cut(feed, ranges, Purpose::Coverage),
    }
}

/// Planned slices around windows whose reading can be carried on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// The windows that fit, by their places, oldest first, each a slice of its own.
    pub carried_on: Vec<(usize, Slice)>,
    /// What is left of the planned slices.
    pub others: Vec<Slice>,
}

/// Puts windows whose reading can be carried on in the place of what was planned about them. A window fits where all of it was
/// planned, for the same reason, and no other window lies in it; all slices together cover what was planned, each instant once.
#[must_use]
pub fn around(planned: &[Slice], windows: &[(Purpose, Window)]) -> Around {
    let mut carried_on: Vec<(usize, Slice)> = Vec::new();
    for (place, (purpose, window)) in windows.iter().enumerate() {
        let is_taken =
            |(_, other): &(usize, Slice)| other.purpose == *purpose && touches(other.window, *window);
        if !carried_on.iter().any(is_taken)
            && let Some(slice) = in_place_of(planned, *purpose, *window)
        {
            carried_on.push((place, slice));
        }
    }
    carried_on.sort_by_key(|(_, slice)| (slice.purpose, slice.window));
    let others = planned.iter().flat_map(|slice| {
        let taken = carried_on.iter().filter(|(_, other)| other.purpose == slice.purpose);
        let taken: Vec<Window> = taken.map(|(_, other)| other.window).collect();
        let is_last = |left: &Window| left.to() == slice.window.to();
        let left = gaps(slice.window, &taken).into_iter();
        left.map(move |left| Slice { window: left, newest: slice.newest && is_last(&left), ..slice.clone() })
    });
    let others = others.collect();
    Around { carried_on, others }
}

/// The slice of a window that was planned, in one piece or in several.
fn in_place_of(planned: &[Slice], purpose: Purpose, window: Window) -> Option<Slice> {
    let of_it = || planned.iter().filter(|slice| slice.purpose == purpose && touches(slice.window, window));
    let ranges: Vec<Window> = of_it().map(|slice| slice.window).collect();
    let last = of_it().next_back().filter(|_| gaps(window, &ranges).is_empty())?;
    let newest = last.newest && last.window.to() == window.to();
    Some(Slice { window, newest, ..last.clone() })
}

/// Whether two windows have an instant in common.
fn touches(one: Window, other: Window) -> bool {
    one.from() < other.to() && other.from() < one.to()
}

/// The oldest instant of which the provider still has everything.
fn reach(feed: &Feed, now: Instant) -> Instant {
    let oldest = feed.retention.map(|keep| (now - keep).floor(feed.grain) + feed.grain);
    oldest.unwrap_or(Instant::from_micros(i64::MIN))
}

/// The newest gap begins a little earlier where items may appear late.
fn with_margin(feed: &Feed, range: Window, mut gaps: Vec<Window>) -> Vec<Window> {
    if bug!("holes_stay") {
        gaps = gaps.split_off(gaps.len().saturating_sub(1));
    }
    if let Some(newest) = gaps.last_mut() {
        let from = (newest.from() - feed.margin).floor(feed.grain).max(range.from());
        *newest = Window::new(from, newest.to()).unwrap_or(*newest);
    }
    gaps
}

/// The part of a range that somebody asked for which the provider still keeps, and the part that it does not keep any more.
#[must_use]
pub fn kept(feed: &Feed, now: Instant, range: Window) -> (Option<Window>, Option<Window>) {
    let reach = reach(feed, now);
    (Window::new(range.from().max(reach), range.to()), range.until(reach))
}

/// The slices of a range that somebody asked for, verified or not.
#[must_use]
pub fn slices_of(feed: &Feed, range: Window) -> Vec<Slice> {
    if feed.filter == Filter::Client {
        return vec![Slice::new(range, Purpose::Coverage)];
    }
    cut(feed, &[range], Purpose::Coverage)
}

/// Where the domain's coverage begins. A first run that nobody told where to begin begins no earlier than the provider
/// can answer.
fn first_instant(feed: &Feed, policy: &Policy, known: &Known<'_>) -> Instant {
    let unasked = || (known.now - DEFAULT_BACK).max(reach(feed, known.now));
    policy.start.or(known.began).unwrap_or_else(unasked).floor(feed.grain)
}

/// The wider range to read again, where one is declared and due.
fn overlap(feed: &Feed, known: &Known<'_>) -> Option<Window> {
    let scan = feed.overlap.filter(|_| !bug!("no_overlap"))?;
    // A nightly job does not start at the same second every night: a tenth of the period is tolerated.
    let due = known.last_overlap.is_none_or(|last| last + scan.every.mul_f64(0.9) <= known.now);
    // What the provider has forgotten would look as if it had been deleted.
    let from = (known.ceiling - scan.back).floor(feed.grain).max(reach(feed, known.now));
    due.then(|| Window::new(from, known.ceiling))?
}

fn cut(feed: &Feed, ranges: &[Window], purpose: Purpose) -> Vec<Slice> {
    let span = feed.max_span.map_or(feed.span, |max| feed.span.min(max));
    let pieces = ranges.iter().flat_map(|range| without_stub(feed, range.pieces(span)));
    pieces.map(|window| Slice::new(window, purpose)).collect()
}

/// A rest that is shorter than the provider's shortest window is read together with the piece before it.
fn without_stub(feed: &Feed, mut pieces: Vec<Window>) -> Vec<Window> {
    if let [.., before, last] = pieces.as_slice()
        && last.from() + feed.min_span > last.to()
        && let Some(both) = Window::new(before.from(), last.to())
        && feed.max_span.is_none_or(|max| both.from() + max >= both.to())
    {
        pieces.truncate(pieces.len() - 2);
        pieces.push(both);
    }
    pieces
}

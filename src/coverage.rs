//! Which ranges a run reads: holes in the verified coverage first, then what is new, then what may have changed since.
//!
//! Pure: it is told what is verified and where the ceiling lies, and never asks a clock or a store.

use std::time::Duration;

use chrono::TimeDelta;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::{Feed, Filter, Policy};
use tieout_reconcilers::window::{Purpose, Slice, Window};

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
    let Some(range) = Window::new(start.max(reach(feed, known)), known.ceiling) else { return Vec::new() };
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

/// The ranges that were never verified and that the provider does not keep any more: nothing can be proved about them.
#[must_use]
pub fn out_of_reach(feed: &Feed, policy: &Policy, known: &Known<'_>) -> Vec<Window> {
    let end = reach(feed, known).min(known.ceiling);
    let lost = Window::new(first_instant(feed, policy, known), end);
    lost.map_or_else(Vec::new, |lost| gaps(lost, known.verified))
}

/// The oldest instant of which the provider still has everything.
fn reach(feed: &Feed, known: &Known<'_>) -> Instant {
    let oldest = feed.retention.map(|keep| (known.now - keep).floor(feed.grain) + feed.grain);
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
    let unasked = || (known.now - DEFAULT_BACK).max(reach(feed, known));
    policy.start.or(known.began).unwrap_or_else(unasked).floor(feed.grain)
}

/// The wider range to read again, where one is declared and due.
fn overlap(feed: &Feed, known: &Known<'_>) -> Option<Window> {
    let scan = feed.overlap.filter(|_| !bug!("no_overlap"))?;
    // A nightly job does not start at the same second every night: a tenth of the period is tolerated.
    let due = known.last_overlap.is_none_or(|last| last + scan.every.mul_f64(0.9) <= known.now);
    due.then(|| Window::new((known.ceiling - scan.back).floor(feed.grain), known.ceiling))?
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

/// The parts of `range` that `verified` does not cover.
#[must_use]
pub fn gaps(range: Window, verified: &[Window]) -> Vec<Window> {
    let mut gaps = Vec::new();
    let mut from = range.from();
    for known in verified {
        gaps.extend(Window::new(from, known.from().min(range.to())));
        from = from.max(known.to());
    }
    gaps.extend(Window::new(from, range.to()));
    gaps
}

/// The parts of `range` that `verified` covers.
fn common(range: Window, verified: &[Window]) -> Vec<Window> {
    verified
        .iter()
        .filter_map(|known| Window::new(range.from().max(known.from()), range.to().min(known.to())))
        .collect()
}

/// The instant up to which coverage has no hole, from where it was asked to begin; ranges before that are somebody's own.
#[must_use]
pub fn verified_through(verified: &[Window], begins: Option<Instant>) -> Option<Instant> {
    let begins = begins?;
    verified.iter().find(|range| range.from() <= begins && begins < range.to()).map(Window::to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tieout_reconcilers::instant::TimeFormat;
    use tieout_reconcilers::reconciler::{ClockKind, Order, Orphans, OverlapScan};

    fn at(second: i64) -> Instant {
        Instant::from_micros(second * 1_000_000)
    }

    fn window(from: i64, to: i64) -> Window {
        Window::new(at(from), at(to)).unwrap()
    }

    fn feed() -> Feed {
        Feed {
            clock: "created".to_owned(),
            clock_format: TimeFormat::Epoch.into(),
            clock_kind: Some(ClockKind::Created),
            order: Order::Descending,
            span: Duration::from_secs(100),
            ..Feed::default()
        }
    }

    fn policy() -> Policy {
        Policy {
            settle: Duration::from_secs(10),
            orphans: Orphans::Report,
            max_emits: 500,
            max_ratio: 0.05,
            min_items: 1,
            reemit_after: Duration::from_hours(20),
            start: Some(at(0)),
        }
    }

    fn known(verified: &[Window], now: i64) -> Known<'_> {
        Known { verified, began: None, last_overlap: None, now: at(now), ceiling: at(now - 10) }
    }

    fn windows(slices: &[Slice]) -> Vec<(i64, i64)> {
        slices
            .iter()
            .map(|s| (s.window.from().micros() / 1_000_000, s.window.to().micros() / 1_000_000))
            .collect()
    }

    #[test]
    fn holes_are_read_before_what_is_new() {
        let verified = [window(0, 100), window(150, 200)];
        assert_eq!(windows(&slices(&feed(), &policy(), &known(&verified, 260))), [(100, 150), (200, 250)]);
    }

    #[test]
    fn the_first_run_starts_30_days_back_unless_the_domain_says_otherwise() {
        let policy = Policy { start: None, ..policy() };
        let now = 40 * 86_400;
        let first = slices(&feed(), &policy, &known(&[], now))[0].window.from();
        assert_eq!(first, at(10 * 86_400));
    }

    #[test]
    fn a_beginning_that_could_not_be_read_stays_a_hole() {
        let policy = Policy { start: None, ..policy() };
        let verified = [window(150, 200)];
        let known = Known { began: Some(at(100)), ..known(&verified, 260) };
        assert_eq!(windows(&slices(&feed(), &policy, &known)), [(100, 150), (200, 250)]);
        assert_eq!(verified_through(&verified, Some(at(100))), None);
        assert_eq!(verified_through(&verified, Some(at(150))), Some(at(200)));
    }

    #[test]
    fn a_wider_re_read_covers_only_what_is_verified_and_waits_for_its_turn() {
        let feed = Feed {
            overlap: Some(OverlapScan { back: Duration::from_mins(2), every: Duration::from_secs(100) }),
            ..feed()
        };
        let verified = [window(0, 200)];
        let due = slices(&feed, &policy(), &known(&verified, 260));
        assert_eq!(windows(&due), [(200, 250), (130, 200)]);
        assert_eq!(due[1].purpose, Purpose::Overlap);
        let early = Known { last_overlap: Some(at(200)), ..known(&verified, 260) };
        assert_eq!(windows(&slices(&feed, &policy(), &early)), [(200, 250)]);
    }

    #[test]
    fn only_a_provider_that_is_behind_moves_the_ceiling() {
        let seconds = |s| Some(TimeDelta::seconds(s));
        assert_eq!(ceiling(at(100), &feed(), &policy(), None), at(90));
        assert_eq!(ceiling(at(100), &feed(), &policy(), seconds(30)), at(90));
        assert_eq!(ceiling(at(100), &feed(), &policy(), seconds(-30)), at(60));
    }

    #[test]
    fn a_feed_that_cannot_filter_is_one_slice_every_run() {
        let feed = Feed { filter: Filter::Client, ..feed() };
        assert_eq!(windows(&slices(&feed, &policy(), &known(&[window(0, 100)], 260))), [(0, 250)]);
    }

    #[test]
    fn only_the_slice_up_to_the_ceiling_is_the_newest() {
        let newest = |verified: &[Window]| {
            let slices = slices(&feed(), &policy(), &known(verified, 260));
            slices.iter().map(|slice| slice.newest).collect::<Vec<_>>()
        };
        assert_eq!(newest(&[]), [false, false, true]);
        assert_eq!(newest(&[window(0, 100), window(150, 250)]), [false], "a hole is not the newest");
    }

    #[test]
    fn the_newest_gap_begins_a_margin_earlier_but_never_before_the_start() {
        let feed = Feed { margin: Duration::from_secs(30), ..feed() };
        let slices = |verified: &[Window]| windows(&slices(&feed, &policy(), &known(verified, 260)));
        assert_eq!(slices(&[window(0, 200)]), [(170, 250)]);
        assert_eq!(slices(&[window(0, 100), window(150, 200)]), [(100, 150), (170, 250)]);
        assert_eq!(slices(&[window(0, 20)])[0], (0, 100));
        assert_eq!(slices(&[window(0, 250)]), []);
    }

    #[test]
    fn what_the_provider_does_not_keep_is_not_read_and_is_named() {
        let feed = Feed { retention: Some(Duration::from_secs(100)), ..feed() };
        let known = |verified, began| Known { began, ..known(verified, 260) };
        let lost = |known: &Known<'_>| -> Vec<(i64, i64)> {
            let lost = out_of_reach(&feed, &policy(), known);
            lost.iter().map(|w| (w.from().micros() / 1_000_000, w.to().micros() / 1_000_000)).collect()
        };
        let verified = [window(0, 120), window(140, 200)];
        assert_eq!(windows(&slices(&feed, &policy(), &known(&verified, None))), [(200, 250)]);
        assert_eq!(lost(&known(&verified, None)), [(120, 140)]);
        let whole = [window(0, 200)];
        assert_eq!(lost(&known(&whole, None)), []);
        assert_eq!(lost(&known(&[], None)), [(0, 161)]);
    }

    #[test]
    fn a_first_run_begins_no_earlier_than_the_provider_can_answer() {
        let feed = Feed { retention: Some(Duration::from_secs(100)), ..feed() };
        let policy = Policy { start: None, ..policy() };
        let known = known(&[], 260);
        assert_eq!(windows(&slices(&feed, &policy, &known)), [(161, 250)]);
        assert_eq!(out_of_reach(&feed, &policy, &known), []);
        let client = Feed { filter: Filter::Client, ..feed };
        assert_eq!(
            windows(&slices(&client, &policy, &known)),
            [(161, 250)],
            "the same for a feed that we filter"
        );
    }

    #[test]
    fn pieces_are_neither_longer_nor_shorter_than_the_provider_takes() {
        let seconds = Duration::from_secs;
        let feed = Feed { min_span: seconds(20), max_span: Some(seconds(110)), ..feed() };
        let slices = |now: i64| windows(&slices(&feed, &policy(), &known(&[], now)));
        assert_eq!(
            slices(215),
            [(0, 100), (100, 205)],
            "a rest of five seconds is read with the piece before it"
        );
        assert_eq!(slices(225), [(0, 100), (100, 200), (200, 215)], "together they would be too long");
        let narrow = Feed { span: seconds(300), ..feed.clone() };
        assert_eq!(
            windows(&super::slices(&narrow, &policy(), &known(&[], 260))),
            [(0, 110), (110, 220), (220, 250)]
        );
    }

    proptest! {
        #[test]
        fn gaps_and_coverage_partition_the_range(ranges in proptest::collection::vec((0_usize..50, 1_usize..10), 0..6)) {
            let mut verified = [false; 60];
            for (from, len) in &ranges {
                verified[*from..*from + *len].fill(true);
            }
            let mut in_gap = [0_u8; 60];
            for gap in gaps(window(5, 45), &merged(&verified)) {
                for second in seconds(gap) {
                    in_gap[second] += 1;
                }
            }
            for second in 0..60 {
                let expected = (5..45).contains(&second) && !verified[second];
                prop_assert_eq!(in_gap[second], u8::from(expected));
            }
        }
    }

    /// The seconds of a window, one by one.
    fn seconds(window: Window) -> std::ops::Range<usize> {
        let second = |at: Instant| usize::try_from(at.micros() / 1_000_000).unwrap();
        second(window.from())..second(window.to())
    }

    /// Merged ranges of the marked seconds, by brute force.
    fn merged(marked: &[bool]) -> Vec<Window> {
        let mut found: Vec<(i64, i64)> = Vec::new();
        for (second, _) in (0_i64..).zip(marked).filter(|(_, marked)| **marked) {
            match found.last_mut() {
                Some((_, to)) if *to == second => *to += 1,
                _ => found.push((second, second + 1)),
            }
        }
        found.into_iter().map(|(from, to)| window(from, to)).collect()
    }
}

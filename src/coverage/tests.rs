//! What a run reads, against the seconds of a ledger.

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
        max_lookups: 20_000,
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
fn a_wider_re_read_and_a_range_that_somebody_asks_for_stop_where_the_provider_forgets() {
    let seconds = Duration::from_secs;
    let overlap = Some(OverlapScan { back: seconds(200), every: seconds(100) });
    let feed = Feed { retention: Some(seconds(100)), overlap, ..feed() };
    let verified = [window(0, 200)];
    let slices = slices(&feed, &policy(), &known(&verified, 260));
    assert_eq!(windows(&slices), [(200, 250), (161, 200)], "older items are forgotten, not deleted");
    let kept = |from, to| kept(&feed, at(260), window(from, to));
    assert_eq!(kept(100, 200), (Some(window(161, 200)), Some(window(100, 161))));
    assert_eq!(kept(0, 50), (None, Some(window(0, 50))));
    assert_eq!(kept(170, 200), (Some(window(170, 200)), None));
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

#[test]
fn a_backfill_fills_what_lies_between_the_beginning_and_the_newest_end_and_nothing_newer() {
    let verified = [window(100, 120), window(150, 200)];
    let fill = |asked| {
        let known = Known { began: Some(at(40)), ..known(&verified, 260) };
        let policy = Policy { start: None, ..policy() };
        unfilled(&feed(), &policy, &known, asked)
    };
    assert_eq!(fill(None).readable, [window(40, 100), window(120, 150)]);
    assert_eq!(fill(Some(window(0, 110))).readable, [window(0, 100)], "older than the beginning");
    assert_eq!(fill(Some(window(190, 900))).readable, [window(200, 250)], "never behind the ceiling");
    assert_eq!(fill(Some(window(150, 200))), Unfilled::default());
    let nothing = unfilled(&feed(), &policy(), &known(&[], 260), None);
    assert_eq!(nothing, Unfilled::default(), "before a first run there is no hole");
}

#[test]
fn a_backfill_keeps_apart_what_the_provider_has_forgotten() {
    let feed = Feed { retention: Some(Duration::from_secs(100)), ..feed() };
    let verified = [window(120, 140), window(180, 200)];
    let Unfilled { readable, lost } = unfilled(&feed, &policy(), &known(&verified, 260), None);
    assert_eq!((readable, lost), (vec![window(161, 180)], vec![window(0, 120), window(140, 161)]));
}

#[test]
fn a_feed_that_cannot_filter_is_filled_by_one_walk() {
    let client = Feed { filter: Filter::Client, ..feed() };
    let ranges = [window(0, 10), window(20, 30)];
    assert_eq!(windows(&slices_filling(&client, &ranges)), [(0, 30)]);
    assert_eq!(windows(&slices_filling(&feed(), &ranges)), [(0, 10), (20, 30)]);
    assert_eq!(slices_filling(&client, &[]), []);
}

proptest! {
    #[test]
    fn holes_are_what_is_not_verified_between_the_beginning_and_the_newest_end(
        ranges in proptest::collection::vec((0_usize..50, 1_usize..10), 0..6),
        begins in 0_usize..60,
    ) {
        let verified = marked(&ranges);
        let newest = verified.iter().rposition(|known| *known).map_or(0, |last| last + 1);
        let ledger = merged(&verified);
        let found: Vec<usize> = holes(&ledger, Some(at(i64::try_from(begins).unwrap()))).into_iter().flat_map(seconds).collect();
        let expected: Vec<usize> = (begins..newest.max(begins)).filter(|second| !verified[*second]).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(holes(&ledger, None), vec![]);
        let through = verified_through(&ledger, Some(at(i64::try_from(begins).unwrap())));
        let reaches = (begins..60).find(|second| !verified[*second]).unwrap_or(60);
        let expected = (reaches > begins).then(|| at(i64::try_from(reaches).unwrap()));
        prop_assert_eq!(through, expected);
    }

    #[test]
    fn whatever_is_filled_in_whatever_order_a_backfill_ends_with_nothing_to_fill(
        ranges in proptest::collection::vec((0_usize..50, 1_usize..10), 1..6),
        taken in proptest::collection::vec(any::<proptest::sample::Index>(), 0..40),
    ) {
        let mut known = marked(&ranges);
        for place in taken {
            let ledger = merged(&known);
            let left = unfilled(&feed(), &policy(), &self::known(&ledger, 80), None).readable;
            if left.is_empty() {
                break;
            }
            let slices = slices_filling(&feed(), &left);
            let slice = slices[place.index(slices.len())].window;
            for second in seconds(slice) {
                prop_assert!(!known[second], "a second was read twice");
                known[second] = true;
            }
        }
        let ledger = merged(&known);
        let left = unfilled(&feed(), &policy(), &self::known(&ledger, 80), None).readable;
        let newest = known.iter().rposition(|known| *known).map_or(0, |last| last + 1);
        let open: Vec<usize> = (0..newest).filter(|second| !known[*second]).collect();
        prop_assert_eq!(left.into_iter().flat_map(seconds).collect::<Vec<_>>(), open);
    }

    #[test]
    fn gaps_and_coverage_partition_the_range(ranges in proptest::collection::vec((0_usize..50, 1_usize..10), 0..6)) {
        let verified = marked(&ranges);
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

/// The seconds of some ranges.
fn marked(ranges: &[(usize, usize)]) -> [bool; 60] {
    let mut seconds = [false; 60];
    for (from, len) in ranges {
        seconds[*from..*from + *len].fill(true);
    }
    seconds
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

fn second_slices(pieces: &[(i64, i64, bool)]) -> Vec<Slice> {
    let mut from = 0;
    let mut slices = Vec::new();
    for (gap, length, again) in pieces {
        let purpose = if *again { Purpose::Overlap } else { Purpose::Coverage };
        slices.push(Slice::new(window(from + gap, from + gap + length), purpose));
        from += gap + length;
    }
    slices
}

/// How often each second is read, and why.
fn read_seconds<'s>(
    slices: impl IntoIterator<Item = &'s Slice>,
) -> std::collections::BTreeMap<(Purpose, i64), u32> {
    let mut seconds = std::collections::BTreeMap::new();
    for slice in slices {
        for (from, to) in windows(std::slice::from_ref(slice)) {
            for second in from..to {
                *seconds.entry((slice.purpose, second)).or_default() += 1;
            }
        }
    }
    seconds
}

#[test]
fn a_window_that_is_carried_on_is_a_slice_of_its_own_and_is_read_first() {
    let mut planned = slices(&feed(), &policy(), &known(&[], 260));
    assert_eq!(windows(&planned), [(0, 100), (100, 200), (200, 250)]);
    planned[2].newest = true;
    let marked = [(Purpose::Coverage, window(130, 240)), (Purpose::Coverage, window(0, 50))];
    let around = around(&planned, &marked);
    let first: Vec<Slice> = around.carried_on.iter().map(|(_, slice)| slice.clone()).collect();
    assert_eq!(windows(&first), [(0, 50), (130, 240)]);
    assert_eq!(around.carried_on.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(windows(&around.others), [(50, 100), (100, 130), (240, 250)]);
    assert!(around.others[2].newest && first.iter().all(|slice| !slice.newest));
}

#[test]
fn a_window_of_which_a_part_is_verified_or_read_for_another_reason_is_not_carried_on() {
    let planned = slices(&feed(), &policy(), &known(&[window(100, 150)], 260));
    for marked in [(Purpose::Coverage, window(90, 160)), (Purpose::Overlap, window(0, 50))] {
        let around = around(&planned, &[marked]);
        assert_eq!((around.carried_on, around.others), (Vec::new(), planned.clone()));
    }
}

proptest! {
    #[test]
    fn whatever_is_carried_on_the_same_seconds_are_read_as_often_and_for_the_same_reasons(
        pieces in proptest::collection::vec((0_i64..5, 1_i64..30, any::<bool>()), 0..8),
        marked in proptest::collection::vec((0_i64..150, 1_i64..60, any::<bool>()), 0..8),
    ) {
        let planned = second_slices(&pieces);
        let marked: Vec<(Purpose, Window)> = marked
            .into_iter()
            .map(|(from, length, again)| (if again { Purpose::Overlap } else { Purpose::Coverage }, window(from, from + length)))
            .collect();
        let around = around(&planned, &marked);
        let all = around.carried_on.iter().map(|(_, slice)| slice).chain(&around.others);
        prop_assert_eq!(read_seconds(all), read_seconds(&planned));
        for (place, slice) in &around.carried_on {
            prop_assert_eq!((slice.purpose, slice.window), marked[*place]);
        }
    }
}

#[test]
fn whoever_reads_everything_reads_what_is_verified_too_and_each_instant_once() {
    let feed = Feed {
        overlap: Some(OverlapScan { back: Duration::from_mins(2), every: Duration::from_secs(1) }),
        margin: Duration::from_secs(30),
        ..feed()
    };
    let verified = [window(0, 100), window(150, 250)];
    let known = known(&verified, 260);
    let all = everything(&feed, &policy(), &known);
    assert_eq!(windows(&all), [(0, 100), (100, 200), (200, 250)]);
    assert!(all.iter().all(|slice| slice.purpose == Purpose::Coverage));
    assert_eq!(all.iter().map(|slice| slice.newest).collect::<Vec<_>>(), [false, false, true]);
    assert!(reaches_back(&feed, &known, &all));
    let young = Policy { start: Some(at(200)), ..policy() };
    assert!(!reaches_back(&feed, &known, &everything(&feed, &young, &known)));
    assert!(!reaches_back(&Feed { overlap: None, ..feed.clone() }, &known, &all));
}

#[test]
fn what_was_verified_and_is_not_kept_any_more_is_not_read_again_and_is_no_loss() {
    let feed = Feed { retention: Some(Duration::from_secs(100)), ..feed() };
    let verified = [window(0, 120), window(140, 200)];
    let known = known(&verified, 260);
    assert_eq!(windows(&everything(&feed, &policy(), &known)), [(161, 250)]);
    assert_eq!(forgotten(&feed, &policy(), &known), [window(0, 120), window(140, 161)]);
    assert_eq!(out_of_reach(&feed, &policy(), &known), [window(120, 140)]);
}

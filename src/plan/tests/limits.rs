//! The safety limits at their edges.

use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::reconciler::Policy;

use super::fake::policy;
use crate::plan::{Exposure, tripped};

/// The name of the limit that trips, if one does.
fn limit(emits: u64, judged: u64, (upstream, local): (u64, u64), policy: &Policy) -> Option<String> {
    let reason = tripped(Exposure { emits, judged, upstream, local, ..Exposure::default() }, policy)?;
    Some(reason.split_once(':').unwrap().0.to_owned())
}

#[test]
fn each_limit_trips_beyond_its_figure_and_not_at_it() {
    let many = Policy { max_emits: 50, max_ratio: 0.05, min_items: 10, ..policy() };
    let sides = (1_000, 1_000);
    let table = [
        // emits, judged, limit
        (0, 0, None),
        (20, 20, None),
        (21, 21, Some("max_ratio")),
        (21, 420, None),
        (21, 419, Some("max_ratio")),
        (50, 1_000, None),
        (50, 999, Some("max_ratio")),
        (51, 1_000_000, Some("max_emits")),
        (51, 51, Some("max_emits")),
    ];
    for (emits, judged, expected) in table {
        assert_eq!(limit(emits, judged, sides, &many).as_deref(), expected, "{emits} of {judged}");
    }
}

#[test]
fn an_upstream_with_too_few_items_holds_only_where_the_local_side_has_some() {
    let ten = Policy { min_items: 10, ..policy() };
    for (sides, expected) in [
        ((10, 1), None),
        ((9, 1), Some("min_items")),
        ((0, 1), Some("min_items")),
        ((9, 0), None),
        ((0, 0), None),
    ] {
        assert_eq!(limit(0, 0, sides, &ten).as_deref(), expected, "{sides:?}");
    }
    assert_eq!(limit(0, 0, (0, 9), &Policy { min_items: 0, ..policy() }), None);
}

#[test]
fn a_share_is_exactly_at_its_limit_whatever_the_figures() {
    for percent in 1..=100_u32 {
        let policy = Policy { max_ratio: f64::from(percent) / 100.0, max_emits: u64::MAX, ..policy() };
        for hundreds in [1, 3, 7, 12_345] {
            let emits = u64::from(percent) * hundreds;
            assert_eq!(limit(emits, 100 * hundreds, (1, 1), &policy), None, "{percent} % of {hundreds}");
            let one_more = limit(emits + 1, 100 * hundreds, (1, 1), &policy);
            assert_eq!(one_more.is_some(), emits + 1 > 20, "{percent} % of {hundreds}");
        }
    }
}

#[test]
fn no_event_at_all_may_be_allowed() {
    let none = Policy { max_emits: 0, ..policy() };
    assert_eq!(limit(0, 0, (1, 1), &none), None);
    assert_eq!(limit(1, 1_000, (1, 1), &none).as_deref(), Some("max_emits"));
}

#[test]
fn a_limit_says_its_figures() {
    let texts: Vec<_> = [(501, 10_000, 9, 9), (25, 100, 9, 9), (0, 0, 0, 9)]
        .map(|(emits, judged, upstream, local)| {
            tripped(Exposure { emits, judged, upstream, local, ..Exposure::default() }, &policy()).unwrap()
        })
        .into();
    assert_eq!(
        texts,
        [
            "max_emits: 501 events are over the limit of 500",
            "max_ratio: 25 of 100 items (25.0%) are over 5.0%",
            "min_items: upstream has 0 items and the local side has 9",
        ]
    );
}

#[test]
fn events_of_an_earlier_run_are_not_measured_against_the_items_of_this_one() {
    let exposure =
        Exposure { emits: 30, earlier: 30, judged: 3, upstream: 3, local: 3, ..Exposure::default() };
    assert_eq!(tripped(exposure, &policy()), None);
    assert!(tripped(Exposure { earlier: 0, ..exposure }, &policy()).is_some());
}

#[test]
fn where_the_local_side_is_the_truth_it_is_the_one_that_must_not_be_empty() {
    let outbound = |upstream, local| {
        let exposure = Exposure { upstream, local, direction: Direction::Outbound, ..Exposure::default() };
        tripped(exposure, &policy())
    };
    assert_eq!(outbound(0, 9), None, "whatever the copy lacks is looked up one by one");
    let reason = "min_items: the local side has 0 items and upstream has 9";
    assert_eq!(outbound(9, 0).as_deref(), Some(reason));
    assert_eq!(outbound(0, 0), None);
}

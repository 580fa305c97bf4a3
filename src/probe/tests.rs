//! Evidence as providers give it, and what is said about it.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::TimeDelta;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::Unseen;
use tieout_reconcilers::reconciler::{ClockKind, Feed, Filter, Order};
use tieout_reconcilers::window::Window;

use super::{Evidence, Leaf, LookUp, Verdict, facts};

fn at(second: i64) -> Instant {
    Instant::from_micros(second * 1_000_000)
}

fn leaf(rows: &[(&str, i64)], more_follows: bool) -> Leaf {
    let row = |(key, second): &(&str, i64)| (Key::checked(key).ok(), Some(at(*second)));
    let rows = rows.iter().map(row).collect();
    Leaf { rows, more_follows, ..Leaf::default() }
}

fn feed() -> Feed {
    Feed {
        clock: "created".to_owned(),
        clock_format: TimeFormat::Epoch.into(),
        clock_kind: Some(ClockKind::Created),
        order: Order::Descending,
        grain: Duration::from_secs(1),
        ..Feed::default()
    }
}

/// A feed that is what it says: newest first, two pages, both bounds honoured.
fn honest() -> Evidence {
    Evidence {
        window: Window::new(at(0), at(100)).unwrap(),
        first: leaf(&[("d", 40), ("c", 30)], true),
        second: Some(leaf(&[("b", 20), ("a", 10)], false)),
        cut: Some((at(30), leaf(&[("b", 20), ("a", 10)], false), leaf(&[("d", 40), ("c", 30)], false))),
        look_up: Some(LookUp::Found),
        count: None,
        left: None,
        skew: Some(TimeDelta::seconds(1)),
    }
}

fn said(feed: &Feed, evidence: &Evidence) -> String {
    let mut text = String::new();
    for fact in facts(feed, evidence).iter().filter(|fact| fact.verdict != Verdict::Holds) {
        let _ = writeln!(text, "{:?} {}: {}", fact.verdict, fact.claim, fact.seen);
    }
    text
}

#[test]
fn a_feed_that_is_what_it_says_is_proven_in_every_claim() {
    let all = facts(&feed(), &honest());
    assert!(all.iter().all(|fact| fact.verdict == Verdict::Holds), "{all:?}");
    assert_eq!(all.len(), 8);
    let counted = facts(&feed(), &Evidence { count: Some(Ok(4)), ..honest() });
    assert!(counted.len() == 9 && counted.iter().all(|fact| fact.verdict == Verdict::Holds), "{counted:?}");
}

#[test]
fn every_claim_can_fail_and_says_how() {
    let base = honest();
    let one_page_twice = Evidence { second: Some(base.first.clone()), ..base.clone() };
    let unordered = Evidence { second: Some(leaf(&[("b", 20), ("a", 90)], false)), ..base.clone() };
    let twice = Evidence { first: leaf(&[("d", 40), ("d", 30)], true), ..base.clone() };
    let overlapping = Evidence { second: Some(leaf(&[("c", 30), ("a", 10)], false)), ..base.clone() };
    let low = leaf(&[("d", 40), ("a", 10)], false);
    let lower = Evidence { cut: base.cut.clone().map(|(at, older, _)| (at, older, low)), ..base.clone() };
    let high = leaf(&[("d", 40), ("a", 10)], false);
    let upper = Evidence { cut: base.cut.clone().map(|(at, _, newer)| (at, high, newer)), ..base.clone() };
    let mut undated = base.clone();
    undated.first.rows[0].1 = None;
    let mut nameless = base.clone();
    nameless.first.rows[0].0 = None;
    let mut unreadable = base.clone();
    unreadable.first.unreadable = 3;
    let lost = Evidence { look_up: Some(LookUp::Gone), ..base.clone() };
    let refused = Evidence { look_up: Some(LookUp::Failed("status 400".to_owned())), ..base.clone() };
    let counted = |said| Evidence { count: Some(said), ..base.clone() };
    let [few, many, uncounted] = [Ok(3), Ok(9), Err("GET /count: status 404".to_owned())].map(counted);
    let half = Evidence {
        first: leaf(&[("d", 40)], true),
        second: Some(leaf(&[("c", 30)], true)),
        ..counted(Ok(1))
    };
    let unheard = Evidence { left: Some(false), ..base.clone() };
    let mut without = base.clone();
    let unseen = |place: &str, is_proof| Unseen { place: place.to_owned(), is_proof };
    without.first.unseen = vec![unseen("meta.total", true), unseen("meta.pages", true)];
    without.second.as_mut().unwrap().unseen = vec![unseen("meta.total", true)];
    let mut unmarked = base.clone();
    unmarked.first.unseen = vec![unseen("version", false)];
    unmarked.second.as_mut().unwrap().unseen = vec![unseen("version", false)];
    let late = Evidence { skew: Some(TimeDelta::seconds(-90)), ..base };
    let mut text = String::new();
    for (name, evidence) in [
        ("the second page is the first", one_page_twice),
        ("another order", unordered),
        ("an id twice on a page", twice),
        ("an id on both pages", overlapping),
        ("no lower bound", lower),
        ("no upper bound", upper),
        ("a row without a clock", undated),
        ("a row without a key", nameless),
        ("rows of another shape", unreadable),
        ("listed and gone", lost),
        ("a look-up that is refused", refused),
        ("a count that is too low", few),
        ("a count that is too high", many),
        ("a count below what two pages show", half),
        ("a count that is refused", uncounted),
        ("a total that is nowhere, and pages that one page has", without),
        ("rows without the marker of a change", unmarked),
        ("answers that do not say how much is left", unheard),
        ("a clock that is behind", late),
    ] {
        let _ = write!(text, "## {name}\n{}", said(&feed(), &evidence));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn too_little_evidence_proves_nothing_and_fails_nothing() {
    let nothing =
        Evidence { first: Leaf::default(), second: None, cut: None, look_up: None, skew: None, ..honest() };
    insta::assert_snapshot!(said(&feed(), &nothing));
}

#[test]
fn a_provider_that_compares_at_its_grain_may_show_the_tick_at_the_edge() {
    let (at, older, _) = honest().cut.unwrap();
    let edge = Evidence { cut: Some((at, older, leaf(&[("d", 40), ("c", 29)], false))), ..honest() };
    assert_eq!(said(&feed(), &edge), "");
}

#[test]
fn a_filter_that_is_ours_is_not_tested() {
    let feed = Feed { filter: Filter::Client, order: Order::None, ..feed() };
    assert_eq!(said(&feed, &Evidence { cut: None, ..honest() }), "");
}

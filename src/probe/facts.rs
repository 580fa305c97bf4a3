//! What evidence proves about a definition. Pure: one function a claim, each with its verdict in words.

use std::collections::BTreeSet;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Feed, Filter, Order};
use tieout_reconcilers::window::Window;

use super::evidence::{Evidence, Leaf, LookUp};

/// A skew of the provider's clock that is worth a word, in seconds: `Date` itself is up to one second old.
const NOTABLE_SKEW: i64 = 5;

/// Whether a claim of a definition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was seen to hold.
    Holds,
    /// It was not seen to fail, and not proven either.
    Unproven,
    /// It was seen to fail.
    Fails,
}

/// A claim of a definition and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What the definition claims, in a word or two.
    pub claim: &'static str,
    /// Whether it holds.
    pub verdict: Verdict,
    /// In words: what was seen, and what to do.
    pub seen: String,
}

pub(super) fn fact(claim: &'static str, verdict: Verdict, seen: impl Into<String>) -> Fact {
    Fact { claim, verdict, seen: seen.into() }
}

/// Every claim that the evidence says something about.
#[must_use]
pub fn facts(feed: &Feed, evidence: &Evidence) -> Vec<Fact> {
    let facts = [
        rows(evidence),
        ids(evidence),
        clocks(feed, evidence),
        next(evidence),
        order(feed, evidence),
        filter(feed, evidence),
        look_up(evidence),
        skew(evidence),
    ];
    facts.into_iter().chain(unseen(evidence)).chain(count(evidence)).chain(left(evidence)).collect()
}

fn rows(evidence: &Evidence) -> Fact {
    let (readable, bad) = (evidence.rows().count(), evidence.first.unreadable);
    if let (0, Some(gap)) = (bad, evidence.first.gaps.first()) {
        return fact("rows", Verdict::Unproven, format!("the first page is only a part: {gap}"));
    }
    match (readable, bad) {
        (0, 0) => fact("rows", Verdict::Unproven, "the range is empty; name a range with items by --since"),
        (_, 0) => fact("rows", Verdict::Holds, format!("{readable} rows were read")),
        _ => fact("rows", Verdict::Fails, format!("{bad} rows of the first page are not what `rows` says")),
    }
}

fn ids(evidence: &Evidence) -> Fact {
    let keys: Vec<&Key> = evidence.rows().filter_map(|(key, _)| key.as_ref()).collect();
    let nameless = evidence.rows().count() - keys.len();
    let on_one_page = |leaf: &Leaf| leaf.keys().count() - leaf.keys().collect::<BTreeSet<_>>().len();
    let twice = on_one_page(&evidence.first) + evidence.second.as_ref().map_or(0, on_one_page);
    let across = keys.len() - keys.iter().collect::<BTreeSet<_>>().len();
    if nameless > 0 {
        return fact("id", Verdict::Fails, format!("{nameless} rows have no usable key at `id`"));
    }
    match (twice, across) {
        _ if keys.is_empty() => fact("id", Verdict::Unproven, "no row was seen"),
        (0, 0) => fact("id", Verdict::Holds, format!("{} rows have {} keys", keys.len(), keys.len())),
        (0, _) => {
            let seen =
                format!("{across} keys stand on both pages: the pages overlap, or the id is not unique");
            fact("id", Verdict::Unproven, seen)
        }
        _ => {
            fact("id", Verdict::Fails, format!("{twice} keys stand on one page twice: the id is not unique"))
        }
    }
}

fn clocks(feed: &Feed, evidence: &Evidence) -> Fact {
    if feed.timeless {
        return fact("clock", Verdict::Holds, "none is declared");
    }
    let all = evidence.rows().count();
    let dated = evidence.rows().filter(|(_, clock)| clock.is_some()).count();
    let clock = &feed.clock;
    match dated {
        _ if all == 0 => fact("clock", Verdict::Unproven, "no row was seen"),
        _ if dated == all => fact("clock", Verdict::Holds, format!("every row has a readable `{clock}`")),
        _ => {
            let seen = format!("{} of {all} rows have no `{clock}` in the declared format", all - dated);
            fact("clock", Verdict::Fails, seen)
        }
    }
}

fn next(evidence: &Evidence) -> Fact {
    let Some(second) = &evidence.second else {
        let seen = format!(
            "no way leads on from this page of {} rows; if the provider has more, `next` looks in the wrong place, else name a \
             longer range by --since",
            evidence.first.rows.len()
        );
        return fact("next", Verdict::Unproven, seen);
    };
    let (first, second): (BTreeSet<_>, BTreeSet<_>) =
        (evidence.first.keys().collect(), second.keys().collect());
    if second.is_empty() {
        return fact("next", Verdict::Unproven, "the second page is empty");
    }
    if first == second {
        return fact("next", Verdict::Fails, "the second page is the first page again");
    }
    fact(
        "next",
        Verdict::Holds,
        format!("the second page has {} new keys", second.difference(&first).count()),
    )
}

fn order(feed: &Feed, evidence: &Evidence) -> Fact {
    let clocks: Vec<Instant> =
        evidence.rows().filter_map(|(_, clock)| Some(clock.as_ref()?.floor(feed.grain))).collect();
    let distinct: BTreeSet<&Instant> = clocks.iter().collect();
    let holds = match feed.order {
        Order::None => return fact("order", Verdict::Holds, "none is declared along the clock"),
        Order::Ascending => clocks.is_sorted(),
        Order::Descending => clocks.iter().rev().is_sorted(),
    };
    match (holds, distinct.len()) {
        (false, _) => fact("order", Verdict::Fails, "the rows come in another order than the one declared"),
        (true, 0 | 1) => fact("order", Verdict::Unproven, "too few different clocks were seen"),
        (true, n) => {
            fact("order", Verdict::Holds, format!("{n} different clocks came in the declared order"))
        }
    }
}

/// Rows outside the range that was asked for are dropped by every run, so they cost requests and no truth; but a filter
/// that does nothing makes every slice a walk of the whole feed.
fn filter(feed: &Feed, evidence: &Evidence) -> Fact {
    if feed.filter == Filter::Client || feed.changes {
        return fact("filter", Verdict::Holds, "the provider is not asked to filter");
    }
    let strays = |leaf: &Leaf, window: Option<Window>| {
        let inside = |at: Instant| window.is_some_and(|window| widened(window, feed).contains(at));
        leaf.clocks().filter(|at| !inside(*at)).count()
    };
    let Some((at, older, newer)) = &evidence.cut else {
        return fact(
            "filter",
            Verdict::Unproven,
            "too few different clocks were seen to cut the range in two",
        );
    };
    let below = strays(newer, Window::new(*at, evidence.window.to()));
    let above = strays(older, Window::new(evidence.window.from(), *at));
    match (below, above) {
        (0, 0) => fact("filter", Verdict::Holds, format!("cut at {at}, either part shows only its own rows")),
        (0, _) => fact("filter", Verdict::Fails, "the upper bound does not filter: rows at or after it came"),
        _ => fact("filter", Verdict::Fails, "the lower bound does not filter: rows before it came"),
    }
}

/// A provider may compare at its grain, so a row one tick outside is no stray.
fn widened(window: Window, feed: &Feed) -> Window {
    let grain = feed.grain;
    Window::new(window.from().floor(grain) - grain, window.to() + grain).unwrap_or(window)
}

fn look_up(evidence: &Evidence) -> Fact {
    match &evidence.look_up {
        None => fact("confirm", Verdict::Unproven, "no key was seen that could be looked up"),
        Some(LookUp::Found) => fact("confirm", Verdict::Holds, "an item of the list was found by its key"),
        Some(LookUp::Gone) => {
            fact("confirm", Verdict::Fails, "an item of the list is gone when it is looked up by its key")
        }
        Some(LookUp::Failed(why)) => fact("confirm", Verdict::Fails, why.clone()),
    }
}

/// What a definition names and no page shows would never be used.
fn unseen(evidence: &Evidence) -> Option<Fact> {
    let places: Vec<String> = evidence.unseen().map(|one| format!("`{}`", one.place)).collect();
    if places.is_empty() || evidence.rows().next().is_none() {
        return None;
    }
    let seen = format!(
        "no page has anything to read at {}; correct the path, or, in `next` and `ceiling`, say by a `?` behind it that it may be left out",
        places.join(" or ")
    );
    // A walk that needs none of them goes on without.
    let verdict = if evidence.unseen().any(|one| one.is_proof) { Verdict::Fails } else { Verdict::Unproven };
    Some(fact("paths", verdict, seen))
}

/// Without these numbers only a declared rate and refusals set the pace, which costs time and no truth.
fn left(evidence: &Evidence) -> Option<Fact> {
    let (verdict, seen) = if evidence.left? {
        (Verdict::Holds, "the answers say how much is left")
    } else {
        (Verdict::Unproven, "no answer says how much is left where `limits` looks")
    };
    Some(fact("limits", verdict, seen))
}

/// A count is a hint, so one that is wrong costs requests and no truth.
fn count(evidence: &Evidence) -> Option<Fact> {
    let said = match evidence.count.as_ref()? {
        Ok(said) => *said,
        Err(why) => return Some(fact("count", Verdict::Fails, why.clone())),
    };
    let pages = [Some(&evidence.first), evidence.second.as_ref()];
    let seen: usize = pages.iter().flatten().map(|page| page.rows.len() + page.unreadable).sum();
    let is_whole = pages.iter().flatten().last().is_some_and(|page| !page.more_follows);
    let agrees = if is_whole { said == seen as u64 } else { said >= seen as u64 };
    Some(if agrees {
        fact(
            "count",
            Verdict::Holds,
            format!("{said} rows are counted in the range and {seen} were seen of it"),
        )
    } else {
        let what = if is_whole { "all of it has" } else { "two pages of it have" };
        fact("count", Verdict::Unproven, format!("{said} rows are counted in the range and {what} {seen}"))
    })
}

fn skew(evidence: &Evidence) -> Fact {
    match evidence.skew.map(|skew| skew.num_seconds()) {
        None => fact("provider's clock", Verdict::Unproven, "the answers do not tell the time"),
        Some(skew) if skew.abs() < NOTABLE_SKEW => {
            fact("provider's clock", Verdict::Holds, format!("{skew:+} s to ours"))
        }
        Some(skew) => {
            let seen = format!("{skew:+} s to ours; windows are corrected for it where it is behind");
            fact("provider's clock", Verdict::Unproven, seen)
        }
    }
}

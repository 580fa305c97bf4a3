//! Where the bounds of a window travel, how coarse they are, and what a feed says about the reach of its answers.
//!
//! A bound is found by asking for another window and looking at what of the request moves with it.

use std::collections::BTreeSet;
use std::time::Duration;

use tieout::coverage;
use tieout::source::NextStep;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::{ClockKind, Policy};
use tieout_reconcilers::window::Window;

use crate::conformance::play::{Act, first_of};
use crate::conformance::traffic::Exchange;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

pub(super) fn shows(code: &str, act: &Act, before: &[Act]) -> Option<bool> {
    let moved = moved_by_window(act);
    let query = || moved.iter().any(|name| name.starts_with("query "));
    Some(match code {
        "W1" => query() && act.feed().clock_kind == Some(ClockKind::Created),
        "W2" => query() && act.feed().clock_kind == Some(ClockKind::Updated),
        "W3" => moves_header(act),
        "W4" => moved.iter().any(|name| name.starts_with("body ")),
        "W5" => is_inside_text(act, &moved),
        "W6" => moved.iter().any(|name| name.contains(['[', '>', '<'])),
        "W8" => is_coarse(act),
        "W9" => act.slice.is_some() && moved.is_empty() && !moves_header(act),
        "W10" => cuts_long_windows(act),
        "W11" => act.feed().retention.is_some(),
        "W12" => lags(act) || act.has_ceiling,
        "W14" => meets_the_cap(act, before),
        "W15" => moves(act, [Duration::ZERO, DAY]).is_empty() && (!moved.is_empty() || moves_header(act)),
        "T1" => has_own_clock_format(act),
        _ => return None,
    })
}

/// The parts of a first request that are others for a window that begins earlier and ends later.
pub(super) fn moved_by_window(act: &Act) -> BTreeSet<String> {
    moves(act, [DAY, DAY])
}

fn shifted(act: &Act, [from, to]: [Duration; 2]) -> Option<[Exchange; 2]> {
    let window = act.slice.as_ref()?.window;
    let asked = first_of(act, window.from(), window.to());
    Some([asked, first_of(act, window.from() - from, window.to() + to)])
}

fn moves(act: &Act, by: [Duration; 2]) -> BTreeSet<String> {
    let Some([one, other]) = shifted(act, by) else { return BTreeSet::new() };
    let one = one.parts();
    other
        .parts()
        .into_iter()
        .filter(|(name, value)| one.get(name) != Some(value))
        .map(|(name, _)| name)
        .collect()
}

fn moves_header(act: &Act) -> bool {
    shifted(act, [DAY, DAY]).is_some_and(|[one, other]| one.headers != other.headers)
}

/// A bound is one word of a longer text.
fn is_inside_text(act: &Act, moved: &BTreeSet<String>) -> bool {
    let Some([one, _]) = shifted(act, [DAY, DAY]) else { return false };
    let parts = one.parts();
    let real = act.calls().first().map(|call| call.parts()).unwrap_or_default();
    moved.iter().any(|name| {
        let text = &parts[name];
        real.get(name) == Some(text)
            && text.contains(['<', '>', ' ', ','])
            && text.chars().any(char::is_alphabetic)
    })
}

/// An hour more or less changes nothing, a day does.
fn is_coarse(act: &Act) -> bool {
    moves(act, [HOUR, Duration::ZERO]).is_empty() && !moves(act, [DAY, Duration::ZERO]).is_empty()
}

fn cuts_long_windows(act: &Act) -> bool {
    let Some(most) = act.feed().max_span else { return false };
    let from = Instant::from_micros(0);
    let slices = coverage::slices_of(act.feed(), Window::new(from, from + most * 3).expect("a window"));
    slices.len() > 2
        && slices.iter().all(|slice| {
            slice.window.to().utc() - slice.window.from().utc()
                <= chrono::TimeDelta::from_std(most).expect("a span")
        })
}

/// What is younger than the lag is not judged.
fn lags(act: &Act) -> bool {
    let now = Instant::from_micros(1_800_000_000_000_000);
    let policy = Policy { settle: Duration::ZERO, ..act.reconciler.policy().clone() };
    let feed = act.feed();
    !feed.lag.is_zero() && coverage::ceiling(now, feed, &policy, None) + feed.lag <= now
}

/// More rows than the provider hands out lead to smaller windows, or on behind the last id.
fn meets_the_cap(act: &Act, before: &[Act]) -> bool {
    let halved = || {
        let earlier = before.iter().rev().find(|earlier| earlier.next_step() == Some(NextStep::Halve));
        let window = |act: &Act| act.slice.as_ref().map(|slice| slice.window);
        earlier.and_then(window).zip(window(act)).is_some_and(|(whole, half)| {
            act.is_complete && whole != half && whole.from() <= half.from() && half.to() <= whole.to()
        })
    };
    let rekeyed = || {
        let calls = act.calls();
        let behind = |call: &&Exchange| {
            act.pages
                .iter()
                .filter_map(|page| page.last())
                .any(|item| call.parts().values().any(|value| *value == item.key))
        };
        act.is_complete && act.feed().cap.is_some() && calls.iter().any(behind)
    };
    halved() || rekeyed()
}

/// The clock of an item is read although it is neither RFC 3339 nor a plain number.
fn has_own_clock_format(act: &Act) -> bool {
    act.items().any(|item| {
        item.clock.as_deref().is_some_and(|text| {
            chrono::DateTime::parse_from_rfc3339(text).is_err()
                && text.parse::<f64>().is_err()
                && act.feed().clock_format.read(text).is_some()
        })
    })
}

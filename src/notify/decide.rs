//! Whether a channel is told about a run: only where something changed since it was told, or lasts for so long that it is told again.
//!
//! Pure: how domains are, what was told, and the time come in; what is told and remembered goes out. Each domain has its own memory, so
//! that a run of one says nothing about another. What grows tenfold is a change; what merely moves is none, so however often runs come,
//! there are few messages.

use std::collections::BTreeMap;
use std::time::Duration;

use tieout_reconcilers::instant::Instant;

use super::channel::Wishes;
use super::condition::{Condition, Troubles};
use super::event::Trouble;

/// How much sooner than `every` a repetition is on time, at the most: a nightly run does not end at the same second each night.
const EARLY: Duration = Duration::from_hours(1);

/// What a channel was told about a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The troubles it knows of, with the number of digits of how large each was.
    pub troubles: BTreeMap<Trouble, u32>,
    /// When, by the state store's clock.
    pub at: Instant,
}

/// What there is to say about a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The domain.
    pub domain: String,
    /// Every trouble that the channel asked for, as it is now.
    pub troubles: Troubles,
    /// Those that began or grew since it was told.
    pub began: Vec<Trouble>,
    /// Those that it was told about and that are over.
    pub over: Vec<Trouble>,
}

/// What is done about a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// What it is told; nothing where it is left alone.
    pub news: Vec<News>,
    /// Whether nothing changed and it is told again.
    pub is_repeated: bool,
    /// What it knows afterwards where it could be told, by domain; a domain without troubles is forgotten.
    pub remember: BTreeMap<String, Told>,
}

/// What one domain comes to.
struct Weighed {
    news: News,
    has_changed: bool,
    is_due: bool,
    known: BTreeMap<Trouble, u32>,
    /// When it was told before, where it was.
    before: Option<Instant>,
}

/// Decides about a channel.
#[must_use]
pub fn decide(
    wishes: &Wishes,
    conditions: &[(&str, Condition)],
    told: &BTreeMap<String, Told>,
    now: Instant,
) -> Decision {
    let covered = conditions.iter().filter(|(domain, _)| wishes.cover(domain));
    let weighed: Vec<Weighed> =
        covered.map(|(domain, condition)| weigh(wishes, domain, condition, told.get(*domain), now)).collect();
    let has_changed = weighed.iter().any(|one| one.has_changed);
    let is_told = has_changed || weighed.iter().any(|one| one.is_due);
    let remember = |one: &Weighed| {
        let at = one.before.filter(|_| !is_told).unwrap_or(now);
        (one.news.domain.clone(), Told { troubles: one.known.clone(), at })
    };
    let remember =
        weighed.iter().filter(|one| one.before.is_some() || !one.known.is_empty()).map(remember).collect();
    let news = weighed.into_iter().map(|one| one.news);
    let news = news.filter(|news| is_told && !(news.troubles.is_empty() && news.over.is_empty())).collect();
    Decision { news, is_repeated: is_told && !has_changed, remember }
}

fn weigh(wishes: &Wishes, domain: &str, condition: &Condition, told: Option<&Told>, now: Instant) -> Weighed {
    let asked = |trouble: &Trouble| wishes.ask_for(*trouble);
    let before: BTreeMap<Trouble, u32> = told
        .map(|told| {
            told.troubles.iter().filter(|(trouble, _)| asked(trouble)).map(|(t, d)| (*t, *d)).collect()
        })
        .unwrap_or_default();
    let troubles: Troubles = condition
        .troubles
        .iter()
        .filter(|(trouble, _)| asked(trouble))
        .map(|(t, size)| (*t, *size))
        .collect();
    let has_grown =
        |(trouble, size): &(&Trouble, &u64)| digits(**size) > before.get(trouble).copied().unwrap_or(0);
    let began: Vec<Trouble> = troubles.iter().filter(has_grown).map(|(trouble, _)| *trouble).collect();
    let gone = before.keys().filter(|trouble| !troubles.contains_key(trouble)).copied();
    // What a run did not look at is not over.
    let over: Vec<Trouble> =
        if condition.is_known && wishes.ask_for_the_end() { gone.collect() } else { Vec::new() };
    let is_due = !troubles.is_empty() && told.is_some_and(|told| now >= told.at + patience(wishes.every));
    let mut known: BTreeMap<Trouble, u32> = if condition.is_known { BTreeMap::new() } else { before.clone() };
    for (trouble, size) in &troubles {
        let most = if is_due { 0 } else { before.get(trouble).copied().unwrap_or(0) };
        known.insert(*trouble, digits(*size).max(most));
    }
    Weighed {
        has_changed: !began.is_empty() || !over.is_empty(),
        is_due,
        known,
        before: told.map(|told| told.at),
        news: News { domain: domain.to_owned(), troubles, began, over },
    }
}

/// After what time something is told again.
fn patience(every: Duration) -> Duration {
    every.saturating_sub(EARLY.min(every / 10))
}

/// How many digits a number has.
fn digits(number: u64) -> u32 {
    number.checked_ilog10().map_or(0, |power| power + 1)
}

#[cfg(test)]
mod tests;

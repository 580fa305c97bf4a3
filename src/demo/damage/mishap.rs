//! The single mishaps that can befall an item's webhooks, who suffers which, and what still arrives.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use super::harm::{Delivery, delivery};
use crate::demo::population::Story;
use crate::demo::truth::{Domain, Kind};

/// Something that happened to the webhooks of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// None arrived.
    AllLost,
    /// The last one was lost, so the shop still believes the first.
    LastLost,
    /// They arrived in the wrong order, so the older state overwrote the newer one.
    Reordered,
    /// The handler took the wrong number or address from the webhook.
    WrongValue,
    /// The handler took the wrong status or name from the webhook.
    WrongWord,
    /// Harmless: the first one was lost and the last one said it all.
    FirstLost,
    /// Harmless: the last one arrived twice.
    Duplicated,
    /// Harmless: the handler changed the letter case of a code or address.
    Shouted,
}

/// How many items of each domain (charges, refunds, customers) suffer each mishap. The first group needs a history.
const OF_CHANGED: [(Mishap, [usize; 3]); 3] =
    [(Mishap::LastLost, [2, 1, 2]), (Mishap::Reordered, [2, 1, 1]), (Mishap::FirstLost, [3, 1, 2])];
const OF_ANY: [(Mishap, [usize; 3]); 5] = [
    (Mishap::AllLost, [12, 6, 7]),
    (Mishap::WrongValue, [2, 2, 1]),
    (Mishap::WrongWord, [2, 1, 1]),
    (Mishap::Duplicated, [25, 6, 8]),
    (Mishap::Shouted, [8, 3, 5]),
];

impl Mishap {
    /// What a reconciliation must say about an item that suffered it; `None` when it left no trace that matters.
    pub(super) const fn consequence(self) -> Option<Kind> {
        match self {
            Self::AllLost => Some(Kind::Missing),
            Self::LastLost | Self::Reordered | Self::WrongValue | Self::WrongWord => Some(Kind::Mismatched),
            Self::FirstLost | Self::Duplicated | Self::Shouted => None,
        }
    }
}

/// Hands out the mishaps of one domain; nobody suffers two.
pub(super) fn assign<'a>(stories: &'a [Story], domain: Domain, rng: &mut Rng) -> BTreeMap<&'a str, Mishap> {
    let of_domain = stories.iter().filter(|story| story.domain == domain);
    let (mut changed, unchanged): (Vec<_>, Vec<_>) = of_domain.partition(|story| story.states.len() > 1);
    rng.shuffle(&mut changed);
    let mut mishaps = hand_out(&OF_CHANGED, domain, &mut changed);

    let mut anyone = [changed, unchanged].concat();
    rng.shuffle(&mut anyone);
    mishaps.extend(hand_out(&OF_ANY, domain, &mut anyone));
    mishaps
}

/// What still arrives of `story` after `mishap`.
pub(super) fn deliver(story: &Story, mishap: Option<Mishap>, rng: &mut Rng) -> Vec<Delivery> {
    let mut arriving: Vec<_> =
        story.states.iter().map(|state| delivery(story, state, state.since + rng.i64(1..=5))).collect();
    let (first, last) = (0, arriving.len() - 1);
    match mishap {
        None => {}
        Some(Mishap::AllLost) => arriving.clear(),
        Some(Mishap::LastLost) => arriving.truncate(last),
        Some(Mishap::FirstLost) => drop(arriving.remove(first)),
        Some(Mishap::Reordered) => {
            let early = arriving[first].delivered_at;
            arriving[first].delivered_at = arriving[last].delivered_at;
            arriving[last].delivered_at = early;
        }
        Some(Mishap::WrongValue) => wrong_value(story.domain, &mut arriving[last].data),
        Some(Mishap::WrongWord) => wrong_word(story.domain, &mut arriving[last].data),
        Some(Mishap::Duplicated) => {
            let again = Delivery {
                delivered_at: arriving[last].delivered_at + rng.i64(1..=9),
                ..arriving[last].clone()
            };
            arriving.push(again);
        }
        Some(Mishap::Shouted) => shouted(story.domain, &mut arriving[last].data),
    }
    arriving
}

fn hand_out<'a>(
    ration: &[(Mishap, [usize; 3])],
    domain: Domain,
    candidates: &mut Vec<&'a Story>,
) -> BTreeMap<&'a str, Mishap> {
    let mut mishaps = BTreeMap::new();
    for (mishap, shares) in ration {
        let share = shares[domain as usize];
        let spared = candidates.split_off(share.min(candidates.len()));
        mishaps.extend(candidates.drain(..).map(|story| (story.key.as_str(), *mishap)));
        *candidates = spared;
    }
    mishaps
}

/// The classic: minor units taken for major ones and multiplied again. For a customer, another mailbox.
fn wrong_value(domain: Domain, data: &mut Value) {
    match domain {
        Domain::Charges | Domain::Refunds => {
            data["amount"] = json!(data["amount"].as_i64().unwrap_or(1) * 100);
        }
        Domain::Customers => data["email"] = json!("no.reply@example.com"),
    }
}

fn wrong_word(domain: Domain, data: &mut Value) {
    match domain {
        Domain::Charges | Domain::Refunds => {
            let swapped = if data["status"] == "succeeded" { "failed" } else { "succeeded" };
            data["status"] = json!(swapped);
        }
        Domain::Customers => {
            let first =
                data["name"].as_str().and_then(|name| name.split(' ').next()).unwrap_or_default().to_owned();
            data["name"] = json!(first);
        }
    }
}

fn shouted(domain: Domain, data: &mut Value) {
    let field = match domain {
        Domain::Charges | Domain::Refunds => "currency",
        Domain::Customers => "email",
    };
    data[field] = json!(data[field].as_str().unwrap_or_default().to_uppercase());
}

//! Decides what went wrong on the way from the provider to the shop, and keeps the truth about it.
//!
//! Pure: a population, a seed and an instant in; the webhook deliveries that really reached the shop and the planted
//! discrepancies out. Never looks at the shop, so the shop can be checked against it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use fastrand::Rng;
use serde_json::Value;

use super::mishap::{self, Mishap};
use crate::demo::population::{Population, State, Story};
use crate::demo::truth::{Domain, Kind, Planted, Truth};

/// One webhook as the shop's handler took it in.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Which kind of item it tells of.
    pub domain: Domain,
    /// The item, in the provider's JSON; after a handler's slip, what the slip made of it.
    pub data: Value,
    /// Epoch seconds at which the handler wrote it down.
    pub delivered_at: i64,
}

/// What reached the shop, and what is therefore wrong with its books.
#[derive(Debug, Clone, PartialEq)]
pub struct Damage {
    /// The discrepancies that a reconciliation must find: these and no others.
    pub truth: Truth,
    /// The deliveries in the order in which the shop took them in, all more than a minute before `now`.
    pub deliveries: Vec<Delivery>,
}

impl Damage {
    /// Plants missing and mismatched items in every domain, orphans among charges and refunds, and as many harmless
    /// oddities that look like damage: duplicates, a lost first webhook that a later one made good, other letter case.
    #[must_use]
    pub fn inflict(population: &Population, seed: u64, now: DateTime<Utc>) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x00DA_3A6E);
        let stories = population.stories();
        let mut mishaps = BTreeMap::new();
        for domain in Domain::ALL {
            mishaps.extend(mishap::assign(&stories, domain, &mut rng));
        }
        let strangers = population.strangers(seed, now).stories();

        let mut deliveries: Vec<_> = stories
            .iter()
            .flat_map(|story| mishap::deliver(story, mishaps.get(story.key.as_str()).copied(), &mut rng))
            .chain(strangers.iter().flat_map(on_time))
            .collect();
        deliveries.sort_by_key(|delivery| delivery.delivered_at);
        Self { truth: Truth { planted: planted(&stories, &mishaps, &strangers) }, deliveries }
    }
}

/// The deliveries of a population that nothing happened to, in order: what the webhooks of
/// [`Population::arriving`] bring once they get through.
#[must_use]
pub fn undamaged(population: &Population) -> Vec<Delivery> {
    let mut deliveries: Vec<_> = population.stories().iter().flat_map(on_time).collect();
    deliveries.sort_by_key(|delivery| delivery.delivered_at);
    deliveries
}

/// One delivery per state, a second after it came about.
fn on_time(story: &Story) -> Vec<Delivery> {
    story.states.iter().map(|state| delivery(story, state, state.since + 1)).collect()
}

pub(super) fn delivery(story: &Story, state: &State, delivered_at: i64) -> Delivery {
    Delivery { domain: story.domain, data: state.data.clone(), delivered_at }
}

fn planted(stories: &[Story], mishaps: &BTreeMap<&str, Mishap>, strangers: &[Story]) -> BTreeSet<Planted> {
    let harmed = stories.iter().filter_map(|story| {
        let kind = mishaps.get(story.key.as_str())?.consequence()?;
        Some(Planted { domain: story.domain, key: story.key.clone(), kind })
    });
    let orphaned = strangers.iter().map(|story| Planted {
        domain: story.domain,
        key: story.key.clone(),
        kind: Kind::Orphaned,
    });
    harmed.chain(orphaned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T09:30:00Z".parse().unwrap()
    }

    #[test]
    fn the_truth_says_one_thing_about_a_key_and_is_the_same_for_the_same_seed() {
        let population = Population::seeded(7, now());
        let damage = Damage::inflict(&population, 7, now());
        let keys: BTreeSet<_> = damage.truth.planted.iter().map(|planted| &planted.key).collect();
        assert_eq!(keys.len(), damage.truth.planted.len());
        assert_eq!(damage, Damage::inflict(&population, 7, now()));
        assert_ne!(damage.truth, Damage::inflict(&population, 8, now()).truth);
    }

    #[test]
    fn every_domain_is_harmed_enough_to_show_and_too_little_to_trip_a_limit() {
        let truth = Damage::inflict(&Population::seeded(7, now()), 7, now()).truth;
        for domain in Domain::ALL {
            assert!((5..=12).contains(&truth.count(domain, Kind::Missing)), "{domain:?}");
            assert!((4..=8).contains(&truth.count(domain, Kind::Mismatched)), "{domain:?}");
        }
        assert_eq!(Domain::ALL.map(|domain| truth.count(domain, Kind::Orphaned)), [2, 1, 0]);
    }

    #[test]
    fn deliveries_come_in_order_and_rested_for_a_minute() {
        let damage = Damage::inflict(&Population::seeded(7, now()), 7, now());
        assert!(damage.deliveries.is_sorted_by_key(|delivery| delivery.delivered_at));
        assert!(damage.deliveries.last().unwrap().delivered_at <= now().timestamp() - 60);
    }
}

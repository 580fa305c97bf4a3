//! Draws whole populations: the settled one, the newcomers, and the strangers that only the shop believes in.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use fastrand::Rng;

use super::charge::Charge;
use super::customer::Customer;
use super::money::Status;
use super::refund::Refund;

const DAY_S: i64 = 86_400;
const CHARGES: usize = 2_000;
const REFUNDS: usize = 300;
const CUSTOMERS: usize = 400;

/// Items of the three kinds, in no particular order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Population {
    /// Payments taken.
    pub charges: Vec<Charge>,
    /// Payments given back.
    pub refunds: Vec<Refund>,
    /// People.
    pub customers: Vec<Customer>,
}

impl Population {
    /// The settled population: 2,000 charges, 300 refunds, 400 customers, all of the last 20 days and none touched in
    /// the minute before `now`.
    #[must_use]
    pub fn seeded(seed: u64, now: DateTime<Utc>) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (times, latest) = settled(now);
        let customers: Vec<_> = (0..CUSTOMERS)
            .map(|number| {
                let updated = draw_time(&mut rng, &times);
                Customer::draw(&mut rng, number, updated)
            })
            .collect();
        let charges = draw_charges(&mut rng, &customers, &times, latest);
        let refundable: Vec<_> = charges.iter().filter(|charge| charge.status == Status::Succeeded).collect();
        let refunds = (0..REFUNDS)
            .map(|_| {
                let charge = refundable[rng.usize(0..refundable.len())];
                let created = rng.i64(charge.created..=*times.end());
                Refund::draw(&mut rng, charge, created, latest)
            })
            .collect();
        Self { charges, refunds, customers }
    }

    /// What happens at the provider in the second of `now`: three charges, two refunds, two new customers and one
    /// known customer renamed, one that `is_damaged` spares. Their webhooks are still on the way, so nothing about them may be called a discrepancy.
    #[must_use]
    pub fn arriving(&self, seed: u64, now: DateTime<Utc>, is_damaged: impl Fn(&str) -> bool) -> Self {
        let mut rng = Rng::with_seed(!seed);
        let at = now.timestamp();
        let charges = self
            .customers
            .iter()
            .take(3)
            .map(|customer| Charge::draw(&mut rng, &customer.id, at, at))
            .collect();
        let refunds =
            self.charges.iter().take(2).map(|charge| Refund::draw(&mut rng, charge, at, at)).collect();
        let mut customers: Vec<_> = (0..2)
            .map(|number| Customer {
                created: at,
                former_name: None,
                ..Customer::draw(&mut rng, CUSTOMERS + number, at)
            })
            .collect();
        let unharmed = self.customers.iter().rfind(|known| !is_damaged(&known.id));
        customers.extend(unharmed.map(|known| known.renamed(at)));
        Self { charges, refunds, customers }
    }

    /// Two charges and a refund that no provider ever made, of the same age as the settled population.
    ///
    /// No customers: on a clock that moves with every change, absence from a window proves nothing.
    #[must_use]
    pub fn strangers(&self, seed: u64, now: DateTime<Utc>) -> Self {
        let mut rng = Rng::with_seed(seed.rotate_left(32) ^ 1);
        let (times, _) = settled(now);
        let charges: Vec<_> = self
            .customers
            .iter()
            .take(2)
            .map(|customer| {
                let created = draw_time(&mut rng, &times);
                Charge::draw(&mut rng, &customer.id, created, created)
            })
            .collect();
        let refunds = charges
            .iter()
            .take(1)
            .map(|charge| Refund::draw(&mut rng, charge, charge.created, charge.created))
            .collect();
        Self { charges, refunds, customers: Vec::new() }
    }
}

/// A prefix and 24 letters or digits, like the ids of payment providers.
pub(super) fn draw_id(rng: &mut Rng, prefix: &str) -> String {
    let tail: String = (0..24).map(|_| rng.alphanumeric()).collect();
    format!("{prefix}_{tail}")
}

/// The seconds in which a settled item may be created, and the last one in which it may change.
fn settled(now: DateTime<Utc>) -> (RangeInclusive<i64>, i64) {
    let now = now.timestamp();
    (now - 20 * DAY_S + 60..=now - 120, now - 80)
}

/// Every tenth charge shares its second with the one before it, as happens in any busy shop.
fn draw_charges(
    rng: &mut Rng,
    customers: &[Customer],
    times: &RangeInclusive<i64>,
    latest: i64,
) -> Vec<Charge> {
    let mut created = draw_time(rng, times);
    (0..CHARGES)
        .map(|number| {
            if number % 10 != 9 {
                created = draw_time(rng, times);
            }
            let customer = &customers[rng.usize(0..customers.len())];
            Charge::draw(rng, &customer.id, created, latest)
        })
        .collect()
}

fn draw_time(rng: &mut Rng, times: &RangeInclusive<i64>) -> i64 {
    rng.i64(*times.start()..=*times.end())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T09:30:00Z".parse().unwrap()
    }

    #[test]
    fn the_same_seed_and_instant_give_the_same_population() {
        assert_eq!(Population::seeded(7, now()), Population::seeded(7, now()));
        assert_ne!(Population::seeded(7, now()), Population::seeded(8, now()));
        let population = Population::seeded(7, now());
        assert_eq!(population.arriving(7, now(), |_| false), population.arriving(7, now(), |_| false));
        assert_eq!(population.strangers(7, now()), population.strangers(7, now()));
    }

    #[test]
    fn nobody_shares_an_id_not_even_newcomers_and_strangers() {
        let settled = Population::seeded(7, now());
        let (arriving, strangers) = (settled.arriving(7, now(), |_| false), settled.strangers(7, now()));
        let stories = [settled.stories(), arriving.stories(), strangers.stories()].concat();
        let keys: BTreeSet<_> = stories.iter().map(|story| &story.key).collect();
        let renamed = 1;
        assert_eq!(keys.len() + renamed, stories.len());
    }

    #[test]
    fn a_settled_item_is_younger_than_twenty_days_and_untouched_for_a_minute() {
        for story in Population::seeded(7, now()).stories() {
            let last = story.states.last().unwrap().since;
            assert!(last <= now().timestamp() - 60, "{} is too young", story.key);
            assert!(last > now().timestamp() - 20 * DAY_S, "{} is too old", story.key);
            assert!(story.states.is_sorted_by_key(|state| state.since));
        }
    }

    #[test]
    fn a_refund_follows_its_charge_and_never_exceeds_it() {
        let population = Population::seeded(7, now());
        for refund in &population.refunds {
            let charge = population.charges.iter().find(|charge| charge.id == refund.charge).unwrap();
            assert!(refund.created >= charge.created);
            assert!((1..=charge.amount_minor).contains(&refund.amount_minor));
            assert_eq!(refund.currency, charge.currency);
        }
    }

    #[test]
    fn a_charge_weighs_about_600_bytes_on_the_wire() {
        let charges = Population::seeded(7, now()).charges;
        let bytes: usize = charges.iter().map(|charge| charge.json(charge.status).to_string().len()).sum();
        assert!((550..=650).contains(&(bytes / charges.len())), "mean is {}", bytes / charges.len());
    }
}

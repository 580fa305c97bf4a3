//! A small world to begin with: some charges of the simulated provider, and the books of a shop that missed a few of their webhooks.
//! What `tieout init` leaves behind, so that the first run finds something.
//!
//! Pure but for the books, which are a SQLite file.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::damage::{Delivery, undamaged};
use super::population::{Charge, Population};
use super::shop::{Shop, ShopError};

/// The same charges every time; only the clock moves.
const SEED: u64 = 20;

/// How many charges there are.
const CHARGES: usize = 60;

/// How many of them the shop never heard of.
const LOST: usize = 3;

/// The charges, and the webhooks that arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    charges: Vec<Charge>,
    deliveries: Vec<Delivery>,
}

impl Sample {
    /// Draws it as of `now`: of three charges every webhook was lost, and of one the last.
    #[must_use]
    pub fn of(now: DateTime<Utc>) -> Self {
        let mut charges = Population::seeded(SEED, now).charges;
        charges.truncate(CHARGES);
        charges.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        let lost: Vec<&str> = charges.iter().take(LOST).map(|charge| charge.id.as_str()).collect();
        let behind = charges.iter().skip(LOST).find_map(|charge| Some((charge.id.as_str(), charge.decided?)));
        let all = undamaged(&Population { charges: charges.clone(), ..Population::default() });
        let arrives = |delivery: &Delivery| {
            let id = delivery.data["id"].as_str().unwrap_or_default();
            let is_late = behind.is_some_and(|(key, decided)| id == key && delivery.delivered_at > decided);
            !lost.contains(&id) && !is_late
        };
        let deliveries = all.into_iter().filter(arrives).collect();
        Self { charges, deliveries }
    }

    /// The charges as the file of a fake provider has them: a JSON array with one on each line, oldest first.
    #[must_use]
    pub fn charges(&self) -> String {
        let items: Vec<String> = self.charges.iter().map(|charge| shown(charge).to_string()).collect();
        format!("[\n{}\n]\n", items.join(",\n"))
    }

    /// Writes the shop's books into `file`, which must not be there yet.
    pub async fn write_books(&self, file: &Path) -> Result<(), ShopError> {
        let shop = Shop::open_new(file).await?;
        shop.take_webhooks(&self.deliveries).await?;
        shop.close().await;
        Ok(())
    }
}

fn shown(charge: &Charge) -> Value {
    charge.json(charge.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_charges_are_lost_and_one_is_behind() {
        let now = "2026-11-21T09:30:00Z".parse().unwrap();
        let sample = Sample::of(now);
        assert_eq!(sample, Sample::of(now));
        let items: Vec<Value> = serde_json::from_str(&sample.charges()).unwrap();
        let told = |item: &Value| {
            let last = sample.deliveries.iter().rfind(|delivery| delivery.data["id"] == item["id"]);
            last.map(|delivery| delivery.data["status"] == item["status"])
        };
        let told: Vec<Option<bool>> = items.iter().map(told).collect();
        let count = |what| told.iter().filter(|told| **told == what).count();
        assert_eq!((count(None), count(Some(false)), count(Some(true))), (3, 1, 56));
    }
}

//! The rows of a table that mirrors a population: what the local side holds, and what it should hold.

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::charges::{Charge, Fate, Population};

/// One row, in the local side's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalRow {
    /// The provider's id.
    pub id: String,
    /// Minor units.
    pub amount: u64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// `PAID`, `FAILED` or `PENDING`.
    pub status: &'static str,
    /// When it was created, and last written.
    pub created: DateTime<Utc>,
}

/// Which of two tables is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What reached the local side: some rows are missing, some hold another amount.
    Local,
    /// What upstream holds, as a table.
    Upstream,
}

impl Side {
    /// What this side holds of the item at `position`, if anything.
    pub fn row(self, population: &Population, position: u64) -> anyhow::Result<Option<LocalRow>> {
        let Charge { id, amount, currency, status, created } = population.charge(position);
        let fate = match self {
            Self::Local => population.fate(position),
            Self::Upstream => Fate::Agrees,
        };
        let amount = match fate {
            Fate::Missing => return Ok(None),
            Fate::Mismatched => amount + 1,
            Fate::Agrees => amount,
        };
        let status = match status {
            "succeeded" => "PAID",
            "failed" => "FAILED",
            _ => "PENDING",
        };
        let created = DateTime::from_timestamp(created, 0).context("a start beyond the calendar")?;
        Ok(Some(LocalRow { id, amount, currency: currency.to_uppercase(), status, created }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sides_differ_in_what_was_planted_and_in_nothing_else() {
        let population = Population { items: 1_000, start: 1_750_000_000, seconds: 100, one_in: 100 };
        let (mut missing, mut mismatched) = (0, 0);
        for position in 0..population.items {
            let upstream = Side::Upstream.row(&population, position).unwrap().unwrap();
            match Side::Local.row(&population, position).unwrap() {
                None => missing += 1,
                Some(local) if local == upstream => {}
                Some(local) => {
                    assert_eq!(local, LocalRow { amount: local.amount, ..upstream });
                    mismatched += 1;
                }
            }
        }
        assert_eq!((missing, mismatched), (10, 10));
    }
}

//! A population with everything that stands around it: the mock that serves it, and the table that holds most of it.

use std::path::Path;

use chrono::{DurationRound as _, TimeDelta, Utc};

use super::database::Database;
use super::mock::{Manners, Mock};
use super::rows::Side;
use crate::charges::Population;

/// Both sides of a reconciliation.
#[derive(Debug)]
pub struct Site {
    /// What there is.
    pub population: Population,
    /// The upstream side.
    pub mock: Mock,
    /// The local side.
    pub table: String,
}

impl Site {
    /// Fills a new table and starts a mock.
    pub async fn build(
        mock: &Path,
        database: &Database,
        table: &str,
        population: Population,
        manners: &Manners,
    ) -> anyhow::Result<Self> {
        eprintln!("building both sides of {} charges", population.items);
        database.fill(table, Side::Local, &population).await?;
        Ok(Self { population, mock: Mock::start(mock, &population, manners)?, table: table.to_owned() })
    }
}

/// A population of the last days up to this hour; one item in `one_in` is missing, and another one has another amount.
pub fn recent(items: u64, days: u32, one_in: u64) -> anyhow::Result<Population> {
    let hour = Utc::now().duration_trunc(TimeDelta::hours(1))?;
    let start = (hour - TimeDelta::days(days.into())).timestamp();
    Ok(Population { items, start, seconds: days * 86_400, one_in })
}

//! The files that tell tieout what to reconcile, as a user would write them. One fresh folder for each run, because a
//! run leaves its state behind.

use std::{fs, io, path::Path};

use anyhow::Context as _;
use chrono::DateTime;
use tieout_reconcilers::define::definition::{Definition, Settings};
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::problem::Problem;
use tieout_reconcilers::define::provider::ProviderDefinition;

use crate::charges::Population;

/// What the files in `definitions/` leave open.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'s> {
    /// The port of the mock.
    pub port: u16,
    /// The address of the database, credentials included.
    pub database: &'s str,
    /// The table with the local rows.
    pub table: &'s str,
    /// What is to be reconciled.
    pub population: &'s Population,
}

/// The queue that the definitions name, relative to their folder.
pub const EVENTS: &str = "events.ndjson";

/// Writes a complete configuration into `folder`.
pub fn write(folder: &Path, setting: &Setting<'_>) -> io::Result<()> {
    let config = with_port(include_str!("../../definitions/tieout.yaml"), setting.port);
    fs::write(folder.join("tieout.yaml"), config.replace("@EVENTS@", EVENTS))?;
    fs::write(folder.join("bench.provider.yaml"), provider(setting.port))?;
    fs::write(folder.join("charges.domain.yaml"), domain(setting.table, setting.population.start))?;
    fs::write(folder.join("database.url"), setting.database)?;
    fs::write(folder.join("provider.key"), "a-key-that-the-mock-does-not-check")
}

/// The provider file of a mock at a port.
#[must_use]
pub fn provider(port: u16) -> String {
    with_port(include_str!("../../definitions/bench.provider.yaml"), port)
}

/// The domain file for a table, whose first run begins at a second of Unix time.
#[must_use]
pub fn domain(table: &str, start: i64) -> String {
    let start = DateTime::from_timestamp(start, 0).unwrap_or_default();
    let text = include_str!("../../definitions/charges.domain.yaml");
    text.replace("@TABLE@", table).replace("@START@", &format!("{start:?}"))
}

/// The same two files as tieout understands them, for programs that do a part of its work.
pub fn definition(table: &str, start: i64) -> anyhow::Result<Definition> {
    let provider = ProviderDefinition::parse(&Document::new("provider", &provider(1)));
    let domain = DomainDefinition::parse(&Document::new("domain", &domain(table, start)));
    let provider = provider.map_err(|problems| first(&problems))?;
    let domain = domain.map_err(|problems| first(&problems))?;
    let feed = provider.feeds.get(&domain.feed.feed).context("no feed")?;
    Definition::new(&provider, feed, domain, &Settings::default())
        .map_err(|slot| anyhow::anyhow!("{slot} is not set"))
}

fn first(problems: &[Problem]) -> anyhow::Error {
    anyhow::anyhow!("{}", problems.first().map(ToString::to_string).unwrap_or_default())
}

fn with_port(text: &str, port: u16) -> String {
    text.replace("@PORT@", &port.to_string())
}

//! The files that tell tieout what to reconcile, as a user would write them. One fresh folder for each run, because a
//! run leaves its state behind.

use std::{fs, io, path::Path};

use chrono::DateTime;

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
    let start = DateTime::from_timestamp(setting.population.start, 0).unwrap_or_default();
    let fill = |template: &str| {
        template
            .replace("@PORT@", &setting.port.to_string())
            .replace("@TABLE@", setting.table)
            .replace("@EVENTS@", EVENTS)
            .replace("@START@", &format!("{start:?}"))
    };
    fs::write(folder.join("tieout.yaml"), fill(include_str!("../../definitions/tieout.yaml")))?;
    fs::write(
        folder.join("bench.provider.yaml"),
        fill(include_str!("../../definitions/bench.provider.yaml")),
    )?;
    fs::write(
        folder.join("charges.domain.yaml"),
        fill(include_str!("../../definitions/charges.domain.yaml")),
    )?;
    fs::write(folder.join("database.url"), setting.database)?;
    fs::write(folder.join("provider.key"), "a-key-that-the-mock-does-not-check")
}

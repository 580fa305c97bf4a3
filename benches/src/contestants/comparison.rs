//! The comparison without a provider: by tieout's own parts, and by a peer that compares two tables.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use url::Url;

use super::loops::check_found;
use super::process::{finish, finish_with_postgres};
use crate::charges::Population;
use crate::measure::child::Spent;
use crate::measure::postmaster::Postmaster;
use crate::stage::database::Database;

/// What a comparison cost.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// By the program that compares.
    pub spent: Spent,
    /// By PostgreSQL; `None` where it had no part or that cannot be read.
    pub postgres: Option<Duration>,
}

impl Comparison {
    /// By both together, if both could be measured.
    #[must_use]
    pub fn whole(&self) -> Option<Duration> {
        Some(self.spent.cpu + self.postgres?)
    }
}

/// Two tables that are compared.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'t> {
    /// What the local side holds.
    pub local: &'t str,
    /// What upstream holds.
    pub upstream: &'t str,
}

/// Runs `compare-loop` on a population and its table in PostgreSQL.
pub async fn comparison(
    program: &Path,
    population: &Population,
    (database, table): (&Database, &str),
    postmaster: Option<Postmaster>,
    scratch: &Path,
) -> anyhow::Result<Comparison> {
    let command = loop_over(program, population, "compare", table, database.url().as_str());
    let (spent, said, postgres) = finish_with_postgres(command, scratch, database, postmaster).await?;
    check_found(program, &said, population)?;
    Ok(Comparison { spent, postgres })
}

/// Runs `compare-loop` on a population and the table `charges` of a SQLite file.
pub async fn comparison_with_file(
    program: &Path,
    population: &Population,
    file: &Path,
    scratch: &Path,
) -> anyhow::Result<Comparison> {
    let url = format!("sqlite:{}", file.display());
    let (spent, said) = finish(loop_over(program, population, "compare", "charges", &url), scratch).await?;
    check_found(program, &said, population)?;
    Ok(Comparison { spent, postgres: None })
}

/// Runs a part of `compare-loop` that reads no row: `render` or `project`.
pub async fn part_of_comparison(
    program: &Path,
    population: &Population,
    part: &str,
    scratch: &Path,
) -> anyhow::Result<Spent> {
    let command = loop_over(program, population, part, "charges", "none:");
    Ok(finish(command, scratch).await?.0)
}

fn loop_over(program: &Path, population: &Population, work: &str, table: &str, local: &str) -> Command {
    let Population { items, start, seconds, .. } = population;
    let mut command = Command::new(program);
    command
        .args(["--work", work, "--table", table, &format!("--items={items}")])
        .args([format!("--start={start}"), format!("--seconds={seconds}")])
        .env("TIEOUT_BENCH_LOCAL", local);
    command
}

/// What reladiff counts.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Counted {
    #[serde(rename = "exclusive_A")]
    only_local: u64,
    #[serde(rename = "exclusive_B")]
    only_upstream: u64,
    updated: u64,
}

/// Compares two tables of one database with reladiff's `hashdiff`, two threads for each.
pub async fn reladiff(
    program: &Path,
    population: &Population,
    (database, tables): (&Database, Tables<'_>),
    postmaster: Option<Postmaster>,
    scratch: &Path,
) -> anyhow::Result<Comparison> {
    let (url, password) = without_password(database.url())?;
    let mut command = Command::new(program);
    command
        .args([url.as_str(), tables.local, url.as_str(), tables.upstream])
        .args(["-k", "id", "-c", "amount_minor", "-c", "currency", "-c", "status"])
        .args(["--algorithm", "hashdiff", "-j", "2", "--stats", "--json"])
        // It breaks its lines where the terminal ends.
        .env("COLUMNS", "1000")
        .envs(password.map(|password| ("PGPASSWORD", password)));
    let (spent, said, postgres) = finish_with_postgres(command, scratch, database, postmaster).await?;
    let counted: Counted = serde_json::from_str(&said).context("what reladiff counted")?;
    let (missing, mismatched) = population.planted();
    let planted = Counted { only_local: 0, only_upstream: missing, updated: mismatched };
    ensure!(counted == planted, "reladiff counted {counted:?} where {planted:?} was planted");
    Ok(Comparison { spent, postgres })
}

/// An address for a command line, which everybody on the machine can read, and the password that it had.
fn without_password(mut url: Url) -> anyhow::Result<(Url, Option<String>)> {
    let password = url.password().map(str::to_owned);
    let is_changed = url.set_password(None).and_then(|()| url.set_scheme("postgresql"));
    ensure!(is_changed.is_ok(), "the address of the server names no host");
    Ok((url, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_gets_onto_a_command_line() {
        let url = "postgres://me:secret@127.0.0.1:5432/tieout_bench".parse().unwrap();
        let (url, password) = without_password(url).unwrap();
        assert_eq!(url.as_str(), "postgresql://me@127.0.0.1:5432/tieout_bench");
        assert_eq!(password.as_deref(), Some("secret"));
    }

    #[test]
    fn what_reladiff_counts_is_read_wherever_its_lines_break() {
        let said = "{\"rows_A\": 9, \"exclusive_A\": 0, \"exclusive_B\": 3,\n\"updated\": 4, \"stats\": {\"rows_downloaded\": 9}}\n";
        let counted: Counted = serde_json::from_str(said).unwrap();
        assert_eq!(counted, Counted { only_local: 0, only_upstream: 3, updated: 4 });
    }
}

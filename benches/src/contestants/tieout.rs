//! tieout itself, as a user runs it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use super::process::finish_with_postgres;
use crate::charges::Population;
use crate::measure::child::Spent;
use crate::measure::postmaster::Postmaster;
use crate::outcome;
use crate::provider::Report;
use crate::stage::database::Database;
use crate::stage::definitions::{self, EVENTS, Setting};
use crate::stage::site::Site;

/// What one reconciliation cost.
#[derive(Clone, Debug)]
pub struct Reconciliation {
    /// By tieout itself.
    pub spent: Spent,
    /// By PostgreSQL; `None` where that cannot be read.
    pub postgres: Option<Duration>,
    /// From the start of the process to the arrival of its first request.
    pub first_request: Duration,
    /// What it asked of the provider.
    pub traffic: Report,
}

/// Reconciles a site with tieout, from an empty state and with further flags.
pub async fn tieout(
    program: &Path,
    site: &Site,
    database: &Database,
    postmaster: Option<Postmaster>,
    flags: &[&str],
) -> anyhow::Result<Reconciliation> {
    let folder = tempfile::tempdir()?;
    let (url, population) = (database.url(), &site.population);
    let setting = Setting { port: site.mock.port(), database: url.as_str(), table: &site.table, population };
    definitions::write(folder.path(), &setting)?;
    site.mock.forget().await?;
    let mut command = Command::new(program);
    command.args(["run", "--format", "json"]).args(flags).current_dir(folder.path());
    let (spent, document, postgres) =
        finish_with_postgres(command, folder.path(), database, postmaster).await?;
    outcome::check_document(&document, population)?;
    check_events(&folder.path().join(EVENTS), population)?;
    let traffic = site.mock.report().await?;
    let first = traffic.first_request_nanos.context("tieout asked for nothing")?;
    let first_request = Duration::from_nanos(first.saturating_sub(spent.started_nanos));
    Ok(Reconciliation { spent, postgres, first_request, traffic })
}

/// A queue that nothing was sent to has no file.
fn check_events(events: &Path, population: &Population) -> anyhow::Result<()> {
    match File::open(events) {
        Ok(events) => outcome::check_events(events, population),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            outcome::check_events(io::empty(), population)
        }
        Err(error) => Err(error).context("the queue"),
    }
}

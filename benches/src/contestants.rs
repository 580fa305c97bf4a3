//! The programs that are compared, each run to its end, measured, and checked. A run that read or found anything but
//! what there is is an error, never a figure.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};

use crate::{
    charges::Population,
    measure::{
        child::{self, Spent},
        postmaster::Postmaster,
    },
    outcome,
    provider::Report,
    stage::{
        database::Database,
        definitions::{self, EVENTS, Setting},
        mock::Mock,
    },
};

/// A population with everything that stands around it.
#[derive(Debug)]
pub struct Site {
    /// What there is.
    pub population: Population,
    /// The upstream side.
    pub mock: Mock,
    /// The local side.
    pub table: String,
}

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

/// Reads the whole feed with a program that only reads: the bare loop, or the walk.
pub async fn reader(program: &Path, site: &Site, scratch: &Path) -> anyhow::Result<Spent> {
    let mut command = Command::new(program);
    command.arg("--base").arg(format!("http://127.0.0.1:{}", site.mock.port()));
    let (spent, said) = finish(command, scratch).await?;
    let items = said.lines().find_map(|line| line.strip_prefix("items: "));
    let all = site.population.items.to_string();
    ensure!(items == Some(&all), "{} read {items:?} of {all} items", program.display());
    Ok(spent)
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
    let before = collected(postmaster, database).await?;
    let mut command = Command::new(program);
    command.args(["run", "--format", "json"]).args(flags).current_dir(folder.path());
    let (spent, document) = finish(command, folder.path()).await?;
    let after = collected(postmaster, database).await?;
    outcome::check_document(&document, population)?;
    let events = folder.path().join(EVENTS);
    outcome::check_events(File::open(&events).context("the queue")?, population)?;
    let traffic = site.mock.report().await?;
    let first = traffic.first_request_nanos.context("tieout asked for nothing")?;
    let first_request = Duration::from_nanos(first.saturating_sub(spent.started_nanos));
    let postgres = after.zip(before).map(|(after, before)| after.saturating_sub(before));
    ensure!(
        postgres.is_none_or(|spent| !spent.is_zero()),
        "the work of PostgreSQL's backends was not collected"
    );
    Ok(Reconciliation { spent, postgres, first_request, traffic })
}

async fn collected(postmaster: Option<Postmaster>, database: &Database) -> anyhow::Result<Option<Duration>> {
    let Some(postmaster) = postmaster else { return Ok(None) };
    postmaster.settled(database.name()).await?;
    postmaster.collected().map(Some)
}

/// Runs a command that must succeed; returns what it wrote to stdout.
async fn finish(mut command: Command, scratch: &Path) -> anyhow::Result<(Spent, String)> {
    let [out, err]: [PathBuf; 2] = [scratch.join("stdout"), scratch.join("stderr")];
    command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(&err)?);
    let name = command.get_program().display().to_string();
    let (status, spent) = child::run(command).await?;
    let (out, err) = (fs::read_to_string(out)?, fs::read_to_string(err)?);
    ensure!(status.success(), "{name} ended with {status}\n{}\n{}", last_lines(&out), last_lines(&err));
    Ok((spent, out))
}

/// The end of an output, where programs say what went wrong.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

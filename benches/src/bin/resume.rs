//! The benchmark of a run that is killed: tieout reads a part of the charges, dies, and the next run carries on. Counts how many
//! requests are repeated, and how long it takes until the next run has made its first one. Prints one line a figure; exits 1 when a
//! target is missed or a result is wrong.

use std::fmt::{self, Display};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde_json::Value;
use tieout_bench::charges::USUAL_DRIFT;
use tieout_bench::contestants;
use tieout_bench::figures::{Figure, Target};
use tieout_bench::measure::{as_f64, median};
use tieout_bench::outcome;
use tieout_bench::provider::{Report, epoch_nanos};
use tieout_bench::stage::database::Database;
use tieout_bench::stage::definitions::{self, EVENTS, Setting};
use tieout_bench::stage::mock::Manners;
use tieout_bench::stage::place::{Place, beside};
use tieout_bench::stage::site::{Site, recent};

/// The charges are spread over this much time: slices of a day each.
const DAYS: u32 = 16;
/// The report of a run, in its folder.
const REPORT: &str = "report.json";
/// How often it is looked whether it is time to kill.
const LOOK: Duration = Duration::from_millis(5);
/// How long a run may take to come to its half.
const PATIENCE: Duration = Duration::from_mins(30);

/// Measures what a run repeats that follows a killed one.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    place: Place,
    /// The tieout that is measured; by default the one built beside this program.
    #[arg(long)]
    tieout: Option<PathBuf>,
    /// Charges.
    #[arg(long, default_value_t = 1_000_000)]
    items: u64,
    /// How many milliseconds every answer takes.
    #[arg(long, default_value_t = 20)]
    latency: u64,
    /// Walks side by side.
    #[arg(long, default_value_t = 8)]
    walks: u32,
    /// Kills, spread evenly over the night.
    #[arg(long, default_value_t = 5)]
    repeats: u32,
}

/// What was asked for.
#[derive(Clone, Copy)]
struct Asked {
    pages: u64,
    lookups: u64,
}

impl Asked {
    const fn of(traffic: &Report) -> Self {
        Self { pages: traffic.pages, lookups: traffic.lookups }
    }

    const fn all(self) -> u64 {
        self.pages + self.lookups
    }
}

impl Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, followed, first_request } = self;
        write!(f, "{asked} ({followed} of them for earlier findings), the first after {first_request:.1?}")
    }
}

impl Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pages and {} look-ups", self.pages, self.lookups)
    }
}

/// What one kill cost.
struct Turn {
    /// What both runs together asked for.
    asked: Asked,
    /// How many of the look-ups were not for what was left to read: the second run looks again at what the first had committed,
    /// as every run does with every finding that is not over.
    followed: u64,
    /// From the start of the second run to the arrival of its first request.
    first_request: Duration,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    args.place.host(async |database| measure(&args, database).await).await
}

async fn measure(args: &Args, database: &Database) -> anyhow::Result<Vec<Figure>> {
    let tieout = args.tieout.clone().map_or_else(|| beside("tieout"), Ok)?;
    let manners = Manners { latency: Duration::from_millis(args.latency), ..Manners::default() };
    let population = recent(args.items, DAYS, USUAL_DRIFT)?;
    let site = Site::build(&beside("mock-provider")?, database, "charges", population, &manners).await?;
    let walks = args.walks.to_string();
    let flags = ["--concurrency", walks.as_str()];
    let whole = contestants::tieout(&tieout, &site, database, None, &flags).await?;
    let least = Asked::of(&whole.traffic);
    eprintln!("undisturbed: {least} in {:.1?}", whole.spent.wall);
    let mut turns = Vec::new();
    for number in 1..=args.repeats {
        let pages = whole.traffic.pages * u64::from(number) / u64::from(args.repeats + 1);
        let turn = killed_after(&tieout, &site, database, &flags, pages).await?;
        eprintln!("killed after {pages} pages: {turn}");
        turns.push(turn);
    }
    let share = |turn: &Turn| {
        let repeated = turn.asked.all().saturating_sub(least.all() + turn.followed);
        as_f64(repeated) / as_f64(least.all())
    };
    let worst = |of: &dyn Fn(&Turn) -> f64| turns.iter().map(of).fold(f64::NAN, f64::max);
    let followed = worst(&|turn| as_f64(turn.followed));
    let first = worst(&|turn| turn.first_request.as_secs_f64());
    Ok(vec![
        Figure::new("repeated_share_of_requests", median(turns.iter().map(share)), 4, Target::Below(0.01)),
        Figure::new("repeated_share_of_requests_at_worst", worst(&share), 4, Target::None),
        Figure::new("looked_at_again", followed, 0, Target::None),
        Figure::new("restart_to_first_request_seconds", first, 2, Target::Below(5.0)),
        Figure::new("undisturbed_requests", as_f64(least.all()), 0, Target::None),
    ])
}

async fn killed_after(
    tieout: &Path,
    site: &Site,
    database: &Database,
    flags: &[&str],
    pages: u64,
) -> anyhow::Result<Turn> {
    let folder = tempfile::tempdir()?;
    let (url, population) = (database.url(), &site.population);
    let setting = Setting { port: site.mock.port(), database: url.as_str(), table: &site.table, population };
    definitions::write(folder.path(), &setting)?;
    site.mock.forget().await?;
    let mut first = start(tieout, folder.path(), flags)?;
    wait_for(site, &mut first, pages).await?;
    first.kill()?;
    first.wait()?;
    let before = site.mock.report().await?;
    // Its lease would lapse by itself; what that takes is not measured here.
    let mut unlock = Command::new(tieout);
    unlock.args(["state", "unlock", "bench.charges", "--force"]).current_dir(folder.path());
    ensure!(unlock.stdout(Stdio::null()).status()?.success(), "the lease of the dead run was not broken");
    site.mock.forget().await?;
    let started = epoch_nanos();
    let second = start(tieout, folder.path(), flags)?.wait()?;
    let followed = followed(&folder.path().join(REPORT))?;
    ensure!(second.success(), "the second run ended with {second}");
    let after = site.mock.report().await?;
    outcome::check_events(File::open(folder.path().join(EVENTS))?, population)?;
    let arrived = after.first_request_nanos.context("the second run asked for nothing")?;
    let first_request = Duration::from_nanos(arrived.saturating_sub(started));
    let [before, after] = [&before, &after].map(Asked::of);
    let asked = Asked { pages: before.pages + after.pages, lookups: before.lookups + after.lookups };
    Ok(Turn { asked, followed, first_request })
}

fn start(tieout: &Path, folder: &Path, flags: &[&str]) -> anyhow::Result<Child> {
    let mut command = Command::new(tieout);
    command.args(["run", "--format", "json"]).args(flags).current_dir(folder).stdin(Stdio::null());
    command.stdout(File::create(folder.join(REPORT))?).stderr(File::create(folder.join("stderr"))?);
    command.spawn().with_context(|| format!("starting {}", tieout.display()))
}

/// How many earlier findings a run looked at again, as its report says.
fn followed(report: &Path) -> anyhow::Result<u64> {
    let report: Value = serde_json::from_reader(File::open(report)?)?;
    let domain = report["domains"].get(0).context("a report without a domain")?;
    domain["follow_up"]["checked"].as_u64().context("a report that does not say what was looked at again")
}

async fn wait_for(site: &Site, run: &mut Child, pages: u64) -> anyhow::Result<()> {
    let late = tokio::time::Instant::now() + PATIENCE;
    while site.mock.report().await?.pages < pages {
        ensure!(run.try_wait()?.is_none(), "the run ended before it was killed");
        ensure!(tokio::time::Instant::now() < late, "the run does not come so far");
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

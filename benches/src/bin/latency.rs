//! The latency benchmark: tieout reconciles with a provider whose every answer takes a while, with one, eight and
//! thirty-two walks side by side, comparison included. Prints one line a figure; exits 1 when a target is missed.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use chrono::{DurationRound as _, TimeDelta, Utc};
use clap::Parser;
use tieout_bench::{
    charges::Population,
    contestants::{self, Reconciliation, Site},
    figures::{Figure, Target},
    measure::median,
    stage::{
        database::Database,
        mock::{Manners, Mock},
    },
};

/// The charges are spread over as many slices of a day as may be read side by side.
const DAYS: u32 = 32;
/// How many charges a page has.
const PAGE: u64 = 100;
const MIB: f64 = 1024.0 * 1024.0;

/// Measures what walking side by side gains where answers take their time.
#[derive(Parser)]
struct Args {
    /// The PostgreSQL server. A database of our own is created there, and dropped.
    #[arg(
        long,
        env = "TIEOUT_TEST_POSTGRES",
        default_value = "postgres://root@127.0.0.1:5432/postgres",
        hide_env_values = true
    )]
    postgres: String,
    /// The name of that database.
    #[arg(long, default_value = "tieout_bench")]
    database: String,
    /// Only drop that database, which an interrupted benchmark may have left.
    #[arg(long)]
    clean: bool,
    /// Charges.
    #[arg(long, default_value_t = 320_000)]
    items: u64,
    /// How many milliseconds every answer takes.
    #[arg(long, default_value_t = 50)]
    latency: u64,
    /// Turns with eight and with thirty-two walks; the figures are medians over them.
    #[arg(long, default_value_t = 3)]
    repeats: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let database = Database::named(&args.postgres, &args.database)?;
    if args.clean {
        database.remove().await?;
        return Ok(ExitCode::SUCCESS);
    }
    database.create().await?;
    let measured = measure(&args, &database).await;
    database.remove().await?;
    let figures = measured.context("no figures, because a run was void")?;
    let mut out = io::stdout().lock();
    for figure in &figures {
        writeln!(out, "{figure}")?;
    }
    Ok(if figures.iter().all(Figure::met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(args: &Args, database: &Database) -> anyhow::Result<Vec<Figure>> {
    let beside = |name: &str| anyhow::Ok(std::env::current_exe()?.with_file_name(name));
    let [tieout, mock]: [PathBuf; 2] = [beside("tieout")?, beside("mock-provider")?];
    let site = build(&mock, database, args).await?;
    let one = reconcile(&tieout, &site, database, 1).await?;
    let (mut eight, mut many) = (Vec::new(), Vec::new());
    for _ in 0..args.repeats {
        eight.push(reconcile(&tieout, &site, database, 8).await?);
        many.push(reconcile(&tieout, &site, database, 32).await?);
    }
    Ok(figures(args, &one, &eight, &many))
}

async fn build(mock: &Path, database: &Database, args: &Args) -> anyhow::Result<Site> {
    let hour = Utc::now().duration_trunc(TimeDelta::hours(1))?;
    let start = (hour - TimeDelta::days(DAYS.into())).timestamp();
    let population = Population { items: args.items, start, seconds: DAYS * 86_400 };
    database.fill("charges", &population).await?;
    let manners = Manners { latency: Duration::from_millis(args.latency), ..Manners::default() };
    let mock = Mock::start(mock, &population, &manners)?;
    Ok(Site { population, mock, table: "charges".to_owned() })
}

async fn reconcile(
    tieout: &Path,
    site: &Site,
    database: &Database,
    walks: u32,
) -> anyhow::Result<Reconciliation> {
    let concurrency = walks.to_string();
    let run = contestants::tieout(tieout, site, database, None, &["--concurrency", &concurrency]).await?;
    eprintln!("{walks} side by side: {:.2?}", run.spent.wall);
    Ok(run)
}

fn figures(
    args: &Args,
    one: &Reconciliation,
    eight: &[Reconciliation],
    many: &[Reconciliation],
) -> Vec<Figure> {
    let speed = |runs: &[Reconciliation]| {
        let wall = median(runs.iter().map(|run| run.spent.wall.as_secs_f64()));
        one.spent.wall.as_secs_f64() / wall
    };
    let peak = |runs: &[Reconciliation]| {
        runs.iter().map(|run| as_f64(run.spent.peak_rss) / MIB).fold(f64::NAN, f64::max)
    };
    let requests = median(many.iter().map(|run| as_f64(run.traffic.pages)));
    let least = as_f64(args.items.div_ceil(PAGE));
    let sequential = one.spent.wall.as_secs_f64();
    vec![
        Figure::new("one_walk_seconds", sequential, 1, Target::None),
        Figure::new("speed_of_8_walks_to_1", speed(eight), 2, Target::AtLeast(7.5)),
        Figure::new("speed_of_32_walks_to_1", speed(many), 2, Target::AtLeast(27.0)),
        Figure::new("requests_ratio_of_32_walks", requests / least, 3, Target::AtMost(1.02)),
        Figure::new("peak_rss_mib_of_8_walks", peak(eight), 1, Target::Below(32.0)),
        Figure::new("peak_rss_mib_of_32_walks", peak(many), 1, Target::Below(64.0)),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "counts and sizes stay far below 2^52")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

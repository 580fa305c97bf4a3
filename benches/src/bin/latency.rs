//! The latency benchmark: tieout reconciles with a provider whose every answer takes a while, with one, eight and
//! thirty-two walks side by side, comparison included. Prints one line a figure; exits 1 when a target is missed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tieout_bench::charges::USUAL_DRIFT;
use tieout_bench::contestants::{self, Reconciliation};
use tieout_bench::figures::{Figure, Target};
use tieout_bench::measure::{MIB, as_f64, median};
use tieout_bench::stage::database::Database;
use tieout_bench::stage::mock::Manners;
use tieout_bench::stage::place::{Place, beside};
use tieout_bench::stage::site::{Site, recent};

/// The charges are spread over as many slices of a day as may be read side by side.
const DAYS: u32 = 32;
/// How many charges a page has.
const PAGE: u64 = 100;

/// Measures what walking side by side gains where answers take their time.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    place: Place,
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
    args.place.host(async |database| measure(&args, database).await).await
}

async fn measure(args: &Args, database: &Database) -> anyhow::Result<Vec<Figure>> {
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
    let manners = Manners { latency: Duration::from_millis(args.latency), ..Manners::default() };
    Site::build(mock, database, "charges", recent(args.items, DAYS, USUAL_DRIFT)?, &manners).await
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

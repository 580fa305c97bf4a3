//! The benchmark of much drift: tieout reconciles charges of which a large part is missing or mismatched. What it holds in
//! memory may depend neither on how many charges there are nor on how many of them differ. Prints one line a figure; exits 1
//! when a target is missed or a result is wrong.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::RangedU64ValueParser;
use tieout_bench::charges::USUAL_DRIFT;
use tieout_bench::contestants::{self, Reconciliation};
use tieout_bench::figures::{Figure, Target};
use tieout_bench::measure::{MIB, as_f64, median, micros_each};
use tieout_bench::stage::database::Database;
use tieout_bench::stage::mock::Manners;
use tieout_bench::stage::place::{Place, beside};
use tieout_bench::stage::site::{Site, recent};

/// The charges of a population are spread over this much time: ten slices of a day each.
const DAYS: u32 = 10;

/// Measures memory where much differs.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    place: Place,
    /// The tieout that is measured; by default the one built beside this program.
    #[arg(long)]
    tieout: Option<PathBuf>,
    /// One charge in so many is missing, and another one mismatched.
    #[arg(long, default_value_t = 10, value_parser = RangedU64ValueParser::<u64>::new().range(2..))]
    drift: u64,
    /// Charges in the large population.
    #[arg(long, default_value_t = 1_000_000)]
    items: u64,
    /// Charges in the small one, which shows whether memory grows.
    #[arg(long, default_value_t = 100_000)]
    few_items: u64,
    /// Turns; each figure is a median over them.
    #[arg(long, default_value_t = 3)]
    repeats: u32,
}

/// What one turn measured.
struct Turn {
    many: Reconciliation,
    few: Reconciliation,
    /// As many charges as in the large population, of which hardly any differs.
    usual: Reconciliation,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    args.place.host(async |database| measure(&args, database).await).await
}

async fn measure(args: &Args, database: &Database) -> anyhow::Result<Vec<Figure>> {
    let tieout = args.tieout.clone().map_or_else(|| beside("tieout"), Ok)?;
    let many = build(database, "charges", args.items, args.drift).await?;
    let few = build(database, "charges_few", args.few_items, args.drift).await?;
    let usual = build(database, "charges_usual", args.items, USUAL_DRIFT).await?;
    // Everything that was found is delivered within the run.
    let run = async |site| contestants::tieout(&tieout, site, database, None, &["--drain", "6h"]).await;
    let mut turns = Vec::new();
    for number in 1..=args.repeats {
        let turn = Turn { many: run(&many).await?, few: run(&few).await?, usual: run(&usual).await? };
        let [many, few, usual] = [&turn.many, &turn.few, &turn.usual].map(peak);
        let of = args.repeats;
        eprintln!(
            "turn {number} of {of}: {many:.1} MiB, {few:.1} of few charges, {usual:.1} of few differences"
        );
        turns.push(turn);
    }
    Ok(figures(args, &turns))
}

async fn build(database: &Database, table: &str, items: u64, drift: u64) -> anyhow::Result<Site> {
    let (mock, population) = (beside("mock-provider")?, recent(items, DAYS, drift)?);
    Site::build(&mock, database, table, population, &Manners::default()).await
}

fn peak(run: &Reconciliation) -> f64 {
    as_f64(run.spent.peak_rss) / MIB
}

fn figures(args: &Args, turns: &[Turn]) -> Vec<Figure> {
    let over = |value: &dyn Fn(&Turn) -> f64| median(turns.iter().map(value));
    let highest = turns.iter().map(|turn| peak(&turn.many)).fold(f64::NAN, f64::max);
    let to_few = over(&|turn| peak(&turn.many)) / over(&|turn| peak(&turn.few));
    let to_usual = over(&|turn| peak(&turn.many)) / over(&|turn| peak(&turn.usual));
    let cpu = over(&|turn| micros_each(turn.many.spent.cpu, args.items));
    vec![
        Figure::new("drifted_peak_rss_mib", highest, 1, Target::AtMost(64.0)),
        Figure::new(
            format!("drifted_peak_rss_ratio_to_{}_items", args.few_items),
            to_few,
            2,
            Target::AtMost(1.05),
        ),
        Figure::new("drifted_peak_rss_ratio_to_usual_drift", to_usual, 2, Target::None),
        Figure::new("drifted_client_cpu_us_per_item", cpu, 2, Target::None),
        Figure::new("drifted_seconds", over(&|turn| turn.many.spent.wall.as_secs_f64()), 1, Target::None),
        Figure::new(
            "drifted_charges_requested",
            over(&|turn| as_f64(turn.many.traffic.lookups)),
            0,
            Target::None,
        ),
    ]
}

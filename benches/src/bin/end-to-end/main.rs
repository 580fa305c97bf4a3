//! The end-to-end benchmark: tieout reconciles a million charges with PostgreSQL, beside a bare loop and a loop that merges
//! over the same pages, in turns, in the same run. Prints one line a figure; exits 1 when a target is missed or a result is
//! wrong.

mod figures;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use tieout_bench::charges::USUAL_DRIFT;
use tieout_bench::contestants::{self, Reconciliation};
use tieout_bench::figures::Figure;
use tieout_bench::measure::child::{self, Spent};
use tieout_bench::measure::postmaster::Postmaster;
use tieout_bench::measure::{MIB, as_f64, ceiling};
use tieout_bench::stage::database::Database;
use tieout_bench::stage::mock::Manners;
use tieout_bench::stage::place::{Place, beside};
use tieout_bench::stage::site::{Site, recent};

/// The charges of a population are spread over this much time: ten slices of a day each.
const DAYS: u32 = 10;

/// Measures a whole reconciliation beside a bare loop and a loop that merges.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    place: Place,
    /// The tieout that is measured; by default the one built beside this program.
    #[arg(long)]
    tieout: Option<PathBuf>,
    /// Charges in the large population; the mock takes about 610 bytes of memory for each.
    #[arg(long, default_value_t = 1_000_000)]
    items: u64,
    /// Charges in the small one, which shows whether memory and CPU time per item grow.
    #[arg(long, default_value_t = 100_000)]
    few_items: u64,
    /// Turns; each figure is a median over them.
    #[arg(long, default_value_t = 5)]
    repeats: u32,
}

/// What one turn measured.
struct Turn {
    bare: Spent,
    merge: Spent,
    many: Reconciliation,
    few: Reconciliation,
    /// A reconciliation of nothing: what it costs to start and to end.
    nothing: Reconciliation,
}

/// The programs of a turn.
struct Programs {
    tieout: PathBuf,
    bare: PathBuf,
    merge: PathBuf,
}

/// What they work on.
struct Sites {
    many: Site,
    few: Site,
    nothing: Site,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    args.place.host(async |database| measure(&args, database).await).await
}

async fn measure(args: &Args, database: &Database) -> anyhow::Result<Vec<Figure>> {
    let tieout = args.tieout.clone().map_or_else(|| beside("tieout"), Ok)?;
    let programs = Programs { tieout, bare: beside("bare-loop")?, merge: beside("merge-loop")? };
    let mock = beside("mock-provider")?;
    let sites = Sites {
        many: build(&mock, database, "charges", args.items).await?,
        few: build(&mock, database, "charges_few", args.few_items).await?,
        nothing: build(&mock, database, "charges_none", 0).await?,
    };
    let postmaster = Postmaster::find(database).await?;
    let (ceiling, tool) = ceiling::pages_per_second(sites.many.mock.port()).await?;
    eprintln!("the mock hands out {ceiling:.0} pages a second ({tool})");
    let mut turns = Vec::new();
    for number in 1..=args.repeats {
        let turn = turn(&programs, &sites, database, postmaster).await?;
        let (bare, merge, many) = (turn.bare.cpu, turn.merge.cpu, turn.many.spent.cpu);
        let of = args.repeats;
        eprintln!("turn {number} of {of}: bare loop {bare:.2?}, merge {merge:.2?}, tieout {many:.2?} of CPU");
        turns.push(turn);
    }
    mask_warning(&turns)?;
    Ok(figures::figures(args, ceiling, &turns))
}

async fn build(mock: &Path, database: &Database, table: &str, items: u64) -> anyhow::Result<Site> {
    let population = recent(items, DAYS, USUAL_DRIFT)?;
    Site::build(mock, database, table, population, &Manners::default()).await
}

async fn turn(
    programs: &Programs,
    sites: &Sites,
    database: &Database,
    postmaster: Option<Postmaster>,
) -> anyhow::Result<Turn> {
    let scratch = tempfile::tempdir()?;
    let scratch = scratch.path();
    let Sites { many, few, nothing } = sites;
    let tieout =
        async |site, postmaster| contestants::tieout(&programs.tieout, site, database, postmaster, &[]).await;
    Ok(Turn {
        bare: contestants::reader(&programs.bare, many, scratch).await?,
        merge: contestants::merger(&programs.merge, many, database, scratch).await?,
        many: tieout(many, postmaster).await?,
        few: tieout(few, postmaster).await?,
        // PostgreSQL's clock is too coarse for it.
        nothing: tieout(nothing, None).await?,
    })
}

/// A child's peak memory cannot be seen below our own.
fn mask_warning(turns: &[Turn]) -> anyhow::Result<()> {
    let floor = child::floor()?;
    if turns.iter().any(|turn| turn.few.spent.peak_rss <= floor) {
        eprintln!("memory below {:.1} MiB is not seen by this instrument", as_f64(floor) / MIB);
    }
    Ok(())
}

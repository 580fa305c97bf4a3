//! The end-to-end benchmark: tieout reconciles a million charges with PostgreSQL, beside a bare loop over the same
//! pages, in turns, in the same run. Prints one line a figure; exits 1 when a target is missed or a result is wrong.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use chrono::{DurationRound as _, TimeDelta, Utc};
use clap::Parser;
use sqlx::Connection as _;
use tieout_bench::{
    charges::Population,
    contestants::{self, Reconciliation, Site},
    figures::{Figure, Target},
    measure::{
        ceiling,
        child::{self, Spent},
        median,
        postmaster::Postmaster,
    },
    stage::{
        database::Database,
        mock::{Manners, Mock},
    },
};

/// The charges of a population are spread over this much time: ten slices of a day each.
const DAYS: u32 = 10;
const MIB: f64 = 1024.0 * 1024.0;

/// Measures a whole reconciliation beside a bare loop.
#[derive(Parser)]
struct Args {
    /// The tieout that is measured; by default the one built beside this program.
    #[arg(long)]
    tieout: Option<PathBuf>,
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
    /// Charges in the large population.
    #[arg(long, default_value_t = 1_000_000)]
    items: u64,
    /// Charges in the small one, which shows whether memory grows.
    #[arg(long, default_value_t = 100_000)]
    few_items: u64,
    /// Turns; each figure is a median over them.
    #[arg(long, default_value_t = 5)]
    repeats: u32,
}

/// What one turn measured.
struct Turn {
    bare: Spent,
    many: Reconciliation,
    few: Reconciliation,
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
    let tieout = args.tieout.clone().map_or_else(|| beside("tieout"), Ok)?;
    let (bare, mock) = (beside("bare-loop")?, beside("mock-provider")?);
    let many = build(&mock, database, "charges", args.items).await?;
    let few = build(&mock, database, "charges_few", args.few_items).await?;
    let postmaster = find_postmaster(database).await?;
    let (ceiling, tool) = ceiling::pages_per_second(many.mock.port()).await?;
    eprintln!("the mock hands out {ceiling:.0} pages a second ({tool})");
    let scratch = tempfile::tempdir()?;
    let mut turns = Vec::new();
    for turn in 1..=args.repeats {
        let bare = contestants::reader(&bare, &many, scratch.path()).await?;
        let run = contestants::tieout(&tieout, &many, database, postmaster, &[]).await?;
        let few = contestants::tieout(&tieout, &few, database, postmaster, &[]).await?;
        let (fast, slow) = (bare.wall, run.spent.wall);
        eprintln!("turn {turn} of {}: bare loop {fast:.2?}, tieout {slow:.2?}", args.repeats);
        turns.push(Turn { bare, many: run, few });
    }
    mask_warning(&turns)?;
    Ok(figures(args, ceiling, &turns))
}

/// The instrument for PostgreSQL, if there is one here. Its own session is over before anything is measured.
async fn find_postmaster(database: &Database) -> anyhow::Result<Option<Postmaster>> {
    let mut server = database.server().await?;
    let found = Postmaster::of(&mut server).await;
    server.close().await?;
    Ok(found.inspect_err(|error| eprintln!("PostgreSQL is not measured: {error:#}")).ok())
}

async fn build(mock: &Path, database: &Database, table: &str, items: u64) -> anyhow::Result<Site> {
    eprintln!("building both sides of {items} charges");
    let hour = Utc::now().duration_trunc(TimeDelta::hours(1))?;
    let start = (hour - TimeDelta::days(DAYS.into())).timestamp();
    let population = Population { items, start, seconds: DAYS * 86_400 };
    database.fill(table, &population).await?;
    Ok(Site {
        population,
        mock: Mock::start(mock, &population, &Manners::default())?,
        table: table.to_owned(),
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

fn figures(args: &Args, ceiling: f64, turns: &[Turn]) -> Vec<Figure> {
    let over = |value: &dyn Fn(&Turn) -> f64| median(turns.iter().map(value));
    let items = as_f64(args.items);
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / items;
    let bare_rate = over(&|turn| items / turn.bare.wall.as_secs_f64());
    let postgres = turns.iter().map(|turn| turn.many.postgres.map(micros)).collect::<Option<Vec<f64>>>();
    let ratio = |part: Duration, whole: Duration| part.as_secs_f64() / whole.as_secs_f64();
    let peak = |run: &Reconciliation| as_f64(run.spent.peak_rss) / MIB;
    let highest = turns.iter().map(|turn| peak(&turn.many)).fold(f64::NAN, f64::max);
    let few = args.few_items;
    vec![
        Figure::new("bare_loop_cpu_us_per_item", over(&|turn| micros(turn.bare.cpu)), 2, Target::None),
        Figure::new("bare_loop_items_per_second", bare_rate, 0, Target::None),
        Figure::new("mock_pages_ratio_to_bare_loop", ceiling * 100.0 / bare_rate, 2, Target::AtLeast(2.0)),
        Figure::new("client_cpu_us_per_item", over(&|turn| micros(turn.many.spent.cpu)), 2, Target::None),
        Figure::new(
            "client_cpu_ratio",
            over(&|turn| ratio(turn.many.spent.cpu, turn.bare.cpu)),
            2,
            Target::AtMost(2.5),
        ),
        Figure {
            name: "postgres_cpu_us_per_item".to_owned(),
            value: postgres.map(median),
            digits: 2,
            target: Target::AtMost(1.5),
        },
        Figure::new(
            "items_per_second",
            over(&|turn| items / turn.many.spent.wall.as_secs_f64()),
            0,
            Target::None,
        ),
        Figure::new(
            "items_per_second_ratio",
            over(&|turn| ratio(turn.bare.wall, turn.many.spent.wall)),
            2,
            Target::AtLeast(0.5),
        ),
        Figure::new("peak_rss_mib", highest, 1, Target::Below(64.0)),
        Figure::new(
            format!("peak_rss_ratio_to_{few}_items"),
            over(&|turn| peak(&turn.many)) / over(&|turn| peak(&turn.few)),
            2,
            Target::AtMost(1.10),
        ),
        Figure::new(
            "start_to_first_request_ms",
            over(&|turn| turn.many.first_request.as_secs_f64() * 1e3),
            1,
            Target::Below(50.0),
        ),
        Figure::new("pages_requested", over(&|turn| as_f64(turn.many.traffic.pages)), 0, Target::None),
        Figure::new("charges_requested", over(&|turn| as_f64(turn.many.traffic.lookups)), 0, Target::None),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "counts and sizes stay far below 2^52")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

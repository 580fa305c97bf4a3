//! The walk benchmark: tieout's walk and projection beside a bare typed loop over the same pages, in turns, and what it
//! asks for while the provider answers with errors for a while. Prints one line a figure; exits 1 when a target is missed.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use tieout_bench::{
    charges::{Population, USUAL_DRIFT},
    contestants,
    figures::{Figure, Target},
    measure::{MIB, as_f64, child::Spent, median},
    stage::{
        mock::{Manners, Mock},
        place::beside,
        site::Site,
    },
};

/// How many charges a page has.
const PAGE: u64 = 100;

/// Measures the walk beside a bare loop.
#[derive(Parser)]
struct Args {
    /// Charges in the large population.
    #[arg(long, default_value_t = 1_000_000)]
    items: u64,
    /// Charges in the small one, which shows whether memory grows and which the burst of errors is walked with.
    #[arg(long, default_value_t = 100_000)]
    few_items: u64,
    /// How long the provider answers with errors.
    #[arg(long, default_value_t = 30)]
    burst_seconds: u64,
    /// Turns; each figure is a median over them.
    #[arg(long, default_value_t = 5)]
    repeats: u32,
    /// For `benches/run`, which gives every benchmark a database.
    #[arg(long, hide = true)]
    database: Option<String>,
    /// The same; there is nothing to clean here.
    #[arg(long, hide = true)]
    clean: bool,
}

struct Turn {
    bare: Spent,
    walk: Spent,
    few: Spent,
    pages: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if args.clean {
        return Ok(ExitCode::SUCCESS);
    }
    let programs = [beside("bare-loop")?, beside("walk-loop")?, beside("mock-provider")?];
    let [bare, walk, mock] = programs.each_ref().map(PathBuf::as_path);
    let turns = turns(&args, bare, walk, mock).await?;
    let burst = burst(&args, walk, mock).await?;
    let mut out = io::stdout().lock();
    let figures = figures(&args, &turns, burst);
    for figure in &figures {
        writeln!(out, "{figure}")?;
    }
    Ok(if figures.iter().all(Figure::met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn turns(args: &Args, bare: &Path, walk: &Path, mock: &Path) -> anyhow::Result<Vec<Turn>> {
    let many = site(mock, args.items, Manners::default())?;
    let few = site(mock, args.few_items, Manners::default())?;
    let scratch = tempfile::tempdir()?;
    let mut turns = Vec::new();
    for turn in 1..=args.repeats {
        let bare = contestants::reader(bare, &many, scratch.path()).await?;
        many.mock.forget().await?;
        let walked = contestants::reader(walk, &many, scratch.path()).await?;
        let pages = many.mock.report().await?.pages;
        let few = contestants::reader(walk, &few, scratch.path()).await?;
        eprintln!("turn {turn} of {}: bare loop {:.2?}, walk {:.2?}", args.repeats, bare.cpu, walked.cpu);
        turns.push(Turn { bare, walk: walked, few, pages });
    }
    Ok(turns)
}

/// The requests of a walk whose provider answers with errors for a while in its middle.
async fn burst(args: &Args, walk: &Path, mock: &Path) -> anyhow::Result<u64> {
    let manners = Manners {
        fails_after: Some(args.few_items / PAGE / 2),
        fails_for: Duration::from_secs(args.burst_seconds),
        ..Manners::default()
    };
    let site = site(mock, args.few_items, manners)?;
    let scratch = tempfile::tempdir()?;
    eprintln!("a burst of errors for {} s", args.burst_seconds);
    contestants::reader(walk, &site, scratch.path()).await?;
    Ok(site.mock.report().await?.pages)
}

fn site(mock: &Path, items: u64, manners: Manners) -> anyhow::Result<Site> {
    let population = Population { items, start: 1_750_000_000, seconds: 864_000, one_in: USUAL_DRIFT };
    Ok(Site { population, mock: Mock::start(mock, &population, &manners)?, table: String::new() })
}

fn figures(args: &Args, turns: &[Turn], burst: u64) -> Vec<Figure> {
    let over = |value: &dyn Fn(&Turn) -> f64| median(turns.iter().map(value));
    let items = as_f64(args.items);
    let micros = |spent: &Spent| spent.cpu.as_secs_f64() * 1e6 / items;
    let least = |items: u64| as_f64(items.div_ceil(PAGE));
    let ratio = |turn: &Turn| turn.walk.cpu.as_secs_f64() / turn.bare.cpu.as_secs_f64();
    let peak = |spent: &Spent| as_f64(spent.peak_rss) / MIB;
    vec![
        Figure::new("bare_loop_cpu_us_per_item", over(&|turn| micros(&turn.bare)), 2, Target::None),
        Figure::new("walk_cpu_us_per_item", over(&|turn| micros(&turn.walk)), 2, Target::None),
        Figure::new("walk_cpu_ratio", over(&ratio), 2, Target::AtMost(1.6)),
        Figure::new(
            "walk_requests_ratio",
            over(&|turn| as_f64(turn.pages)) / least(args.items),
            3,
            Target::AtMost(1.02),
        ),
        Figure::new("burst_requests_ratio", as_f64(burst) / least(args.few_items), 3, Target::AtMost(1.2)),
        Figure::new("walk_peak_rss_mib", over(&|turn| peak(&turn.walk)), 1, Target::None),
        Figure::new(
            format!("walk_peak_rss_ratio_to_{}_items", args.few_items),
            over(&|turn| peak(&turn.walk)) / over(&|turn| peak(&turn.few)),
            2,
            Target::AtMost(1.05),
        ),
    ]
}

//! The benchmark of the comparison alone: tieout's own parts on pages in memory and rows in PostgreSQL or SQLite, and
//! reladiff on the same rows in two tables, in turns. Prints one line a figure; exits 1 when a target is missed or a result
//! is wrong.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tieout_bench::charges::{Population, USUAL_DRIFT};
use tieout_bench::contestants::{self, Comparison, Tables};
use tieout_bench::figures::{Figure, Target};
use tieout_bench::measure::child::Spent;
use tieout_bench::measure::postmaster::Postmaster;
use tieout_bench::measure::{median, micros_each};
use tieout_bench::stage::database::Database;
use tieout_bench::stage::file;
use tieout_bench::stage::place::{Place, beside};
use tieout_bench::stage::rows::Side;
use tieout_bench::stage::site::recent;

/// The charges are spread over this much time: ten slices of a day each.
const DAYS: u32 = 10;
const TABLES: Tables<'static> = Tables { local: "charges", upstream: "charges_upstream" };

/// Measures the comparison alone, beside reladiff.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    place: Place,
    /// Charges.
    #[arg(long, default_value_t = 1_000_000)]
    items: u64,
    /// Turns; each figure is a median over them.
    #[arg(long, default_value_t = 3)]
    repeats: u32,
    /// reladiff, as `benches/peers` installs it; by default the one of this build's folder.
    #[arg(long)]
    reladiff: Option<PathBuf>,
}

/// Everything that is compared, and what compares it.
struct Arena<'a> {
    database: &'a Database,
    population: Population,
    file: PathBuf,
    postmaster: Option<Postmaster>,
    program: PathBuf,
    /// None where it is not installed.
    reladiff: Option<PathBuf>,
    scratch: tempfile::TempDir,
}

/// What one turn measured.
struct Turn {
    render: Spent,
    project: Spent,
    postgres: Comparison,
    sqlite: Comparison,
    reladiff: Option<Comparison>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    args.place.host(async |database| measure(&args, database).await).await
}

async fn measure(args: &Args, database: &Database) -> anyhow::Result<Vec<Figure>> {
    let arena = Arena::build(args, database).await?;
    let mut turns = Vec::new();
    for number in 1..=args.repeats {
        let turn = arena.turn().await?;
        let (ours, theirs) = (turn.postgres.spent.cpu, turn.reladiff.map(|peer| peer.spent.cpu));
        eprintln!(
            "turn {number} of {}: tieout {ours:.2?}, reladiff {theirs:.2?} of client CPU",
            args.repeats
        );
        turns.push(turn);
    }
    Ok(figures(args.items, &turns))
}

impl<'a> Arena<'a> {
    async fn build(args: &Args, database: &'a Database) -> anyhow::Result<Self> {
        let population = recent(args.items, DAYS, USUAL_DRIFT)?;
        eprintln!("building both sides of {} charges", args.items);
        database.fill(TABLES.local, Side::Local, &population).await?;
        database.fill(TABLES.upstream, Side::Upstream, &population).await?;
        let scratch = tempfile::tempdir()?;
        let file = scratch.path().join("charges.db");
        file::fill(&file, &population).await?;
        let postmaster = Postmaster::find(database).await?;
        let (program, reladiff) = (beside("compare-loop")?, find_reladiff(args)?);
        Ok(Self { database, population, file, postmaster, program, reladiff, scratch })
    }

    async fn turn(&self) -> anyhow::Result<Turn> {
        let Self { database, population, postmaster, program, .. } = self;
        let scratch = self.scratch.path();
        let local = (*database, TABLES.local);
        Ok(Turn {
            render: contestants::part_of_comparison(program, population, "render", scratch).await?,
            project: contestants::part_of_comparison(program, population, "project", scratch).await?,
            postgres: contestants::comparison(program, population, local, *postmaster, scratch).await?,
            sqlite: contestants::comparison_with_file(program, population, &self.file, scratch).await?,
            reladiff: self.peer(scratch).await?,
        })
    }

    async fn peer(&self, scratch: &Path) -> anyhow::Result<Option<Comparison>> {
        let Some(program) = &self.reladiff else { return Ok(None) };
        let tables = (self.database, TABLES);
        let compared = contestants::reladiff(program, &self.population, tables, self.postmaster, scratch);
        compared.await.map(Some)
    }
}

/// Where reladiff is; nothing where it is not installed, which is said.
fn find_reladiff(args: &Args) -> anyhow::Result<Option<PathBuf>> {
    let installed = beside("../bench-venv/bin/reladiff")?;
    let program = args.reladiff.clone().unwrap_or(installed);
    let is_there = program.is_file();
    if !is_there {
        eprintln!("reladiff is not measured: there is no {}; benches/peers installs it", program.display());
    }
    Ok(is_there.then_some(program))
}

fn figures(items: u64, turns: &[Turn]) -> Vec<Figure> {
    let over =
        |value: &dyn Fn(&Turn) -> Duration| median(turns.iter().map(|turn| micros_each(value(turn), items)));
    let some = |value: &dyn Fn(&Turn) -> Option<f64>| {
        turns.iter().map(value).collect::<Option<Vec<f64>>>().map(median)
    };
    let each = |time: Duration| micros_each(time, items);
    let both = |turn: &Turn| Some(each(turn.compared() + turn.postgres.postgres?));
    let peer = |turn: &Turn| Some(each(turn.reladiff?.whole()?));
    let lead =
        |turn: &Turn| Some(turn.reladiff?.whole()?.as_secs_f64() / turn.with_projection()?.as_secs_f64());
    let server = |turn: &Turn| turn.postgres.postgres.map(each);
    vec![
        Figure::new("projection_cpu_us_per_row", over(&Turn::projected), 2, Target::None),
        Figure::new("comparison_client_cpu_us_per_row", over(&Turn::compared), 2, Target::None),
        Figure::measured("comparison_postgres_cpu_us_per_row", some(&server), 2, Target::None),
        Figure::measured("comparison_cpu_us_per_row", some(&both), 2, Target::AtMost(1.5)),
        Figure::new("sqlite_cpu_us_per_row", over(&Turn::compared_with_file), 2, Target::AtMost(2.0)),
        Figure::measured("reladiff_cpu_us_per_row", some(&peer), 1, Target::None),
        Figure::measured("reladiff_cpu_ratio", some(&lead), 1, Target::AtLeast(15.0)),
    ]
}

impl Turn {
    /// The client's time for the projection alone.
    fn projected(&self) -> Duration {
        self.project.cpu.saturating_sub(self.render.cpu)
    }

    /// The client's time for the comparison alone.
    fn compared(&self) -> Duration {
        self.postgres.spent.cpu.saturating_sub(self.project.cpu)
    }

    /// The same with SQLite, whose work is the client's.
    fn compared_with_file(&self) -> Duration {
        self.sqlite.spent.cpu.saturating_sub(self.project.cpu)
    }

    /// Everything that the comparison costs on both sides, the projection of the pages included.
    fn with_projection(&self) -> Option<Duration> {
        Some(self.postgres.spent.cpu.saturating_sub(self.render.cpu) + self.postgres.postgres?)
    }
}

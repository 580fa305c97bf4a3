//! The comparison alone, as a run makes it: pages that lie rendered in memory are projected and compared with the local
//! rows of their ranges, what met nothing is looked up by key, and what differs is counted. No HTTP, no second look at the
//! provider, no state, no event. With less to do it stops earlier, so that each step's own time can be told.

use std::collections::HashMap;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Parser, ValueEnum};
use tieout::confirm::rows_by_key;
use tieout::diff::{BATCH, Difference, SliceDiff};
use tieout::local::{Database, Reader};
use tieout_bench::catalogue::{Catalogue, Selection};
use tieout_bench::charges::{Population, USUAL_DRIFT};
use tieout_bench::stage::definitions;
use tieout_reconcilers::define::definition::Definition;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::page::Response;
use tieout_reconcilers::reconciler::Reconciler as _;
use tieout_reconcilers::window::{Purpose, Slice, Window};

/// The items of a page.
const PAGE: u64 = 100;
/// How many items wait for their rows in a run that reads four slices side by side.
const WAITING: usize = 2 * BATCH / 4;
/// The window of a slice.
const SLICE: Duration = Duration::from_hours(24);

/// Compares a population with a table.
#[derive(Parser)]
struct Args {
    /// How much of it is done.
    #[arg(long, value_enum, default_value_t = Work::Compare)]
    work: Work,
    /// The address of the local database: `postgres://` or `sqlite:`.
    #[arg(long, env = "TIEOUT_BENCH_LOCAL", hide_env_values = true)]
    local: String,
    /// The table with the local rows.
    #[arg(long)]
    table: String,
    /// How many charges there are.
    #[arg(long)]
    items: u64,
    /// When the oldest was created, in Unix seconds.
    #[arg(long)]
    start: i64,
    /// The range over which they are spread, in seconds.
    #[arg(long)]
    seconds: u32,
}

/// How far the work goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Work {
    /// The pages are rendered, and that is all.
    Render,
    /// They are projected too, and dropped.
    Project,
    /// They are compared with the local rows.
    Compare,
}

/// What was found.
#[derive(Default)]
struct Found {
    items: u64,
    missing: usize,
    mismatched: usize,
    orphaned: usize,
}

/// The upstream side, in memory.
struct Pages {
    catalogue: Catalogue,
    definition: Definition,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Args { work, local, table, items, start, seconds } = Args::parse();
    let population = Population { items, start, seconds, one_in: USUAL_DRIFT };
    let definition = definitions::definition(&table, start)?;
    let pages = Pages { catalogue: black_box(Catalogue::render(population)), definition };
    let at = |second: i64| Instant::from_micros(second * 1_000_000);
    let whole = Window::new(at(start), at(start + i64::from(seconds))).context("an empty range")?;
    let slices: Vec<Slice> =
        whole.pieces(SLICE).into_iter().map(|window| Slice::new(window, Purpose::Coverage)).collect();
    let found = match work {
        Work::Render => Found { items, ..Found::default() },
        Work::Project => project(&pages, &slices)?,
        Work::Compare => compare(&pages, &slices, &local).await?,
    };
    let mut out = io::stdout().lock();
    writeln!(out, "items: {}", found.items)?;
    writeln!(out, "missing: {}", found.missing)?;
    writeln!(out, "mismatched: {}", found.mismatched)?;
    writeln!(out, "orphaned: {}", found.orphaned)?;
    Ok(())
}

fn project(pages: &Pages, slices: &[Slice]) -> anyhow::Result<Found> {
    let mut found = Found::default();
    for slice in slices {
        for page in pages.of(slice) {
            found.items += black_box(page?).len() as u64;
        }
    }
    Ok(found)
}

async fn compare(pages: &Pages, slices: &[Slice], local: &str) -> anyhow::Result<Found> {
    let database = Database::connect("bench", &local.to_owned().into()).await?;
    let definition = &pages.definition;
    let reader = database.reader(definition.local(), definition.fields()).await?;
    let mut found = Found::default();
    for slice in slices {
        let difference = compare_slice(pages, slice, &reader).await?;
        ensure!(difference.doubts.is_empty(), "the comparison doubts: {:?}", difference.doubts);
        let seen_on = difference.suspects.iter().map(|suspect| (suspect.upstream, suspect.local));
        let of = |sides| seen_on.clone().filter(|seen| *seen == sides).count();
        found.items += difference.tally.upstream;
        found.missing += of((true, false));
        found.mismatched += of((true, true));
        found.orphaned += of((false, true));
    }
    database.close().await;
    Ok(found)
}

async fn compare_slice(pages: &Pages, slice: &Slice, reader: &Reader) -> anyhow::Result<Difference> {
    let definition = &pages.definition;
    let diff = SliceDiff::new(definition.fields(), definition.feed(), slice.window);
    let mut diff = diff.with_batch(WAITING);
    for page in pages.of(slice) {
        diff.take(&page?);
        while let Some(range) = diff.ready() {
            meet(reader, &mut diff, range).await?;
        }
    }
    if let Some(rest) = diff.rest() {
        meet(reader, &mut diff, rest).await?;
    }
    let unmatched = diff.finish();
    let (stragglers, _) = rows_by_key(reader, &unmatched.keys()).await?;
    Ok(unmatched.resolve(&stragglers, &HashMap::new()))
}

async fn meet(reader: &Reader, diff: &mut SliceDiff<'_>, range: Window) -> anyhow::Result<()> {
    let mut meet = |row: tieout_reconcilers::row::Row<'_>| {
        diff.meet(row);
        ControlFlow::Continue(())
    };
    let read = reader.rows(range, &mut meet).await?;
    ensure!(read.bad_keys + read.unreadable == 0, "{} local values cannot be used", read.unreadable);
    diff.close(range);
    Ok(())
}

impl Pages {
    /// The projected items of a slice, page by page, newest first.
    fn of(&self, slice: &Slice) -> impl Iterator<Item = anyhow::Result<Items>> {
        let second = |at: Instant| at.micros().div_euclid(1_000_000);
        let (from, until) = (second(slice.window.from()), second(slice.window.to()));
        let population = self.catalogue.population();
        let (oldest, mut end) = (population.first_at(from), population.first_at(until));
        let request = self.definition.first_page(slice);
        let mut body = Vec::new();
        std::iter::from_fn(move || {
            let page = self.catalogue.page(&Selection { limit: PAGE, after: Some(end), from, until });
            if end <= oldest {
                return None;
            }
            end = end.saturating_sub(PAGE).max(oldest);
            body.clear();
            page.parts().into_iter().for_each(|part| body.extend_from_slice(part));
            let response = Response { status: 200, headers: &[], body: &body };
            Some(match self.definition.read_page(slice, &request, &response) {
                Ok(page) if page.faults.is_empty() => Ok(page.items),
                Ok(page) => Err(anyhow::anyhow!("{} rows of a page cannot be projected", page.faults.len())),
                Err(fault) => Err(anyhow::anyhow!("a page cannot be read: {fault:?}")),
            })
        })
    }
}

//! The walk alone, as a run makes it: definition, client, projection and guard, with every page dropped as it comes. It
//! compares nothing and stores nothing, so that it can be held against the bare loop.

use std::{
    hint::black_box,
    io::{self, Write as _},
    sync::Arc,
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use tieout::source::{Client, Coverage, ProviderSettings, Walk};
use tieout_bench::stage::definitions;
use tieout_reconcilers::{
    instant::Instant,
    window::{Purpose, Slice, Window},
};

/// Walks the whole list of the mock provider.
#[derive(Parser)]
struct Args {
    /// The provider's origin, for example `http://127.0.0.1:8420`.
    #[arg(long)]
    base: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Args { base } = Args::parse();
    let mut settings = ProviderSettings::new("bench".parse()?, base.parse::<url::Url>()?);
    settings.allow_private = true;
    let window = Window::new(Instant::from_micros(0), chrono::Utc::now().into()).context("no window")?;
    let slice = Slice::new(window, Purpose::Coverage);
    let mut walk =
        Walk::start(Client::new(&settings)?, Arc::new(definitions::definition("charges", 0)?), slice);
    let mut items = 0;
    while let Some(page) = walk.next().await {
        items += black_box(&page.items).len();
    }
    let coverage = walk.coverage().await;
    ensure!(coverage == Coverage::Complete, "the walk is {coverage:?}");
    writeln!(io::stdout(), "items: {items}")?;
    Ok(())
}

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
    define::{
        definition::{Definition, Settings},
        document::Document,
        domain::DomainDefinition,
        problem::Problem,
        provider::ProviderDefinition,
    },
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
    let mut walk = Walk::start(Client::new(&settings)?, Arc::new(definition()?), slice);
    let mut items = 0;
    while let Some(page) = walk.next().await {
        items += black_box(&page.items).len();
    }
    let coverage = walk.coverage().await;
    ensure!(coverage == Coverage::Complete, "the walk is {coverage:?}");
    writeln!(io::stdout(), "items: {items}")?;
    Ok(())
}

/// The domain of the end-to-end benchmark.
fn definition() -> anyhow::Result<Definition> {
    let provider = ProviderDefinition::parse(&Document::new("provider", &definitions::provider(1)));
    let domain = DomainDefinition::parse(&Document::new("domain", &definitions::domain("charges", 0)));
    let provider = provider.map_err(|problems| first(&problems))?;
    let domain = domain.map_err(|problems| first(&problems))?;
    let feed = provider.feeds.get(&domain.feed.feed).context("no feed")?;
    Definition::new(&provider, feed, domain, &Settings::default())
        .map_err(|slot| anyhow::anyhow!("{slot} is not set"))
}

fn first(problems: &[Problem]) -> anyhow::Error {
    anyhow::anyhow!("{}", problems.first().map(ToString::to_string).unwrap_or_default())
}

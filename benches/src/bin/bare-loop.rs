//! The yardstick: what a careful programmer writes who only wants to read every item, one page after the other,
//! typed, five fields borrowed from the page. It compares nothing and stores nothing.

use std::{
    hint::black_box,
    io::{self, Write as _},
    time::Instant,
};

use anyhow::Context as _;
use clap::Parser;
use procfs::process::Process;
use serde::Deserialize;

/// Reads the whole list of a provider and says what that cost.
#[derive(Parser)]
struct Args {
    /// The provider's origin, for example `http://127.0.0.1:8420`.
    #[arg(long)]
    base: String,
}

#[derive(Deserialize)]
struct Page<'p> {
    #[serde(borrow)]
    data: Vec<Charge<'p>>,
    has_more: bool,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the fields are read to pay for their parsing")]
struct Charge<'p> {
    id: &'p str,
    created: i64,
    amount: i64,
    currency: &'p str,
    status: &'p str,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Args { base } = Args::parse();
    let start = Instant::now();
    let items = walk(&base).await?;
    let wall = start.elapsed().as_secs_f64();
    let (cpu, peak) = spent()?;
    let mut out = io::stdout().lock();
    writeln!(out, "items: {items}")?;
    writeln!(out, "wall_seconds: {wall:.3}")?;
    writeln!(out, "cpu_seconds: {cpu:.2}")?;
    writeln!(out, "peak_rss_kib: {peak}")?;
    Ok(())
}

async fn walk(base: &str) -> anyhow::Result<usize> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let first = format!("{base}/v1/charges?limit=100");
    let (mut url, mut items) = (first.clone(), 0);
    loop {
        let body = client.get(&url).send().await?.error_for_status()?.bytes().await?;
        let page: Page<'_> = serde_json::from_slice(&body)?;
        items += black_box(&page.data).len();
        match page.data.last() {
            Some(last) if page.has_more => url = format!("{first}&starting_after={}", last.id),
            _ => return Ok(items),
        }
    }
}

/// CPU seconds, user and system, and the peak resident set in KiB, of this process.
fn spent() -> anyhow::Result<(f64, u64)> {
    let process = Process::myself()?;
    let stat = process.stat()?;
    let ticks = u32::try_from(stat.utime + stat.stime)?;
    let rate = u32::try_from(procfs::ticks_per_second())?;
    let peak = process.status()?.vmhwm.context("the kernel does not say VmHWM")?;
    Ok((f64::from(ticks) / f64::from(rate), peak))
}

//! The mock provider as a process of its own, so that its CPU time is not its clients'. Prints its port when ready.

use std::{
    io::{self, Write as _},
    net::Ipv4Addr,
    thread,
    time::Duration,
};

use clap::Parser;
use tieout_bench::{
    catalogue::Catalogue,
    charges::{Population, USUAL_DRIFT},
    provider::{self, Outage},
};
use tokio::net::TcpListener;

/// A Stripe-like list of charges on loopback, fast enough to measure clients with.
#[derive(Parser)]
struct Args {
    /// How many charges it has (about 610 bytes of memory each).
    #[arg(long, default_value_t = 1_000_000)]
    items: u64,
    /// The port; 0 takes a free one. It is printed on stdout once the mock answers.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// When the oldest charge was created, in Unix seconds.
    #[arg(long, default_value_t = 1_750_000_000)]
    start: i64,
    /// The range over which the charges are spread, in seconds.
    #[arg(long, default_value_t = 864_000)]
    seconds: u32,
    /// After how many pages it answers with errors for a while; never when left out.
    #[arg(long)]
    fails_after: Option<u64>,
    /// For how many seconds it does.
    #[arg(long, default_value_t = 0)]
    fails_for: u64,
    /// How many milliseconds every answer takes on its way.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Exit when stdin is closed, and so with the process that started the mock.
    #[arg(long)]
    tethered: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Args { items, port, start, seconds, fails_after, fails_for, latency, tethered } = Args::parse();
    if tethered {
        thread::spawn(exit_with_stdin);
    }
    let catalogue = Catalogue::render(Population { items, start, seconds, one_in: USUAL_DRIFT });
    let outage = fails_after.map(|pages| Outage::new(pages, Duration::from_secs(fails_for)));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?.port())?;
    let latency = Duration::from_millis(latency);
    Ok(provider::serve(listener, catalogue, outage, latency).await?)
}

fn exit_with_stdin() {
    // An unreadable stdin is as good as a closed one.
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    std::process::exit(0);
}

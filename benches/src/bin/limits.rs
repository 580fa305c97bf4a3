//! How much of what a provider permits is used, and how often it has to refuse: with the rate declared, learned from headers, and
//! learned from refusals alone. Prints one line a figure; exits 1 when a target is missed.

use std::io::{self, Write as _};
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use clap::Parser;
use tieout::source::{Client, ProviderSettings};
use tieout_bench::figures::{Figure, Target};
use tieout_bench::limited::{Limited, Permits, Seen, Shows};
use tieout_reconcilers::define::limits::Allowance;
use tieout_reconcilers::page::{self, Answer, PageRequest, Response};

/// How many requests are wanted at the same time.
const WALKERS: u32 = 8;

/// What is permitted: a burst of a quarter of a second and of a whole one, and how many requests are sent.
const PERMITS: [(Permits, u32); 4] = [
    (Permits { per_second: 100, burst: 25 }, 1_500),
    (Permits { per_second: 100, burst: 100 }, 1_500),
    (Permits { per_second: 20, burst: 5 }, 500),
    (Permits { per_second: 20, burst: 20 }, 500),
];

/// Measures how much of a permitted rate is used.
#[derive(Parser)]
struct Args {
    /// Not used: no database takes part.
    #[arg(long, hide = true)]
    database: Option<String>,
}

/// How the client comes to know the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knows {
    Declared,
    Left,
    RateLimit,
    Refusals,
}

/// One measurement.
struct Run {
    knows: Knows,
    permits: Permits,
    seen: Seen,
    lost: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Args { database: _ } = Args::parse();
    let mut figures = Vec::new();
    for knows in [Knows::Declared, Knows::Left, Knows::RateLimit, Knows::Refusals] {
        let runs = PERMITS.map(|(permits, requests)| tokio::spawn(run(knows, permits, requests)));
        for run in runs {
            figures.extend(run.await??.figures());
        }
    }
    let mut out = io::stdout().lock();
    for figure in &figures {
        writeln!(out, "{figure}")?;
    }
    Ok(if figures.iter().all(Figure::met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(knows: Knows, permits: Permits, requests: u32) -> anyhow::Result<Run> {
    let shows = match knows {
        Knows::Declared | Knows::Refusals => Shows::Refusals,
        Knows::Left => Shows::Left,
        Knows::RateLimit => Shows::RateLimit,
    };
    let (limited, url) = Limited::start(permits, shows).await?;
    let mut settings = ProviderSettings::new("limited".parse()?, url);
    settings.allow_private = true;
    if knows == Knows::Declared {
        let per_second = Some(f64::from(permits.per_second));
        settings.limits.everywhere =
            Allowance { per_second, burst: NonZeroU32::new(permits.burst), ..Allowance::default() };
    }
    let client = Client::new(&settings)?;
    let (next, lost) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let walkers = (0..WALKERS).map(|_| {
        let (client, next, lost) = (client.clone(), Arc::clone(&next), Arc::clone(&lost));
        tokio::spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < requests {
                if client.fetch(&request(), None, classify).await.is_err() {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    });
    for walker in walkers.collect::<Vec<_>>() {
        walker.await?;
    }
    Ok(Run { knows, permits, seen: limited.seen(), lost: lost.load(Ordering::Relaxed) })
}

fn request() -> PageRequest {
    PageRequest::get(page::Target::Path { path: "/items".to_owned(), query: Vec::new() })
}

fn classify(response: &Response<'_>) -> Answer {
    match response.status {
        200 => Answer::Read,
        status => Answer::Retry(format!("status {status}")),
    }
}

impl Run {
    fn figures(&self) -> [Figure; 3] {
        let Permits { per_second, burst } = self.permits;
        let how = match self.knows {
            Knows::Declared => "declared",
            Knows::Left => "learned_from_remaining",
            Knows::RateLimit => "learned_from_ratelimit",
            Knows::Refusals => "learned_from_429",
        };
        let name = |what: &str| format!("{how}_{per_second}_per_second_burst_{burst}_{what}");
        let permitted = f64::from(burst) + f64::from(per_second) * self.seen.span.as_secs_f64();
        let refused = f64::from(self.seen.refused) / f64::from(self.seen.taken) * 500.0;
        let (share, refusals) = match self.knows {
            Knows::Declared => (Target::AtLeast(0.98), Target::AtMost(0.0)),
            Knows::Left | Knows::RateLimit => (Target::AtLeast(0.95), Target::AtMost(1.0)),
            Knows::Refusals => (Target::None, Target::None),
        };
        [
            Figure::new(name("share_of_permitted"), f64::from(self.seen.taken) / permitted, 3, share),
            Figure::new(name("refusals_per_500"), refused, 2, refusals),
            Figure::new(name("requests_lost"), f64::from(self.lost), 0, Target::AtMost(0.0)),
        ]
    }
}

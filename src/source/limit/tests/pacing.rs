//! A pace that somebody asked for: all budgets of a provider keep it together, and each keeps its own limits as well.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tieout_reconcilers::define::checked::FromText as _;
use tieout_reconcilers::define::limits::{Allowance, Limits, Route, RouteClass};
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use super::super::{Ended, Gates, OwnLedger, Pacing};
use super::simulation::first;
use crate::going::Going;
use crate::source::SourceError;
use crate::source::provider::Caps;

const SECOND: Duration = Duration::from_secs(1);

/// A budget of a provider, with a class of its own for one route.
fn budget(per_second: f64, burst: u32, pacing: &Pacing) -> Arc<Gates> {
    let allowance =
        Allowance { per_second: Some(per_second), burst: NonZeroU32::new(burst), ..Allowance::default() };
    let routes = vec![Route::from_text("/search").unwrap()];
    let class = RouteClass { name: "search".parse().unwrap(), routes, allowance };
    let limits = Limits { everywhere: allowance, classes: vec![class], ..Limits::default() };
    Arc::new(Gates::new(&limits, &Caps::default(), None).paced(pacing))
}

fn pacing(per_second: f64) -> Pacing {
    Pacing { ledger: Arc::new(OwnLedger::default()), limit: "shop as asked for".to_owned(), per_second }
}

async fn send(gates: &Gates, route: &str) -> Result<Instant, SourceError> {
    let url = Url::parse(&format!("https://api.example.com{route}")).unwrap();
    let permit = gates.enter(route, &url, None, &Going::default()).await?;
    let sent = Instant::now();
    permit.see(None);
    Ok(sent)
}

/// When requests are sent by budgets of which each is asked on both of its routes as fast as it permits.
async fn busy(budgets: &[Arc<Gates>], requests: usize) -> Vec<Instant> {
    let mut senders = JoinSet::new();
    for gates in budgets {
        for route in ["/orders", "/search", "/orders"] {
            let gates = Arc::clone(gates);
            senders.spawn(async move {
                let mut sent = Vec::new();
                for _ in 0..requests {
                    sent.push(send(&gates, route).await.unwrap());
                }
                sent
            });
        }
    }
    let mut sent: Vec<Instant> = senders.join_all().await.concat();
    sent.sort_unstable();
    sent
}

/// The most requests in any span of time.
fn most_in(sent: &[Instant], span: Duration) -> usize {
    let within = |from: &Instant| sent.iter().filter(|at| **at >= *from && **at < *from + span).count();
    sent.iter().map(within).max().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn all_budgets_of_a_provider_keep_the_pace_together() {
    let pace = pacing(5.0);
    let budgets = [budget(100.0, 50, &pace), budget(100.0, 50, &pace)];
    let sent = busy(&budgets, 20).await;
    assert_eq!(sent.len(), 120);
    assert!(most_in(&sent, SECOND) <= 5, "{}", most_in(&sent, SECOND));
    let took = sent[119] - sent[0];
    assert!(took < 120 * SECOND / 5 * 11 / 10, "what is permitted is used: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pace_is_never_a_reason_to_go_beyond_a_limit() {
    let sent = busy(&[budget(2.0, 1, &pacing(50.0))], 10).await;
    assert!(most_in(&sent, SECOND) <= 4, "two of each route: {}", most_in(&sent, SECOND));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_pace_waits_for_a_pause_of_the_provider_too() {
    let gates = budget(100.0, 50, &pacing(1.0));
    let url = Url::parse("https://api.example.com/orders").unwrap();
    let permit = gates.enter("/orders", &url, None, &Going::default()).await.unwrap();
    let started = Instant::now();
    let waiting = tokio::spawn({
        let gates = Arc::clone(&gates);
        async move { send(&gates, "/orders").await.unwrap() }
    });
    tokio::task::yield_now().await;
    permit.ended(Ended::Throttled(Some(30 * SECOND)), first());
    drop(permit);
    let sent = waiting.await.unwrap();
    assert!(sent - started >= 30 * SECOND, "{:?}", sent - started);
}

#[tokio::test(start_paused = true)]
async fn a_pace_that_is_slower_than_any_pause_is_kept_all_the_same() {
    let gates = budget(100.0, 50, &pacing(1.0 / 600.0));
    let first = send(&gates, "/orders").await.unwrap();
    assert!(send(&gates, "/search").now_or_never().is_none());
    let second = send(&gates, "/orders").await.unwrap();
    assert!(second - first >= 600 * SECOND, "{:?}", second - first);
}

#[tokio::test(start_paused = true)]
async fn what_no_budget_counts_keeps_the_pace_too() {
    let gates = budget(100.0, 50, &pacing(1.0));
    let sent = send(&gates, "/orders").await.unwrap();
    gates.keep_pace(None, &Going::default()).await.unwrap();
    assert!(sent.elapsed() >= SECOND);
}

//! Whether what a funnel and a bound on the lag rest on can be had: the team's counts, and what queues tell about their consumers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::funnel::{Funnel, Tables};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Window;

use super::check::Tested;
use super::{reach, wire};
use crate::config::{Config, LagConfig};
use crate::local::{Database, LocalError};
use crate::run;

/// Proves that each query of a domain's funnel gives one number, by the first second of 1970.
pub(super) async fn counts(
    databases: &BTreeMap<String, Result<Database, run::Failure>>,
    domain: &dyn Reconciler,
) -> Option<Tested> {
    let what = format!("domain {}", domain.domain());
    let Some(Funnel::Tables(tables)) = domain.funnel() else { return None };
    Some(match databases.get(&tables.database)? {
        Ok(database) => match each(database, tables).await {
            Ok(()) => Tested::ok(&what, "each query of the funnel gives one number"),
            Err(error) => reach::failed(&what, &run::Failure::from(error)),
        },
        Err(failure) => reach::failed(&what, failure),
    })
}

async fn each(database: &Database, tables: &Tables) -> Result<(), LocalError> {
    let began = Instant::from_micros(0);
    let Some(second) = Window::new(began, began + Duration::from_secs(1)) else { return Ok(()) };
    for (_, count) in tables.counts() {
        database.counter(&tables.local(count)).await?.count(second).await?;
    }
    Ok(())
}

/// Asks the queues that say something about their consumers how far those are behind. A bound that nothing is known for is a doubt: it slows
/// nothing down.
pub(super) async fn lags(config: &Config, domains: &[Arc<dyn Reconciler>]) -> Vec<Tested> {
    let Ok(mut queues) = wire::queues(config, domains) else { return Vec::new() };
    let mut tests = Vec::new();
    for (name, queue) in &mut queues {
        let Some(LagConfig { max, .. }) = config.lag(name) else { continue };
        let why = match queue.lag(None).await {
            Ok(Some(lag)) => {
                let bound = max.map(|max| format!(", of at most {max}")).unwrap_or_default();
                tests.push(Tested::ok(
                    format!("lag of {name}"),
                    format!("its consumers are {} events behind{bound}", lag.behind()),
                ));
                continue;
            }
            Ok(None) => "it does not tell how far its consumers are behind".to_owned(),
            Err(fault) => fault.to_string(),
        };
        let slow = if max.is_some() { ", so nothing is slowed down" } else { "" };
        tests.push(Tested::warning(format!("lag of {name}"), format!("{why}{slow}")));
    }
    tests
}

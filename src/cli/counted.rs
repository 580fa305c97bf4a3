//! Whether what a funnel rests on can be had: the team's counts.

use std::collections::BTreeMap;
use std::time::Duration;

use tieout_reconcilers::funnel::{Funnel, Tables};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Window;

use super::check::Tested;
use super::reach;
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

//! The end of a run, or of what a person did between runs, for those who watch from outside: metrics are sent where the configuration says.

use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::reconciler::Reconciler;

use super::desk::Desk;
use super::metrics::subjects;
use crate::config::Loaded;
use crate::going::had_its_time;
use crate::metrics;
use crate::report::RunReport;
use crate::store::{Store, StoreError};
use crate::telemetry::signal::Signal;

/// How long others may keep a run that has ended, and how long once it is asked to end.
const TIME: Duration = Duration::from_secs(10);
const LAST_TIME: Duration = Duration::from_secs(3);

/// What must be known of a run that has ended.
pub(super) struct Ended {
    is_plan: bool,
    domains: Vec<String>,
}

impl Ended {
    pub(super) fn of(report: &RunReport) -> Self {
        let domains = report.domains.iter().map(|domain| domain.domain.clone()).collect();
        Self { is_plan: report.mode != "run", domains }
    }

    /// The end of what a person did about events of some domains.
    pub(super) fn by_hand(domains: &[Arc<dyn Reconciler>]) -> Self {
        let domains = domains.iter().map(|domain| domain.domain().to_string()).collect();
        Self { is_plan: false, domains }
    }
}

/// Sends the metrics of a run. Whatever fails is a warning: the run has its result already.
pub(super) async fn publish(desk: &Desk, loaded: &Loaded, store: &Store, ended: Ended) {
    let config = &loaded.config;
    let mut targets = match config.metrics.targets(&config.folder) {
        Ok(targets) => targets,
        Err(error) => return unsent(&error.to_string()),
    };
    match Signal::Metrics.is_wanted() {
        Ok(is_wanted) => targets.otlp = is_wanted,
        Err(why) => unsent(&why),
    }
    if ended.is_plan || targets.is_empty() {
        return;
    }
    let (store, subjects) = (store.clone(), subjects(loaded));
    // In a task of its own, because nothing that speaks to the state store may be cut off.
    let sending = tokio::spawn(async move {
        let store = store.answering().await?;
        metrics::publish(&store, &subjects, &ended.domains, &targets, TIME).await;
        Ok::<_, StoreError>(())
    });
    tokio::select! {
        sent = sending => match sent {
            Ok(Ok(())) => {}
            Ok(Err(error)) => unsent(&error.with_causes()),
            Err(error) => unsent(&error.to_string()),
        },
        () = had_its_time(desk.signals.token(), TIME, LAST_TIME) => unsent("nobody answered before the run had to end"),
    }
}

fn unsent(why: &str) {
    tracing::warn!(why, "the metrics could not be sent; the result stands");
}

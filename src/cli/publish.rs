//! The end of a run, for those who watch from outside: its metrics are sent where the configuration says.

use std::time::Duration;

use super::desk::Desk;
use super::metrics::subjects;
use crate::config::Loaded;
use crate::metrics;
use crate::report::RunReport;
use crate::store::Store;

/// How long others may keep a run that has ended, and one that was asked to end.
const TIME: Duration = Duration::from_secs(10);
const TIME_WHEN_ASKED: Duration = Duration::from_secs(3);

/// Sends the metrics of a run. Whatever fails is a warning: the run has its result already.
pub(super) async fn publish(desk: &Desk, loaded: &Loaded, store: &Store, report: &RunReport) {
    let config = &loaded.config;
    let targets = match config.metrics.targets(&config.folder) {
        Ok(targets) => targets,
        Err(error) => {
            tracing::warn!(%error, "the metrics of this run could not be sent; its result stands");
            return;
        }
    };
    if report.mode != "run" || targets.is_empty() {
        return;
    }
    let time = if desk.signals.token().is_cancelled() { TIME_WHEN_ASKED } else { TIME };
    let domains: Vec<String> = report.domains.iter().map(|domain| domain.domain.clone()).collect();
    metrics::publish(store, &subjects(loaded), &domains, &targets, time).await;
}

//! Runs that died without a word: whoever begins next writes their report, from what the state store holds of them.

use std::sync::Arc;

use tieout_reconcilers::reconciler::Reconciler;
use uuid::Uuid;

use super::asked::Asked;
use super::finish::as_json;
use super::remains::{End, report_of};
use crate::metrics;
use crate::report::{exit, seal};
use crate::store::{Store, StoreError};

/// Closes every run that is dead, and links it to the run that found it so. `domains` are those of which more is known than the
/// state store says. Returns the runs that were closed.
pub async fn close(
    store: &Store,
    domains: &[Arc<dyn Reconciler>],
    successor: Option<Uuid>,
) -> Result<Vec<Uuid>, StoreError> {
    let mut closed = Vec::new();
    for dead in store.dead_runs().await? {
        let run_id = dead.summary.run_id;
        if successor == Some(run_id) {
            continue;
        }
        let mut report = report_of(store, &dead, domains, &End::Died).await?;
        report.successor = successor;
        let reasons = report.domains.iter().filter_map(|domain| {
            domain.failure.as_ref().map(|word| (domain.exit_code, format!("{word}:{}", domain.domain)))
        });
        // It was killed, and so returned none of these codes; they say what its end is worth.
        report.exit =
            exit::decide(&[vec![(exit::PARTIAL, exit::DIED.to_owned())], reasons.collect()].concat());
        let report = seal(report);
        let scope = Asked::from_json(&dead.args_json).and_then(|asked| asked.scope());
        let ends = metrics::ends(&report, scope.is_ok_and(|scope| scope.is_whole()));
        if store.close_dead_run(&dead, &as_json(&report), successor, &ends).await? {
            tracing::warn!(%run_id, "an earlier run gave no sign of life and is recorded as interrupted");
            closed.push(run_id);
        }
    }
    Ok(closed)
}

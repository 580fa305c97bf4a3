//! Queues that no domain names any more and for which events still wait: somebody changed a name before they were sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;

use super::failure::Failure;
use super::wire;
use crate::config::Config;
use crate::queue::Queues;
use crate::store::Store;

/// Opens, beside the queues that domains name, those that events of theirs wait for, as far as the configuration still knows them. What goes to
/// standard output stays where it is: the report is there.
pub(super) async fn open_too(
    config: &Config,
    store: &Store,
    domains: &[Arc<dyn Reconciler>],
    queues: &mut Queues,
) -> Result<(), Failure> {
    let awaited = store.awaited_queues().await.map_err(|error| wire::store_failure(&error))?;
    let its: BTreeSet<&DomainName> = domains.iter().map(|domain| domain.domain()).collect();
    for (domain, queue) in awaited {
        if !its.contains(&domain) || queues.contains_key(&queue) {
            continue;
        }
        match wire::queues_named(config, &BTreeSet::from([queue])) {
            Ok(named) if named.writes_to_stdout() => {}
            Ok(named) => queues.extend(named.open(config)),
            // The report names the queue, and this why it is not there.
            Err(failure) => tracing::warn!("{}", failure.message),
        }
    }
    Ok(())
}

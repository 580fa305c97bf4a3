//! Takes out of the outbox what is older than it is kept, at the end of a run. The report counts each event; that some are left is no
//! reason to lose a report.

use tieout_reconcilers::name::DomainName;

use super::Job;
use crate::going::Going;
use crate::report::RunReport;

/// Purges the domains of the run, and replays that are as old, as far as there is time.
pub(super) async fn purge(job: &Job, report: &mut RunReport, going: &Going) {
    // One that is older has nothing left to send.
    if !going.is_over()
        && let Err(error) = job.store.prune_replays(job.options.keep.sent).await
    {
        tracing::warn!(%error, "old replays could not be taken out; the next run does");
    }
    for domain in &mut report.domains {
        let Ok(name) = domain.domain.parse::<DomainName>() else { continue };
        match job.store.purge_events(&name, job.options.keep, || !going.is_over()).await {
            Ok(purged) => {
                going.moves();
                domain.events.purged = purged.sent;
                domain.events.expired = purged.dead;
                domain.events.tombstones = purged.dropped;
            }
            Err(error) => {
                tracing::warn!(domain = domain.domain, %error, "old events could not be taken out; the next run does");
            }
        }
    }
}

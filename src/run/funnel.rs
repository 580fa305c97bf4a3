//! The end of a domain's report: what its application received and what became of it, where the domain says who counts that.

use super::{Job, Mode};
use crate::funnel::{self, Sources};
use crate::going::Going;
use crate::queue::Queues;
use crate::report::RunReport;

/// Fills in the funnels of the run's domains, as far as there is time. A funnel that cannot be read is no reason to lose a report.
pub(super) async fn tell(job: &Job, queues: &mut Queues, report: &mut RunReport, going: &Going) {
    let mut sources =
        Sources { store: &job.store, databases: &job.databases, queues, keep: job.options.keep, going };
    for domain in &mut report.domains {
        let reconciler = job.domains.iter().find(|known| known.domain().as_str() == domain.domain);
        let Some(reconciler) = reconciler.filter(|_| job.options.mode == Mode::Run && !going.is_over())
        else {
            continue;
        };
        let told = async {
            let now = job.store.now().await?;
            funnel::read(&mut sources, reconciler.as_ref(), now).await
        };
        match told.await {
            Ok(told) => domain.funnel = told,
            Err(error) => tracing::warn!(domain = domain.domain, %error, "the funnel cannot be read"),
        }
        going.moves();
    }
}

//! Whose turn it is: who holds a domain, and how a lease is kept while it is worked on.

use tokio_util::task::AbortOnDropHandle;

use super::Job;
use crate::store::{LEASE_TIME, Lease};

/// Who holds a lease, for the message that another run gets.
pub(super) fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("process {} on {}", std::process::id(), host.trim())
}

/// Renews a lease until it is dropped. A lease that was lost is noticed by the next commit.
pub(super) fn keep(job: &Job, lease: &Lease) -> AbortOnDropHandle<()> {
    let (store, lease) = (job.store.clone(), lease.clone());
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut tick = tokio::time::interval(LEASE_TIME / 4);
        loop {
            tick.tick().await;
            if let Err(error) = store.renew(&lease).await {
                tracing::warn!(domain = %lease.domain(), %error, "the lease could not be renewed");
            }
        }
    }))
}

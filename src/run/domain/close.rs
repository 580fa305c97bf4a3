//! How the work on a domain ends: the lease is given back, and the report is filled in and handed on.

use super::Night;
use crate::report::DomainReport;
use crate::run::outcome::Failure;
use crate::run::summary::failed;

impl Night<'_> {
    /// Gives the lease back.
    pub(in crate::run) async fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            self.leases.give_back(&lease).await;
        }
    }

    /// The report of a domain whose work has ended so.
    pub(super) async fn close(mut self, end: Result<(), Failure>) -> DomainReport {
        self.give_back().await;
        self.fill_report().await;
        match end {
            Err(failure) => failed(self.report, &failure),
            Ok(()) => self.report.ended(),
        }
    }

    /// The report, once it is filled in.
    pub(in crate::run) fn into_report(self) -> DomainReport {
        self.report
    }

    /// Takes over what another member of the same domain counted and kept.
    pub(in crate::run) fn absorb(&mut self, other: Self) {
        self.account.absorb(&other.account);
        self.again.absorb(&other.again);
        self.listing.absorb(other.listing);
        self.named.extend(other.named);
        self.quarantine.absorb(other.quarantine);
        self.lives.absorb(other.lives);
        self.n_events += other.n_events;
        self.limit = self.limit.take().or(other.limit);
        self.report.absorb(other.report);
    }
}

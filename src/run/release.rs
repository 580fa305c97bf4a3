//! The moment at which a domain's events are let go, all of them or none.

use super::Scope;
use super::domain::Night;
use super::outcome::Failure;
use crate::plan::{Exposure, tripped};
use crate::report::ItemCounts;
use crate::store::{Release, Staged};

impl Night<'_> {
    /// Applies the limits to everything that is staged and lets it go, or holds all of it.
    pub(super) async fn release(&mut self) -> Result<(), Failure> {
        let mut policy = self.sides.reconciler.policy().clone();
        policy.max_emits = self.job.options.max_emits.unwrap_or(policy.max_emits);
        let ItemCounts { upstream, local, .. } = self.account.items;
        // Keys that somebody named, and changes, are no range: they say nothing about how much upstream should have.
        let is_range =
            !matches!(self.job.options.scope, Scope::Keys(_)) && !self.sides.reconciler.feed().changes;
        let local = if is_range { local } else { 0 };
        let judged = self.account.judged() + self.again.judged() + self.report.follow_up.checked;
        let exposure = |emits, earlier| Exposure { emits, earlier, judged, upstream, local };
        let Some(lease) = &self.lease else {
            self.limit = tripped(exposure(self.n_events, 0), &policy);
            self.report.events.held = if self.limit.is_some() { self.n_events } else { 0 };
            return Ok(());
        };
        let decide =
            |staged: &Staged| match tripped(exposure(staged.count, staged.from_earlier_runs), &policy) {
                Some(reason) => Release::Held { reason },
                None => Release::Pending,
            };
        let released = self.job.store.release(lease, decide).await?;
        if let Release::Held { reason } = released.decision {
            self.report.events.held = released.staged.count;
            self.limit = Some(reason);
        }
        Ok(())
    }
}

//! The moment at which a domain's events are let go, all of them or none.

use super::Scope;
use super::domain::Night;
use super::outcome::Failure;
use super::stages::{Timed, timed};
use crate::plan::{Exposure, tripped};
use crate::report::ItemCounts;
use crate::store::{Release, Staged, StagedBy};

impl Night<'_> {
    /// Applies the limits to everything that is staged, together with what other members of the domain would send, and
    /// lets it go or holds all of it.
    pub(super) async fn release(&mut self, others: Exposure) -> Result<(), Failure> {
        let mut policy = self.sides.reconciler.policy().clone();
        policy.max_emits = self.job.options.max_emits.unwrap_or(policy.max_emits);
        let decided = |emits, earlier| tripped(self.exposed(emits, earlier).plus(others), &policy);
        let Some(lease) = &self.lease else {
            self.limit = decided(self.n_events, 0);
            if self.limit.is_some() {
                self.report.events.held = self.n_events;
            }
            return Ok(());
        };
        let decide = |staged: &Staged| match decided(staged.count, staged.from_earlier_runs) {
            Some(reason) => Release::Held { reason },
            None => Release::Pending,
        };
        let (released, took) = timed(self.job.store.release_by(lease, self.whose(), decide)).await;
        self.report.took(Timed::Release, took);
        let released = released?;
        if let Release::Held { reason } = released.decision {
            self.report.events.held += released.staged.count;
            self.limit = Some(reason);
        }
        Ok(())
    }

    /// What this member would send, and what it was found among.
    pub(super) async fn exposure(&self) -> Result<Exposure, Failure> {
        let Some(lease) = &self.lease else { return Ok(self.exposed(self.n_events, 0)) };
        let staged = self.job.store.staged_by(lease, self.whose()).await?;
        Ok(self.exposed(staged.count, staged.from_earlier_runs))
    }

    /// Whoever carries out a plan lets go what it staged itself, which is of the plan.
    const fn whose(&self) -> StagedBy {
        match self.job.options.scope {
            Scope::Planned(_) => StagedBy::ThisRun,
            _ => StagedBy::AnyRun,
        }
    }

    fn exposed(&self, emits: u64, earlier: u64) -> Exposure {
        if let Scope::Planned(permit) = &self.job.options.scope {
            let among = permit.among(self.sides.reconciler.domain(), &self.sides.each);
            return Exposure { emits, earlier, direction: self.direction(), ..among };
        }
        let ItemCounts { upstream, local, .. } = self.account.items;
        // Keys that somebody named, and changes, are no range: they say nothing about how much there should be.
        let is_range =
            !matches!(self.job.options.scope, Scope::Keys(_)) && !self.sides.reconciler.feed().changes;
        let (upstream, local) = if is_range { (upstream, local) } else { (0, 0) };
        let judged = self.account.judged() + self.again.judged() + self.report.follow_up.checked;
        Exposure { emits, earlier, judged, upstream, local, direction: self.direction() }
    }
}

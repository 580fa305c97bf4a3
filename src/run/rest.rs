//! The one pause of a domain: what nothing dates is judged only after it has rested for `settle`.

use tieout_reconcilers::window::Purpose;

use super::Mode;
use super::domain::{Night, Proven};
use super::outcome::Failure;
use crate::clock::Stopwatch;
use crate::diff::{Looks, Suspect};
use crate::plan::{Exposure, Look, Observation, tripped};
use crate::progress::Progress;

impl Night<'_> {
    /// Waits until the resting suspects have rested, at most `settle` once, and judges them.
    pub(super) async fn rest(&mut self) -> Result<(), Failure> {
        if self.resting.is_empty() {
            return Ok(());
        }
        if self.job.options.mode == Mode::Run {
            self.wait().await?;
        }
        let resting = std::mem::take(&mut self.resting);
        let (orphans, others): (Vec<_>, Vec<_>) =
            resting.into_iter().partition(|(suspect, _)| is_local_only(suspect));
        self.judge_rested(others).await?;
        if let Some(reason) = self.upstream_is_empty() {
            // Nothing was proven by an upstream that looks empty.
            self.withheld.clear();
            return self.hold_orphans(orphans, &reason).await;
        }
        self.judge_rested(orphans).await?;
        self.believe().await
    }

    async fn wait(&self) -> Result<(), Failure> {
        let rested = self.resting_since.as_ref().map_or_else(Default::default, Stopwatch::elapsed);
        let Some(left) = self.settle().checked_sub(rested).filter(|left| !left.is_zero()) else {
            return Ok(());
        };
        let domain = self.sides.reconciler.domain().as_str();
        self.job.watcher.saw(Progress::Resting { domain, seconds: left.as_secs() });
        tokio::select! {
            () = self.job.clocks.process.wait(left) => Ok(()),
            () = self.job.cancel.cancelled() => Err(Failure::Interrupted),
        }
    }

    async fn judge_rested(&mut self, rested: Vec<(Suspect, Purpose)>) -> Result<(), Failure> {
        // `plan` does not wait: it says what a run would find if nothing changes while it rests.
        for purpose in [Purpose::Coverage, Purpose::Overlap] {
            let suspects: Vec<Suspect> =
                rested.iter().filter(|(_, of)| *of == purpose).map(|(suspect, _)| suspect.clone()).collect();
            let plan = self.judge_anew(&suspects, purpose, &|_| true).await?;
            if !plan.is_empty() {
                self.commit(plan, Proven::default()).await?;
            }
        }
        Ok(())
    }

    /// Whether upstream has fewer items than the domain expects at the least while the local side has some.
    fn upstream_is_empty(&self) -> Option<String> {
        if self.sides.reconciler.feed().changes {
            return None;
        }
        let is_empty = |items: crate::report::ItemCounts| {
            let exposure = Exposure { upstream: items.upstream, local: items.local, ..Exposure::default() };
            tripped(exposure, self.sides.reconciler.policy())
        };
        is_empty(self.account.items).or_else(|| is_empty(self.again.items))
    }

    /// Orphans of an upstream that looks empty are held without asking for each: nothing is concluded from an outage.
    async fn hold_orphans(&mut self, orphans: Vec<(Suspect, Purpose)>, reason: &str) -> Result<(), Failure> {
        let held = |suspect: &Suspect| {
            let seen = super::verdicts::unconfirmed(suspect);
            match seen.look {
                Look::Young(found) => Observation { look: Look::Differs(found), ..seen },
                _ => seen,
            }
        };
        let observations = orphans.iter().map(|(suspect, _)| held(suspect)).collect();
        let plan = self.decide(observations, Some(reason)).await?;
        self.commit(plan, Proven::default()).await
    }
}

fn is_local_only(suspect: &Suspect) -> bool {
    matches!(suspect.looks, Looks::Orphaned | Looks::Deleted)
}

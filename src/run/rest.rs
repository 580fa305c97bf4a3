//! The one pause of a domain: what nothing dates is judged only after it has rested for `settle`.

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::window::Purpose;

use super::Mode;
use super::domain::{Night, Proven};
use super::outcome::Failure;
use crate::age::is_undated;
use crate::clock::Stopwatch;
use crate::diff::Suspect;
use crate::plan::{Exposure, Look, Observation, truth_is_empty};
use crate::progress::Progress;
use crate::report::ItemCounts;

impl Night<'_> {
    /// Waits until the resting suspects have rested, at most `settle` once, and judges them.
    pub(super) async fn rest(&mut self) -> Result<(), Failure> {
        if self.resting.is_empty() {
            return Ok(());
        }
        let has_rested = match self.job.options.mode {
            // `plan` does not wait: it says what a run would find if nothing changes while it rests.
            Mode::Plan => true,
            Mode::Run => self.wait_if_it_helps().await?,
        };
        let resting = std::mem::take(&mut self.resting);
        let direction = self.direction();
        let (orphans, others): (Vec<_>, Vec<_>) =
            resting.into_iter().partition(|(suspect, _)| suspect.looks.kind(direction) == Kind::Orphaned);
        self.judge_rested(others, has_rested).await?;
        if let Some(reason) = self.truth_is_empty() {
            // Nothing was proven by a truth that looks empty, and the next run reads it again.
            self.disbelieve();
            let orphans =
                orphans.into_iter().filter(|(suspect, _)| !self.aside.contains(&suspect.key)).collect();
            self.hold_orphans(orphans, &reason).await?;
            return self.believe().await;
        }
        self.judge_rested(orphans, has_rested).await?;
        self.believe().await
    }

    /// Waits where that lets something be judged tonight, and says whether everything has rested then. Nothing is waited
    /// for that says itself when it changed, nor for longer than `settle`: the next run looks at the rest.
    async fn wait_if_it_helps(&self) -> Result<bool, Failure> {
        let (reconciler, direction) = (self.sides.reconciler.as_ref(), self.direction());
        let waits = |suspect: &Suspect| is_undated(reconciler, suspect.looks.kind(direction));
        let helps = self.rest_needed() <= reconciler.policy().settle;
        if !helps || !self.resting.iter().any(|(suspect, _)| waits(suspect)) {
            return Ok(false);
        }
        self.wait().await.map(|()| true)
    }

    async fn wait(&self) -> Result<(), Failure> {
        let rested = self.resting_since.as_ref().map_or_else(Default::default, Stopwatch::elapsed);
        let Some(left) = self.rest_needed().checked_sub(rested).filter(|left| !left.is_zero()) else {
            return Ok(());
        };
        let domain = self.sides.reconciler.domain().as_str();
        self.job.watcher.saw(Progress::Resting { domain, seconds: left.as_secs() });
        if let Some(end) = tokio::time::Instant::now().checked_add(left) {
            self.stop.going().waits_until(end);
        }
        tokio::select! {
            () = self.job.clocks.process.wait(left) => Ok(()),
            failure = self.stop.asked() => Err(failure),
        }
    }

    async fn judge_rested(
        &mut self,
        rested: Vec<(Suspect, Purpose)>,
        has_rested: bool,
    ) -> Result<(), Failure> {
        for purpose in [Purpose::Coverage, Purpose::Overlap] {
            let suspects: Vec<Suspect> =
                rested.iter().filter(|(_, of)| *of == purpose).map(|(suspect, _)| suspect.clone()).collect();
            let plan = self.judge_anew(&suspects, purpose, &|_| has_rested).await?;
            if !plan.is_empty() {
                self.commit(plan, Proven::default()).await?;
            }
        }
        Ok(())
    }

    /// Whether the truth has fewer items than the domain expects at the least while the copy has some.
    fn truth_is_empty(&self) -> Option<String> {
        if self.sides.reconciler.feed().changes {
            return None;
        }
        let is_empty = |items: ItemCounts| {
            let ItemCounts { upstream, local, .. } = items;
            let exposure = Exposure { upstream, local, direction: self.direction(), ..Exposure::default() };
            truth_is_empty(exposure, self.sides.reconciler.policy())
        };
        is_empty(self.account.items).or_else(|| is_empty(self.again.items))
    }

    /// Orphans of a truth that looks empty are held without asking for each: nothing is concluded from an outage.
    async fn hold_orphans(&mut self, orphans: Vec<(Suspect, Purpose)>, reason: &str) -> Result<(), Failure> {
        let held = |suspect: &Suspect| {
            let seen = self.unconfirmed(suspect);
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

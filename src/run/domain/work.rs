//! What is done about a domain, in order.

use super::Night;
use crate::finding::{Finding, State};
use crate::plan::Exposure;
use crate::run::Scope;
use crate::run::outcome::Failure;
use crate::run::stages::{Timed, timed};

/// How many earlier findings one run looks at again.
const FOLLOW_UP_BUDGET: u32 = 10_000;

impl Night<'_> {
    /// Everything up to the release, which looks at all members of a domain together.
    pub(in crate::run) async fn work(&mut self) -> Result<(), Failure> {
        if let Scope::Planned(permit) = &self.job.options.scope {
            let (carried_out, took) = timed(Box::pin(self.carry_out(permit))).await;
            self.report.took(Timed::Read, took);
            return carried_out;
        }
        let (looked, took) = timed(Box::pin(self.look_again())).await;
        self.report.took(Timed::FollowUp, took);
        looked?;
        match &self.job.options.scope {
            Scope::Planned(_) => Ok(()),
            Scope::Keys(keys) => Box::pin(self.judge_keys(keys)).await,
            Scope::Coverage | Scope::Full | Scope::Range(_) | Scope::Backfill(_) => {
                Box::pin(self.read_and_judge()).await
            }
        }
    }

    /// Reads the ranges that the scope asks for, rests once, and judges what had to rest.
    async fn read_and_judge(&mut self) -> Result<(), Failure> {
        self.recall_quarantine().await?;
        let following = self.events_to_follow().await?;
        self.say_lost_events(following.as_ref());
        // Deep, as all that follows: boxed, so that what holds it stays small.
        let (read, took) = timed(Box::pin(self.read_slices(following.as_ref()))).await;
        self.report.took(Timed::Read, took);
        let sees_all_changes = read?;
        Box::pin(self.follow_events(following)).await?;
        self.doubt_clock();
        let (rested, took) = timed(Box::pin(self.rest())).await;
        self.report.took(Timed::Rest, took);
        rested?;
        self.say_filled().await?;
        if sees_all_changes { self.overlap_done().await } else { Ok(()) }
    }

    /// Everything, where the domain has one member.
    pub(super) async fn work_alone(&mut self) -> Result<(), Failure> {
        if bug!("released_too_early") {
            self.release(Exposure::default()).await?;
            return self.work().await;
        }
        self.work().await?;
        self.release(Exposure::default()).await
    }

    /// Every finding that is not over is read again by key, oldest first; where keys are named, theirs alone.
    async fn look_again(&mut self) -> Result<(), Failure> {
        let domain = self.sides.reconciler.domain().clone();
        // Half of the look-ups are left for what is found today, however many earlier findings there are.
        let half = u32::try_from(self.budget.limit() / 2).unwrap_or(u32::MAX);
        let most = FOLLOW_UP_BUDGET.min(half.max(1));
        let followed = match &self.job.options.scope {
            Scope::Keys(keys) => self.followed_of(keys).await?,
            _ => self.job.store.followed(&domain, &self.sides.each, most).await?,
        };
        let followed: Vec<Finding> = followed
            .into_iter()
            .filter(|finding| finding.state != State::Suspected || !bug!("suspected_forgotten"))
            .collect();
        for chunk in followed.chunks(1_000) {
            self.stop.check()?;
            if self.job.options.is_late() {
                self.doubt("the deadline came before all earlier findings were looked at again".to_owned());
                break;
            }
            self.follow(chunk).await?;
        }
        Ok(())
    }
}

//! A domain that is read for several accounts, channels or repositories: each has a night of its own, with its own lease,
//! coverage and findings. The limits look at all of them together, and one that fails stops no other.

use tieout_reconcilers::fan_out::Member;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Each;

use super::domain::Night;
use super::outcome::Failure;
use super::stage::Stage;
use super::summary::{blank, failed};
use super::{Mode, Scope};
use crate::plan::Exposure;
use crate::report::{DomainReport, Members as MembersReport};

/// What became of the members so far.
struct Nights<'a> {
    /// Those whose two sides could be reached.
    nights: Vec<Night<'a>>,
    /// Those that failed, in the order of the run.
    failures: Vec<(Each, Failure)>,
}

/// Reconciles the members of a domain, one after the other; their slices go side by side.
pub(super) async fn reconcile(
    stage: &Stage<'_>,
    members: Vec<Member>,
    doubts: Vec<String>,
) -> Result<DomainReport, Failure> {
    // Whoever works on members holds the domain itself as well, so that two runs never share the members out.
    let lease = match stage.job.options.mode {
        Mode::Plan => None,
        Mode::Run => {
            let domain = stage.reconciler.domain();
            Some(stage.leases.take(stage.job, (domain, &Each::default()), &stage.stop).await?)
        }
    };
    let members = permitted(stage, members);
    let number = members.len() as u64;
    let mut nights = Box::pin(work(stage, members)).await;
    nights.release().await;
    let mut report = Box::pin(nights.tell(blank(stage.reconciler.as_ref()))).await;
    report.complete &= doubts.is_empty();
    report.problems.extend(doubts);
    if number == 0 && !matches!(stage.job.options.scope, Scope::Planned(_)) {
        report.notes.push("the fan-out has no member; nothing was read".to_owned());
    }
    if let Some(members) = &mut report.members {
        members.all = number;
    }
    if let Some(lease) = lease {
        stage.leases.give_back(&lease).await;
    }
    Ok(report.ended())
}

/// Whoever carries out a plan works on the members that it names.
fn permitted(stage: &Stage<'_>, mut members: Vec<Member>) -> Vec<Member> {
    if let Scope::Planned(permit) = &stage.job.options.scope {
        members.retain(|member| permit.items(stage.reconciler.domain(), &member.each).is_some());
    }
    members
}

async fn work<'a>(stage: &Stage<'a>, members: Vec<Member>) -> Nights<'a> {
    let mut all = Nights { nights: Vec::new(), failures: Vec::new() };
    for member in members {
        let each = member.each.clone();
        let ended = match Night::open(stage, &member.each, &member.values).await {
            Err(failure) => Err(failure),
            Ok(mut night) => {
                let ended = night.work().await;
                all.nights.push(night);
                ended
            }
        };
        let Err(failure) = ended else { continue };
        let is_over = failure.ends_all_members();
        all.failures.push((each, failure));
        if is_over {
            break;
        }
    }
    all
}

impl Nights<'_> {
    /// Lets the events of all members go, or holds all of them.
    async fn release(&mut self) {
        let mut exposures = Vec::new();
        let mut whole = Exposure::default();
        for night in &self.nights {
            let exposure =
                if self.has_failed(night) { Ok(Exposure::default()) } else { night.exposure().await };
            whole = exposure.as_ref().map_or(whole, |exposure| whole.plus(*exposure));
            exposures.push(exposure);
        }
        for (night, exposure) in self.nights.iter_mut().zip(exposures) {
            // What a failed member has staged waits for its next run.
            if self.failures.iter().any(|(each, _)| *each == night.sides.each) {
                continue;
            }
            let released = match exposure {
                Ok(own) => night.release(whole.minus(own)).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = released {
                self.failures.push((night.sides.each.clone(), failure));
            }
        }
    }

    fn has_failed(&self, night: &Night<'_>) -> bool {
        self.failures.iter().any(|(each, _)| *each == night.sides.each)
    }

    /// One report about all of them.
    async fn tell(self, blank: DomainReport) -> DomainReport {
        // Who could not even be reached has no night.
        let all_failed = !self.failures.is_empty() && self.nights.iter().all(|night| self.has_failed(night));
        let Self { nights, failures } = self;
        let mut verified: Vec<Option<Instant>> = Vec::new();
        let mut whole: Option<Night<'_>> = None;
        for mut night in nights {
            night.give_back().await;
            verified.push(night.verified_through().await.unwrap_or_default());
            match &mut whole {
                None => whole = Some(night),
                Some(whole) => whole.absorb(night),
            }
        }
        let mut report = match whole {
            None => blank,
            Some(mut night) => {
                night.fill_report().await;
                night.into_report()
            }
        };
        report.verified_through = verified.into_iter().min().flatten().map(|at| at.to_string());
        let ends_all = failures.iter().find(|(_, failure)| all_failed || failure.ends_all_members());
        let troubled = failures.iter().map(|(each, _)| each.as_str().to_owned()).collect();
        for (each, failure) in &failures {
            report.complete = false;
            report.problems.push(format!("{}: {failure}", each.as_str()));
        }
        report.members = Some(MembersReport { all: 0, troubled });
        match ends_all {
            Some((_, failure)) => failed(report, failure),
            None => report,
        }
    }
}

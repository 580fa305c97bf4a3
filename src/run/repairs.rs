//! What this run has sent is looked at again, by key and on both sides, until the consumer has applied all of it or the time is over.
//!
//! Only what agrees is written: it is repaired. What still differs stays as it is and is the next run's to decide about, as it would
//! be without this; so nothing is sent here, however soon a drift may be sent again.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::Wanted;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::spoken::Spoken;

use super::deliver;
use super::domain::{Night, Proven};
use super::lives::took;
use super::outcome::Failure;
use super::slice::LOOKED_UP_AT_ONCE;
use super::stage::{Members, Stage};
use super::verdicts::refuse_rejected;
use super::{Job, UnderWay};
use crate::finding::{Finding, State};
use crate::local::MemberValues;
use crate::plan::{Look, Observation};
use crate::progress::Progress;
use crate::report::{DomainReport, LookedAgain, Requests, RunReport};
use crate::store::{Lease, StoreError};

/// When it is looked for the first time: a consumer that is awake has applied an event by then. Each pause is twice as long as the
/// one before, so that a slow consumer costs few look-ups.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// The most findings of a domain that are looked at again; what is over is left to the next run.
const MOST: u32 = 10_000;

/// A domain with what was sent for it.
struct Watched<'a> {
    /// Its place in the report.
    place: usize,
    stage: Stage<'a>,
    /// The lease of the domain as a whole, where its members have leases of their own.
    whole: Option<Lease>,
    /// Each member with what is not repaired yet.
    members: Vec<(Night<'a>, Vec<Finding>)>,
    told: LookedAgain,
    repaired: Vec<Finding>,
    trouble: Option<Failure>,
}

/// What was seen of a domain.
struct Seen {
    told: LookedAgain,
    /// Whole seconds that each repaired finding took.
    repair_times: Vec<u32>,
    repaired: Vec<Finding>,
    requests: Requests,
    trouble: Option<Failure>,
}

/// Looks again at what this run has emitted. `began` is its start by the state store's clock, `start` by the process's.
pub(super) async fn look_again(
    run: &UnderWay<'_>,
    report: &mut RunReport,
    time: Duration,
    (began, start): (Instant, Instant),
) {
    let mut watched = open_all(run, report, (began, start)).await;
    let passed = run.job.clocks.process.stopwatch();
    let mut pause = FIRST_LOOK;
    while watched.iter().any(Watched::goes_on) {
        let left = time.saturating_sub(passed.elapsed());
        if wait(run, pause.min(left)).await.is_break() {
            break;
        }
        for one in watched.iter_mut().filter(|one| one.goes_on()) {
            one.look().await;
            one.told.seconds = passed.elapsed().as_secs_f64();
            one.tell_watcher(run.job, time.saturating_sub(passed.elapsed()));
        }
        if passed.elapsed() >= time {
            break;
        }
        pause = pause.saturating_mul(2);
    }
    for one in watched {
        let (place, Seen { told, repair_times, repaired, requests, trouble }) = one.close().await;
        let Some(domain) = report.domains.get_mut(place) else { continue };
        domain.repair_times.extend(repair_times);
        domain.api_requests.add(requests);
        // What this run sent for another one was not found by it.
        for finding in repaired.iter().filter(|finding| finding.run_id == run.job.run_id) {
            domain.found.take_away(finding.kind, finding.amount.as_ref());
        }
        if let Err(error) = tell(run.job, domain, told, time, trouble.as_ref()).await {
            tracing::warn!(domain = domain.domain, %error, "what was repaired meanwhile could not be counted");
        }
    }
}

/// Takes up every domain that something was sent for. One that another run works on meanwhile is left to that.
async fn open_all<'a>(
    run: &UnderWay<'a>,
    report: &mut RunReport,
    (began, start): (Instant, Instant),
) -> Vec<Watched<'a>> {
    let mut watched = Vec::new();
    for (place, (reconciler, domain)) in run.job.domains.iter().zip(&mut report.domains).enumerate() {
        if domain.events.emitted == 0 || run.stop.going().is_over() || run.job.options.is_late() {
            continue;
        }
        match Box::pin(Watched::open(run, reconciler, place, (began, start))).await {
            Ok(one) => watched.extend(one),
            Err(failure) => {
                domain.notes.push(format!("what was sent was not looked at again in this run: {failure}"));
            }
        }
    }
    watched
}

/// Waits for the next look; a break where the run is to end, or begins nothing more.
async fn wait(run: &UnderWay<'_>, time: Duration) -> ControlFlow<()> {
    let going = run.stop.going();
    if let Some(end) = tokio::time::Instant::now().checked_add(time) {
        going.waits_until(end);
    }
    tokio::select! {
        biased;
        () = going.over() => ControlFlow::Break(()),
        () = run.job.options.late() => ControlFlow::Break(()),
        () = run.job.clocks.process.wait(time) => ControlFlow::Continue(()),
    }
}

impl<'a> Watched<'a> {
    /// The domain with its leases; nothing where all that was sent for it is somebody else's.
    async fn open(
        run: &UnderWay<'a>,
        reconciler: &Arc<dyn Reconciler>,
        place: usize,
        (began, start): (Instant, Instant),
    ) -> Result<Option<Self>, Failure> {
        let sent = run.job.store.emitted_since(reconciler.domain(), began, MOST).await?;
        if sent.is_empty() {
            return Ok(None);
        }
        let told = LookedAgain { emitted: sent.len() as u64, ..LookedAgain::default() };
        let stage = Stage::set(run, reconciler, start).await?;
        let (members, repaired) = (Vec::new(), Vec::new());
        let mut one = Self { place, stage, whole: None, members, told, repaired, trouble: None };
        match Box::pin(one.take_up(sent)).await {
            Ok(()) => Ok(Some(one)),
            Err(failure) => {
                one.close().await;
                Err(failure)
            }
        }
    }

    async fn take_up(&mut self, sent: Vec<Finding>) -> Result<(), Failure> {
        let mut of: BTreeMap<Each, Vec<Finding>> = BTreeMap::new();
        for finding in sent {
            of.entry(finding.id.each.clone()).or_default().push(finding);
        }
        match self.stage.members().await? {
            Members::One => self.take_up_member(&Each::default(), &MemberValues::new(), &mut of).await,
            Members::Several { members, .. } => {
                let domain = self.stage.reconciler.domain();
                let whole =
                    self.stage.leases.take_if_free((domain, &Each::default()), &self.stage.stop).await?;
                self.whole = Some(whole);
                for member in members {
                    self.take_up_member(&member.each, &member.values, &mut of).await?;
                }
                Ok(())
            }
        }
    }

    async fn take_up_member(
        &mut self,
        each: &Each,
        values: &MemberValues,
        of: &mut BTreeMap<Each, Vec<Finding>>,
    ) -> Result<(), Failure> {
        if let Some(its) = of.remove(each) {
            self.members.push((Night::open_if_free(&self.stage, each, values).await?, its));
        }
        Ok(())
    }

    /// Whether there is something left to look at.
    fn goes_on(&self) -> bool {
        self.trouble.is_none() && self.members.iter().any(|(_, left)| !left.is_empty())
    }

    async fn look(&mut self) {
        self.told.looks += 1;
        for (night, left) in &mut self.members {
            match Box::pin(night.look_at_sent(left)).await {
                Ok(repaired) => {
                    self.told.repaired += repaired.len() as u64;
                    self.repaired.extend(repaired);
                }
                Err(failure) => {
                    self.trouble = Some(failure);
                    return;
                }
            }
        }
    }

    fn tell_watcher(&self, job: &Job, left: Duration) {
        let unrepaired = self.members.iter().map(|(_, left)| left.len() as u64).sum();
        let domain = self.stage.reconciler.domain().as_str();
        job.watcher.saw(Progress::Confirming { domain, unrepaired, seconds: left.as_secs() });
    }

    /// Gives the leases back, and says what was seen.
    async fn close(self) -> (usize, Seen) {
        let mut repair_times = Vec::new();
        for (mut night, _) in self.members {
            repair_times.extend_from_slice(night.lives.repair_times());
            night.give_back().await;
        }
        if let Some(whole) = &self.whole {
            self.stage.leases.give_back(whole).await;
        }
        let sent = self.stage.client.sent();
        let requests = Requests { ok: sent.ok, throttled: sent.throttled, failed: sent.failed };
        let Self { place, told, repaired, trouble, .. } = self;
        (place, Seen { told, repair_times, repaired, requests, trouble })
    }
}

impl Night<'_> {
    /// Reads both sides of findings again whose events were acknowledged. Those that agree are repaired and leave the list.
    async fn look_at_sent(&mut self, left: &mut Vec<Finding>) -> Result<Vec<Finding>, Failure> {
        let mut over = HashSet::new();
        for some in left.chunks(LOOKED_UP_AT_ONCE) {
            self.stop.check()?;
            if self.job.options.is_late() {
                break;
            }
            over.extend(self.look_at_some(some).await?);
        }
        let (repaired, others) =
            std::mem::take(left).into_iter().partition(|finding| over.contains(&finding.id.key));
        *left = others;
        Ok(repaired)
    }

    /// The keys of those that are repaired. What cannot be looked up is left for another time.
    async fn look_at_some(&mut self, sent: &[Finding]) -> Result<Vec<Key>, Failure> {
        let wanted = |finding: &Finding| Wanted { key: finding.id.key.clone(), clock: finding.clock };
        let items: Vec<Wanted> = sent.iter().map(wanted).collect();
        let confirmation = self.confirm(&items, &|_| true, self.absence_among(sent)).await?;
        refuse_rejected(&confirmation)?;
        let seen = confirmation.judged.into_iter().map(|judged| judged.observation);
        let agree: Vec<Observation> = seen.filter(|seen| seen.look == Look::Agrees).collect();
        let plan = self.decide(agree, None).await?;
        let is_repaired = |finding: &&Finding| finding.state == State::Repaired;
        let repaired =
            plan.findings.iter().filter(is_repaired).map(|finding| finding.id.key.clone()).collect();
        if !plan.is_empty() {
            self.commit(plan, Proven::default()).await?;
        }
        self.stop.going().moves();
        Ok(repaired)
    }
}

/// Says in the report of a domain what became of what was sent.
async fn tell(
    job: &Job,
    domain: &mut DomainReport,
    told: LookedAgain,
    time: Duration,
    trouble: Option<&Failure>,
) -> Result<(), StoreError> {
    let unrepaired = told.emitted - told.repaired;
    if let Some(failure) = trouble.filter(|failure| !matches!(failure, Failure::Interrupted)) {
        domain.notes.push(format!("what was sent could not be looked at again: {failure}"));
    } else if unrepaired > 0 {
        domain.notes.push(format!(
            "{unrepaired} of {} findings that were sent were not seen repaired within {}; the next run looks again",
            told.emitted,
            Spoken(time)
        ));
    }
    domain.tonight.repaired += told.repaired;
    domain.tonight.time_to_repair = took(domain.repair_times.clone());
    domain.looked_again = Some(told);
    if told.repaired > 0 { deliver::show_states(job, domain).await } else { Ok(()) }
}

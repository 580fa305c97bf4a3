//! One domain, in order: look again at what was found earlier, read the slices, rest once, judge what had to rest, release.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::{Purpose, Window};
use uuid::Uuid;

use super::account::Account;
use super::bookmark::Marks;
use super::causes::InboxTable;
use super::counting::Counting;
use super::join::{self, Joined};
use super::lease::Leases;
use super::listing::Listing;
use super::lives::Lives;
use super::members;
use super::outcome::Failure;
use super::resume::Resumed;
use super::shown::ShownTonight;
use super::slice::{Lanes, Pace, Reading};
use super::stage::{Members, Stage};
use super::stages::{Timed, timed};
use super::stop::Stop;
use super::summary::{blank, failed};
use super::unseen::Withheld;
use super::{IfLocked, Job, Mode, Scope, UnderWay};
use crate::clock::Stopwatch;
use crate::confirm::{LookUpBudget, Sentinels, Sides};
use crate::diff::Suspect;
use crate::event::{Event, Start};
use crate::finding::{Finding, State};
use crate::going::Going;
use crate::local::MemberValues;
use crate::plan::{Exposure, Plan, Planner};
use crate::quarantine::{Known, Weighed};
use crate::report::DomainReport;
use crate::source::DetailBudget;
use crate::store::{Commit, Covered, Lease, SavedToken, SliceDone};
use crate::telemetry;

/// How many earlier findings one run looks at again.
const FOLLOW_UP_BUDGET: u32 = 10_000;

/// A domain while a run works on it.
pub(super) struct Night<'a> {
    pub job: &'a Job,
    pub sides: Arc<Sides>,
    pub run_id: Uuid,
    /// Where its events belong in a trace, where the run is traced.
    pub traceparent: Option<String>,
    /// The run's start by the process's clock, read once.
    pub start: Instant,
    /// The run's start by the local database's clock.
    pub local_start: Instant,
    pub lease: Option<Lease>,
    pub leases: Leases,
    /// Whether the work on the domain is to end.
    pub stop: Stop,
    pub account: Account,
    /// What overlap scans read, counted apart.
    pub again: Account,
    pub report: DomainReport,
    pub pace: Arc<Pace>,
    pub counting: Arc<Counting>,
    /// How many items the run may still look up, all members of the domain together.
    pub budget: Arc<LookUpBudget>,
    /// Items that a look-up must find.
    pub sentinels: Arc<Sentinels>,
    pub lanes: Arc<Lanes>,
    /// What the provider's first answer says about how far its answers are whole.
    pub provider_ceiling: Arc<OnceLock<Option<Instant>>>,
    /// What cannot be read and is known.
    pub quarantine: Known,
    /// Rows that may be those of items without a key: nothing is concluded about them.
    pub aside: HashSet<Key>,
    /// Suspects that must rest before they are judged, with the moment they were first seen.
    pub resting: Vec<(Suspect, Purpose)>,
    pub resting_since: Option<Stopwatch>,
    /// What was proven if none of the resting orphans exists.
    pub withheld: Vec<Withheld>,
    /// What tonight's pages have shown, where events are followed.
    pub shown: ShownTonight,
    /// What a backfill has to fill.
    pub to_fill: Vec<Window>,
    /// Where it is written down how far slices are, once it is known whether they can be carried on.
    pub marks: Option<Arc<Marks>>,
    /// What earlier runs had begun to read.
    pub resumed: Resumed,
    /// Once it is over, readings that can be carried on later are given up.
    pub readings: Going,
    /// What `plan` would have stored, so that it decides as `run` does.
    pub imagined: HashMap<Key, Finding>,
    /// What the report will list.
    pub listing: Listing,
    /// What became of findings so far.
    pub lives: Lives,
    pub n_events: u64,
    /// The team's table of received webhooks, where the domain names one.
    pub inbox: Option<InboxTable>,
    /// How many findings were explained.
    pub n_explained: usize,
    /// How many entries of a log of deliveries may still be looked up.
    pub details: DetailBudget,
    pub limit: Option<String>,
}

/// What a slice proved, beside what it found.
#[derive(Default)]
pub(super) struct Proven {
    /// That it was judged.
    pub slice: Option<SliceDone>,
    /// What of its range was seen completely.
    pub coverage: Option<Covered>,
    /// Where the next read of a change feed goes on.
    pub token: Option<SavedToken>,
    /// What nobody has to read on any more.
    pub read: Option<(Purpose, Window)>,
    /// What it says about what cannot be read.
    pub quarantine: Weighed,
}

/// Reconciles one domain and reports on it, whatever happens.
pub(super) async fn reconcile(
    run: &UnderWay<'_>,
    reconciler: &Arc<dyn Reconciler>,
    now: Instant,
) -> DomainReport {
    let began = std::time::Instant::now();
    let told = async {
        let stage = Stage::set(run, reconciler, now).await?;
        loop {
            match Box::pin(lead(&stage)).await {
                Err(Failure::Locked(why)) if run.job.options.if_locked == IfLocked::Join => {
                    match Box::pin(join::join(&stage)).await? {
                        Joined::Over(n_read) => {
                            let note =
                                format!("{n_read} ranges were read for the run that works on the domain");
                            return Ok(joined(&stage, why, note));
                        }
                        Joined::Before(run_id) => {
                            let note =
                                format!("run {run_id} of the same job was through with the domain before");
                            return Ok(joined(&stage, why, note));
                        }
                        Joined::Orphaned => {}
                    }
                }
                led => return led,
            }
        }
    };
    let mut report =
        Box::pin(told).await.unwrap_or_else(|failure| failed(blank(reconciler.as_ref()), &failure));
    report.seconds = began.elapsed().as_secs_f64();
    report
}

/// Reconciles a domain that nobody else holds.
async fn lead(stage: &Stage<'_>) -> Result<DomainReport, Failure> {
    match stage.members().await? {
        Members::One => {
            let mut night = Night::open(stage, &Each::default(), &MemberValues::new()).await?;
            let end = Box::pin(night.work_alone()).await;
            Ok(Box::pin(night.close(end)).await)
        }
        Members::Several { members, doubts } => Box::pin(members::reconcile(stage, members, doubts)).await,
    }
}

/// The report of a domain that another run reconciled.
fn joined(stage: &Stage<'_>, why: String, note: String) -> DomainReport {
    let mut report = failed(blank(stage.reconciler.as_ref()), &Failure::Locked(why));
    report.pages = stage.pace.pages();
    report.notes.push(note);
    report
}

impl<'a> Night<'a> {
    /// Reaches both sides of a member and takes its lease.
    pub(super) async fn open(stage: &Stage<'a>, each: &Each, values: &MemberValues) -> Result<Self, Failure> {
        let (job, reconciler) = (stage.job, &stage.reconciler);
        let sides = Arc::new(stage.sides(each, values).await?);
        let inbox = InboxTable::of(stage, values).await;
        let lease = match job.options.mode {
            Mode::Plan => None,
            Mode::Run => Some(stage.leases.take(job, (reconciler.domain(), each), &stage.stop).await?),
        };
        Ok(Self {
            job,
            sides,
            run_id: stage.run_id,
            start: stage.start,
            local_start: stage.local_start,
            lease,
            leases: stage.leases.clone(),
            stop: stage.stop.clone(),
            readings: stage.stop.going().part(),
            account: Account::of(reconciler.direction()),
            again: Account::of(reconciler.direction()),
            report: blank(reconciler.as_ref()),
            pace: Arc::clone(&stage.pace),
            counting: Arc::default(),
            budget: Arc::clone(&stage.budget),
            sentinels: Arc::default(),
            lanes: Arc::clone(&stage.lanes),
            provider_ceiling: Arc::default(),
            quarantine: Known::default(),
            aside: HashSet::new(),
            resting: Vec::new(),
            resting_since: None,
            withheld: Vec::new(),
            shown: ShownTonight::default(),
            to_fill: Vec::new(),
            marks: None,
            resumed: Resumed::default(),
            traceparent: telemetry::traceparent(),
            imagined: HashMap::new(),
            listing: Listing::of_at_most(job.options.list),
            lives: Lives::default(),
            n_events: 0,
            inbox,
            n_explained: 0,
            details: DetailBudget::default(),
            limit: None,
        })
    }

    /// Everything up to the release, which looks at all members of a domain together.
    pub(super) async fn work(&mut self) -> Result<(), Failure> {
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
            Scope::Coverage | Scope::Range(_) | Scope::Backfill(_) => {
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
        }
    }

    async fn work_alone(&mut self) -> Result<(), Failure> {
        if bug!("released_too_early") {
            self.release(Exposure::default()).await?;
            return self.work().await;
        }
        self.work().await?;
        self.release(Exposure::default()).await
    }

    /// Every finding that is not over is read again by key, oldest first.
    async fn look_again(&mut self) -> Result<(), Failure> {
        let domain = self.sides.reconciler.domain().clone();
        // Half of the look-ups are left for what is found today, however many earlier findings there are.
        let half = u32::try_from(self.budget.limit() / 2).unwrap_or(u32::MAX);
        let most = FOLLOW_UP_BUDGET.min(half.max(1));
        let followed = self.job.store.followed(&domain, &self.sides.each, most).await?;
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

    /// The ceiling as far as it is known.
    pub(super) fn ceiling(&self) -> Instant {
        self.reading().ceiling()
    }

    /// What the tasks that read slices share.
    pub(super) fn reading(&self) -> Reading {
        Reading {
            sides: Arc::clone(&self.sides),
            watcher: Arc::clone(&self.job.watcher),
            lanes: Arc::clone(&self.lanes),
            pace: Arc::clone(&self.pace),
            counting: Arc::clone(&self.counting),
            going: self.stop.going().clone(),
            budget: Arc::clone(&self.budget),
            sentinels: Arc::clone(&self.sentinels),
            shown: self.sides.reconciler.events().filter(|events| events.drives).map(|_| self.shown.clone()),
            marks: self.marks.clone(),
            readings: self.readings.clone(),
            provider_ceiling: Arc::clone(&self.provider_ceiling),
            start: self.start,
            local_start: self.local_start,
        }
    }

    /// Stores a plan and what its slice proved in one transaction; `plan` only imagines it.
    pub(super) async fn commit(&mut self, plan: Plan, proven: Proven) -> Result<(), Failure> {
        self.note(&plan);
        let Some(lease) = &self.lease else {
            self.imagined.extend(plan.findings.into_iter().map(|finding| (finding.id.key.clone(), finding)));
            return Ok(());
        };
        let Plan { findings, events, superseded, stood: _ } = plan;
        let Proven { slice, coverage, token, read, quarantine } = proven;
        let supersede = superseded;
        let overlap = None;
        let commit =
            Commit { slice, coverage, overlap, token, read, findings, events, supersede, quarantine };
        self.job.store.commit(lease, commit).await?;
        self.stop.going().moves();
        Ok(())
    }

    fn note(&mut self, plan: &Plan) {
        self.lives.note(plan);
        let number = |is: fn(&Event) -> bool| plan.events.iter().filter(|event| is(event)).count() as u64;
        let dead = number(Event::is_dead);
        // What may not be sent counts for no limit: it goes nowhere.
        self.n_events += plan.events.len() as u64 - dead;
        self.report.events.dead += dead;
        self.report.events.held += number(|event| event.start == Start::Held);
        let mut types: HashMap<&Key, &str> = HashMap::new();
        for event in &plan.events {
            types.insert(&event.finding.key, &event.event_type);
        }
        for (finding, stood) in plan.findings.iter().zip(&plan.stood) {
            self.listing.note(finding, *stood, types.get(&finding.id.key).copied());
        }
    }

    /// The newest episodes of some keys, as they are or as a plan imagines them.
    pub(super) async fn known(&self, keys: &[Key]) -> Result<HashMap<Key, Finding>, Failure> {
        let stored =
            self.job.store.findings_by_key(self.sides.reconciler.domain(), &self.sides.each, keys).await?;
        let mut known: HashMap<Key, Finding> =
            stored.into_iter().map(|finding| (finding.id.key.clone(), finding)).collect();
        for key in keys {
            if let Some(finding) = self.imagined.get(key) {
                known.insert(key.clone(), finding.clone());
            }
        }
        Ok(known)
    }

    pub(super) async fn planner<'p>(&'p self, hold: Option<&'p str>) -> Result<Planner<'p>, Failure> {
        let now = self.job.store.now().await?;
        Ok(Planner {
            reconciler: self.sides.reconciler.as_ref(),
            each: &self.sides.each,
            run_id: self.run_id,
            now,
            traceparent: self.traceparent.as_deref(),
            hold,
            pseudonyms: self.job.pseudonyms.as_ref(),
            schemas: &self.job.schemas,
        })
    }

    /// Tells the reader of the report something that makes nothing doubtful.
    pub(super) fn remark(&mut self, note: String) {
        let note = self.of_whom(note);
        if !self.report.notes.contains(&note) {
            self.report.notes.push(note);
        }
    }

    /// A sentence with the member of the fan-out that it is about.
    fn of_whom(&self, sentence: String) -> String {
        match self.sides.each.as_str() {
            "" => sentence,
            each => format!("{each}: {sentence}"),
        }
    }

    /// Makes the domain partial, in words.
    pub(super) fn doubt(&mut self, problem: String) {
        self.report.complete = false;
        let problem = self.of_whom(problem);
        if !self.report.problems.contains(&problem) {
            self.report.problems.push(problem);
        }
    }

    /// Gives the lease back.
    pub(super) async fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            self.leases.give_back(&lease).await;
        }
    }

    async fn close(mut self, end: Result<(), Failure>) -> DomainReport {
        self.give_back().await;
        self.fill_report().await;
        match end {
            Err(failure) => failed(self.report, &failure),
            Ok(()) => self.report.ended(),
        }
    }

    /// The report, once it is filled in.
    pub(super) fn into_report(self) -> DomainReport {
        self.report
    }

    /// Takes over what another member of the same domain counted and kept.
    pub(super) fn absorb(&mut self, other: Self) {
        self.account.absorb(&other.account);
        self.again.absorb(&other.again);
        self.listing.absorb(other.listing);
        self.quarantine.absorb(other.quarantine);
        self.lives.absorb(other.lives);
        self.n_events += other.n_events;
        self.limit = self.limit.take().or(other.limit);
        self.report.absorb(other.report);
    }
}

/// Whether a locked domain is left out silently.
pub(super) fn tolerates_lock(job: &Job) -> bool {
    matches!(job.options.if_locked, IfLocked::Skip | IfLocked::Join)
}

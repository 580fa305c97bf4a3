//! One domain, in order: look again at what was found earlier, read the slices, rest once, judge what had to rest, release.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::{Filter, Reconciler};
use tieout_reconcilers::window::{Purpose, Slice, Window};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::account::Account;
use super::listing::Listing;
use super::outcome::Failure;
use super::slice::{self, Pace, Read};
use super::{IfLocked, Job, Mode, Scope};
use crate::confirm::Sides;
use crate::coverage::{self, Known};
use crate::diff::Suspect;
use crate::finding::Finding;
use crate::plan::{Exposure, Plan, Planner, tripped};
use crate::report::{DomainReport, EventCounts, FollowUp, ItemCounts, Limit, Requests, Status};
use crate::source::Coverage;
use crate::store::{Commit, Covered, LEASE_TIME, Lease, OverlapDone, Release, SliceDone, Staged};

/// How many earlier findings one run looks at again.
const FOLLOW_UP_BUDGET: u32 = 10_000;

/// How long a domain may ask its provider for more; what is left is read by the next run.
const RUN_TIME: std::time::Duration = std::time::Duration::from_hours(12);

/// After how many ranges in a row without a single page a provider is left alone until the next run.
const MAX_IN_VAIN: u32 = 3;

/// A domain while a run works on it.
pub(super) struct Night<'a> {
    pub job: &'a Job,
    pub sides: Sides,
    pub each: Each,
    pub run_id: Uuid,
    /// The run's start by the process's clock, read once.
    pub start: Instant,
    /// The run's start by the local database's clock.
    pub local_start: Instant,
    pub lease: Option<Lease>,
    /// Keeps the lease alive until it is dropped.
    pub renewal: Option<AbortOnDropHandle<()>>,
    pub account: Account,
    /// What overlap scans read, counted apart.
    pub again: Account,
    pub report: DomainReport,
    pub pace: Pace,
    /// Suspects that must rest before they are judged, with the moment they were first seen.
    pub resting: Vec<(Suspect, Purpose)>,
    pub resting_since: Option<std::time::Instant>,
    /// What `plan` would have stored, so that it decides as `run` does.
    pub imagined: HashMap<Key, Finding>,
    /// What the report will list.
    pub listing: Listing,
    pub n_events: u64,
    pub limit: Option<String>,
}

/// Reconciles one domain and reports on it, whatever happens.
pub(super) async fn reconcile(
    job: &Job,
    reconciler: &Arc<dyn Reconciler>,
    run_id: Uuid,
    now: Instant,
) -> DomainReport {
    let began = std::time::Instant::now();
    let mut report = match Night::open(job, reconciler, run_id, now).await {
        Err(failure) => failed(blank(reconciler.as_ref()), &failure),
        Ok(mut night) => {
            let end = night.work().await;
            night.close(end).await
        }
    };
    report.seconds = began.elapsed().as_secs_f64();
    report
}

impl<'a> Night<'a> {
    async fn open(
        job: &'a Job,
        reconciler: &Arc<dyn Reconciler>,
        run_id: Uuid,
        now: Instant,
    ) -> Result<Self, Failure> {
        let client = find(&job.clients, reconciler.provider().as_str())?
            .for_run(Some(tokio::time::Instant::now() + RUN_TIME));
        let database = find(&job.databases, &reconciler.local().database)?;
        let reader = database.reader(reconciler.local(), reconciler.fields()).await?;
        let local_start = database.now().await?;
        let each = Each::default();
        let lease = match job.options.mode {
            Mode::Plan => None,
            Mode::Run => Some(job.store.acquire(reconciler.domain(), &each, run_id, &holder()).await?),
        };
        Ok(Self {
            job,
            sides: Sides { client, reconciler: Arc::clone(reconciler), reader },
            each,
            run_id,
            start: now,
            local_start,
            renewal: lease.as_ref().map(|lease| keep(job, lease)),
            lease,
            account: Account::default(),
            again: Account::default(),
            report: blank(reconciler.as_ref()),
            pace: Pace::default(),
            resting: Vec::new(),
            resting_since: None,
            imagined: HashMap::new(),
            listing: Listing::of_at_most(job.options.list),
            n_events: 0,
            limit: None,
        })
    }

    async fn work(&mut self) -> Result<(), Failure> {
        self.look_again().await?;
        match &self.job.options.scope {
            Scope::Keys(keys) => self.judge_keys(keys).await?,
            Scope::Coverage | Scope::Range(_) => {
                self.read_slices().await?;
                self.rest().await?;
            }
        }
        self.release().await
    }

    /// Every finding that is not over is read again by key, oldest first.
    async fn look_again(&mut self) -> Result<(), Failure> {
        let domain = self.sides.reconciler.domain().clone();
        let followed = self.job.store.followed(&domain, &self.each, FOLLOW_UP_BUDGET).await?;
        for chunk in followed.chunks(1_000) {
            self.stop_if_cancelled()?;
            self.follow(chunk).await?;
        }
        Ok(())
    }

    async fn read_slices(&mut self) -> Result<(), Failure> {
        let (slices, sees_all_changes) = self.slices().await?;
        let mut queue: VecDeque<Slice> = slices.into();
        let mut in_vain = 0;
        while let Some(slice) = queue.pop_front() {
            self.stop_if_cancelled()?;
            if in_vain >= MAX_IN_VAIN {
                self.doubt(format!(
                    "{in_vain} ranges in a row gave no page; {} more were not tried",
                    queue.len() + 1
                ));
                break;
            }
            let pages = self.pace.pages;
            match slice::read(self.job, &self.sides, &slice, &mut self.pace).await? {
                Read::Whole { difference, coverage, rows } => {
                    self.say_row_faults(&rows);
                    let is_whole = coverage == Coverage::Complete;
                    self.judge_slice(&slice, *difference, coverage).await?;
                    in_vain = if is_whole || self.pace.pages > pages { 0 } else { in_vain + 1 };
                }
                Read::TooLarge => self.split(&slice, &mut queue),
            }
        }
        if sees_all_changes { self.overlap_done().await } else { Ok(()) }
    }

    /// Two halves take the place of a slice that holds too much; a feed that cannot filter has no halves.
    fn split(&mut self, slice: &Slice, queue: &mut VecDeque<Slice>) {
        let feed = self.sides.reconciler.feed();
        let middle = Instant::from_micros(slice.window.from().micros().midpoint(slice.window.to().micros()))
            .floor(feed.grain);
        let halves = (Window::new(slice.window.from(), middle), Window::new(middle, slice.window.to()));
        let ((Some(older), Some(newer)), Filter::Server) = (halves, feed.filter) else {
            self.doubt(format!(
                "the range {} to {} holds more items than fit in memory and cannot be split",
                slice.window.from(),
                slice.window.to()
            ));
            return;
        };
        queue.push_front(Slice { window: newer, ..slice.clone() });
        queue.push_front(Slice { window: older, ..slice.clone() });
    }

    /// What is to be read, and whether that shows every change that the feed's `overlap_scan` promises to find.
    async fn slices(&mut self) -> Result<(Vec<Slice>, bool), Failure> {
        let reconciler = &self.sides.reconciler;
        let (feed, policy) = (reconciler.feed(), reconciler.policy());
        let ceiling = self.ceiling();
        if let Scope::Range(range) = &self.job.options.scope {
            let judged = range.until(ceiling);
            return Ok((judged.map_or_else(Vec::new, |range| coverage::slices_of(feed, range)), false));
        }
        let (domain, each) = (reconciler.domain(), &self.each);
        let verified = self.job.store.coverage(domain, each, &feed.clock).await?;
        let began = self.job.store.first_slice(domain, each).await?;
        let last_overlap =
            self.job.store.last_overlap(domain, each, &feed.clock).await?.map(|overlap| overlap.completed_at);
        let known = Known { verified: &verified, began, last_overlap, now: self.start, ceiling };
        let slices = coverage::slices(feed, policy, &known);
        // A first run reads everything anew, which is all that a wider re-read could do.
        let is_first = began.is_none();
        let rereads = slices.iter().any(|slice| slice.purpose == Purpose::Overlap);
        let sees_all_changes = feed.overlap.is_some() && (is_first || rereads);
        if let (true, None, Some(first)) = (is_first, policy.start, slices.first()) {
            let note = format!(
                "first run: it begins 30 days back, at {}; `policy: {{start: ...}}` says otherwise",
                first.window.from()
            );
            self.report.notes.push(note);
        }
        Ok((slices, sees_all_changes))
    }

    async fn verified_through(&self) -> Result<Option<Instant>, Failure> {
        let (domain, clock) = (self.sides.reconciler.domain(), &self.sides.reconciler.feed().clock);
        let verified = self.job.store.coverage(domain, &self.each, clock).await?;
        let began = self.job.store.first_slice(domain, &self.each).await?;
        Ok(coverage::verified_through(&verified, self.sides.reconciler.policy().start.or(began)))
    }

    /// The ceiling as far as the provider's clock is known.
    pub(super) fn ceiling(&self) -> Instant {
        let reconciler = &self.sides.reconciler;
        coverage::ceiling(self.start, reconciler.feed(), reconciler.policy(), self.sides.client.first_skew())
    }

    async fn overlap_done(&mut self) -> Result<(), Failure> {
        let (Some(lease), true) = (&self.lease, self.report.complete) else { return Ok(()) };
        let clock = self.sides.reconciler.feed().clock.clone();
        let done = OverlapDone { clock, through: self.ceiling() };
        Ok(self.job.store.commit(lease, Commit { overlap: Some(done), ..Commit::default() }).await?)
    }

    /// Stores a plan and what it proves in one transaction; `plan` only imagines it.
    pub(super) async fn commit(
        &mut self,
        plan: Plan,
        slice: Option<SliceDone>,
        coverage: Option<Covered>,
    ) -> Result<(), Failure> {
        self.note(&plan);
        let Some(lease) = &self.lease else {
            self.imagined.extend(plan.findings.into_iter().map(|finding| (finding.id.key.clone(), finding)));
            return Ok(());
        };
        let Plan { findings, events, superseded } = plan;
        let commit = Commit { slice, coverage, overlap: None, findings, events, supersede: superseded };
        Ok(self.job.store.commit(lease, commit).await?)
    }

    fn note(&mut self, plan: &Plan) {
        self.n_events += plan.events.len() as u64;
        let mut types: HashMap<&Key, &str> = HashMap::new();
        for event in &plan.events {
            types.insert(&event.finding.key, &event.event_type);
        }
        for finding in &plan.findings {
            self.listing.note(finding, types.get(&finding.id.key).copied());
        }
    }

    /// The newest episodes of some keys, as they are or as a plan imagines them.
    pub(super) async fn known(&self, keys: &[Key]) -> Result<HashMap<Key, Finding>, Failure> {
        let stored = self.job.store.findings_by_key(self.sides.reconciler.domain(), &self.each, keys).await?;
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
            each: &self.each,
            run_id: self.run_id,
            now,
            hold,
        })
    }

    /// Applies the limits to everything that is staged and lets it go, or holds all of it.
    async fn release(&mut self) -> Result<(), Failure> {
        let mut policy = self.sides.reconciler.policy().clone();
        policy.max_emits = self.job.options.max_emits.unwrap_or(policy.max_emits);
        let ItemCounts { upstream, local, .. } = self.account.items;
        // Keys that somebody named are no range, so they say nothing about how much upstream should have.
        let local = if matches!(self.job.options.scope, Scope::Keys(_)) { 0 } else { local };
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

    pub(super) fn stop_if_cancelled(&self) -> Result<(), Failure> {
        if self.job.cancel.is_cancelled() { Err(Failure::Interrupted) } else { Ok(()) }
    }

    /// Makes the domain partial, in words.
    pub(super) fn doubt(&mut self, problem: String) {
        self.report.complete = false;
        if !self.report.problems.contains(&problem) {
            self.report.problems.push(problem);
        }
    }

    async fn close(mut self, end: Result<(), Failure>) -> DomainReport {
        self.renewal = None;
        if let Some(lease) = self.lease.take()
            && let Err(error) = self.job.store.release_lease(&lease).await
        {
            tracing::warn!(domain = %self.sides.reconciler.domain(), %error, "the lease could not be given back; it lapses by itself");
        }
        self.fill_report().await;
        if let Err(failure) = end {
            return failed(self.report, &failure);
        }
        self.report.status = match (&self.limit, self.report.complete) {
            (Some(_), _) => Status::Held,
            (None, false) => Status::Partial,
            (None, true) => Status::Done,
        };
        self.report
    }

    async fn fill_report(&mut self) {
        self.report.ceiling = Some(self.ceiling().to_string());
        self.report.pages = self.pace.pages;
        let sent = self.sides.client.sent();
        self.report.api_requests = Requests { ok: sent.ok, throttled: sent.throttled, failed: sent.failed };
        self.report.items = self.account.items;
        self.report.overlap = self.again.items;
        self.report.amounts = self.account.money.tie_out();
        self.report.events.planned = self.n_events;
        self.report.limits =
            self.limit.iter().map(|text| Limit { text: text.clone(), tripped: true }).collect();
        match self.verified_through().await {
            Ok(through) => self.report.verified_through = through.map(|at| at.to_string()),
            Err(failure) => self.report.problems.push(failure.to_string()),
        }
        let listing = std::mem::replace(&mut self.listing, Listing::of_at_most(0));
        (self.report.findings, self.report.findings_not_listed) = listing.finish(self.limit.is_some());
    }
}

fn find<T: Clone>(
    known: &std::collections::BTreeMap<String, Result<T, Failure>>,
    name: &str,
) -> Result<T, Failure> {
    let missing = || Failure::Definition(format!("`{name}` is not configured"));
    known.get(name).ok_or_else(missing)?.clone()
}

fn failed(mut report: DomainReport, failure: &Failure) -> DomainReport {
    report.status = failure.status();
    report.complete = false;
    report.problems.push(failure.to_string());
    report.exit_code = failure.exit_code();
    report.failure = Some(failure.word().to_owned());
    report
}

fn blank(reconciler: &dyn Reconciler) -> DomainReport {
    DomainReport {
        domain: reconciler.domain().to_string(),
        status: Status::Running,
        complete: true,
        failure: None,
        exit_code: 0,
        ranges: Vec::new(),
        ceiling: None,
        settle_seconds: reconciler.policy().settle.as_secs(),
        verified_through: None,
        pages: 0,
        api_requests: Requests::default(),
        seconds: 0.0,
        items: ItemCounts::default(),
        overlap: ItemCounts::default(),
        follow_up: FollowUp::default(),
        events: EventCounts::default(),
        amounts: Vec::new(),
        limits: Vec::new(),
        problems: Vec::new(),
        notes: Vec::new(),
        findings: Vec::new(),
        findings_not_listed: 0,
    }
}

/// Who holds a lease, for the message that another run gets.
fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("process {} on {}", std::process::id(), host.trim())
}

/// Renews a lease until it is dropped. A lease that was lost is noticed by the next commit.
fn keep(job: &Job, lease: &Lease) -> AbortOnDropHandle<()> {
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

/// Whether a locked domain is left out silently.
pub(super) fn tolerates_lock(job: &Job) -> bool {
    job.options.if_locked == IfLocked::Skip
}

//! The job, top to bottom: open the report, reconcile domain by domain, deliver, close the report.
//!
//! Only this room knows the order. The stages do not call each other: each takes the previous stage's value and returns
//! its own. No transaction is open across a call to a provider or a queue.

mod account;
mod approve;
mod asked;
mod backfill;
mod bookmark;
mod call;
mod carriage;
mod causes;
mod counting;
mod dead;
mod deadline;
mod deliver;
mod domain;
mod events;
mod finish;
mod flight;
mod follow;
mod funnel;
mod join;
mod lease;
mod listing;
mod lives;
mod members;
mod named;
mod offers;
mod originals;
mod narrow;
mod outcome;
mod panicked;
mod parts;
mod permit;
mod planned;
mod purge;
mod quarantine;
mod range;
mod reading;
mod release;
mod remains;
mod rest;
mod repairs;
mod replay;
mod resume;
mod retry;
mod shape;
mod shown;
mod sighted;
mod slice;
mod sorting;
mod stage;
mod stages;
mod standing;
mod stop;
mod summary;
mod terms;
mod unopened;
mod unseen;
mod verdicts;
mod whole;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Window;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use tracing::Instrument as _;

use crate::clock::Clocks;
use crate::local::Database;
use crate::privacy::Pseudonyms;
use crate::progress::{Progress, Watcher};
use crate::queue::Queues;
use crate::report::{DomainReport, RunReport, SCHEMA, Status};
use crate::schemas::Registry;
use crate::source::Client;
use crate::store::{Keep, RunMode, RunRow, Store, StoreError};

use lease::Leases;
use stages::{Timed, timed};
use stop::RunStop;

pub use approve::{Approved, NotApproved, Order, approve};
pub use asked::{Asked, NotAsked};
pub use call::Call;
pub use carriage::Carriage;
pub use dead::close as close_dead_runs;
pub(crate) use events::EVENTS;
pub(crate) use lease::holder;
pub use outcome::Failure;
pub use permit::{Permit, Permitted, PermittedItem};
pub use replay::{Replay, Replayed, carry_out, replay};
pub use retry::{Became, Retried, Retry, retry};
pub(crate) use standing::standing;
pub use terms::{AfterFailure, Stopper, Terms};
pub(crate) use unopened::{unopened, unread};

/// Whether a run acts or only says what it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Finds, commits and sends.
    Run,
    /// Finds, and writes nothing but its own run row.
    Plan,
}

impl Mode {
    /// The word for it in reports.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Plan => "plan",
        }
    }
}

/// What part of a domain is looked at.
#[derive(Debug, Clone, Default)]
pub enum Scope {
    /// Whatever coverage asks for.
    #[default]
    Coverage,
    /// Everything from where coverage begins, however much of it is verified.
    Full,
    /// A range, verified or not.
    Range(Window),
    /// What was never verified of a range, or of everything between the beginning and the newest end.
    Backfill(Option<Window>),
    /// Some keys, which never touches coverage.
    Keys(Vec<Key>),
    /// The items of a saved plan and nothing else; coverage stays as it is.
    Planned(Arc<Permit>),
}

impl Scope {
    /// Whether all that coverage asks for is looked at.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Coverage | Self::Full)
    }
}

/// What to do when another run holds a domain's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfLocked {
    /// Exit code 6.
    #[default]
    Fail,
    /// Leave the domain out.
    Skip,
    /// Wait until it is free, or the deadline comes.
    Wait,
    /// Read slices for whoever holds it; and offer slices of what this run holds to others.
    Join,
}

/// Which of several processes this is that do the same work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shard {
    /// What they all belong to: they do each domain once.
    pub job: Option<String>,
    /// The number among them.
    pub index: Option<u32>,
}

/// What happens to what a run finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Found {
    /// It is sent, within the limits.
    #[default]
    Repaired,
    /// It was there before anybody looked: it is held until a person says what becomes of it.
    Baseline,
}

/// How often it is written down how far slices are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bookmarks {
    /// As often as takes little of the time.
    #[default]
    Paced,
    /// After each page, whatever it takes.
    EveryPage,
}

/// How a run is asked to behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// Acts or only plans.
    pub mode: Mode,
    /// What part of the domains.
    pub scope: Scope,
    /// Replaces every domain's own limit.
    pub max_emits: Option<u64>,
    /// What happens to what is found.
    pub found: Found,
    /// What else the call asks for.
    pub terms: Terms,
    /// What to do when a domain is locked.
    pub if_locked: IfLocked,
    /// Whom it shares the work with, where it is one of several.
    pub shard: Shard,
    /// How long the relay may drain the outbox at the end.
    pub drain: Duration,
    /// When nothing more is begun; what is left is for the next run.
    pub deadline: Option<Moment>,
    /// After how long without any movement the run ends itself.
    pub watchdog: Duration,
    /// The interrupted run that this one goes on with.
    pub resumes: Option<Uuid>,
    /// How many findings a report lists per domain.
    pub list: usize,
    /// How many slices are walked side by side, at least 1.
    pub concurrency: usize,
    /// How often it is written down how far slices are.
    pub bookmarks: Bookmarks,
    /// Whether differences alone make the exit code 4.
    pub differences_exit: bool,
    /// How long events are kept after they were sent or had died.
    pub keep: Keep,
}

/// Everything a run works with.
pub struct Job {
    /// Names the run in its report, its events and its leases: a UUIDv7.
    pub run_id: Uuid,
    /// How it was called.
    pub call: Call,
    /// The state store.
    pub store: Store,
    /// The domains in the order of the run, with the names of what they need.
    pub domains: Vec<Arc<dyn Reconciler>>,
    /// Why some of the domains cannot be begun. The others are worked on all the same.
    pub lacking: BTreeMap<DomainName, Failure>,
    /// One client per provider, or why there is none.
    pub clients: BTreeMap<String, Result<Client, Failure>>,
    /// One pool per database, or why there is none.
    pub databases: BTreeMap<String, Result<Database, Failure>>,
    /// Who watches.
    pub watcher: Arc<dyn Watcher>,
    /// Cancelled by a signal.
    pub cancel: CancellationToken,
    /// The exit code that a signal asks for.
    pub signal_exit: Arc<dyn Fn() -> Option<u8> + Send + Sync>,
    /// What stands for values that people must not see; without it they are dropped.
    pub pseudonyms: Option<Pseudonyms>,
    /// The schemas that events must fit.
    pub schemas: Arc<Registry>,
    /// What time it is.
    pub clocks: Clocks,
    /// How to behave.
    pub options: Options,
}

/// A run under way: the job, what the run holds, and whether it is to end.
struct UnderWay<'a> {
    job: &'a Job,
    leases: Leases,
    stop: RunStop,
}

/// Runs the job. The report row is inserted first and finalised on every path.
pub async fn run(job: &Job, queues: &mut Queues) -> Result<RunReport, StoreError> {
    panicked::note_places();
    let now = job.clocks.process.now();
    let mut report = open_report(job, now);
    job.store.begin_run(&row_of(&report, job, now)).await?;
    if job.options.mode == Mode::Run {
        dead::close(&job.store, &job.domains, Some(job.run_id)).await?;
    }
    let run = UnderWay { job, leases: Leases::of(job), stop: RunStop::on(&job.cancel) };
    let signs_of_life = run.leases.keep();
    let span = tracing::info_span!("tieout.run", run_id = %job.run_id);
    let mut work = Box::pin(work(&run, queues, &mut report, now).instrument(span));
    let worked = tokio::select! {
        biased;
        worked = &mut work => Some(worked),
        () = run.stop.overdue(job.options.watchdog) => None,
    };
    drop(work);
    signs_of_life.end().await;
    match worked {
        Some(worked) => worked.map(|()| report),
        None => Box::pin(finish::give_up(&run)).await,
    }
}

/// The job itself, which fills in the report and finalises it.
async fn work(
    run: &UnderWay<'_>,
    queues: &mut Queues,
    report: &mut RunReport,
    now: Instant,
) -> Result<(), StoreError> {
    let job = run.job;
    let began = job.store.now().await?;
    let mut stopper: Option<Stopper> = None;
    for reconciler in &job.domains {
        if run.stop.going().is_over() {
            break;
        }
        let domain = if let Some(stopper) = &stopper {
            left_out(job, reconciler.as_ref(), &Failure::NotBegun(stopper.clone()))
        } else if let Some(failure) = job.lacking.get(reconciler.domain()) {
            left_out(job, reconciler.as_ref(), failure)
        } else {
            job.watcher.saw(Progress::DomainStarted { domain: reconciler.domain().as_str() });
            let span = tracing::info_span!("tieout.domain", domain = %reconciler.domain());
            Box::pin(reconcile(run, reconciler, now)).instrument(span).await
        };
        stopper = stopper.or_else(|| job.options.terms.after_failure.stopped_by(&domain));
        note_end(job, &domain).await;
        crash_point!("domain.reported");
        report.domains.push(domain);
    }
    if job.options.mode == Mode::Run {
        // Where the run is to end, this only says what still waits. The report is finalised even where the state store fails now; if
        // it still does then, the run says so itself.
        let delivering = panicked::caught(deliver::deliver(job, queues, report, run.stop.going()));
        let (delivered, took) = timed(Box::pin(delivering)).await;
        report.domains.iter_mut().for_each(|domain| domain.took(Timed::Deliver, took));
        match delivered {
            Ok(Ok(())) => {}
            Ok(Err(error)) => deliver::not_known(report, "state_store", &error.with_causes()),
            Err(failure) => deliver::not_known(report, failure.word(), &failure.to_string()),
        }
        purge::purge(job, report, run.stop.going()).await;
        if let Some(time) = job.options.terms.confirm {
            let looking = panicked::caught(repairs::look_again(run, report, time, (began, now)));
            if let Err(failure) = Box::pin(looking).await {
                report.warnings.push(format!("what was sent could not be looked at again: {failure}"));
            }
        }
    }
    crash_point!("run.delivered");
    // How findings stand is worth knowing and no reason to lose a report.
    if let Err(error) = standing::tell(job, &mut report.domains, began).await {
        tracing::warn!(%error, "how the findings stand could not be counted");
    }
    funnel::tell(job, queues, report, run.stop.going()).await;
    for domain in &report.domains {
        job.watcher.saw(Progress::DomainFinished { report: domain });
    }
    finish::close(run, report).await;
    Ok(())
}

/// One domain. A mistake of the program ends it, and no other.
async fn reconcile(run: &UnderWay<'_>, reconciler: &Arc<dyn Reconciler>, now: Instant) -> DomainReport {
    // A night is deep: boxed, its layout is worked out apart from that of the run.
    let night = Box::pin(domain::reconcile(run, reconciler, now));
    let report = match panicked::caught(night).await {
        Ok(report) => report,
        Err(failure) => {
            tracing::error!(%failure, "the domain was given up");
            run.leases.fence_off(reconciler.domain()).await;
            summary::failed(summary::blank(reconciler.as_ref()), &failure)
        }
    };
    accounted(run.job, reconciler.as_ref(), report)
}

/// A domain that is not begun.
fn left_out(job: &Job, reconciler: &dyn Reconciler, failure: &Failure) -> DomainReport {
    accounted(job, reconciler, summary::failed(summary::blank(reconciler), failure))
}

/// Says by which definition a domain was worked on, and of every item of a saved plan what became of it.
fn accounted(job: &Job, reconciler: &dyn Reconciler, mut report: DomainReport) -> DomainReport {
    report.definition_sha256 = job.call.definition(reconciler.domain());
    if let Scope::Planned(permit) = &job.options.scope {
        permit.account_for_all(reconciler.domain(), &mut report);
    }
    report
}

/// Records how a domain ended, in case the run cannot write its whole report.
async fn note_end(job: &Job, domain: &DomainReport) {
    if job.options.mode == Mode::Plan {
        return;
    }
    let noted = match serde_json::to_string(domain) {
        Ok(json) => job.store.end_domain(job.run_id, &domain.domain, &json).await,
        Err(_) => return,
    };
    if let Err(error) = noted {
        tracing::warn!(domain = domain.domain, %error, "how the domain ended could not be noted");
    }
}

fn open_report(job: &Job, now: Instant) -> RunReport {
    RunReport {
        schema: SCHEMA.to_owned(),
        run_id: job.run_id,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: job.options.mode.word().to_owned(),
        trigger: Some(job.call.trigger),
        args: job.call.args.clone(),
        resumes: job.options.resumes,
        successor: None,
        selected: job.domains.iter().map(|domain| domain.domain().to_string()).collect(),
        started_at: now.to_string(),
        finished_at: None,
        status: Status::Running,
        exit: crate::report::Exit::default(),
        domains: Vec::new(),
        warnings: Vec::new(),
    }
}

fn row_of(report: &RunReport, job: &Job, now: Instant) -> RunRow {
    RunRow {
        run_id: report.run_id,
        started_at: now,
        mode: match job.options.mode {
            Mode::Run => RunMode::Run,
            Mode::Plan => RunMode::Plan,
        },
        trigger: job.call.trigger.as_str().to_owned(),
        args_json: Asked::of(job).to_json(),
        version: report.tool_version.clone(),
        resumes: job.options.resumes,
    }
}

#[cfg(test)]
mod tests;

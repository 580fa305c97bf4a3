//! The job, top to bottom: open the report, reconcile domain by domain, deliver, close the report.
//!
//! Only this room knows the order. The stages do not call each other: each takes the previous stage's value and returns
//! its own. No transaction is open across a call to a provider or a queue.

mod account;
mod approve;
mod backfill;
mod causes;
mod counting;
mod deadline;
mod domain;
mod events;
mod finish;
mod flight;
mod lease;
mod listing;
mod lives;
mod members;
mod originals;
mod outcome;
mod parts;
mod reading;
mod release;
mod rest;
mod shape;
mod shown;
mod slice;
mod sorting;
mod stage;
mod standing;
mod summary;
mod unseen;
mod verdicts;
mod whole;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Window;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use tracing::Instrument as _;

use crate::clock::Clocks;
use crate::finding::State;
use crate::local::Database;
use crate::progress::{Progress, Watcher};
use crate::queue::Queues;
use crate::relay;
use crate::report::{DomainReport, RunReport, SCHEMA, Status, exit};
use crate::source::Client;
use crate::store::{OutboxState, RunMode, RunRow, Store, StoreError};

pub use approve::{Approved, NotApproved, Order, approve};
pub(crate) use events::EVENTS;
pub use outcome::Failure;
pub(crate) use standing::standing;

/// How often a run says that it is alive; well under the time after which it is taken for dead.
const HEART_BEAT: Duration = Duration::from_secs(10);

/// Whether a run acts or only says what it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Finds, commits and sends.
    Run,
    /// Finds, and writes nothing but its own run row.
    Plan,
}

/// What part of a domain is looked at.
#[derive(Debug, Clone, Default)]
pub enum Scope {
    /// Whatever coverage asks for.
    #[default]
    Coverage,
    /// A range, verified or not.
    Range(Window),
    /// What was never verified of a range, or of everything between the beginning and the newest end.
    Backfill(Option<Window>),
    /// Some keys, which never touches coverage.
    Keys(Vec<Key>),
}

/// What to do when another run holds a domain's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfLocked {
    /// Exit code 6.
    #[default]
    Fail,
    /// Leave the domain out.
    Skip,
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
    /// What to do when a domain is locked.
    pub if_locked: IfLocked,
    /// How long the relay may drain the outbox at the end.
    pub drain: Duration,
    /// When nothing more is begun; what is left is for the next run.
    pub deadline: Option<Moment>,
    /// How many findings a report lists per domain.
    pub list: usize,
    /// How many slices are walked side by side, at least 1.
    pub concurrency: usize,
    /// Whether differences alone make the exit code 4.
    pub differences_exit: bool,
}

/// Everything a run works with.
pub struct Job {
    /// Names the run in its report, its events and its leases: a UUIDv7.
    pub run_id: Uuid,
    /// The state store.
    pub store: Store,
    /// The domains in the order of the run, with the names of what they need.
    pub domains: Vec<Arc<dyn Reconciler>>,
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
    /// What time it is.
    pub clocks: Clocks,
    /// How to behave.
    pub options: Options,
}

/// Runs the job. The report row is inserted first and finalised on every path.
pub async fn run(job: &Job, queues: &mut Queues) -> Result<RunReport, StoreError> {
    let now = job.clocks.process.now();
    let mut report = open_report(job, now);
    for dead in job.store.close_dead_runs().await? {
        tracing::warn!(run_id = %dead, "an earlier run gave no sign of life and is recorded as interrupted");
    }
    job.store.begin_run(&row_of(&report, job, now)).await?;
    let began = job.store.now().await?;
    let _beat = heart_beat(job, report.run_id);
    for reconciler in &job.domains {
        if job.cancel.is_cancelled() {
            break;
        }
        job.watcher.saw(Progress::DomainStarted { domain: reconciler.domain().as_str() });
        let span = tracing::info_span!("domain", domain = %reconciler.domain());
        // A night is deep: boxed, its layout is worked out apart from that of the run.
        let night = Box::pin(domain::reconcile(job, reconciler, report.run_id, now));
        let domain = night.instrument(span).await;
        report.domains.push(domain);
    }
    if job.options.mode == Mode::Run && !job.cancel.is_cancelled() {
        // The report is finalised even where the state store fails now; if it still does then, the run says so itself.
        if let Err(error) = deliver(job, queues, &mut report).await {
            undelivered(&mut report, &error);
        }
    }
    // How findings stand is worth knowing and no reason to lose a report.
    if let Err(error) = standing::tell(job, &mut report.domains, began).await {
        tracing::warn!(%error, "how the findings stand could not be counted");
    }
    for domain in &report.domains {
        job.watcher.saw(Progress::DomainFinished { report: domain });
    }
    finish::close(job, &mut report).await?;
    Ok(report)
}

fn open_report(job: &Job, now: Instant) -> RunReport {
    RunReport {
        schema: SCHEMA.to_owned(),
        run_id: job.run_id,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: match job.options.mode {
            Mode::Run => "run".to_owned(),
            Mode::Plan => "plan".to_owned(),
        },
        selected: job.domains.iter().map(|domain| domain.domain().to_string()).collect(),
        started_at: now.to_string(),
        finished_at: None,
        status: Status::Running,
        exit: crate::report::Exit::default(),
        domains: Vec::new(),
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
        trigger: "manual".to_owned(),
        args_json: serde_json::json!({ "domains": report.selected }).to_string(),
        version: report.tool_version.clone(),
    }
}

/// Keeps the run row fresh while the run works, until it is dropped.
fn heart_beat(job: &Job, run_id: Uuid) -> AbortOnDropHandle<()> {
    let store = job.store.clone();
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut tick = tokio::time::interval(HEART_BEAT);
        loop {
            tick.tick().await;
            if let Err(error) = store.beat(run_id).await {
                tracing::warn!(%run_id, %error, "the run's heartbeat could not be written");
            }
        }
    }))
}

/// Sends what is pending, and says of each domain what became of it.
async fn deliver(job: &Job, queues: &mut Queues, report: &mut RunReport) -> Result<(), StoreError> {
    let drained = relay::drain(&job.store, queues, job.options.drain).await?;
    let unsent = job.store.unsent().await?;
    for domain in &mut report.domains {
        let is_its = |name: &DomainName| name.as_str() == domain.domain;
        let count =
            |by: &BTreeMap<DomainName, u64>| by.iter().filter(|(name, _)| is_its(name)).map(|(_, n)| n).sum();
        let waiting = unsent.iter().filter(|row| is_its(&row.domain) && row.state == OutboxState::Pending);
        domain.events.emitted = count(&drained.sent);
        domain.events.dead = count(&drained.dead);
        domain.events.waiting = waiting.map(|row| row.count).sum();
        if domain.events.emitted > 0 {
            show_delivered(job, domain).await?;
        }
        if domain.events.waiting > 0 {
            domain.problems.extend(drained.faults.values().map(ToString::to_string));
        }
    }
    Ok(())
}

/// Nobody knows what became of the events: that is a failure of every domain of the run.
fn undelivered(report: &mut RunReport, error: &StoreError) {
    for domain in &mut report.domains {
        if domain.failure.is_none() {
            domain.status = Status::Failed;
            domain.failure = Some("state_store".to_owned());
            domain.exit_code = exit::FAILED;
        }
        domain.problems.push(format!("the outbox cannot be delivered: {}", error.with_causes()));
    }
}

/// The listed findings whose events were acknowledged in this run are not open any more.
async fn show_delivered(job: &Job, domain: &mut DomainReport) -> Result<(), StoreError> {
    let Ok(name) = domain.domain.parse::<DomainName>() else { return Ok(()) };
    let mut keys: BTreeMap<String, Vec<Key>> = BTreeMap::new();
    for finding in &domain.findings {
        keys.entry(finding.each.clone()).or_default().extend(Key::checked(&finding.key));
    }
    let mut states: BTreeMap<(String, String), State> = BTreeMap::new();
    for (each, keys) in keys {
        let now = job.store.findings_by_key(&name, &Each::stored(&each), &keys).await?;
        states.extend(now.iter().map(|finding| ((each.clone(), finding.id.key.to_string()), finding.state)));
    }
    for finding in &mut domain.findings {
        if let Some(state) = states.get(&(finding.each.clone(), finding.key.clone())) {
            state.as_str().clone_into(&mut finding.state);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

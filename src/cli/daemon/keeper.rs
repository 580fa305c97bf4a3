//! Keeps the schedules: asks the planner what is to be done about each domain, and does it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::DaemonArgs;
use super::retrying::{Job, Retrying};
use super::scheduled::Scheduled;
use super::setup::Setup;
use super::window::Window;
use crate::cli::desk::Desk;
use crate::cli::diary::{Diary, about, log};
use crate::cli::dlq::Delivery;
use crate::cli::failure::Failure;
use crate::cli::reconcile::{self, Called};
use crate::cli::wire;
use crate::daemon::{Jump, Passed, Replanned, Step, step};
use crate::going::Going;
use crate::report::Trigger;
use crate::run::{self, Asked, IfLocked, Mode, Options, Scope, holder};
use crate::store::{Claim, Claimed, Entry, Happened, Next, RunMode, RunRow, Store, StoreError};

/// How often a step is taken at once for each domain; what is left then comes with the next look.
const AT_ONCE: usize = 4;

/// How long a state store is left alone that does not answer.
const AGAIN: Duration = Duration::from_secs(5);

/// A daemon at work.
pub(super) struct Keeper {
    desk: Desk,
    args: DaemonArgs,
    setup: Arc<Setup>,
    store: Store,
    diary: Diary,
    /// Its runs, and whatever else must have ended before the daemon does.
    tasks: TaskTracker,
    /// Where others see how things stand, if anywhere.
    window: Option<Window>,
    run_ended: Arc<Notify>,
    retrying: Retrying,
    /// The run that was called for and that the state store never answered about: nobody knows whether it is this daemon's.
    unanswered: Option<Call>,
    /// The due times that wait, which the journal knows of.
    held: BTreeMap<DomainName, Instant>,
    /// Whether the state store did not answer the last time.
    is_cut_off: bool,
}

/// A run for everything that is due at one time.
struct Call {
    run: RunRow,
    claims: Vec<Claim>,
}

/// What a look at the schedules came to.
#[derive(Default)]
struct Looked {
    claims: Vec<Claim>,
    /// When the next run starts.
    wake_at: Option<Instant>,
    /// Whether something was written down, so that there is more to decide.
    has_changed: bool,
}

impl Keeper {
    pub(super) async fn open(desk: &Desk, args: &DaemonArgs, setup: Setup) -> Result<Self, Failure> {
        let window = match args.listen {
            Some(address) => Some(Window::open(desk, address, &setup.loaded).await?),
            None => None,
        };
        let store = wire::open_store(&setup.loaded.config).await?;
        Ok(Self {
            desk: desk.clone(),
            args: args.clone(),
            setup: Arc::new(setup),
            diary: Diary::new(store.clone(), holder()),
            store,
            tasks: TaskTracker::new(),
            window,
            run_ended: Arc::default(),
            retrying: Retrying::default(),
            unanswered: None,
            held: BTreeMap::new(),
            is_cut_off: false,
        })
    }

    pub(super) async fn begin(&self) {
        self.diary.says(Happened::Started, self.setup.size()).await;
    }

    /// Waits for the runs. The signal that ended the daemon asked them to end as well, and each ends within its bounds.
    pub(super) async fn end(self) {
        let left = self.tasks.len();
        self.tasks.close();
        self.tasks.wait().await;
        if let Some(window) = self.window {
            window.close().await;
        }
        self.diary
            .says(Happened::Stopped, format!("runs and retries that were under way and have ended: {left}"))
            .await;
        self.store.close().await;
    }

    /// Waits until a run of this daemon has ended: what waits for it can begin.
    pub(super) async fn run_ended(&self) {
        self.run_ended.notified().await;
    }

    /// Says that the clock was set, where it was.
    pub(super) async fn hears_of(&self, jump: Option<Jump>) {
        if let Some(jump) = jump {
            self.diary.jumped(jump).await;
        }
    }

    /// Another configuration from now on, if it is a good one. Runs under way end with the one that they began with.
    pub(super) async fn reload(&mut self) {
        match self.setup.reload(&self.desk, &self.args.domains) {
            Ok(setup) => {
                self.setup = Arc::new(setup);
                if let Some(window) = &self.window {
                    window.show(&self.setup.loaded);
                }
                self.diary.says(Happened::Reloaded, self.setup.size()).await;
            }
            Err(failure) => {
                let detail = format!("the configuration stays as it was: {}", failure.message);
                self.diary.says(Happened::ReloadRefused, detail).await;
            }
        }
    }

    /// Does what is to be done now, and returns when the next run starts.
    pub(super) async fn tick(&mut self) -> Option<Instant> {
        let now = Instant::from(Utc::now());
        match self.look(now).await {
            Ok(wake_at) => {
                self.is_cut_off = false;
                self.retry(now).await;
                wake_at
            }
            Err(error) => {
                if !self.is_cut_off {
                    tracing::error!(error = error.with_causes(), "no run can begin now; it is tried again");
                }
                self.is_cut_off = true;
                Some(now + AGAIN)
            }
        }
    }

    /// What of dead letters is due goes out between the runs, whatever comes of it.
    async fn retry(&mut self, now: Instant) {
        let token = self.desk.signals.token();
        // Whoever delivers nothing puts nothing back, as in its runs.
        if token.is_cancelled() || self.args.drain.is_zero() {
            return;
        }
        let going = Going::until(token.clone());
        let job = Job {
            setup: Arc::clone(&self.setup),
            store: self.store.clone(),
            diary: self.diary.clone(),
            delivery: Delivery { pause: Duration::ZERO, drain: self.args.drain, going },
        };
        if let Err(error) = self.retrying.look(now, job, &self.tasks).await {
            tracing::warn!(
                error = error.with_causes(),
                "nobody knows which dead letters are due; it is asked again"
            );
        }
    }

    async fn look(&mut self, now: Instant) -> Result<Option<Instant>, StoreError> {
        if let Some(call) = self.unanswered.take() {
            self.fire(call).await?;
        }
        let mut wake_at = None;
        for _ in 0..AT_ONCE {
            let looked = self.look_once(now).await?;
            wake_at = looked.wake_at;
            if !looked.claims.is_empty() {
                self.fire(self.call(looked.claims, now)).await?;
            } else if !looked.has_changed {
                break;
            }
        }
        Ok(wake_at)
    }

    async fn look_once(&mut self, now: Instant) -> Result<Looked, StoreError> {
        let agenda = self.store.agenda(now).await?;
        let setup = Arc::clone(&self.setup);
        let mut looked = Looked::default();
        for (domain, schedule) in setup.schedules() {
            match step(domain, schedule, &agenda, now) {
                Step::Wait { until } => looked.wake_at = looked.wake_at.into_iter().chain(until).min(),
                Step::Hold { scheduled_for, by } => self.hold(domain, scheduled_for, &by).await,
                Step::Plan { next, why } => looked.has_changed |= self.plan(&next, why).await?,
                Step::Pass { scheduled_for, times, why, next } => {
                    looked.has_changed |= self.pass(scheduled_for, times, &why, &next).await?;
                }
                Step::Fire(claim) => looked.claims.push(claim),
            }
        }
        // Whoever takes rows in one order waits for nobody who waits for them.
        looked.claims.sort_by(|a, b| a.next.domain.cmp(&b.next.domain));
        Ok(looked)
    }

    async fn hold(&mut self, domain: &DomainName, scheduled_for: Instant, by: &str) {
        if self.held.insert(domain.clone(), scheduled_for) != Some(scheduled_for) {
            let detail = format!("{by} works on the domain; the time waits until that has ended");
            self.diary.note(about(domain, scheduled_for, Happened::Waits, detail)).await;
        }
    }

    async fn plan(&self, next: &Next, why: Replanned) -> Result<bool, StoreError> {
        let detail = format!("{why}; it is due next at {}", next.due_at);
        self.write(next, about(&next.domain, next.due_at, Happened::Planned, detail)).await
    }

    async fn pass(
        &self,
        scheduled_for: Instant,
        times: usize,
        why: &Passed,
        next: &Next,
    ) -> Result<bool, StoreError> {
        let newest = if times > 1 { format!("the newest of {times} due times; ") } else { String::new() };
        let detail = format!("{newest}{why}; it is due next at {}", next.due_at);
        self.write(next, about(&next.domain, scheduled_for, Happened::Skipped, detail)).await
    }

    async fn write(&self, next: &Next, entry: Entry) -> Result<bool, StoreError> {
        let is_ours = self.store.plan_due(next, &entry, &self.diary.name).await?;
        if is_ours {
            log(&entry);
        }
        Ok(is_ours)
    }

    /// Begins one run for everything that is due: one report, one domain after the other, as a night of `tieout run` has it. Where the state
    /// store gives no answer, it may have begun all the same, and is asked for again.
    async fn fire(&mut self, call: Call) -> Result<(), StoreError> {
        if self.desk.signals.token().is_cancelled() {
            return Ok(());
        }
        let answer = self.store.claim_due(&call.run, &call.claims, &self.diary.name).await;
        let claimed = match answer {
            Ok(claimed) => claimed,
            Err(error) => {
                self.unanswered = Some(call);
                return Err(error);
            }
        };
        let run_id = call.run.run_id;
        let mut ours = Vec::new();
        for (claim, claimed) in call.claims.iter().zip(&claimed) {
            let domain = &claim.next.domain;
            match claimed {
                Claimed::Ours => {
                    self.held.remove(domain);
                    let happened =
                        if claim.resumes.is_some() { Happened::Continued } else { Happened::Fired };
                    let entry = about(domain, claim.scheduled_for, happened, claim.detail.clone());
                    log(&Entry { run_id: Some(run_id), ..entry });
                    ours.push(domain.clone());
                }
                Claimed::RanBefore => {
                    tracing::warn!(%domain, scheduled_for = %claim.scheduled_for, "the time had its run already");
                }
                // Whoever was first says so.
                Claimed::Theirs => {
                    tracing::debug!(%domain, scheduled_for = %claim.scheduled_for, "another daemon was first");
                }
            }
        }
        if !ours.is_empty() {
            self.launch(&call.run, &ours);
        }
        Ok(())
    }

    fn launch(&self, run: &RunRow, names: &[DomainName]) {
        let (run_id, resumes) = (run.run_id, run.resumes);
        let (domains, budgets) = (self.setup.named(names), self.setup.budgets.clone());
        let run = Scheduled {
            desk: self.desk.clone(),
            setup: Arc::clone(&self.setup),
            called: Called { run_id, trigger: Trigger::Schedule, domains, budgets, out: None },
            heartbeat: self.args.manner.heartbeat,
            options: Options { resumes, ..self.options() },
            store: self.store.clone(),
            diary: self.diary.clone(),
        };
        let run_ended = Arc::clone(&self.run_ended);
        self.tasks.spawn(async move {
            run.carry_out().await;
            run_ended.notify_one();
        });
    }

    /// A domain that somebody holds all the same, because they were faster, is waited for.
    fn options(&self) -> Options {
        let options = reconcile::options(Mode::Run, Scope::Coverage, &self.args.manner);
        Options { drain: self.args.drain, if_locked: IfLocked::Wait, ..options }
    }

    fn call(&self, claims: Vec<Claim>, now: Instant) -> Call {
        let options = self.options();
        let names = claims.iter().map(|claim| claim.next.domain.to_string()).collect();
        // A report names one run that it goes on with. Where there are several, the journal names them.
        let mut cut_off = claims.iter().filter_map(|claim| claim.resumes);
        let resumes = cut_off.next().filter(|first| cut_off.all(|other| other == *first));
        let asked = Asked::by_schedule(names, options.max_emits, options.found);
        let (args, definitions) = (self.desk.caller.args.clone(), self.setup.loaded.definitions.clone());
        let called = run::Call { trigger: Trigger::Schedule, args, definitions };
        let run = RunRow {
            run_id: Uuid::now_v7(),
            started_at: now,
            mode: RunMode::Run,
            trigger: Trigger::Schedule.as_str().to_owned(),
            args_json: asked.called(&called).to_json(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            resumes,
        };
        Call { run, claims }
    }
}

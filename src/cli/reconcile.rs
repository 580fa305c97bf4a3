//! `tieout run`, `tieout plan` and `tieout backfill`: from the command line to a job, with somebody who watches it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::again;
use super::desk::Desk;
use super::failure::Failure;
use super::pace::Pace;
use super::publish;
use super::saved_plan::{self, Out};
use super::scope::{BackfillArgs, IfLocked, Manner, PlanArgs, RunArgs, Scope, Sending};
use super::select::Selection;
use super::signals::asks;
use super::watch::{Audience, audience};
use super::wire::{self, SharedBudgets};
use super::{left_behind, step_summary, unbegun};
use crate::clock::Clocks;
use crate::config::{Config, Loaded};
use crate::notify::{Notifier, Occasion};
use crate::progress::Watcher;
use crate::report::text::Look;
use crate::report::{RunReport, Trigger, exit, text};
use crate::report_file;
use crate::run::{self, Asked, Bookmarks, Call, Found, Job, Mode, Options};
use crate::store::Keep;

/// How long connections to the state store are waited for that are in use.
const CLOSING_TIME: Duration = Duration::from_secs(2);

/// Carries `run` out.
pub(super) async fn run(desk: &Desk, args: &RunArgs) -> Result<u8, Failure> {
    let sends = with(&args.sending, options_of(Mode::Run, &args.scope)?);
    let terms = run::Terms { confirm: args.confirm, ..sends.terms };
    let options = Options { differences_exit: args.detailed_exitcode, terms, ..sends };
    let (wanted, options) = match (&args.plan, &args.resume, &args.failed) {
        (Some(plan), ..) => named(planned(desk, plan, args, options).await?),
        (None, Some(run), _) => named(again::resumed(desk, run, options).await?),
        (None, None, Some(run)) => named((again::failed(desk, run).await?, options)),
        (None, None, None) => (Selection::from(&args.scope.domains), options),
    };
    let Scope { manner, terms, .. } = &args.scope;
    reconcile(desk, Ask { wanted, manner, pace: terms.rate, out: None }, options).await
}

/// What is done about the domains of these names.
fn named((names, options): (Vec<String>, Options)) -> (Selection, Options) {
    (names.into(), options)
}

/// A saved plan is carried out by whoever holds its domains.
async fn planned(
    desk: &Desk,
    plan: &Path,
    args: &RunArgs,
    options: Options,
) -> Result<(Vec<String>, Options), Failure> {
    if args.sending.if_locked == IfLocked::Join {
        let message = "a plan is carried out by one run: `--if-locked` may be fail, skip or wait here";
        return Err(Failure::usage("plan", message));
    }
    saved_plan::planned(desk, plan, options).await
}

/// Carries `plan` out.
pub(super) async fn plan(desk: &Desk, args: &PlanArgs) -> Result<u8, Failure> {
    let Scope { domains, manner, terms, .. } = &args.scope;
    let options = options_of(Mode::Plan, &args.scope)?;
    let ask = Ask { wanted: domains.into(), manner, pace: terms.rate, out: None };
    let Some(path) = args.out.clone() else { return reconcile(desk, ask, options).await };
    let out = Out { path, expires: args.expires, limit: options.list };
    out.check(args.overwrite)?;
    // What is sent is what the plan lists.
    let options = Options { list: usize::MAX, ..options };
    reconcile(desk, Ask { out: Some(out), ..ask }, options).await
}

/// Carries `backfill` out.
pub(super) async fn backfill(desk: &Desk, args: &BackfillArgs) -> Result<u8, Failure> {
    let asked = args.range.window(Instant::from(Utc::now()))?;
    let options = with(&args.sending, options(Mode::Run, run::Scope::Backfill(asked), &args.manner));
    let ask = Ask { wanted: (&args.domains).into(), manner: &args.manner, pace: None, out: None };
    reconcile(desk, ask, options).await
}

/// What `run` and `plan` look at.
fn scope_of(scope: &Scope) -> Result<run::Scope, Failure> {
    Ok(match (scope.range.window(Instant::from(Utc::now()))?, scope.keys.wanted()?) {
        (Some(range), _) => run::Scope::Range(range),
        (None, Some(keys)) => run::Scope::Keys(keys),
        (None, None) if scope.full => run::Scope::Full,
        (None, None) => run::Scope::Coverage,
    })
}

/// What `run` and `plan` understand alike.
fn options_of(mode: Mode, scope: &Scope) -> Result<Options, Failure> {
    Ok(Options { terms: scope.terms.for_run(), ..options(mode, scope_of(scope)?, &scope.manner) })
}

/// What all these commands understand alike.
pub(super) fn options(mode: Mode, scope: run::Scope, manner: &Manner) -> Options {
    Options {
        mode,
        scope,
        max_emits: manner.max_emits,
        found: if manner.baseline { Found::Baseline } else { Found::Repaired },
        terms: run::Terms::default(),
        if_locked: run::IfLocked::Fail,
        shard: run::Shard::default(),
        drain: Duration::ZERO,
        deadline: manner.deadline.and_then(|after| std::time::Instant::now().checked_add(after)),
        watchdog: manner.watchdog,
        resumes: None,
        list: manner.findings_shown(),
        concurrency: usize::from(manner.concurrency),
        bookmarks: Bookmarks::default(),
        differences_exit: false,
        keep: Keep::default(),
    }
}

fn with(sending: &Sending, options: Options) -> Options {
    let Sending { drain, if_locked, job, job_index } = sending;
    let shard = run::Shard { job: job.clone(), index: *job_index };
    // Whoever belongs to a job works with the others of it.
    let if_locked = if job.is_some() { run::IfLocked::Join } else { if_locked.for_run() };
    Options { drain: *drain, if_locked, shard, ..options }
}

/// What a call is about, and how it is watched.
struct Ask<'a> {
    wanted: Selection,
    manner: &'a Manner,
    /// The pace that it is asked to keep.
    pace: Option<Pace>,
    /// Where its plan is kept.
    out: Option<Out>,
}

async fn reconcile(desk: &Desk, ask: Ask<'_>, options: Options) -> Result<u8, Failure> {
    let Ask { wanted, manner, pace, out } = ask;
    let loaded = match wire::load(desk) {
        Ok(loaded) => loaded,
        Err(failure) => {
            Box::pin(unbegun::tell(desk, &wanted, &options, &failure)).await;
            return Err(failure);
        }
    };
    let domains = wire::resting(wire::selected(&loaded, wanted)?, options.terms.settle)?;
    let (run_id, trigger) = (Uuid::now_v7(), desk.caller.trigger);
    let called = Called { run_id, trigger, domains, budgets: SharedBudgets::at(pace), out };
    Box::pin(told(desk, &loaded, called, manner.heartbeat, options)).await
}

/// A run that is called for.
pub(super) struct Called {
    /// Which it is.
    pub run_id: Uuid,
    /// Who asked for it.
    pub trigger: Trigger,
    /// What it is about.
    pub domains: Vec<Arc<dyn Reconciler>>,
    /// What it shares with other runs of this process.
    pub budgets: SharedBudgets,
    /// Where its plan is kept, where it is one.
    pub out: Option<Out>,
}

impl Called {
    /// How it was called, with the definitions of a configuration.
    pub(super) fn call(&self, desk: &Desk, loaded: &Loaded) -> Call {
        let (args, definitions) = (desk.caller.args.clone(), loaded.definitions.clone());
        Call { trigger: self.trigger, args, definitions }
    }
}

/// Carries a run out before an audience, and returns the exit code that it comes to.
pub(super) async fn told(
    desk: &Desk,
    loaded: &Loaded,
    called: Called,
    heartbeat: Duration,
    options: Options,
) -> Result<u8, Failure> {
    let options = Options { keep: loaded.config.keep, ..options };
    let (run_id, domains, out) = (called.run_id, called.domains.clone(), called.out.clone());
    let call = called.call(desk, loaded);
    let names = domains.iter().map(|domain| domain.domain().to_string()).collect();
    let asked = Asked::with(names, &options);
    let uses_stdout = options.mode == Mode::Run && wire::writes_to_stdout(&loaded.config, &domains);
    let output = if uses_stdout { desk.output.clone().on_stderr() } else { desk.output.clone() };
    let audience: Arc<dyn Audience> = audience(&output, &desk.screen, heartbeat).into();
    let mode = options.mode;
    let folder = loaded.config.report_folder.as_deref();
    let report = match Box::pin(carry(desk, loaded, called, options, &audience)).await {
        Ok(report) => report,
        Err(failure) => {
            let now = Instant::from(Utc::now());
            let about = (domains.as_slice(), &call);
            let report = run::unopened(run_id, about, mode, now, failure.reason(), &failure.message);
            if let Err(no_file) = keep(folder, &report) {
                tracing::error!("{no_file}");
            }
            return Err(failure);
        }
    };
    let kept = keep(folder, &report);
    desk.last_words.say(&text::verdict(&report, &desk.output.look));
    step_summary::add(&report, &output);
    let written = out.as_ref().map(|out| out.write(loaded, &report, asked, desk)).transpose();
    let tell = |report: &RunReport, look: &Look| match (&out, &written) {
        (Some(out), Ok(said)) => {
            text::plan(&out.cut(report.clone()), look) + said.as_deref().unwrap_or_default()
        }
        _ if report.mode == "plan" => text::plan(report, look),
        _ => text::run(report, look),
    };
    let code = super::run::finish(report, audience.as_ref(), &output, tell)?;
    crash_point!("report.shown");
    kept.and(written).map(|_| code)
}

/// Writes the file of a report, where files are wanted. A report without its file is no success, and is nowhere lost: it has been
/// stored and is shown.
pub(super) fn keep(folder: Option<&Path>, report: &RunReport) -> Result<(), Failure> {
    let Some(folder) = folder else { return Ok(()) };
    report_file::keep(folder, report).map(drop).map_err(|error| {
        let code = if report.exit.code == exit::DONE { exit::PARTIAL } else { report.exit.code };
        let message = format!(
            "the file of this report cannot be written into {}: {error}; `tieout report show {}` shows it",
            folder.display(),
            report.run_id
        );
        Failure::exiting(code, "report_file", message)
    })
}

/// Runs the selected domains of a configuration, and tells how that ended to whoever wants to know.
pub(super) async fn execute(
    desk: &Desk,
    loaded: &Loaded,
    wanted: Selection,
    options: Options,
    audience: &Arc<dyn Audience>,
) -> Result<RunReport, Failure> {
    let domains = wire::selected(loaded, wanted)?;
    let (run_id, trigger) = (Uuid::now_v7(), desk.caller.trigger);
    let called = Called { run_id, trigger, domains, budgets: SharedBudgets::default(), out: None };
    Box::pin(carry(desk, loaded, called, options, audience)).await
}

/// Carries a run out, and tells whoever wants to know how it ended.
async fn carry(
    desk: &Desk,
    loaded: &Loaded,
    called: Called,
    options: Options,
    audience: &Arc<dyn Audience>,
) -> Result<RunReport, Failure> {
    let (run_id, domains, mode) = (called.run_id, called.domains.clone(), options.mode);
    let call = called.call(desk, loaded);
    let names = (names_of(&loaded.domains), names_of(&domains));
    let notifier = notifier(desk, &loaded.config, names, run_id, &options);
    match work(desk, loaded, called, options, audience, &notifier).await {
        Err(failure) => {
            let now = Instant::from(Utc::now());
            let about = (domains.as_slice(), &call);
            let mut report = run::unopened(run_id, about, mode, now, failure.reason(), &failure.message);
            notifier.tell(None, &mut report).await;
            Err(failure)
        }
        done => done,
    }
}

fn names_of(domains: &[Arc<dyn Reconciler>]) -> Vec<String> {
    domains.iter().map(|domain| domain.domain().to_string()).collect()
}

/// Whom a run tells, with the names of all domains that are defined and of those that it is about. A plan tells nobody.
pub(super) fn notifier(
    desk: &Desk,
    config: &Config,
    (defined, selected): (Vec<String>, Vec<String>),
    run_id: Uuid,
    options: &Options,
) -> Notifier {
    let channels = config.channels.iter().filter(|_| options.mode == Mode::Run);
    let occasion = Occasion {
        run_id,
        channels: channels
            .map(|(name, channel)| (name.clone(), channel.resolve(name, &config.folder)))
            .collect(),
        defined,
        selected,
        is_whole: options.scope.is_whole(),
        look: desk.output.look.clone(),
    };
    Notifier::begin(occasion, desk.signals.token().clone())
}

async fn work(
    desk: &Desk,
    loaded: &Loaded,
    called: Called,
    options: Options,
    audience: &Arc<dyn Audience>,
    notifier: &Notifier,
) -> Result<RunReport, Failure> {
    let config = &loaded.config;
    let call = called.call(desk, loaded);
    let Called { run_id, domains, budgets, .. } = called;
    let lacking = wire::lacking(config, &domains);
    let begun = domains.iter().filter(|domain| !lacking.contains_key(domain.domain()));
    let pseudonyms = wire::pseudonyms(config, &begun.cloned().collect::<Vec<_>>())?;
    let mut queues = wire::readable_queues(config, &domains);
    let (store, databases) = tokio::join!(wire::open_store(config), wire::databases(config, &domains));
    let store = store?;
    crash_point!("store.opened");
    if options.mode == Mode::Run {
        left_behind::open_too(config, &store, &domains, &mut queues).await?;
    }
    // Whoever lets others in shares the limits with them; nobody else pays for that.
    let is_joined = options.mode == Mode::Run && options.if_locked == run::IfLocked::Join;
    let budgets = if is_joined && !bug!("rate_kept_apart") { budgets.through(&store) } else { budgets };
    let signals = desk.signals.clone();
    let watcher: Arc<dyn Watcher> = Arc::<dyn Audience>::clone(audience);
    let job = Job {
        run_id,
        call,
        lacking,
        clients: wire::clients_within(config, &domains, Some(&store), &budgets),
        databases,
        store,
        domains,
        watcher,
        cancel: desk.signals.token().clone(),
        signal_exit: Arc::new(move || signals.exit_code()),
        pseudonyms,
        schemas: Arc::clone(&config.schemas),
        clocks: Clocks::default(),
        options,
    };
    let names: Vec<String> = job.domains.iter().map(|domain| domain.domain().to_string()).collect();
    audience.begin(job.run_id, job.options.mode.word(), &names);
    let _beats = beats(audience);
    let mut report = run::run(&job, &mut queues).await;
    if let Ok(report) = &mut report {
        let sending = publish::publish(desk, loaded, &job.store, publish::Ended::of(report));
        tokio::join!(sending, notifier.tell(Some(&job.store), report));
    }
    crash_point!("store.before_close");
    let _all_given_back = tokio::time::timeout(CLOSING_TIME, job.store.close()).await;
    crash_point!("store.after_close");
    report.map_err(|error| {
        let failure = wire::store_failure(&error);
        // Whoever asked the process to end is told that it did, and not what it could not do on the way.
        Failure { exit: desk.signals.exit_code().unwrap_or(failure.exit), ..failure }
    })
}

/// Lets the audience say that the run is alive, until it is dropped.
fn beats(audience: &Arc<dyn Audience>) -> AbortOnDropHandle<()> {
    let audience = Arc::clone(audience);
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        let mut asks = asks().ok();
        let mut asked = async || match &mut asks {
            Some(asks) => asks.recv().await,
            None => std::future::pending().await,
        };
        loop {
            tokio::select! {
                _ = second.tick() => audience.beat(),
                _ = asked() => audience.asked(),
            }
        }
    }))
}

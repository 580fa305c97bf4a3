//! `tieout run` and `tieout plan`: from the command line to a job, with somebody who watches it.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tieout_reconcilers::instant::Instant;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::desk::Desk;
use super::failure::Failure;
use super::scope::{IfLocked, PlanArgs, RunArgs, Scope};
use super::watch::{Audience, audience};
use super::wire;
use crate::clock::Clocks;
use crate::config::Loaded;
use crate::progress::Watcher;
use crate::report::RunReport;
use crate::run::{self, Found, Job, Mode, Options};

/// Carries `run` out.
pub(super) async fn run(desk: &Desk, args: &RunArgs) -> Result<u8, Failure> {
    let if_locked = match args.if_locked {
        IfLocked::Fail => run::IfLocked::Fail,
        IfLocked::Skip => run::IfLocked::Skip,
    };
    let options = Options {
        drain: args.drain,
        if_locked,
        differences_exit: args.detailed_exitcode,
        ..options(Mode::Run, &args.scope)?
    };
    reconcile(desk, &args.scope, options).await
}

/// Carries `plan` out.
pub(super) async fn plan(desk: &Desk, args: &PlanArgs) -> Result<u8, Failure> {
    reconcile(desk, &args.scope, options(Mode::Plan, &args.scope)?).await
}

/// What both commands understand alike.
fn options(mode: Mode, scope: &Scope) -> Result<Options, Failure> {
    let range = scope.window(Instant::from(Utc::now()))?;
    let scope_of_run = match range {
        Some(range) => run::Scope::Range(range),
        None if scope.key.is_empty() => run::Scope::Coverage,
        None => run::Scope::Keys(scope.key.clone()),
    };
    Ok(Options {
        mode,
        scope: scope_of_run,
        max_emits: scope.max_emits,
        found: if scope.baseline { Found::Baseline } else { Found::Repaired },
        if_locked: run::IfLocked::Fail,
        drain: Duration::ZERO,
        list: scope.findings_shown(),
        concurrency: usize::from(scope.concurrency),
        differences_exit: false,
    })
}

async fn reconcile(desk: &Desk, scope: &Scope, options: Options) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let domains = wire::selected(&loaded, &scope.domains)?;
    let uses_stdout = options.mode == Mode::Run && wire::writes_to_stdout(&loaded.config, &domains)?;
    let output = if uses_stdout { desk.output.clone().on_stderr() } else { desk.output.clone() };
    let audience: Arc<dyn Audience> = audience(&output, &desk.screen, scope.heartbeat).into();
    let report = execute(desk, &loaded, &scope.domains, options, &audience).await?;
    super::run::finish(report, audience.as_ref(), &output)
}

/// Runs the selected domains of a configuration.
pub(super) async fn execute(
    desk: &Desk,
    loaded: &Loaded,
    patterns: &[String],
    options: Options,
    audience: &Arc<dyn Audience>,
) -> Result<RunReport, Failure> {
    let domains = wire::selected(loaded, patterns)?;
    let config = &loaded.config;
    wire::prove_references(config, &domains)?;
    let mut queues = wire::queues(config, &domains)?;
    let (store, databases) = tokio::join!(wire::open_store(config), wire::databases(config, &domains));
    let store = store?;
    let signals = desk.signals.clone();
    let watcher: Arc<dyn Watcher> = Arc::<dyn Audience>::clone(audience);
    let job = Job {
        run_id: Uuid::now_v7(),
        clients: wire::clients(config, &domains, Some(&store)),
        databases,
        store,
        domains,
        watcher,
        cancel: desk.signals.token().clone(),
        signal_exit: Arc::new(move || signals.exit_code()),
        clocks: Clocks::default(),
        options,
    };
    let names: Vec<String> = job.domains.iter().map(|domain| domain.domain().to_string()).collect();
    let mode = if job.options.mode == Mode::Run { "run" } else { "plan" };
    audience.begin(job.run_id, mode, &names);
    let _beats = beats(audience);
    let report = run::run(&job, &mut queues).await;
    job.store.close().await;
    report.map_err(|error| wire::store_failure(&error))
}

/// Lets the audience say that the run is alive, until it is dropped.
fn beats(audience: &Arc<dyn Audience>) -> AbortOnDropHandle<()> {
    let audience = Arc::clone(audience);
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            second.tick().await;
            audience.beat();
        }
    }))
}

//! `tieout run --resume` and `run --failed`: which domains of an earlier run are worked on again.

use std::str::FromStr;

use tieout_reconcilers::name::DomainName;

use super::desk::Desk;
use super::failure::Failure;
use super::wire;
use crate::config::Loaded;
use crate::report::{RunReport, Status, exit};
use crate::run::{Asked, Found, Options, Terms, close_dead_runs};
use crate::store::{NotASelector, RunMode, RunRecord, RunSelector, Store, StoreError};

/// How many of the newest runs are searched for one that worked on something.
const RUNS_SEARCHED: u32 = 100;

/// The run that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// The newest one.
    Newest,
    /// One that was named.
    Named(RunSelector),
}

impl FromStr for Earlier {
    type Err = NotASelector;

    fn from_str(text: &str) -> Result<Self, NotASelector> {
        if text.is_empty() { Ok(Self::Newest) } else { text.parse().map(Self::Named) }
    }
}

/// The domains that an interrupted run did not end, and how it was asked to treat them. What this call says itself wins.
pub(super) async fn resumed(
    desk: &Desk,
    run: &Earlier,
    options: Options,
) -> Result<(Vec<String>, Options), Failure> {
    let (record, loaded) = earlier(desk, run).await?;
    let (run_id, status) = (record.summary.run_id, record.summary.status);
    if status != Status::Interrupted {
        let message = format!(
            "run {run_id} was not interrupted, it is {}: there is nothing to go on with{}",
            status.as_str(),
            if is_again(status) { "\n`run --failed` tries its failed and partial domains again" } else { "" }
        );
        return Err(Failure::usage("not_interrupted", message));
    }
    let report = report(&record)?;
    let ended =
        |name: &&String| report.domains.iter().any(|one| one.domain == **name && has_ended(one.status));
    let left: Vec<String> = report.selected.iter().filter(|name| !ended(name)).cloned().collect();
    if left.is_empty() {
        let message = format!(
            "run {run_id} had ended all its domains when it was interrupted; `tieout run` delivers what is left"
        );
        return Err(Failure::usage("nothing_left", message));
    }
    let domains = known(&loaded, left, &report)?;
    let lost = |_| {
        Failure::failed("run_args", format!("nothing usable was recorded of what run {run_id} was asked for"))
    };
    let asked = Asked::from_json(&record.args_json).map_err(lost)?;
    if let Some(plan) = asked.plan() {
        let message = format!(
            "run {run_id} carried out the plan {plan}: `tieout run --plan FILE` goes on with it, while the plan holds"
        );
        return Err(Failure::usage("plan", message));
    }
    let options = Options {
        scope: asked.scope().map_err(lost)?,
        max_emits: options.max_emits.or(asked.max_emits),
        found: if asked.baseline { Found::Baseline } else { options.found },
        terms: Terms { settle: options.terms.settle.or(asked.settle()), ..options.terms },
        resumes: Some(run_id),
        ..options
    };
    Ok((domains, options))
}

/// The domains of a run that failed, are partial or were interrupted.
pub(super) async fn failed(desk: &Desk, run: &Earlier) -> Result<Vec<String>, Failure> {
    let (record, loaded) = earlier(desk, run).await?;
    let report = report(&record)?;
    let of = |name: &&String| match report.domains.iter().find(|one| one.domain == **name) {
        // What was not begun because another one failed waits for the same.
        Some(one) => is_again(one.status) || one.failure.as_deref() == Some("not_begun"),
        // Not begun, because the run was interrupted before.
        None => record.summary.status == Status::Interrupted,
    };
    let again: Vec<String> = report.selected.iter().filter(of).cloned().collect();
    if again.is_empty() {
        let message =
            format!("no domain of run {} failed, is partial or was interrupted", record.summary.run_id);
        return Err(Failure::usage("nothing_failed", message));
    }
    known(&loaded, again, &report)
}

/// The run that is meant, once it is over. One that died is closed first.
async fn earlier(desk: &Desk, run: &Earlier) -> Result<(RunRecord, Loaded), Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let found = find(&store, &loaded, run).await;
    store.close().await;
    let record = found.map_err(|error| wire::store_failure(&error))?;
    let Some(record) = record else {
        return Err(Failure::usage("no_run", "there was no run yet; `tieout run` begins one"));
    };
    if record.summary.mode == RunMode::Plan {
        let message = format!("{} was a plan, which does nothing: name a run", record.summary.run_id);
        return Err(Failure::usage("plan", message));
    }
    if record.summary.status == Status::Running {
        let message = format!(
            "run {} is still alive: it gave its last sign of life at {}\n\
             wait for its end, or end its process; a run that is dead is known as such after 15 seconds",
            record.summary.run_id, record.summary.heartbeat_at
        );
        return Err(Failure::exiting(exit::LOCKED, "alive", message));
    }
    Ok((record, loaded))
}

async fn find(store: &Store, loaded: &Loaded, run: &Earlier) -> Result<Option<RunRecord>, StoreError> {
    close_dead_runs(store, &loaded.domains, None).await?;
    match run {
        Earlier::Newest => newest(store).await,
        Earlier::Named(run) => store.find_run(run).await.map(Some),
    }
}

/// The newest run that was not kept from all its domains: one that was has nothing to go on with, and hides no other.
async fn newest(store: &Store) -> Result<Option<RunRecord>, StoreError> {
    for summary in store.runs(RUNS_SEARCHED).await? {
        if summary.mode == RunMode::Plan {
            continue;
        }
        let record = store.run(summary.run_id).await?;
        if !was_kept_out(&record) {
            return Ok(Some(record));
        }
    }
    store.newest_run().await
}

/// Whether another run, a pause or a domain that failed kept it from every domain.
fn was_kept_out(record: &RunRecord) -> bool {
    let report = record.report_json.as_deref().and_then(|json| serde_json::from_str::<RunReport>(json).ok());
    report.is_some_and(|report| report.is_kept_out())
}

fn report(record: &RunRecord) -> Result<RunReport, Failure> {
    let unreadable =
        || Failure::failed("report", format!("the report of run {} cannot be read", record.summary.run_id));
    let json = record.report_json.as_deref().ok_or_else(unreadable)?;
    serde_json::from_str(json).map_err(|_| unreadable())
}

/// The names as they are, if all of them are still defined.
fn known(loaded: &Loaded, names: Vec<String>, report: &RunReport) -> Result<Vec<String>, Failure> {
    let defined: Vec<&DomainName> = loaded.domains.iter().map(|domain| domain.domain()).collect();
    match names.iter().find(|name| !defined.iter().any(|known| known.as_str() == name.as_str())) {
        None => Ok(names),
        Some(gone) => {
            let message = format!("run {} worked on `{gone}`, which is not defined any more", report.run_id);
            Err(Failure::usage("no_such_domain", message))
        }
    }
}

/// Whether a domain was worked on to its end, whatever that was.
const fn has_ended(status: Status) -> bool {
    !matches!(status, Status::Interrupted | Status::Running)
}

/// Whether a domain is worth another attempt.
const fn is_again(status: Status) -> bool {
    matches!(status, Status::Failed | Status::Partial | Status::Interrupted)
}

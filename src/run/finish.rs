//! The end of a run: what it all comes to, and the last write of its report.

use std::time::Duration;

use super::outcome::Failure;
use super::remains::{End, report_of};
use super::{Job, Mode, Scope, UnderWay};
use crate::metrics;
use crate::report::{DomainReport, RunReport, Status, exit, seal};
use crate::store::{Store, StoreError};

/// How long the report of a run may take that was given up.
const LAST_REPORT: Duration = Duration::from_secs(5);

/// Decides how the run ended and finalises its report. Where the state store does not take it, the report itself says so.
pub(super) async fn close(run: &UnderWay<'_>, report: &mut RunReport) {
    let reasons = decide(run, report);
    let now = run.job.store.now().await.unwrap_or_else(|_| run.job.clocks.process.now());
    report.finished_at = Some(now.to_string());
    *report = seal(report.clone());
    if let Err(error) = record(run.job, &run.job.store, report).await {
        not_stored(report, reasons, &error);
    }
}

/// What is shown, and written into a file, of a report that nobody has stored.
fn not_stored(report: &mut RunReport, mut reasons: Vec<(u8, String)>, error: &StoreError) {
    reasons.push((exit::FAILED, "state_store".to_owned()));
    let problem = format!("this report is not in the state store: {}", error.with_causes());
    report.domains.iter_mut().for_each(|domain| domain.problems.push(problem.clone()));
    report.exit = exit::decide(&reasons);
    if report.status != Status::Interrupted {
        report.status = status(report);
    }
    *report = seal(report.clone());
}

/// Ends a run that did not end itself: nothing that still works on it can write any more, and its report is made from what the
/// state store holds. The connections are new, because nobody knows what the others wait for.
pub(super) async fn give_up(run: &UnderWay<'_>) -> Result<RunReport, StoreError> {
    let failure = run.stop.stuck().map_or(Failure::Interrupted, Failure::Stalled);
    tracing::error!(%failure, "the run did not end itself and was given up");
    let last_report = async {
        let store = run.job.store.anew().await?;
        store.fence_off(run.job.run_id, None).await?;
        let left = store.find_run(&run.job.run_id.to_string()).await?;
        let mut report = report_of(&store, &left, &run.job.domains, &End::GivenUp(failure)).await?;
        decide(run, &mut report);
        let report = seal(report);
        record(run.job, &store, &report).await?;
        store.close().await;
        Ok(report)
    };
    let too_late = |_| StoreError::Unreachable {
        place: run.job.store.place().to_owned(),
        cause: "it did not take the report in time; the next run writes it".into(),
    };
    tokio::time::timeout(LAST_REPORT, last_report).await.map_err(too_late)?
}

/// A report as the state store keeps it.
pub(super) fn as_json(report: &RunReport) -> String {
    serde_json::to_string(report).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
}

async fn record(job: &Job, store: &Store, report: &RunReport) -> Result<(), StoreError> {
    let json = as_json(report);
    let ends = metrics::ends(report, matches!(job.options.scope, Scope::Coverage));
    store.finish_run(report.run_id, report.status, report.exit.code.into(), &json, &ends).await
}

/// Decides how the run ended, and returns everything that spoke for it.
fn decide(run: &UnderWay<'_>, report: &mut RunReport) -> Vec<(u8, String)> {
    let mut reasons: Vec<(u8, String)> = Vec::new();
    for domain in &mut report.domains {
        reasons.extend(reasons_of(run.job, domain));
    }
    if run.stop.stuck().is_some() {
        reasons.push((exit::PARTIAL, "stalled".to_owned()));
    }
    no_domain_finished(report, &mut reasons);
    if let Some(code) = (run.job.signal_exit)() {
        reasons.push((code, "interrupted".to_owned()));
    }
    report.exit = exit::decide(&reasons);
    report.status = if run.stop.stuck().is_some() { Status::Interrupted } else { status(report) };
    reasons
}

/// Everything about a domain that speaks for an exit code.
fn reasons_of(job: &Job, domain: &mut DomainReport) -> Vec<(u8, String)> {
    let name = domain.domain.clone();
    let mut reasons = Vec::new();
    let mut say = |code, word: &str| reasons.push((code, format!("{word}:{name}")));
    if let Some(word) = &domain.failure {
        // Whoever paused it does not have to be told that it is.
        let is_tolerated = domain.exit_code == exit::DONE
            || domain.exit_code == exit::LOCKED && super::domain::tolerates_lock(job);
        if !is_tolerated {
            say(domain.exit_code, word);
        }
    } else if !domain.complete {
        say(exit::PARTIAL, "partial");
    }
    if domain.limits.iter().any(|limit| limit.tripped) {
        say(exit::HELD, "limit_tripped");
    }
    // What a plan would give up is told and not lost.
    if domain.events.waiting > 0 || domain.events.dead > 0 && job.options.mode == Mode::Run {
        say(exit::PARTIAL, "undelivered");
        if domain.status == Status::Done {
            domain.status = Status::Partial;
        }
    }
    let asks_for_differences = job.options.mode == Mode::Plan || job.options.differences_exit;
    if asks_for_differences && domain.findings.len() as u64 + domain.findings_not_listed > 0 {
        say(exit::DIFFERENCES, "differences");
    }
    reasons
}

/// A retry that may help is exit 3, unless nothing at all was achieved: that is a failed run.
fn no_domain_finished(report: &RunReport, reasons: &mut [(u8, String)]) {
    let nothing_done = report.domains.iter().all(|domain| domain.failure.is_some());
    if nothing_done {
        for (code, _) in reasons.iter_mut().filter(|(code, _)| *code == exit::PARTIAL) {
            *code = exit::FAILED;
        }
    }
}

fn status(report: &RunReport) -> Status {
    match report.exit.code {
        exit::DONE | exit::DIFFERENCES => Status::Done,
        exit::PARTIAL => Status::Partial,
        exit::HELD => Status::Held,
        exit::LOCKED => Status::Skipped,
        exit::INTERRUPTED | exit::TERMINATED => Status::Interrupted,
        _ => Status::Failed,
    }
}

//! The end of a run: what it all comes to, and the last write of its report.

use std::time::Duration;

use super::outcome::Failure;
use super::remains::{End, report_of};
use super::{Job, Mode, UnderWay};
use crate::metrics;
use crate::report::{DomainReport, Found, RunReport, Status, exit, seal};
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
        let left = store.run(run.job.run_id).await?;
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
    let ends = metrics::ends(report, job.options.scope.is_whole());
    store.finish_run(report.run_id, report.status, report.exit.code.into(), &json, &ends).await
}

/// Decides how the run ended, and returns everything that spoke for it.
fn decide(run: &UnderWay<'_>, report: &mut RunReport) -> Vec<(u8, String)> {
    let mut reasons: Vec<(u8, String)> = Vec::new();
    for domain in &mut report.domains {
        reasons.extend(reasons_of(run.job, domain));
    }
    reasons.extend(met(run.job, report));
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

/// The conditions of the gate that what was found in all domains together meets.
fn met(job: &Job, report: &RunReport) -> Vec<(u8, String)> {
    let Some(gate) = &job.options.terms.fail_on else { return Vec::new() };
    let mut found = Found::default();
    report.domains.iter().for_each(|domain| found.absorb(domain.found.clone()));
    let say = |code, word: &str, met: String| (code, format!("{word}:{met}"));
    gate.met(&found).into_iter().map(|met| say(exit::DIFFERENCES, "fail_on", met)).collect()
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
    } else if still_holds(job, domain) {
        say(exit::HELD, "held");
        if domain.status == Status::Done {
            domain.status = Status::Held;
        }
    }
    // What a plan would give up is told and not lost.
    if domain.events.waiting > domain.events.refused
        || domain.events.dead > 0 && job.options.mode == Mode::Run
    {
        say(exit::PARTIAL, "undelivered");
        if domain.status == Status::Done {
            domain.status = Status::Partial;
        }
    }
    if domain.events.refused > 0 {
        say(exit::CREDENTIALS, "queue_refuses");
        if domain.status == Status::Done {
            domain.status = Status::Partial;
        }
    }
    let has_gate = job.options.terms.fail_on.is_some();
    let would_send = job.options.mode == Mode::Plan && !has_gate && domain.events.would_send() > 0;
    let has_findings = domain.findings.len() as u64 + domain.findings_not_listed > 0;
    if would_send || job.options.differences_exit && has_findings {
        say(exit::DIFFERENCES, "differences");
    }
    reasons
}

/// Whether a limit of an earlier run still holds events of a domain that this one was to see to as a whole: one quiet night is no
/// reason to forget them. A run over some keys, a range or a plan says nothing about how the domain stands.
fn still_holds(job: &Job, domain: &DomainReport) -> bool {
    let sees_to_all = job.options.mode == Mode::Run && job.options.scope.is_whole();
    sees_to_all && domain.failure.is_none() && domain.standing.held_by_limits().next().is_some()
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
        exit::DONE if report.is_kept_out() => Status::Skipped,
        exit::DONE | exit::DIFFERENCES => Status::Done,
        exit::PARTIAL => Status::Partial,
        exit::HELD => Status::Held,
        exit::LOCKED => Status::Skipped,
        exit::INTERRUPTED | exit::TERMINATED => Status::Interrupted,
        _ => Status::Failed,
    }
}

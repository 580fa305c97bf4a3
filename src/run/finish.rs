//! The end of a run: what it all comes to, and the last write of its report.

use super::{Job, Mode};
use crate::report::{DomainReport, RunReport, Status, exit, seal};
use crate::store::StoreError;

/// Decides how the run ended and finalises its report.
pub(super) async fn close(job: &Job, report: &mut RunReport) -> Result<(), StoreError> {
    let mut reasons: Vec<(u8, String)> = Vec::new();
    for domain in &mut report.domains {
        reasons.extend(reasons_of(job, domain));
    }
    no_domain_finished(report, &mut reasons);
    if let Some(code) = (job.signal_exit)() {
        reasons.push((code, "interrupted".to_owned()));
    }
    report.exit = exit::decide(&reasons);
    report.status = status(report);
    let now = job.store.now().await.unwrap_or_else(|_| job.clocks.process.now());
    report.finished_at = Some(now.to_string());
    *report = seal(report.clone());
    let json = serde_json::to_string(report).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
    job.store.finish_run(report.run_id, report.status, report.exit.code.into(), &json).await
}

/// Everything about a domain that speaks for an exit code.
fn reasons_of(job: &Job, domain: &mut DomainReport) -> Vec<(u8, String)> {
    let name = domain.domain.clone();
    let mut reasons = Vec::new();
    let mut say = |code, word: &str| reasons.push((code, format!("{word}:{name}")));
    if let Some(word) = &domain.failure {
        let is_tolerated = domain.exit_code == exit::LOCKED && super::domain::tolerates_lock(job);
        if !is_tolerated {
            say(domain.exit_code, word);
        }
    } else if !domain.complete {
        say(exit::PARTIAL, "partial");
    }
    if domain.limits.iter().any(|limit| limit.tripped) {
        say(exit::HELD, "limit_tripped");
    }
    if domain.events.waiting > 0 || domain.events.dead > 0 {
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

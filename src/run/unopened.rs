//! The report of a run that could not even begin: a secret that is not set, a state store that takes nothing.

use std::sync::Arc;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;
use uuid::Uuid;

use super::Mode;
use super::call::Call;
use super::summary::{blank, blank_named};
use crate::report::{DomainReport, Exit, RunReport, SCHEMA, Status, seal};

/// The report of a run that ended before anything was asked of anybody: with which exit code, for which reason (a word for programs), and why.
pub(crate) fn unopened(
    run_id: Uuid,
    (domains, call): (&[Arc<dyn Reconciler>], &Call),
    mode: Mode,
    now: Instant,
    (code, reason): (u8, &str),
    why: &str,
) -> RunReport {
    let failed = |domain: &Arc<dyn Reconciler>| DomainReport {
        definition_sha256: call.definition(domain.domain()),
        ..failed(blank(domain.as_ref()), (code, reason), why)
    };
    seal(RunReport {
        schema: SCHEMA.to_owned(),
        run_id,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: mode.word().to_owned(),
        trigger: Some(call.trigger),
        args: call.args.clone(),
        resumes: None,
        successor: None,
        selected: domains.iter().map(|domain| domain.domain().to_string()).collect(),
        started_at: now.to_string(),
        finished_at: Some(now.to_string()),
        status: Status::Failed,
        exit: Exit { code, reasons: vec![reason.to_owned()] },
        domains: domains.iter().map(failed).collect(),
        warnings: Vec::new(),
    })
}

/// The same for a run whose definitions cannot be read, so that of its domains the names alone are known.
pub(crate) fn unread(
    run_id: Uuid,
    (names, call): (&[DomainName], &Call),
    now: Instant,
    reason: (u8, &str),
    why: &str,
) -> RunReport {
    seal(RunReport {
        selected: names.iter().map(ToString::to_string).collect(),
        domains: names.iter().map(|name| failed(blank_named(name.as_str()), reason, why)).collect(),
        ..unopened(run_id, (&[], call), Mode::Run, now, reason, why)
    })
}

fn failed(blank: DomainReport, (code, reason): (u8, &str), why: &str) -> DomainReport {
    DomainReport {
        status: Status::Failed,
        complete: false,
        failure: Some(reason.to_owned()),
        exit_code: code,
        problems: vec![why.to_owned()],
        ..blank
    }
}

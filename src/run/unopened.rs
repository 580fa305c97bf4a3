//! The report of a run that could not even begin: a secret that is not set, a state store that takes nothing.

use std::sync::Arc;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;
use uuid::Uuid;

use super::Mode;
use super::summary::blank;
use crate::report::{DomainReport, Exit, RunReport, SCHEMA, Status, seal};

/// The report of a run that ended before anything was asked of anybody: with which exit code, for which reason (a word for programs), and why.
pub(crate) fn unopened(
    run_id: Uuid,
    domains: &[Arc<dyn Reconciler>],
    mode: Mode,
    now: Instant,
    (code, reason): (u8, &str),
    why: &str,
) -> RunReport {
    let failed = |domain: &Arc<dyn Reconciler>| DomainReport {
        status: Status::Failed,
        complete: false,
        failure: Some(reason.to_owned()),
        exit_code: code,
        problems: vec![why.to_owned()],
        ..blank(domain.as_ref())
    };
    seal(RunReport {
        schema: SCHEMA.to_owned(),
        run_id,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: mode.word().to_owned(),
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

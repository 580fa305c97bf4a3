//! `tieout state pause`, `resume` and `journal`: whether runs may work on domains, and what daemons did.

use std::sync::Arc;

use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;

use super::args::{JournalArgs, PauseArgs, ResumeArgs};
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::person::Remark;
use crate::cli::wire;
use crate::report::{JournalLine, PauseChanged, exit, json, text};
use crate::store::{Resumed, Store};

pub(super) async fn pause(
    desk: &Desk,
    store: &Store,
    domains: &[Arc<dyn Reconciler>],
    args: &PauseArgs,
) -> Result<u8, Failure> {
    let (who, reason) = (args.actor.name(), words(args.reason.as_ref()));
    let mut changed = Vec::new();
    for domain in domains {
        let before = store.pause(domain.domain(), &who, reason).await;
        let was_paused = before.map_err(|error| wire::store_failure(&error))?.is_some();
        changed.push(PauseChanged { domain: domain.domain().to_string(), paused: true, was_paused });
    }
    show(desk, &changed)
}

pub(super) async fn resume(
    desk: &Desk,
    store: &Store,
    domains: &[Arc<dyn Reconciler>],
    args: &ResumeArgs,
) -> Result<u8, Failure> {
    let (who, reason) = (args.actor.name(), words(args.reason.as_ref()));
    let mut changed = Vec::new();
    for domain in domains {
        let resumed = store.resume(domain.domain(), &who, reason).await;
        let resumed = resumed.map_err(|error| wire::store_failure(&error))?;
        let was_paused = matches!(resumed, Resumed::After(_));
        changed.push(PauseChanged { domain: domain.domain().to_string(), paused: false, was_paused });
    }
    show(desk, &changed)
}

fn words(reason: Option<&Remark>) -> &str {
    reason.map_or("", |reason| reason.0.as_str())
}

fn show(desk: &Desk, changed: &[PauseChanged]) -> Result<u8, Failure> {
    desk.output.show(
        |_| text::pause_changed(changed),
        || json::pause_changed(changed),
        || json::lines("pause", changed),
    )?;
    Ok(exit::DONE)
}

/// Carries `state journal` out.
pub(super) async fn journal(
    desk: &Desk,
    store: &Store,
    domains: &[Arc<dyn Reconciler>],
    args: &JournalArgs,
) -> Result<u8, Failure> {
    let names: Vec<DomainName> = match args.domain {
        Some(_) => domains.iter().map(|domain| domain.domain().clone()).collect(),
        None => Vec::new(),
    };
    let limit = if args.limit == 0 { u32::MAX } else { args.limit };
    let rows = store.journal(&names, limit).await.map_err(|error| wire::store_failure(&error))?;
    let lines: Vec<JournalLine> = rows.iter().rev().map(JournalLine::from).collect();
    desk.output.show(
        |_| text::journal(&lines),
        || json::journal(&lines),
        || json::lines("journal", &lines),
    )?;
    Ok(exit::DONE)
}

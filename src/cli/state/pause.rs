//! `tieout state pause`, `resume` and `journal`: whether runs may work on domains, and what daemons and the retry job did.

use std::collections::BTreeSet;
use std::sync::Arc;

use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::Reconciler;

use super::args::{JournalArgs, PauseArgs, ResumeArgs};
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::person::Remark;
use crate::cli::select::{Selection, select};
use crate::cli::wire;
use crate::config::Config;
use crate::config::pattern::Choice;
use crate::report::{JournalLine, PauseChanged, exit, json, text};
use crate::store::{JournalRow, Resumed, Store};

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

/// Carries `state journal` out. Whoever looks for what a broken definition did to the daemon needs it all the same, so it asks for
/// no more than the state store; its domains are then those that it names.
pub(super) async fn journal(desk: &Desk, args: &JournalArgs) -> Result<u8, Failure> {
    let wanted = Selection::from(&args.domains);
    let (config, configured) = match wire::load(desk) {
        Ok(loaded) => {
            let domains =
                if wanted.is_everything() { Vec::new() } else { wire::selected(&loaded, wanted.clone())? };
            (loaded.config, Some(domains.iter().map(|domain| domain.domain().clone()).collect()))
        }
        Err(failure) => {
            let Some(config) = Config::of_state_alone(&desk.config) else { return Err(failure) };
            tracing::warn!(
                "the configuration is wrong, and the journal is shown without it; see `tieout check`"
            );
            (config, None)
        }
    };
    let store = wire::open_store(&config).await?;
    let told = told(&store, &wanted, configured, args.limit).await;
    store.close().await;
    show_journal(desk, &told?)
}

/// The entries about the domains that are meant, newest first.
async fn told(
    store: &Store,
    wanted: &Selection,
    configured: Option<Vec<DomainName>>,
    limit: u32,
) -> Result<Vec<JournalRow>, Failure> {
    let limit = if limit == 0 { u32::MAX } else { limit };
    let names = match configured {
        _ if wanted.is_everything() => Vec::new(),
        Some(names) => names,
        None => {
            let all = store.journal(&[], u32::MAX).await.map_err(|error| wire::store_failure(&error))?;
            let known: BTreeSet<DomainName> = all.into_iter().filter_map(|row| row.entry.domain).collect();
            if known.is_empty() {
                return Ok(Vec::new());
            }
            // Tags stand in the files that cannot be read.
            let choices: Vec<Choice<'_>> = known.iter().map(|name| Choice { name, tags: &[] }).collect();
            select(wanted, &choices)?.into_iter().cloned().collect()
        }
    };
    store.journal(&names, limit).await.map_err(|error| wire::store_failure(&error))
}

fn show_journal(desk: &Desk, rows: &[JournalRow]) -> Result<u8, Failure> {
    let lines: Vec<JournalLine> = rows.iter().rev().map(JournalLine::from).collect();
    desk.output.show(
        |look| text::journal(&lines, look),
        || json::journal(&lines),
        || json::lines("journal", &lines),
    )?;
    Ok(exit::DONE)
}

//! `tieout report diff`: how the findings stood at the end of two runs.

use std::collections::BTreeSet;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::args::DiffArgs;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::report::{DomainDiff, ReportDiff, exit, json, text};
use crate::run::Asked;
use crate::store::{RunMode, RunRecord, RunSelector, Stood, Store, StoreError};

/// A run that is over.
struct Ended {
    run_id: Uuid,
    at: Instant,
    domains: Vec<DomainName>,
}

pub(super) async fn diff(desk: &Desk, args: &DiffArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let compared = compare(&store, args).await;
    store.close().await;
    let diff = compared?;
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    desk.output.show(
        |look| text::diff(&diff, limit, look),
        || json::whole("tieout.diff/v1", &diff),
        || json::lines("domain", &diff.domains),
    )?;
    Ok(if diff.is_empty() { exit::DONE } else { exit::DIFFERENCES })
}

async fn compare(store: &Store, args: &DiffArgs) -> Result<ReportDiff, Failure> {
    let from = ended(store, &args.from).await?;
    let to = ended(store, &args.to).await?;
    if to.at < from.at {
        let message =
            format!("run {} ended before run {}: name the earlier one first", to.run_id, from.run_id);
        return Err(Failure::usage("order", message));
    }
    let names: BTreeSet<DomainName> = from.domains.iter().chain(&to.domains).cloned().collect();
    let names: Vec<DomainName> = names.into_iter().collect();
    between(store, &from, &to, &names).await.map_err(|error| wire::store_failure(&error))
}

async fn between(
    store: &Store,
    from: &Ended,
    to: &Ended,
    names: &[DomainName],
) -> Result<ReportDiff, StoreError> {
    let before = store.stood(names, from.at, from.at).await?;
    let after = store.stood(names, to.at, from.at).await?;
    let mut domains = Vec::new();
    for name in names {
        let its = |all: &[Stood]| -> Vec<Stood> {
            all.iter().filter(|stood| stood.id.domain == *name).cloned().collect()
        };
        let (before, after) = (its(&before), its(&after));
        let mut known = Vec::new();
        let members: BTreeSet<_> = before.iter().chain(&after).map(|stood| &stood.id.each).collect();
        for each in members {
            let its = before.iter().chain(&after).filter(|stood| stood.id.each == *each);
            let keys: BTreeSet<&Key> = its.map(|stood| &stood.id.key).collect();
            let keys: Vec<Key> = keys.into_iter().cloned().collect();
            known.extend(store.findings_by_key(name, each, &keys).await?);
        }
        domains.push(DomainDiff::of(name.as_str(), &before, &after, &known));
    }
    Ok(ReportDiff { from: from.run_id, to: to.run_id, domains })
}

async fn ended(store: &Store, selector: &RunSelector) -> Result<Ended, Failure> {
    let found = store.find_run(selector).await.map_err(|error| wire::store_failure(&error))?;
    let RunRecord { summary, args_json, .. } = found;
    let run_id = summary.run_id;
    if summary.mode == RunMode::Plan {
        let message = format!("{run_id} was a plan, which changes no finding: name two runs");
        return Err(Failure::usage("plan", message));
    }
    let Some(at) = summary.finished_at else {
        let message = format!(
            "run {run_id} is {}: nobody knows yet how findings stand at its end",
            summary.status.as_str()
        );
        return Err(Failure::usage("not_ended", message));
    };
    let domains = Asked::from_json(&args_json).map(|asked| asked.domains).unwrap_or_default();
    Ok(Ended { run_id, at, domains: domains.iter().filter_map(|name| name.parse().ok()).collect() })
}

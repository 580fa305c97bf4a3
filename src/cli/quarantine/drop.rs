//! `tieout quarantine drop`: a person says to go on without items and rows, as long as they stay what they are.

use super::args::QuarantineDropArgs;
use super::pick::Chosen;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Loaded;
use crate::quarantine::{Entry, Kind, State};
use crate::report::{QuarantineDone, exit, json, text};
use crate::store::Store;

/// Why a page is never dropped.
const PAGES_STAY: &str = "a page cannot be dropped: nobody knows which items it holds, nor what follows it, so its range can never \
     count as verified; mend the feed's definition, or have the provider mend the page, and the next run reads it; \
     `policy: {start: ...}` leaves everything before an instant out for good";

pub(super) async fn drop(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &QuarantineDropArgs,
) -> Result<u8, Failure> {
    let chosen = args.picked.choose(loaded, store, &[State::Open]).await?;
    let is_page = |entry: &Entry| entry.seen.kind == Kind::Page;
    if !chosen.entries.is_empty() && chosen.entries.iter().all(is_page) {
        return Err(Failure::usage("page", PAGES_STAY));
    }
    let mut view = view(&chosen, args);
    if !args.dry_run && view.eligible > 0 {
        let what = format!(
            "Would go on without {} items and rows, as long as they stay what they are",
            view.eligible
        );
        args.consent.to(desk, &what).await?;
        let done = store.accept_quarantined(&chosen.entries, &view.by, &args.reason.0).await;
        view.eligible = done.map_err(|error| wire::store_failure(&error))?;
        view.done = true;
    }
    desk.output.show(
        |look| text::quarantine_accepted(&view, look),
        || json::whole("tieout.quarantine_dropped/v1", &view),
        || json::lines("quarantine_dropped", [&view]),
    )?;
    Ok(exit::DONE)
}

fn view(chosen: &Chosen, args: &QuarantineDropArgs) -> QuarantineDone {
    let entries = &chosen.entries;
    let number = |is: &dyn Fn(&Entry) -> bool| entries.iter().filter(|entry| is(entry)).count() as u64;
    let is_open = |entry: &Entry| entry.state == State::Open;
    let is_page = |entry: &Entry| entry.seen.kind == Kind::Page;
    let is_told = |entry: &Entry| entry.seen.fingerprint.is_some();
    let is_eligible = |entry: &Entry| is_open(entry) && !is_page(entry) && is_told(entry);
    let mut domains: Vec<String> =
        entries.iter().filter(|entry| is_eligible(entry)).map(|entry| entry.domain.to_string()).collect();
    domains.sort();
    domains.dedup();
    QuarantineDone {
        chosen: entries.len() as u64,
        eligible: number(&is_eligible),
        pages: number(&|entry| is_open(entry) && is_page(entry)),
        untold: number(&|entry| is_open(entry) && !is_page(entry) && !is_told(entry)),
        already_accepted: number(&|entry| entry.state == State::Accepted),
        gone: number(&|entry| entry.state == State::Gone),
        beyond_limit: chosen.beyond_limit,
        ranges: Vec::new(),
        domains,
        done: false,
        by: args.actor.name(),
        reason: Some(args.reason.0.clone()),
    }
}

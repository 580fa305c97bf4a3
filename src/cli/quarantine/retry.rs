//! `tieout quarantine retry`: the ranges of entries are read again by the next run, which clears what it can read.

use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::reconciler::Reconciler;
use uuid::Uuid;

use super::args::QuarantineRetryArgs;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Loaded;
use crate::quarantine::{Entry, State};
use crate::report::{QuarantineDone, Range, exit, json, text};
use crate::store::{Lease, ReadAgain, Store, StoreError};

pub(super) async fn retry(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &QuarantineRetryArgs,
) -> Result<u8, Failure> {
    let mut chosen = args.picked.choose(loaded, store, &[State::Open, State::Accepted]).await?;
    let n_chosen = chosen.entries.len() as u64;
    chosen.entries.retain(|entry| entry.state != State::Gone);
    let entries = chosen.entries;
    let mut windows: Vec<_> = entries.iter().map(|entry| entry.window).collect();
    windows.sort_unstable();
    windows.dedup();
    let mut domains: Vec<String> = entries.iter().map(|entry| entry.domain.to_string()).collect();
    domains.sort();
    domains.dedup();
    let mut view = QuarantineDone {
        chosen: n_chosen,
        eligible: entries.len() as u64,
        gone: n_chosen - entries.len() as u64,
        beyond_limit: chosen.beyond_limit,
        ranges: windows.into_iter().map(Range::from).collect(),
        domains,
        by: args.actor.name(),
        ..QuarantineDone::default()
    };
    if !args.dry_run && !entries.is_empty() {
        args.consent.to(desk, &format!("Would have {} ranges read again", view.ranges.len())).await?;
        for member in members(&entries) {
            read_again(loaded, store, member, &view.by).await?;
        }
        view.done = true;
    }
    desk.output.show(
        |look| text::quarantine_reopened(&view, look),
        || json::whole("tieout.quarantine_retried/v1", &view),
        || json::lines("quarantine_retried", [&view]),
    )?;
    Ok(exit::DONE)
}

/// Entries by the member that they belong to.
fn members(entries: &[Entry]) -> Vec<Vec<Entry>> {
    let mut sorted = entries.to_vec();
    sorted.sort_by(|one, other| (&one.domain, &one.each).cmp(&(&other.domain, &other.each)));
    sorted
        .chunk_by(|one, other| one.domain == other.domain && one.each == other.each)
        .map(<[Entry]>::to_vec)
        .collect()
}

/// Takes the ranges of a member out of its coverage, with its lease in hand, so that no run commits meanwhile.
async fn read_again(loaded: &Loaded, store: &Store, entries: Vec<Entry>, who: &str) -> Result<(), Failure> {
    let Some(Entry { domain, each, .. }) = entries.first().cloned() else { return Ok(()) };
    let known = loaded.domains.iter().find(|known| *known.domain() == domain);
    let Some(known) = known else {
        let message = format!("`{domain}` is not configured any more, so no run will read its ranges again");
        return Err(Failure::usage("no_such_domain", message));
    };
    let again = again(known.as_ref(), entries, who);
    let whole = acquire(store, &domain, &Each::default(), who).await?;
    let done = match each.as_str() {
        "" => store.read_quarantined_again(&whole, &again).await.map_err(|error| wire::store_failure(&error)),
        _ => of_member(store, &domain, &each, &again).await,
    };
    give_back(store, &whole).await;
    done
}

async fn of_member(
    store: &Store,
    domain: &DomainName,
    each: &Each,
    again: &ReadAgain,
) -> Result<(), Failure> {
    let lease = acquire(store, domain, each, &again.who).await?;
    let done = store.read_quarantined_again(&lease, again).await;
    give_back(store, &lease).await;
    done.map_err(|error| wire::store_failure(&error))
}

fn again(domain: &dyn Reconciler, entries: Vec<Entry>, who: &str) -> ReadAgain {
    let feed = domain.feed();
    ReadAgain {
        entries,
        clock: feed.clock.clone(),
        forget_token_of: feed.changes.then(|| feed.name.clone()),
        who: who.to_owned(),
    }
}

async fn acquire(store: &Store, domain: &DomainName, each: &Each, who: &str) -> Result<Lease, Failure> {
    let holder = format!("`quarantine retry` of {who}");
    store.acquire_by_hand(domain, each, Uuid::now_v7(), &holder).await.map_err(|error| match error {
        StoreError::Held { .. } => Failure::exiting(exit::LOCKED, "locked", error.to_string()),
        other => wire::store_failure(&other),
    })
}

async fn give_back(store: &Store, lease: &Lease) {
    if let Err(error) = store.release_lease(lease).await {
        tracing::warn!(domain = %lease.domain(), %error, "the lease could not be given back; it lapses by itself");
    }
}

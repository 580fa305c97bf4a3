//! Look-ups whose absences are proven: they count only between two reads that find an item which is known to be there.

use std::collections::HashSet;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::{Confirmed, Seen, Wanted};

use super::{Absence, Care, Sides, Unknown};
use crate::source::{Reason, lookup};

/// What look-ups found, and what nobody knows after them.
#[derive(Default)]
pub(super) struct Proven {
    pub confirmed: Vec<Confirmed>,
    pub unknown: Vec<(Key, Unknown)>,
}

/// Looks items up. Where nobody expects an absence there is rarely one, so only what was not found is looked up with care, once
/// more.
pub(super) async fn look_up(sides: &Sides, items: &[Wanted], now: Instant, care: Care<'_>) -> Proven {
    if care.absence == Absence::Expected {
        return look_up_with_care(sides, items, now, care).await;
    }
    let mut first = plainly(sides, items).await;
    let absent = absent(items, &first.confirmed);
    if !absent.is_empty() {
        let second = look_up_with_care(sides, &absent, now, care).await;
        first.confirmed.retain(|one| !is_gone(one));
        first.confirmed.extend(second.confirmed);
        first.unknown.extend(second.unknown);
    }
    first
}

async fn look_up_with_care(sides: &Sides, items: &[Wanted], now: Instant, care: Care<'_>) -> Proven {
    if items.is_empty() {
        return Proven::default();
    }
    let before = care.sentinels.before(sides, now).await;
    let mut found = plainly(sides, items).await;
    if found.confirmed.iter().any(is_gone) && !care.sentinels.after(sides, now, &before).await {
        let gone = found.confirmed.iter().filter(|one| is_gone(one));
        found.unknown.extend(gone.map(|one| (one.key.clone(), Unknown::NoProof)));
        found.confirmed.retain(|one| !is_gone(one));
    }
    found
}

async fn plainly(sides: &Sides, items: &[Wanted]) -> Proven {
    let found = lookup(&sides.client, sides.reconciler.as_ref(), &sides.each, items).await;
    let unanswered = |(key, reason): (Key, Reason)| (key, Unknown::Failed(reason));
    Proven { confirmed: found.confirmed, unknown: found.failed.into_iter().map(unanswered).collect() }
}

/// Those of some items that were not found.
fn absent(items: &[Wanted], confirmed: &[Confirmed]) -> Vec<Wanted> {
    let gone: HashSet<&Key> = confirmed.iter().filter(|one| is_gone(one)).map(|one| &one.key).collect();
    items.iter().filter(|item| gone.contains(&item.key)).cloned().collect()
}

fn is_gone(one: &Confirmed) -> bool {
    matches!(one.seen, Seen::Gone)
}

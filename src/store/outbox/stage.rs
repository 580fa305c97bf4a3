//! The outbox before the release, inside a transaction of the caller that holds the lease.

use std::collections::BTreeMap;

use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::pending;
use super::row::{self, OutboxRow};
use crate::event::{Event, Start};
use crate::store::error::StoreError;
use crate::store::lease::Lease;
use crate::store::release::{Release, StagedBy};
use crate::store::sql::{Tx, Value, args, params};

/// Rows of one statement.
const BATCH: usize = 1_000;

const COLUMNS: [&str; 19] = [
    "event_id",
    "domain",
    "each_",
    "key",
    "kind",
    "episode",
    "queue",
    "source",
    "type",
    "subject",
    "payload",
    "state",
    "class",
    "reason",
    "run_id",
    "staged_at",
    "last_due_at",
    "first_failed_at",
    "finished_at",
];

/// Adds events as `staged`, as `held` where their finding is, or as `dead` where they may not be sent. A known id keeps its row; a superseded one was never sent
/// and is staged again.
pub(in crate::store) async fn stage(
    tx: &mut Tx,
    lease: &Lease,
    events: &[Event],
    now: Instant,
) -> Result<(), StoreError> {
    let events: BTreeMap<Uuid, &Event> = events.iter().map(|event| (event.id, event)).collect();
    let events: Vec<&Event> = events.into_values().collect();
    for batch in events.chunks(BATCH) {
        let args: Vec<Value<'_>> = batch.iter().flat_map(|event| values(event, lease, now)).collect();
        let into = format!("INSERT INTO outbox ({})", COLUMNS.join(", "));
        tx.insert(&into, COLUMNS.len(), &args, STAGE_AGAIN).await?;
    }
    if bug!("staged_is_pending") {
        release(tx, lease, StagedBy::AnyRun, &Release::Pending, now).await?;
    }
    Ok(())
}

/// What becomes of an event that is there already.
const STAGE_AGAIN: &str = "ON CONFLICT (event_id) DO UPDATE
    SET state = excluded.state, run_id = excluded.run_id, payload = excluded.payload,
        queue = excluded.queue, class = excluded.class, reason = excluded.reason,
        first_failed_at = excluded.first_failed_at, finished_at = excluded.finished_at
    WHERE outbox.state = 'superseded'";

/// What was sent stays sent, and what a person dropped stays dropped.
const WITHDRAW: &str = "UPDATE outbox
    SET state = 'superseded', finished_at = $1
    WHERE state IN ('staged', 'pending', 'held', 'dead') AND dropped_at IS NULL";

/// Marks events that must not be sent any more; what was sent stays sent.
pub(in crate::store) async fn supersede(
    tx: &mut Tx,
    lease: &Lease,
    events: &[Uuid],
    now: Instant,
) -> Result<(), StoreError> {
    if bug!("superseded_is_sent") {
        return Ok(());
    }
    for batch in events.chunks(BATCH) {
        let ids: Vec<Value<'_>> = batch.iter().copied().map(Value::from).collect();
        lock(tx, &ids).await?;
        let sql =
            format!("{WITHDRAW} AND domain = $2 AND each_ = $3 AND event_id IN ({})", params(ids.len(), 3));
        let args = args![now, lease.domain().as_str(), lease.each().as_str()];
        tx.execute(sql, &[args.as_slice(), &ids].concat()).await?;
        pending::take_away(tx, &ids).await?;
    }
    Ok(())
}

/// Marks events that are locked already, at most as many as a statement takes.
pub(in crate::store) async fn withdraw(
    tx: &mut Tx,
    events: &[Value<'_>],
    now: Instant,
) -> Result<(), StoreError> {
    let sql = format!("{WITHDRAW} AND event_id IN ({})", params(events.len(), 1));
    tx.execute(sql, &[args![now].as_slice(), events].concat()).await?;
    pending::take_away(tx, events).await
}

/// Moves what is staged under a lease.
pub(in crate::store) async fn release(
    tx: &mut Tx,
    lease: &Lease,
    by: StagedBy,
    decision: &Release,
    now: Instant,
) -> Result<(), StoreError> {
    let (state, reason) = match decision {
        Release::Pending => ("pending", None),
        Release::Held { reason } => ("held", Some(reason.as_str())),
    };
    let set = "state = $3, reason = $4";
    let of = format!("domain = $1 AND each_ = $2 AND aside = 'staged'{}", by.clause(6));
    let args = args![lease.domain().as_str(), lease.each().as_str(), state, reason, now];
    let args: Vec<Value<'_>> = args.into_iter().chain(by.run(lease)).collect();
    if *decision == Release::Pending {
        return pending::LetGo { set, of: &of, due: "$5" }.run(tx, &args).await;
    }
    tx.execute(format!("UPDATE outbox SET {set}, last_due_at = $5 WHERE {of}"), &args).await.map(drop)
}

/// Every event that there ever was about a key, oldest first. `key` is its domain, member and text.
pub(in crate::store) async fn events_of(
    tx: &mut Tx,
    key: &[Value<'_>],
) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = "SELECT * FROM outbox WHERE domain = $1 AND each_ = $2 AND key = $3 ORDER BY seq";
    tx.rows(sql, key).await?.iter().map(row::outbox_row).collect()
}

/// Locks events in the order of their ids, which every transaction keeps to, so that nobody waits in a ring.
pub(in crate::store) async fn lock(tx: &mut Tx, events: &[Value<'_>]) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT seq FROM outbox WHERE event_id IN ({}) ORDER BY seq {}",
        params(events.len(), 0),
        tx.dialect().for_update
    );
    tx.rows(sql, events).await.map(drop)
}

fn values<'a>(event: &'a Event, lease: &Lease, now: Instant) -> [Value<'a>; COLUMNS.len()] {
    let (state, class, reason) = match &event.start {
        Start::Staged => ("staged", None, None),
        Start::Held => ("held", None, None),
        Start::Dead { class, reason } => ("dead", Some(*class), Some(reason.as_str())),
    };
    let died = event.is_dead().then_some(now);
    args![
        event.id,
        event.finding.domain.as_str(),
        event.finding.each.as_str(),
        event.finding.key.as_str(),
        event.kind.as_str(),
        event.episode,
        event.queue.as_str(),
        event.source.as_str(),
        event.event_type.as_str(),
        event.finding.key.as_str(),
        event.payload.as_str(),
        state,
        class,
        reason,
        lease.run_id(),
        now,
        now,
        died,
        died,
    ]
}

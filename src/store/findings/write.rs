//! Writes findings and appends to their history, inside a transaction of the caller.

use std::collections::HashMap;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use uuid::Uuid;

use super::row::{self, COLUMNS};
use crate::finding::{Finding, State};
use crate::store::error::StoreError;
use crate::store::lease::Lease;
use crate::store::release::StagedBy;
use crate::store::sql::{Row, Tx, Value, args, params};

/// Rows of one statement.
pub(super) const BATCH: usize = 1_000;

/// The columns that a history row takes over from its finding.
const HISTORY: &str = "INSERT INTO finding_history (domain, each_, key, episode, state, at, run_id, note)";

/// The same, with what a person did and who it was.
pub(super) const HISTORY_OF_ACTS: &str =
    "INSERT INTO finding_history (domain, each_, key, episode, state, at, run_id, note, act, actor)";

/// What is stored about a key before it is overwritten.
#[derive(Debug)]
struct Stored {
    state: State,
    episode: u32,
}

/// Writes findings of one domain and `each`, sorted by key; a change of state is added to the history. `known` are the keys of those
/// that are stored already.
pub(in crate::store) async fn upsert(
    tx: &mut Tx,
    mut findings: Vec<Finding>,
    known: &HashMap<Key, u32>,
    now: Instant,
) -> Result<(), StoreError> {
    for batch in findings.chunks_mut(BATCH) {
        let old: Vec<&Finding> = batch.iter().filter(|finding| known.contains_key(&finding.id.key)).collect();
        let stored = lock(tx, &old).await?;
        let sent = sent(tx, batch, &stored).await?;
        for finding in batch.iter_mut() {
            if let Some(at) = finding.event_id.and_then(|id| sent.get(&id)) {
                acknowledged(finding, *at);
            }
        }
        append_history(tx, batch, &stored, now).await?;
        insert(tx, batch).await?;
    }
    Ok(())
}

/// Holds the findings whose events are staged, for a reason. To be called before those events change their state.
pub(in crate::store) async fn hold(
    tx: &mut Tx,
    lease: &Lease,
    by: StagedBy,
    reason: &str,
    now: Instant,
) -> Result<(), StoreError> {
    let whose = by.clause(4);
    let staged = format!(
        "state = 'open' AND event_id IN
        (SELECT event_id FROM outbox WHERE domain = $1 AND each_ = $2 AND aside = 'staged'{whose})"
    );
    let args = args![lease.domain().as_str(), lease.each().as_str(), reason, lease.run_id()];
    let history = format!(
        "{HISTORY} SELECT domain, each_, key, episode, 'held', $5, $4, $3 FROM findings
         WHERE domain = $1 AND each_ = $2 AND {staged} ORDER BY key"
    );
    tx.execute(history, &[args.as_slice(), &args![now]].concat()).await?;
    let update = format!(
        "UPDATE findings SET state = 'held', reason = $3, run_id = $4, held_by = $4
         WHERE domain = $1 AND each_ = $2 AND {staged}"
    );
    tx.execute(update, &args).await?;
    Ok(())
}

/// Moves the open findings of acknowledged events to `emitted`, in SQLite, whose whole file is locked. Findings that went on meanwhile stay
/// where they are.
pub(in crate::store) async fn acknowledge(
    tx: &mut Tx,
    events: &[Value<'_>],
    now: Instant,
) -> Result<(), StoreError> {
    let open = format!(
        "state = 'open' AND event_id IN (SELECT event_id FROM outbox WHERE seq IN ({}))",
        params(events.len(), 1)
    );
    let args = [args![now].as_slice(), events].concat();
    let history = format!(
        "{HISTORY} SELECT domain, each_, key, episode, 'emitted', $1, run_id, NULL FROM findings
         WHERE {open} ORDER BY domain, each_, key"
    );
    tx.execute(history, &args).await?;
    let update = format!("UPDATE findings SET state = 'emitted', acknowledged_at = $1 WHERE {open}");
    tx.execute(update, &args).await?;
    Ok(())
}

/// How often people changed the findings that are stored under the keys of these, which are sorted by key. Nobody changes that while
/// the lease is fenced.
pub(in crate::store) async fn interventions(
    tx: &mut Tx,
    findings: &[Finding],
) -> Result<HashMap<Key, u32>, StoreError> {
    let mut stored = HashMap::new();
    for batch in findings.chunks(BATCH) {
        let all: Vec<&Finding> = batch.iter().collect();
        for row in &rows_of(tx, &all, "key, interventions", "").await? {
            let key = row.word("key", |key| Key::checked(key).ok())?;
            stored.insert(key, row.count("interventions")?);
        }
    }
    Ok(stored)
}

/// Locks rows in the order of their keys.
async fn lock(tx: &mut Tx, findings: &[&Finding]) -> Result<HashMap<String, Stored>, StoreError> {
    let for_update = tx.dialect().for_update;
    let rows = rows_of(tx, findings, "key, state, episode", for_update).await?;
    let stored = |row: &Row| {
        let stored = Stored { state: row.word("state", State::from_word)?, episode: row.count("episode")? };
        Ok((row.text("key")?, stored))
    };
    rows.iter().map(stored).collect()
}

/// Some columns of the rows of findings, in the order of their keys.
async fn rows_of(
    tx: &mut Tx,
    findings: &[&Finding],
    columns: &str,
    and_lock: &str,
) -> Result<Vec<Row>, StoreError> {
    let Some(first) = findings.first() else { return Ok(Vec::new()) };
    let mut args = args![first.id.domain.as_str(), first.id.each.as_str()].to_vec();
    args.extend(findings.iter().map(|finding| Value::from(finding.id.key.as_str())));
    let sql = format!(
        "SELECT {columns} FROM findings
         WHERE domain = $1 AND each_ = $2 AND key IN ({}) ORDER BY key {and_lock}",
        params(findings.len(), 2)
    );
    tx.rows(sql, &args).await
}

/// When the events of a batch were sent, as far as they were. A relay may have delivered one since the caller read its
/// finding, or after the finding had let go of it; neither must be forgotten, for it is not sent a second time. An event is never
/// committed without its finding: a key that is new has none.
async fn sent(
    tx: &mut Tx,
    batch: &[Finding],
    stored: &HashMap<String, Stored>,
) -> Result<HashMap<Uuid, Instant>, StoreError> {
    let is_known = |finding: &&Finding| stored.contains_key(finding.id.key.as_str());
    let unknown = batch.iter().filter(is_known).filter(|finding| finding.acknowledged_at.is_none());
    let ids: Vec<Value<'_>> = unknown.filter_map(|finding| finding.event_id).map(Value::from).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT event_id, finished_at FROM outbox WHERE state = 'sent' AND event_id IN ({})",
        params(ids.len(), 0)
    );
    let rows = tx.rows(sql, &ids).await?;
    rows.iter().map(|row| Ok((row.uuid("event_id")?, row.time("finished_at")?))).collect()
}

/// The queue has the event of a finding already.
fn acknowledged(finding: &mut Finding, at: Instant) {
    finding.acknowledged_at = Some(at);
    finding.state = match finding.state {
        State::Open | State::Held => State::Emitted,
        State::Healed => State::Repaired,
        other => other,
    };
    finding.held_by = finding.held_by.filter(|_| finding.state != State::Emitted);
}

async fn append_history(
    tx: &mut Tx,
    batch: &[Finding],
    stored: &HashMap<String, Stored>,
    now: Instant,
) -> Result<(), StoreError> {
    let has_moved = |finding: &&Finding| {
        let before = stored.get(finding.id.key.as_str());
        before.is_none_or(|before| (before.state, before.episode) != (finding.state, finding.episode))
    };
    let moved: Vec<&Finding> = batch.iter().filter(has_moved).collect();
    if moved.is_empty() {
        return Ok(());
    }
    let args: Vec<Value<'_>> = moved.iter().flat_map(|finding| history_values(finding, now)).collect();
    tx.insert(HISTORY, 8, &args, "").await
}

fn history_values(finding: &Finding, now: Instant) -> [Value<'_>; 8] {
    args![
        finding.id.domain.as_str(),
        finding.id.each.as_str(),
        finding.id.key.as_str(),
        finding.episode,
        finding.state.as_str(),
        now,
        finding.run_id,
        finding.reason.as_deref(),
    ]
}

/// Writes every column that a run writes.
pub(super) async fn insert(tx: &mut Tx, batch: &[Finding]) -> Result<(), StoreError> {
    let mut args = Vec::with_capacity(batch.len() * COLUMNS.len());
    for finding in batch {
        let unwritable = |error: serde_json::Error| StoreError::Corrupt {
            place: tx.place().to_owned(),
            what: format!("the fields of `{}`: {error}", finding.id.key),
        };
        args.extend(row::values(finding).map_err(unwritable)?);
    }
    let updates: Vec<String> =
        COLUMNS[3..].iter().map(|column| format!("{column} = excluded.{column}")).collect();
    let into = format!("INSERT INTO findings ({})", COLUMNS.join(", "));
    let then = format!("ON CONFLICT (domain, each_, key) DO UPDATE SET {}", updates.join(", "));
    tx.insert(&into, COLUMNS.len(), &args, &then).await
}

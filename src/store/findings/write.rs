//! Writes findings and appends to their history, inside a transaction of the caller.

use std::collections::HashMap;

use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::row::{self, COLUMNS};
use crate::finding::{Finding, State};
use crate::store::error::StoreError;
use crate::store::lease::Lease;
use crate::store::sql::{Row, Tx, Value, args, params, rows_of_params};

/// Rows of one statement. SQLite looks for a parameter from the first one on, so that many cost their square.
const BATCH: usize = 50;

/// The columns that a history row takes over from its finding.
const HISTORY: &str = "INSERT INTO finding_history (domain, each_, key, episode, state, at, run_id, note)";

/// What is stored about a key before it is overwritten.
#[derive(Debug)]
struct Stored {
    state: State,
    episode: u32,
    event_id: Option<Uuid>,
    acknowledged_at: Option<Instant>,
}

/// Writes findings of one domain and `each`, sorted by key; a change of state is added to the history.
pub(in crate::store) async fn upsert(
    tx: &mut Tx,
    mut findings: Vec<Finding>,
    now: Instant,
) -> Result<(), StoreError> {
    for batch in findings.chunks_mut(BATCH) {
        let stored = lock(tx, batch).await?;
        for finding in batch.iter_mut() {
            if let Some(stored) = stored.get(finding.id.key.as_str()) {
                keep_acknowledgement(finding, stored);
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
    reason: &str,
    now: Instant,
) -> Result<(), StoreError> {
    const STAGED: &str = "state = 'open' AND event_id IN
        (SELECT event_id FROM outbox WHERE domain = $1 AND each_ = $2 AND state = 'staged')";
    let args = args![lease.domain().as_str(), lease.each().as_str(), reason, lease.run_id()];
    let history = format!(
        "{HISTORY} SELECT domain, each_, key, episode, 'held', $5, $4, $3 FROM findings
         WHERE domain = $1 AND each_ = $2 AND {STAGED} ORDER BY key"
    );
    tx.execute(history, &[args.as_slice(), &args![now]].concat()).await?;
    let update = format!(
        "UPDATE findings SET state = 'held', reason = $3, run_id = $4
         WHERE domain = $1 AND each_ = $2 AND {STAGED}"
    );
    tx.execute(update, &args).await?;
    Ok(())
}

/// Moves the open findings of acknowledged events to `emitted`. Findings that went on meanwhile stay where they are.
pub(in crate::store) async fn acknowledge(
    tx: &mut Tx,
    events: &[Value<'_>],
    now: Instant,
) -> Result<(), StoreError> {
    let open = |after| format!("state = 'open' AND event_id IN ({})", params(events.len(), after));
    let lock = tx.dialect().for_update;
    let lock = format!("SELECT key FROM findings WHERE {} ORDER BY domain, each_, key {lock}", open(0));
    tx.rows(lock, events).await?;

    let args = [args![now].as_slice(), events].concat();
    let history = format!(
        "{HISTORY} SELECT domain, each_, key, episode, 'emitted', $1, run_id, NULL FROM findings
         WHERE {} ORDER BY domain, each_, key",
        open(1)
    );
    tx.execute(history, &args).await?;
    let update = format!("UPDATE findings SET state = 'emitted', acknowledged_at = $1 WHERE {}", open(1));
    tx.execute(update, &args).await?;
    Ok(())
}

/// Locks the rows of a batch, in the order of their keys.
async fn lock(tx: &mut Tx, batch: &[Finding]) -> Result<HashMap<String, Stored>, StoreError> {
    let Some(first) = batch.first() else { return Ok(HashMap::new()) };
    let mut args = args![first.id.domain.as_str(), first.id.each.as_str()].to_vec();
    args.extend(batch.iter().map(|finding| Value::from(finding.id.key.as_str())));
    let sql = format!(
        "SELECT key, state, episode, event_id, acknowledged_at FROM findings
         WHERE domain = $1 AND each_ = $2 AND key IN ({}) ORDER BY key {}",
        params(batch.len(), 2),
        tx.dialect().for_update
    );
    let stored = |row: &Row| {
        let stored = Stored {
            state: row.word("state", State::from_word)?,
            episode: row.count("episode")?,
            event_id: row.uuid_or_null("event_id")?,
            acknowledged_at: row.time_or_null("acknowledged_at")?,
        };
        Ok((row.text("key")?, stored))
    };
    tx.rows(sql, &args).await?.iter().map(stored).collect()
}

/// A relay may have delivered the event since the caller read the finding; that must not be forgotten.
fn keep_acknowledgement(finding: &mut Finding, stored: &Stored) {
    let same_event = finding.event_id.is_some() && finding.event_id == stored.event_id;
    if !same_event || finding.acknowledged_at.is_some() || stored.acknowledged_at.is_none() {
        return;
    }
    finding.acknowledged_at = stored.acknowledged_at;
    finding.state = match finding.state {
        State::Open => State::Emitted,
        State::Healed => State::Repaired,
        other => other,
    };
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
    tx.execute(format!("{HISTORY} VALUES {}", rows_of_params(moved.len(), 8, 0)), &args).await?;
    Ok(())
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

async fn insert(tx: &mut Tx, batch: &[Finding]) -> Result<(), StoreError> {
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
    let sql = format!(
        "INSERT INTO findings ({}) VALUES {} ON CONFLICT (domain, each_, key) DO UPDATE SET {}",
        COLUMNS.join(", "),
        rows_of_params(batch.len(), COLUMNS.len(), 0),
        updates.join(", ")
    );
    tx.execute(sql, &args).await?;
    Ok(())
}

//! What people and the retry job do to events, as the findings see it, inside a transaction of the caller that holds both.

use tieout_reconcilers::instant::Instant;

use super::write::HISTORY_OF_ACTS;
use crate::store::error::StoreError;
use crate::store::sql::{Tx, Value, args, params};

/// Writes into the history of the findings of some events what was done to these, and by whom, also where a finding is about a newer event.
pub(in crate::store) async fn note_events(
    tx: &mut Tx,
    events: &[Value<'_>],
    (act, actor, note): (&str, &str, Option<&str>),
    now: Instant,
) -> Result<(), StoreError> {
    let sql = format!(
        "{HISTORY_OF_ACTS} SELECT findings.domain, findings.each_, findings.key, findings.episode, findings.state, $1,
             findings.run_id, $2, $3, $4
         FROM findings JOIN outbox ON outbox.domain = findings.domain AND outbox.each_ = findings.each_
             AND outbox.key = findings.key
         WHERE outbox.event_id IN ({}) ORDER BY outbox.seq",
        params(events.len(), 4)
    );
    tx.execute(sql, &[args![now, note, act, actor].as_slice(), events].concat()).await.map(drop)
}

/// Parks the open findings of some events: nothing about them is sent until a person opens them.
pub(in crate::store) async fn park(
    tx: &mut Tx,
    events: &[Value<'_>],
    reason: &str,
) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE findings SET state = 'recurring', reason = $1, interventions = interventions + 1
         WHERE state = 'open' AND event_id IN ({})",
        params(events.len(), 1)
    );
    tx.execute(sql, &[args![reason].as_slice(), events].concat()).await.map(drop)
}

//! What the relay works with: a row for each pending event, in a table of its own, so that a claim changes neither the event nor its indexes.
//! An event comes into it and goes out of it in the transaction that changes its state.

use crate::store::error::StoreError;
use crate::store::sql::{Tx, Value, params};

/// How an update makes events pending.
pub(in crate::store) struct LetGo<'r> {
    /// What it sets, the state among it.
    pub set: &'r str,
    /// The condition of the events that it lets go, all of which are not pending yet.
    pub of: &'r str,
    /// The parameter that says when they are due.
    pub due: &'r str,
}

impl LetGo<'_> {
    /// Carries it out.
    pub(in crate::store) async fn run(&self, tx: &mut Tx, args: &[Value<'_>]) -> Result<(), StoreError> {
        let Self { set, of, due } = self;
        let into = "INSERT INTO outbox_pending (queue, seq, domain, each_, key, due_at)";
        let released = format!("SELECT queue, seq, domain, each_, key, {due}");
        let update = format!("UPDATE outbox SET {set}, last_due_at = {due} WHERE {of}");
        if tx.is_postgres() {
            // In one statement, because somebody else may stage an event between two.
            let update = format!("{update} RETURNING queue, seq, domain, each_, key");
            let sql = format!("WITH released AS ({update}) {into} {released} FROM released");
            return tx.execute(sql, args).await.map(drop);
        }
        tx.execute(format!("{into} {released} FROM outbox WHERE {of}"), args).await?;
        tx.execute(update, args).await.map(drop)
    }
}

/// Takes those of some events away from the relay that are not pending any more.
pub(super) async fn take_away(tx: &mut Tx, events: &[Value<'_>]) -> Result<(), StoreError> {
    let sql = format!(
        "DELETE FROM outbox_pending WHERE (queue, seq) IN
             (SELECT queue, seq FROM outbox WHERE event_id IN ({}) AND state <> 'pending')",
        params(events.len(), 0)
    );
    tx.execute(sql, events).await.map(drop)
}

/// The rows of pending events, by their ids, which begin behind so many other parameters.
pub(super) fn of(events: usize, before: usize) -> String {
    format!("(queue, seq) IN (SELECT queue, seq FROM outbox WHERE event_id IN ({}))", params(events, before))
}

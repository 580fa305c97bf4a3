//! The end of an event that a queue has acknowledged: it is `sent`, and its open finding `emitted`, in one transaction.

use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::findings;
use crate::store::sql::{Tx, Value, args, params};

/// Ids of one statement: far below both databases' limits of parameters.
const BATCH: usize = 1_000;

/// Everything in one statement: a relay that has to mark what it sent waits for one answer and not for six. Rows are locked in the order in
/// which everybody locks them, and judged once they are locked. They are found by numbers and keys, which lie together; ids lie all over their index.
const ON_POSTGRES: &str = "
    WITH events AS MATERIALIZED (
        SELECT seq, queue, event_id, domain, each_, key FROM outbox
        WHERE seq = ANY (string_to_array($1, ',')::bigint[]) ORDER BY seq FOR UPDATE
    ), sent AS (
        UPDATE outbox SET state = 'sent', finished_at = COALESCE($2, statement_timestamp())
        WHERE seq IN (SELECT seq FROM events) AND state <> 'sent'
    ), taken_away AS (
        DELETE FROM outbox_pending WHERE (queue, seq) IN (SELECT queue, seq FROM events)
    ), open AS MATERIALIZED (
        SELECT finding.domain, finding.each_, finding.key FROM findings AS finding JOIN events
            ON (finding.domain, finding.each_, finding.key) = (events.domain, events.each_, events.key)
            AND finding.event_id = events.event_id
        WHERE finding.state = 'open' AND (SELECT count(*) FROM events) > 0
        ORDER BY finding.domain, finding.each_, finding.key FOR UPDATE OF finding
    ), emitted AS (
        UPDATE findings AS finding
        SET state = 'emitted', acknowledged_at = COALESCE($2, statement_timestamp())
        FROM open
        WHERE (finding.domain, finding.each_, finding.key) = (open.domain, open.each_, open.key)
        RETURNING finding.domain, finding.each_, finding.key, finding.episode, finding.acknowledged_at, finding.run_id
    )
    INSERT INTO finding_history (domain, each_, key, episode, state, at, run_id, note)
    SELECT domain, each_, key, episode, 'emitted', acknowledged_at, run_id, NULL FROM emitted
    ORDER BY domain, each_, key";

impl Store {
    /// Records that a queue acknowledged events, by their numbers in the outbox: they are `sent`, and their open findings `emitted`.
    ///
    /// An event that was superseded while it was on its way is `sent` too, because it was; its finding stays as it is.
    pub async fn acknowledge(&self, events: &[i64]) -> Result<(), StoreError> {
        for batch in events.chunks(BATCH) {
            self.again(Twice::IsOnce, || self.acknowledge_once(batch)).await?;
        }
        Ok(())
    }

    async fn acknowledge_once(&self, batch: &[i64]) -> Result<(), StoreError> {
        let mut tx = self.write("acknowledge").await?;
        if tx.is_postgres() {
            let numbers = batch.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
            let now = tx.told_now().await?;
            tx.execute(ON_POSTGRES, &args![numbers, now]).await?;
        } else {
            on_sqlite(&mut tx, batch).await?;
        }
        if bug!("sent_rows_deleted") {
            tx.execute("DELETE FROM outbox WHERE state = 'sent'", &[]).await?;
        }
        tx.commit().await
    }
}

/// SQLite changes one table with a statement, and has its whole file locked.
async fn on_sqlite(tx: &mut Tx, batch: &[i64]) -> Result<(), StoreError> {
    let now = tx.now().await?;
    let events: Vec<Value<'_>> = batch.iter().copied().map(Value::from).collect();
    let sql = format!(
        "UPDATE outbox SET state = 'sent', finished_at = $1 WHERE state <> 'sent' AND seq IN ({})",
        params(events.len(), 1)
    );
    tx.execute(sql, &[args![now].as_slice(), &events].concat()).await?;
    let sql = format!(
        "DELETE FROM outbox_pending WHERE (queue, seq) IN (SELECT queue, seq FROM outbox WHERE seq IN ({}))",
        params(events.len(), 0)
    );
    tx.execute(sql, &events).await?;
    findings::acknowledge(tx, &events, now).await
}

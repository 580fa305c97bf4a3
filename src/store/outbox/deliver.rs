//! The outbox after the release: what the relay claims, and how each attempt ended. It sends nothing.

use std::time::Duration;

use uuid::Uuid;

use super::row::{self, Outgoing, UnsentCount};
use super::stage::lock;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::findings;
use crate::store::sql::{Value, args, params};

/// How long a claim keeps other relays away, by the store's clock. A claim that runs out only means that the event may be
/// sent twice, with the same id.
pub const CLAIM_TIME: Duration = Duration::from_mins(1);

/// Ids of one statement: far below both databases' limits of parameters.
const BATCH: usize = 1_000;

impl Store {
    /// Claims pending events of a queue, oldest first, at most one of each key, none that another relay has claimed.
    pub async fn claim(&self, queue: &str, limit: u32, relay: &str) -> Result<Vec<Outgoing>, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let sql = format!(
            "SELECT event_id, domain, each_, key, source, type, subject, payload, attempts FROM outbox
             WHERE queue = $1 AND state = 'pending' AND due_at <= $2
             AND (claimed_until IS NULL OR claimed_until <= $2)
             AND NOT EXISTS (SELECT 1 FROM outbox AS older
                 WHERE older.domain = outbox.domain AND older.each_ = outbox.each_ AND older.key = outbox.key
                 AND older.seq < outbox.seq AND older.state = 'pending' AND older.queue = outbox.queue)
             ORDER BY seq LIMIT $3 {}",
            tx.dialect().skip_locked
        );
        let rows = tx.rows(sql, &args![queue, now, limit]).await?;
        let claimed: Vec<Outgoing> = rows.iter().map(row::outgoing).collect::<Result<_, _>>()?;
        for batch in claimed.chunks(BATCH) {
            let mut args = args![relay, now + CLAIM_TIME].to_vec();
            args.extend(batch.iter().map(|event| Value::from(event.event_id)));
            let sql = format!(
                "UPDATE outbox SET claimed_by = $1, claimed_until = $2 WHERE event_id IN ({})",
                params(batch.len(), 2)
            );
            tx.execute(sql, &args).await?;
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// Records that a queue acknowledged events: they are `sent`, and their open findings `emitted`.
    ///
    /// An event that was superseded while it was on its way is `sent` too, because it was; its finding stays as it is.
    pub async fn acknowledge(&self, events: &[Uuid]) -> Result<(), StoreError> {
        for batch in events.chunks(BATCH) {
            let ids: Vec<Value<'_>> = batch.iter().copied().map(Value::from).collect();
            let mut tx = self.write().await?;
            lock(&mut tx, &ids).await?;
            let now = tx.now().await?;
            let sql = format!(
                "UPDATE outbox SET state = 'sent', finished_at = $1, claimed_by = NULL, claimed_until = NULL
                 WHERE state <> 'sent' AND event_id IN ({})",
                params(ids.len(), 1)
            );
            tx.execute(sql, &[args![now].as_slice(), &ids].concat()).await?;
            findings::acknowledge(&mut tx, &ids, now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Records a failed attempt; the event is due again after `delay`.
    pub async fn retry_later(&self, event: Uuid, error: &str, delay: Duration) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        tx.execute(
            "UPDATE outbox SET attempts = attempts + 1, reason = $2, due_at = $3,
                 claimed_by = NULL, claimed_until = NULL
             WHERE event_id = $1 AND state = 'pending'",
            &args![event, error, now + delay],
        )
        .await?;
        tx.commit().await
    }

    /// Gives an event up. Its finding stays open, so that the report goes on showing it.
    pub async fn bury(&self, event: Uuid, class: &str, reason: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        tx.execute(
            "UPDATE outbox SET state = 'dead', class = $2, reason = $3, attempts = attempts + 1,
                 finished_at = $4, claimed_by = NULL, claimed_until = NULL
             WHERE event_id = $1 AND state = 'pending'",
            &args![event, class, reason, now],
        )
        .await?;
        tx.commit().await
    }

    /// Gives back what a relay claimed and did not get to.
    pub async fn release_claims(&self, relay: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.execute(
            "UPDATE outbox SET claimed_by = NULL, claimed_until = NULL
             WHERE claimed_by = $1 AND state = 'pending'",
            &args![relay],
        )
        .await?;
        tx.commit().await
    }

    /// How long until a pending event of a queue can be claimed; `None` where nothing is pending.
    pub async fn next_due(&self, queue: &str) -> Result<Option<Duration>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let row = tx
            .row(
                "SELECT MIN(CASE WHEN claimed_until > due_at THEN claimed_until ELSE due_at END) AS due
                 FROM outbox WHERE queue = $1 AND state = 'pending'",
                &args![queue],
            )
            .await?;
        let due = row.map(|row| row.time_or_null("due")).transpose()?.flatten();
        Ok(due
            .map(|due| Duration::from_micros(u64::try_from(due.micros() - now.micros()).unwrap_or_default())))
    }

    /// How many events are not sent, by domain, queue and state.
    pub async fn unsent(&self) -> Result<Vec<UnsentCount>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows(
                "SELECT domain, queue, state, COUNT(*) AS count FROM outbox
                 WHERE state IN ('staged', 'pending', 'held', 'dead')
                 GROUP BY domain, queue, state ORDER BY domain, queue, state",
                &[],
            )
            .await?;
        rows.iter().map(row::unsent).collect()
    }
}

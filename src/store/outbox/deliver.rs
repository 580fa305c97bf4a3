//! The outbox after the release: how an attempt failed, and what is not sent yet. It sends nothing.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::pending::{self, take_away};
use super::row::{self, UnsentCount};
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Tx, Value, args, params};

/// Ids of one statement: far below both databases' limits of parameters.
const BATCH: usize = 1_000;

impl Store {
    /// Records a failed attempt; the event is due again after `delay`.
    pub async fn retry_later(&self, event: Uuid, error: &str, delay: Duration) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || self.retry_later_once(event, error, delay)).await
    }

    async fn retry_later_once(&self, event: Uuid, error: &str, delay: Duration) -> Result<(), StoreError> {
        let mut tx = self.write("retry").await?;
        let now = tx.now().await?;
        let due = now + delay;
        tx.execute(
            "UPDATE outbox SET attempts = attempts + 1, reason = $2, last_due_at = $3,
                 first_failed_at = COALESCE(first_failed_at, $4)
             WHERE event_id = $1 AND state = 'pending'",
            &args![event, error, due, now],
        )
        .await?;
        put_off(&mut tx, &args![event], due).await?;
        tx.commit().await
    }

    /// Records that a queue had no room for some events: they are due again after `delay`, and it was no attempt.
    pub async fn postpone(&self, events: &[Uuid], why: &str, delay: Duration) -> Result<(), StoreError> {
        for batch in events.chunks(BATCH) {
            self.again(Twice::IsOnce, || self.postpone_once(batch, why, delay)).await?;
        }
        Ok(())
    }

    async fn postpone_once(&self, batch: &[Uuid], why: &str, delay: Duration) -> Result<(), StoreError> {
        let mut tx = self.write("postpone").await?;
        let due = tx.now().await? + delay;
        let ids: Vec<Value<'_>> = batch.iter().copied().map(Value::from).collect();
        let sql = format!(
            "UPDATE outbox SET reason = $1, last_due_at = $2 WHERE state = 'pending' AND event_id IN ({})",
            params(ids.len(), 2)
        );
        tx.execute(sql, &[args![why, due].as_slice(), &ids].concat()).await?;
        put_off(&mut tx, &ids, due).await?;
        tx.commit().await
    }

    /// Gives an event up. Its finding stays open, so that the report goes on showing it.
    pub async fn bury(&self, event: Uuid, class: &str, reason: &str) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || self.bury_once(event, class, reason)).await
    }

    async fn bury_once(&self, event: Uuid, class: &str, reason: &str) -> Result<(), StoreError> {
        let mut tx = self.write("bury").await?;
        let now = tx.now().await?;
        tx.execute(
            "UPDATE outbox SET state = 'dead', class = $2, reason = $3, attempts = attempts + 1,
                 finished_at = $4, first_failed_at = COALESCE(first_failed_at, $4)
             WHERE event_id = $1 AND state = 'pending'",
            &args![event, class, reason, now],
        )
        .await?;
        take_away(&mut tx, &args![event]).await?;
        tx.commit().await
    }

    /// How long until a pending event of a queue can be claimed; `None` where nothing is pending.
    pub async fn next_due(&self, queue: &str) -> Result<Option<Duration>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let row = tx
            .row(
                "SELECT MIN(CASE WHEN claimed_until > due_at THEN claimed_until ELSE due_at END) AS due
                 FROM outbox_pending WHERE queue = $1",
                &args![queue],
            )
            .await?;
        let due = row.map(|row| row.time_or_null("due")).transpose()?.flatten();
        Ok(due
            .map(|due| Duration::from_micros(u64::try_from(due.micros() - now.micros()).unwrap_or_default())))
    }

    /// The queues that pending events of each domain wait for.
    pub async fn awaited_queues(&self) -> Result<Vec<(DomainName, String)>, StoreError> {
        let mut tx = self.read().await?;
        let rows =
            tx.rows("SELECT DISTINCT domain, queue FROM outbox_pending ORDER BY domain, queue", &[]).await?;
        rows.iter()
            .map(|row| Ok((row.word("domain", |name| name.parse().ok())?, row.text("queue")?)))
            .collect()
    }

    /// How many events are not sent, by domain, queue and state; what a person dropped is not among them.
    pub async fn unsent(&self) -> Result<Vec<UnsentCount>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows(
                "SELECT domain, queue, state, COUNT(*) AS count FROM outbox
                 WHERE aside IN ('staged', 'held', 'dead') AND dropped_at IS NULL GROUP BY domain, queue, state
                 UNION ALL
                 SELECT domain, queue, 'pending', COUNT(*) FROM outbox_pending GROUP BY domain, queue
                 ORDER BY domain, queue, state",
                &[],
            )
            .await?;
        rows.iter().map(row::unsent).collect()
    }
}

/// Gives pending events back that are not sent before a time.
async fn put_off(tx: &mut Tx, events: &[Value<'_>], due: Instant) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE outbox_pending SET due_at = $1, claimed_by = NULL, claimed_until = NULL WHERE {}",
        pending::of(events.len(), 1)
    );
    tx.execute(sql, &[args![due].as_slice(), events].concat()).await.map(drop)
}

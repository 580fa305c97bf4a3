//! The outbox after the release: what the relay claims, and how an attempt failed. It sends nothing.

use std::time::Duration;

use uuid::Uuid;

use super::row::{self, Outgoing, UnsentCount};
use crate::process::Process;
use crate::store::again::{Tries, Try, Twice};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Row, Value, args, params};

/// How long a claim keeps other relays away, by the store's clock. A claim that runs out only means that the event may be
/// sent twice, with the same id.
pub const CLAIM_TIME: Duration = Duration::from_mins(1);

/// Ids of one statement: far below both databases' limits of parameters.
const BATCH: usize = 1_000;

impl Store {
    /// Claims pending events of a queue, oldest first, at most one of each key, none that another claim has, and none of a key of which an
    /// older event is pending, claimed or not: so batches may follow each other before they are recorded.
    ///
    /// The commit does not wait for the disk: with a claim that is lost, nothing is.
    pub async fn claim(&self, queue: &str, limit: u32, claimant: &str) -> Result<Vec<Outgoing>, StoreError> {
        let tries = Tries::default();
        self.again(Twice::IsOnce, || self.claim_once(queue, limit, claimant, tries.next())).await
    }

    async fn claim_once(
        &self,
        queue: &str,
        limit: u32,
        claimant: &str,
        this: Try,
    ) -> Result<Vec<Outgoing>, StoreError> {
        // What it claimed without hearing of it is its own.
        let own = (this == Try::Again).then_some(claimant);
        let mut tx = self.write_lazily("claim").await?;
        let now = tx.told_now().await?;
        let (at, until) = (tx.dialect().now("$2"), tx.dialect().in_seconds("$5", CLAIM_TIME.as_secs()));
        if bug!("dead_relay_buries") {
            let sql = "UPDATE outbox SET state = 'dead' WHERE state = 'pending' AND claimed_until <= $1";
            let now = tx.now().await?;
            tx.execute(sql, &args![now]).await?;
        }
        let newer = if bug!("relay_by_id") {
            "> (SELECT COALESCE(MAX(seq), 0) FROM outbox WHERE state = 'sent')"
        } else {
            "> 0"
        };
        let state = if bug!("held_is_sent") { "IN ('pending', 'held')" } else { "= 'pending'" };
        let lapsed =
            if bug!("claims_for_ever") { "FALSE".to_owned() } else { format!("claimed_until <= {at}") };
        // PostgreSQL need not look a row up again that it has just locked. What changed in between stays for the next claim.
        let (row, is_due) = if tx.is_postgres() {
            ("ctid", "ctid = ANY (ARRAY(SELECT ctid FROM due))")
        } else {
            ("seq", "seq IN (SELECT seq FROM due)")
        };
        let sql = format!(
            "WITH due AS (
                 SELECT {row} FROM outbox
                 WHERE queue = $1 AND state {state} AND due_at <= {at} AND seq {newer}
                 AND (claimed_until IS NULL OR {lapsed} OR claimed_by = $4)
                 AND NOT EXISTS (SELECT 1 FROM outbox AS older
                     WHERE older.domain = outbox.domain AND older.each_ = outbox.each_ AND older.key = outbox.key
                     AND older.seq < outbox.seq AND older.state = 'pending' AND older.queue = outbox.queue)
                 ORDER BY seq + 0 LIMIT $3 {}
             )
             UPDATE outbox SET claimed_by = $6, claimed_until = {until} WHERE {is_due}
             RETURNING seq, event_id, domain, each_, key, source, type, subject, payload, attempts",
            tx.dialect().skip_locked
        );
        let args = args![queue, now, limit, own, now.map(|now| now + CLAIM_TIME), claimant];
        let rows = tx.rows(sql, &args).await?;
        tx.commit().await?;
        let numbered = |row| Ok((Row::int(row, "seq")?, row::outgoing(row)?));
        let mut claimed: Vec<(i64, Outgoing)> =
            rows.iter().map(numbered).collect::<Result<_, StoreError>>()?;
        claimed.sort_unstable_by_key(|(seq, _)| *seq);
        Ok(claimed.into_iter().map(|(_, event)| event).collect())
    }

    /// Records a failed attempt; the event is due again after `delay`.
    pub async fn retry_later(&self, event: Uuid, error: &str, delay: Duration) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || self.retry_later_once(event, error, delay)).await
    }

    async fn retry_later_once(&self, event: Uuid, error: &str, delay: Duration) -> Result<(), StoreError> {
        let mut tx = self.write("retry").await?;
        let now = tx.now().await?;
        tx.execute(
            "UPDATE outbox SET attempts = attempts + 1, reason = $2, due_at = $3,
                 first_failed_at = COALESCE(first_failed_at, $4), claimed_by = NULL, claimed_until = NULL
             WHERE event_id = $1 AND state = 'pending'",
            &args![event, error, now + delay, now],
        )
        .await?;
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
        let now = tx.now().await?;
        let mut args = args![why, now + delay].to_vec();
        args.extend(batch.iter().copied().map(Value::from));
        let sql = format!(
            "UPDATE outbox SET reason = $1, due_at = $2, claimed_by = NULL, claimed_until = NULL
             WHERE state = 'pending' AND event_id IN ({})",
            params(batch.len(), 2)
        );
        tx.execute(sql, &args).await?;
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
                 finished_at = $4, first_failed_at = COALESCE(first_failed_at, $4),
                 claimed_by = NULL, claimed_until = NULL
             WHERE event_id = $1 AND state = 'pending'",
            &args![event, class, reason, now],
        )
        .await?;
        tx.commit().await
    }

    /// Gives back events that a claim has and that were not sent.
    pub async fn give_back(&self, events: &[Uuid], claimant: &str) -> Result<(), StoreError> {
        for batch in events.chunks(BATCH) {
            self.again(Twice::IsOnce, || self.give_back_once(batch, claimant)).await?;
        }
        Ok(())
    }

    async fn give_back_once(&self, batch: &[Uuid], claimant: &str) -> Result<(), StoreError> {
        let mut tx = self.write_lazily("claims.give_back").await?;
        let sql = format!(
            "UPDATE outbox SET claimed_by = NULL, claimed_until = NULL
             WHERE state = 'pending' AND claimed_by = $1 AND event_id IN ({})",
            params(batch.len(), 1)
        );
        let mut args = args![claimant].to_vec();
        args.extend(batch.iter().copied().map(Value::from));
        tx.execute(sql, &args).await?;
        tx.commit().await
    }

    /// Gives back everything that a relay claimed and did not get to: its claims are named after it, with a space and a number.
    pub async fn release_claims(&self, relay: &str) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || self.release_claims_once(relay)).await
    }

    async fn release_claims_once(&self, relay: &str) -> Result<(), StoreError> {
        let mut tx = self.write("claims.give_back").await?;
        tx.execute(
            "UPDATE outbox SET claimed_by = NULL, claimed_until = NULL
             WHERE state = 'pending' AND (claimed_by = $1 OR substr(claimed_by, 1, length($1) + 1) = $1 || ' ')",
            &args![relay],
        )
        .await?;
        tx.commit().await
    }

    /// Gives back what relays have claimed whose process is proven to be dead, so that nobody waits for those claims to lapse. An event
    /// that such a relay had sent is sent again, with the same id.
    pub async fn release_dead_claims(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        let claimed =
            "SELECT DISTINCT claimed_by FROM outbox WHERE state = 'pending' AND claimed_by IS NOT NULL";
        let relays = tx.rows(claimed, &[]).await?;
        drop(tx);
        for row in &relays {
            let relay = row.text("claimed_by")?;
            if relay.parse::<Process>().is_ok_and(|process| process.is_dead()) {
                self.release_claims(&relay).await?;
            }
        }
        Ok(())
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

    /// How many events are not sent, by domain, queue and state; what a person dropped is not among them.
    pub async fn unsent(&self) -> Result<Vec<UnsentCount>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows(
                "SELECT domain, queue, state, COUNT(*) AS count FROM outbox
                 WHERE state IN ('staged', 'pending', 'held', 'dead') AND dropped_at IS NULL
                 GROUP BY domain, queue, state ORDER BY domain, queue, state",
                &[],
            )
            .await?;
        rows.iter().map(row::unsent).collect()
    }
}

//! What a relay claims of the pending events, and how claims are given back. It sends nothing.

use std::time::Duration;

use uuid::Uuid;

use super::pending;
use super::row::{self, Outgoing};
use crate::process::Process;
use crate::store::again::{Tries, Try, Twice};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Row, Tx, Value, args, params};

/// How long a claim keeps other relays away, by the store's clock. A claim that runs out only means that the event may be
/// sent twice, with the same id.
pub const CLAIM_TIME: Duration = Duration::from_mins(1);

/// What is read of a claimed event.
const OUTGOING: &str = "outbox.seq, event_id, domain, each_, key, source, type, subject, payload, attempts";

/// Ids of one statement: far below both databases' limits of parameters.
const BATCH: usize = 1_000;

impl Store {
    /// Claims pending events of a queue, oldest first, at most one of each key, none that another claim has, and none of a key of which an
    /// older event is pending, claimed or not: so batches may follow each other before they are recorded. It looks at nothing before the
    /// number `from`, where the caller knows that little is to be had: what was delivered lies there until the next vacuum.
    ///
    /// The commit does not wait for the disk: with a claim that is lost, nothing is.
    pub async fn claim(
        &self,
        queue: &str,
        from: i64,
        limit: u32,
        claimant: &str,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let tries = Tries::default();
        self.again(Twice::IsOnce, || self.claim_once((queue, from), limit, claimant, tries.next())).await
    }

    async fn claim_once(
        &self,
        (queue, from): (&str, i64),
        limit: u32,
        claimant: &str,
        this: Try,
    ) -> Result<Vec<Outgoing>, StoreError> {
        // What it claimed without hearing of it is its own.
        let own = (this == Try::Again).then_some(claimant);
        let mut tx = self.write_in_order("claim").await?;
        let now = tx.told_now().await?;
        put_mistakes(&mut tx).await?;
        let due = due(&tx.dialect().now("$2"));
        let until = tx.dialect().in_seconds("$5", CLAIM_TIME.as_secs());
        let claim = format!("UPDATE outbox_pending SET claimed_by = $6, claimed_until = {until}");
        let args = args![queue, now, limit, own, now.map(|now| now + CLAIM_TIME), claimant, from];
        let rows = if tx.is_postgres() {
            tx.rows(on_postgres(&claim, &due, tx.dialect().skip_locked), &args).await?
        } else {
            on_sqlite(&mut tx, &claim, &due, &args).await?
        };
        tx.commit().await?;
        let mut claimed: Vec<Outgoing> = rows.iter().map(row::outgoing).collect::<Result<_, StoreError>>()?;
        claimed.sort_unstable_by_key(|event| event.seq);
        Ok(claimed)
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
            "UPDATE outbox_pending SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = $1 AND {}",
            pending::of(batch.len(), 1)
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
            "UPDATE outbox_pending SET claimed_by = NULL, claimed_until = NULL
             WHERE claimed_by = $1 OR substr(claimed_by, 1, length($1) + 1) = $1 || ' '",
            &args![relay],
        )
        .await?;
        tx.commit().await
    }

    /// Gives back what relays have claimed whose process is proven to be dead, so that nobody waits for those claims to lapse. An event
    /// that such a relay had sent is sent again, with the same id.
    pub async fn release_dead_claims(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        let claimed = "SELECT DISTINCT claimed_by FROM outbox_pending WHERE claimed_by IS NOT NULL";
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
}

/// What may be claimed at a time, which is an expression.
fn due(at: &str) -> String {
    let newer = if bug!("relay_by_id") {
        "AND seq > (SELECT COALESCE(MAX(seq), 0) FROM outbox WHERE state = 'sent')"
    } else {
        ""
    };
    let lapsed = if bug!("claims_for_ever") { "FALSE".to_owned() } else { format!("claimed_until <= {at}") };
    format!(
        "FROM outbox_pending AS pending
         WHERE queue = $1 AND seq >= $7 {newer} AND due_at <= {at}
         AND (claimed_until IS NULL OR {lapsed} OR claimed_by = $4)
         AND NOT EXISTS (SELECT 1 FROM outbox_pending AS older
             WHERE older.domain = pending.domain AND older.each_ = pending.each_ AND older.key = pending.key
             AND older.seq < pending.seq AND older.seq > 0 AND older.queue = pending.queue)
         ORDER BY seq LIMIT $3"
    )
}

/// What a wrong relay would do before it claims.
async fn put_mistakes(tx: &mut Tx) -> Result<(), StoreError> {
    if bug!("dead_relay_buries") {
        let now = args![tx.now().await?];
        let lapsed = "SELECT seq FROM outbox_pending WHERE claimed_until <= $1";
        tx.execute(format!("UPDATE outbox SET state = 'dead' WHERE seq IN ({lapsed})"), &now).await?;
        tx.execute("DELETE FROM outbox_pending WHERE claimed_until <= $1", &now).await?;
    }
    if bug!("held_is_sent") {
        let sql = "INSERT INTO outbox_pending (queue, seq, domain, each_, key, due_at)
            SELECT queue, seq, domain, each_, key, last_due_at FROM outbox WHERE state = 'held' ON CONFLICT DO NOTHING";
        tx.execute(sql, &[]).await?;
    }
    Ok(())
}

/// Claims what is due and reads it. The server need not look a row up again that it has just locked; what changed in between stays for the next
/// claim.
fn on_postgres(claim: &str, due: &str, skip_locked: &str) -> String {
    format!(
        "WITH due AS (
             SELECT ctid {due} {skip_locked}
         ), claimed AS (
             {claim} WHERE ctid = ANY (ARRAY(SELECT ctid FROM due)) RETURNING seq
         )
         SELECT {OUTGOING} FROM claimed JOIN outbox ON outbox.seq = claimed.seq"
    )
}

/// The same in two statements: its whole file is locked.
async fn on_sqlite(tx: &mut Tx, claim: &str, due: &str, args: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
    let sql = format!("{claim} WHERE queue = $1 AND seq IN (SELECT seq {due}) RETURNING seq");
    let claimed = tx.rows(sql, args).await?;
    let claimed: Vec<Value<'_>> =
        claimed.iter().map(|row| row.int("seq").map(Value::from)).collect::<Result<_, _>>()?;
    let sql = format!("SELECT {OUTGOING} FROM outbox WHERE seq IN ({})", params(claimed.len(), 0));
    tx.rows(sql, &claimed).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::World;
    use tieout_reconcilers::instant::Instant;

    /// How PostgreSQL would claim.
    async fn plan(store: &Store) -> String {
        let mut tx = store.write_in_order("test").await.unwrap();
        let claim = "UPDATE outbox_pending SET claimed_by = $6, claimed_until = $5";
        let due = due("COALESCE($2, statement_timestamp())");
        let sql = format!("EXPLAIN {}", on_postgres(claim, &due, "FOR UPDATE SKIP LOCKED"));
        let none: Option<Instant> = None;
        let plan =
            tx.rows(sql, &args!["billing", none, 10_i64, None::<&str>, none, "relay", 0_i64]).await.unwrap();
        plan.iter().map(|row| row.text("QUERY PLAN").unwrap()).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn a_claim_reads_no_more_than_it_takes_whatever_the_server_believes_of_the_table() {
        World::on_postgres(async |world| {
            let fill = "INSERT INTO outbox_pending (queue, seq, domain, each_, key, due_at)
                SELECT 'billing', n, 'shop.charges', '', 'ch_' || n, clock_timestamp() FROM generate_series(1, 20000) AS n";
            let night = ["UPDATE outbox_pending SET claimed_by = 'relay', claimed_until = clock_timestamp()", "ANALYZE outbox_pending", "DELETE FROM outbox_pending"];
            for others in [&[] as &[&'static str], &night] {
                let mut tx = world.store.write("test").await.unwrap();
                for sql in others.iter().chain([&fill]) {
                    tx.execute(*sql, &[]).await.unwrap();
                }
                tx.commit().await.unwrap();
                let plan = plan(&world.store).await;
                assert!(plan.contains("Index Scan using outbox_pending_pkey") && !plan.contains("Sort"), "{plan}");
            }
        })
        .await;
    }
}

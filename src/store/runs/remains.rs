//! Runs that cannot write their own report any more: which they are, what they left, and the end that somebody else records.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::row::{Remains, RunRecord, SliceRecord, record};
use crate::report::Status;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::lease::{LEASE_TIME, is_dead};
use crate::store::metrics::{self, DomainEnd};
use crate::store::sql::{Row, Tx, args};

impl Store {
    /// Runs that are not over and dead: they gave no sign of life for [`LEASE_TIME`], or their process is proven to be dead.
    pub async fn dead_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        if bug!("dead_run_never_closed") {
            return Ok(Vec::new());
        }
        let mut tx = self.read().await?;
        let silent_since = tx.now().await? - LEASE_TIME;
        let mut dead = Vec::new();
        for row in
            tx.rows("SELECT * FROM runs WHERE status = 'running' ORDER BY started_at, run_id", &[]).await?
        {
            if row.time("heartbeat_at")? < silent_since || is_dead(&row)? {
                dead.push(record(&row)?);
            }
        }
        Ok(dead)
    }

    /// The report of a domain that a run has ended with, or of the whole run where that has ended; nothing yet otherwise.
    pub async fn ended_with(&self, run_id: Uuid, domain: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let sql = "SELECT report FROM ended_domains WHERE run_id = $1 AND domain = $2
             UNION ALL SELECT report FROM runs WHERE run_id = $1 AND report IS NOT NULL";
        tx.row(sql, &args![run_id, domain]).await?.map(|row| row.text("report")).transpose()
    }

    /// Whether a run that is not over gave no sign of life for [`LEASE_TIME`], or its process is proven to be dead.
    pub async fn is_dead(&self, run_id: Uuid) -> Result<bool, StoreError> {
        Ok(self.dead_runs().await?.iter().any(|run| run.summary.run_id == run_id))
    }

    /// Records the end of a run that somebody found dead. Says whether it was still as it was found: a run that gave a sign
    /// of life meanwhile, or that somebody else has closed, stays as it is.
    pub async fn close_dead_run(
        &self,
        found: &RunRecord,
        report_json: &str,
        successor: Option<Uuid>,
        ends: &[DomainEnd],
    ) -> Result<bool, StoreError> {
        let (run_id, last_sign) = (found.summary.run_id, found.summary.heartbeat_at);
        let mut tx = self.write("run.close_dead").await?;
        let now = tx.now().await?;
        let end = if bug!("dead_run_is_done") { Status::Done } else { Status::Interrupted };
        let closed = tx
            .execute(
                "UPDATE runs SET status = $2, report = $3, finished_at = $4, successor = $5
                 WHERE run_id = $1 AND status = 'running' AND heartbeat_at = $6",
                &args![
                    run_id,
                    end.as_str(),
                    report_json,
                    now,
                    successor.map(|run| run.to_string()),
                    last_sign
                ],
            )
            .await?;
        if closed > 0 {
            forget(&mut tx, run_id).await?;
            metrics::record(&mut tx, ends, now).await?;
        }
        tx.commit().await?;
        Ok(closed > 0)
    }

    /// Records that a run has ended a domain, in case it cannot write its whole report.
    pub async fn end_domain(&self, run_id: Uuid, domain: &str, report_json: &str) -> Result<(), StoreError> {
        let mut tx = self.write("domain.end").await?;
        let now = tx.now().await?;
        tx.execute(
            "INSERT INTO ended_domains (run_id, domain, report, ended_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (run_id, domain) DO UPDATE SET report = excluded.report, ended_at = excluded.ended_at",
            &args![run_id, domain, report_json, now],
        )
        .await?;
        tx.commit().await
    }

    /// What a run left in the state store.
    pub async fn remains(&self, run_id: Uuid) -> Result<Remains, StoreError> {
        let mut tx = self.read().await?;
        let mut ended = BTreeMap::new();
        for row in
            tx.rows("SELECT domain, report FROM ended_domains WHERE run_id = $1", &args![run_id]).await?
        {
            ended.insert(row.text("domain")?, row.text("report")?);
        }
        // What people did stands in the history under the run that wrote the finding last.
        let findings = "SELECT domain, state, COUNT(*) AS count FROM finding_history
             WHERE seq > (SELECT history_after FROM runs WHERE run_id = $1) AND run_id = $1 AND act IS NULL
             GROUP BY domain, state";
        let events = "SELECT domain, state, COUNT(*) AS count FROM outbox
             WHERE seq > (SELECT outbox_after FROM runs WHERE run_id = $1) AND run_id = $1 GROUP BY domain, state";
        let (findings, events) =
            (counted(&mut tx, findings, run_id).await?, counted(&mut tx, events, run_id).await?);
        Ok(Remains { ended, slices: slices(&mut tx, run_id).await?, findings, events })
    }

    /// The slices that a run committed, in the order of their commits.
    pub async fn slices_of(&self, run_id: Uuid) -> Result<Vec<SliceRecord>, StoreError> {
        slices(&mut self.read().await?, run_id).await
    }
}

/// Forgets how the domains of a run ended, because its report says so now.
pub(super) async fn forget(tx: &mut Tx, run_id: Uuid) -> Result<(), StoreError> {
    tx.execute("DELETE FROM ended_domains WHERE run_id = $1", &args![run_id]).await.map(drop)
}

async fn counted(
    tx: &mut Tx,
    sql: &'static str,
    run_id: Uuid,
) -> Result<BTreeMap<(String, String), u64>, StoreError> {
    let rows = tx.rows(sql, &args![run_id]).await?;
    rows.iter().map(|row| Ok(((row.text("domain")?, row.text("state")?), row.count("count")?))).collect()
}

async fn slices(tx: &mut Tx, run_id: Uuid) -> Result<Vec<SliceRecord>, StoreError> {
    let sql = "SELECT domain, each_, purpose, from_at, to_at, counts FROM slices WHERE run_id = $1
         ORDER BY committed_at, domain, from_at";
    let slice = |row: &Row| {
        Ok(SliceRecord {
            domain: row.text("domain")?,
            each: row.text("each_")?,
            is_overlap: row.text("purpose")? == "overlap",
            from: row.time("from_at")?,
            to: row.time("to_at")?,
            counts_json: row.text("counts")?,
        })
    };
    tx.rows(sql, &args![run_id]).await?.iter().map(slice).collect()
}

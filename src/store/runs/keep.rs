//! Writes runs and finds them again. The row is written before anything else happens and finished on every exit path.

use uuid::Uuid;

use super::row::{RunRecord, RunRow, RunSummary, SliceRecord, record, summary};
use crate::report::Status;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::lease::LEASE_TIME;
use crate::store::sql::{Row, Tx, args};

impl Store {
    /// Records that a run has begun.
    pub async fn begin_run(&self, run: &RunRow) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        tx.execute(
            "INSERT INTO runs (run_id, mode, trigger, args, version, status, started_at, heartbeat_at)
             VALUES ($1, $2, $3, $4, $5, 'running', $6, $7)",
            &args![
                run.run_id,
                run.mode.as_str(),
                run.trigger.as_str(),
                run.args_json.as_str(),
                run.version.as_str(),
                run.started_at,
                now
            ],
        )
        .await?;
        tx.commit().await
    }

    /// Records that a run is still alive.
    pub async fn beat(&self, run_id: Uuid) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        tx.execute(
            "UPDATE runs SET heartbeat_at = $2 WHERE run_id = $1 AND status = 'running'",
            &args![run_id, now],
        )
        .await?;
        tx.commit().await
    }

    /// Records how a run ended.
    ///
    /// It also overwrites `interrupted`, which is only presumed of a run that gave no sign of life; any other end stays.
    pub async fn finish_run(
        &self,
        run_id: Uuid,
        status: Status,
        exit_code: i32,
        report_json: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        tx.execute(
            "UPDATE runs SET status = $2, exit_code = $3, report = $4, finished_at = $5, heartbeat_at = $5
             WHERE run_id = $1 AND status IN ('running', 'interrupted')",
            &args![run_id, status.as_str(), i64::from(exit_code), report_json, now],
        )
        .await?;
        tx.commit().await
    }

    /// Marks runs that gave no sign of life for [`LEASE_TIME`] as interrupted, and returns them.
    pub async fn close_dead_runs(&self) -> Result<Vec<Uuid>, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let rows = tx
            .rows(
                "UPDATE runs SET status = 'interrupted', finished_at = $1
                 WHERE status = 'running' AND heartbeat_at < $2 RETURNING run_id",
                &args![now, now - LEASE_TIME],
            )
            .await?;
        tx.commit().await?;
        rows.iter().map(|row| row.uuid("run_id")).collect()
    }

    /// The newest runs, newest first.
    pub async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows("SELECT * FROM runs ORDER BY started_at DESC, run_id DESC LIMIT $1", &args![limit])
            .await?;
        rows.iter().map(summary).collect()
    }

    /// The run that `latest`, `latest~N` (N before the latest) or the beginning of a run id names.
    pub async fn find_run(&self, selector: &str) -> Result<RunRecord, StoreError> {
        let mut tx = self.read().await?;
        let mut found = match counted_back(selector) {
            Some(back) => nth_latest(&mut tx, back).await?,
            None => beginning_with(&mut tx, selector).await?,
        };
        match (found.pop(), found.is_empty()) {
            (Some(row), true) => record(&row),
            (Some(_), false) => Err(StoreError::AmbiguousRun(selector.to_owned())),
            (None, _) => Err(StoreError::NoSuchRun(selector.to_owned())),
        }
    }

    /// The slices that a run committed, in the order of their commits.
    pub async fn slices_of(&self, run_id: Uuid) -> Result<Vec<SliceRecord>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows(
                "SELECT domain, each_, counts FROM slices WHERE run_id = $1 ORDER BY committed_at, domain, from_at",
                &args![run_id],
            )
            .await?;
        let slice = |row: &Row| {
            let (domain, each) = (row.text("domain")?, row.text("each_")?);
            Ok(SliceRecord { domain, each, counts_json: row.text("counts")? })
        };
        rows.iter().map(slice).collect()
    }
}

/// How many runs before the latest one is meant, where the selector counts.
fn counted_back(selector: &str) -> Option<u32> {
    match selector.strip_prefix("latest")? {
        "" => Some(0),
        rest => rest.strip_prefix('~')?.parse().ok(),
    }
}

async fn nth_latest(tx: &mut Tx, back: u32) -> Result<Vec<Row>, StoreError> {
    tx.rows("SELECT * FROM runs ORDER BY started_at DESC, run_id DESC LIMIT 1 OFFSET $1", &args![back]).await
}

/// At most two, which is enough to know that the beginning is not unique.
async fn beginning_with(tx: &mut Tx, beginning: &str) -> Result<Vec<Row>, StoreError> {
    let beginning = beginning.to_ascii_lowercase();
    let is_of_an_id = !beginning.is_empty() && beginning.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if !is_of_an_id {
        return Ok(Vec::new());
    }
    tx.rows("SELECT * FROM runs WHERE run_id LIKE $1 LIMIT 2", &args![format!("{beginning}%")]).await
}

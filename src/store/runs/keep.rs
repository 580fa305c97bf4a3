//! Writes runs and finds them again. The row is written before anything else happens and finished on every exit path.

use uuid::Uuid;

use super::remains;
use super::row::{RunRecord, RunRow, RunSummary, record, summary};
use super::selector::{Named, RunSelector};
use crate::process::Process;
use crate::report::Status;
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::metrics::{self, DomainEnd};
use crate::store::sql::{Row, Tx, args};

impl Store {
    /// Records that a run of this process has begun, and that it goes on with another one where it does.
    pub async fn begin_run(&self, run: &RunRow) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || self.begin_run_once(run)).await
    }

    async fn begin_run_once(&self, run: &RunRow) -> Result<(), StoreError> {
        let mut tx = self.write("run.begin").await?;
        begin(&mut tx, run).await?;
        tx.commit().await
    }

    /// Records how a run ended.
    ///
    /// It also overwrites `interrupted`, which is only presumed of a run that gave no sign of life; any other end stays. What the run
    /// counted is added to what others did, once.
    pub async fn finish_run(
        &self,
        run_id: Uuid,
        status: Status,
        exit_code: i32,
        report_json: &str,
        ends: &[DomainEnd],
    ) -> Result<(), StoreError> {
        if bug!("run_never_finished") {
            return Ok(());
        }
        self.again(Twice::IsOnce, || self.finish_run_once(run_id, status, exit_code, report_json, ends)).await
    }

    async fn finish_run_once(
        &self,
        run_id: Uuid,
        status: Status,
        exit_code: i32,
        report_json: &str,
        ends: &[DomainEnd],
    ) -> Result<(), StoreError> {
        let mut tx = self.write("run.finish").await?;
        let now = tx.now().await?;
        let unrecorded = metrics::unrecorded(&mut tx, run_id, ends).await?;
        metrics::record(&mut tx, &unrecorded, now).await?;
        tx.execute(
            "UPDATE runs SET status = $2, exit_code = $3, report = $4, finished_at = $5, heartbeat_at = $5
             WHERE run_id = $1 AND status IN ('running', 'interrupted')",
            &args![run_id, status.as_str(), i64::from(exit_code), report_json, now],
        )
        .await?;
        remains::forget(&mut tx, run_id).await?;
        tx.commit().await
    }

    /// Puts another report in the place of the one that a run has ended with. What it returned stays.
    pub async fn amend_report(&self, run_id: Uuid, report_json: &str) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || async move {
            let mut tx = self.write("run.amend").await?;
            let amend = "UPDATE runs SET report = $2 WHERE run_id = $1 AND report IS NOT NULL";
            tx.execute(amend, &args![run_id, report_json]).await?;
            tx.commit().await
        })
        .await
    }

    /// Takes the report of a run out. That there was the run stays known, and how it ended.
    pub async fn prune_report(&self, run_id: Uuid) -> Result<(), StoreError> {
        self.again(Twice::IsOnce, || async move {
            let mut tx = self.write("run.prune").await?;
            let prune = "UPDATE runs SET report = NULL WHERE run_id = $1 AND status <> 'running'";
            tx.execute(prune, &args![run_id]).await?;
            tx.commit().await
        })
        .await
    }

    /// The newest runs, newest first.
    pub async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows("SELECT * FROM runs ORDER BY started_at DESC, run_id DESC LIMIT $1", &args![limit])
            .await?;
        rows.iter().map(summary).collect()
    }

    /// The newest run that is no plan.
    pub async fn newest_run(&self) -> Result<Option<RunRecord>, StoreError> {
        let mut tx = self.read().await?;
        let newest = "SELECT * FROM runs WHERE mode = 'run' ORDER BY started_at DESC, run_id DESC LIMIT 1";
        tx.row(newest, &[]).await?.as_ref().map(record).transpose()
    }

    /// The run that is meant.
    pub async fn find_run(&self, selector: &RunSelector) -> Result<RunRecord, StoreError> {
        let mut tx = self.read().await?;
        let mut found = match &selector.0 {
            Named::Latest { status, back } => nth_latest(&mut tx, *status, *back).await?,
            Named::Beginning(id) => beginning_with(&mut tx, id).await?,
        };
        match (found.pop(), found.is_empty()) {
            (Some(row), true) => record(&row),
            (Some(_), false) => Err(StoreError::AmbiguousRun(selector.to_string())),
            (None, _) => Err(StoreError::NoSuchRun(selector.to_string())),
        }
    }

    /// The run of an id.
    pub async fn run(&self, run_id: Uuid) -> Result<RunRecord, StoreError> {
        self.find_run(&run_id.into()).await
    }
}

/// Records that a run of this process has begun. One that was recorded already stays as it is.
pub(in crate::store) async fn begin(tx: &mut Tx, run: &RunRow) -> Result<(), StoreError> {
    let now = tx.now().await?;
    tx.execute(
        "INSERT INTO runs (run_id, mode, trigger, args, version, status, started_at, heartbeat_at, process, resumes,
             history_after, outbox_after)
         SELECT $1, $2, $3, $4, $5, 'running', $6, $7, $8, $9,
             (SELECT COALESCE(MAX(seq), 0) FROM finding_history), (SELECT COALESCE(MAX(seq), 0) FROM outbox)
         WHERE NOT EXISTS (SELECT 1 FROM runs WHERE run_id = $1)",
        &args![
            run.run_id,
            run.mode.as_str(),
            run.trigger.as_str(),
            run.args_json.as_str(),
            run.version.as_str(),
            run.started_at,
            now,
            Process::this().map(|process| process.to_string()),
            run.resumes.map(|resumed| resumed.to_string())
        ],
    )
    .await?;
    if let Some(resumed) = run.resumes {
        let link = "UPDATE runs SET successor = $2 WHERE run_id = $1";
        tx.execute(link, &args![resumed, run.run_id]).await?;
    }
    Ok(())
}

async fn nth_latest(tx: &mut Tx, status: Option<Status>, back: u32) -> Result<Vec<Row>, StoreError> {
    let Some(status) = status else {
        let any = "SELECT * FROM runs ORDER BY started_at DESC, run_id DESC LIMIT 1 OFFSET $1";
        return tx.rows(any, &args![back]).await;
    };
    let alike =
        "SELECT * FROM runs WHERE status = $2 ORDER BY started_at DESC, run_id DESC LIMIT 1 OFFSET $1";
    tx.rows(alike, &args![back, status.as_str()]).await
}

/// At most two, which is enough to know that the beginning is not unique.
async fn beginning_with(tx: &mut Tx, beginning: &str) -> Result<Vec<Row>, StoreError> {
    tx.rows("SELECT * FROM runs WHERE run_id LIKE $1 LIMIT 2", &args![format!("{beginning}%")]).await
}

//! Due times whose run did not come to its end: its process was asked to end, or died.

use std::collections::BTreeMap;

use serde::Deserialize;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::kept::domain;
use crate::report::Status;
use crate::store::error::StoreError;
use crate::store::lease::{LEASE_TIME, is_dead};
use crate::store::sql::{Row, Tx};

/// A due time of a domain whose run was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    /// The run.
    pub run: Uuid,
    /// The time.
    pub scheduled_for: Instant,
    /// How often it was gone on with, as far as the journal reaches back.
    pub continued: u64,
}

/// Why a domain ended that nobody asked to end for its own sake.
const BY_ITS_RUN: &str = "interrupted";

/// The part of a run's report that says how far it came.
#[derive(Deserialize)]
struct Ended {
    #[serde(default)]
    domains: Vec<EndedDomain>,
}

/// The part of a domain's report that does.
#[derive(Deserialize)]
struct EndedDomain {
    domain: String,
    status: String,
    failure: Option<String>,
}

impl EndedDomain {
    fn is_cut_off(&self) -> bool {
        self.status == Status::Interrupted.as_str() && self.failure.as_deref() == Some(BY_ITS_RUN)
    }
}

/// The last due times of domains whose run is over, and was not through with the domain. Whoever is stalled or was paused is not among
/// them: going on at once would not help.
pub(super) async fn all(tx: &mut Tx) -> Result<BTreeMap<DomainName, CutOff>, StoreError> {
    let now = tx.now().await?;
    let sql = "SELECT due.domain, ran.scheduled_for, run.run_id, run.status, run.heartbeat_at, run.process, run.report,
             (SELECT report FROM ended_domains done WHERE done.run_id = run.run_id AND done.domain = due.domain) AS ended,
             (SELECT COUNT(*) FROM journal said WHERE said.domain = due.domain AND said.event = 'continued'
                AND said.scheduled_for = ran.scheduled_for) AS continued
         FROM schedules due JOIN runs run ON run.run_id = due.run_id
         JOIN scheduled_runs ran ON ran.domain = due.domain AND ran.run_id = due.run_id
         WHERE run.status IN ('running', 'interrupted')";
    let mut all = BTreeMap::new();
    for row in tx.rows(sql, &[]).await? {
        let domain = domain(&row)?;
        let is_over = row.text("status")? == Status::Interrupted.as_str()
            || row.time("heartbeat_at")? + LEASE_TIME <= now
            || is_dead(&row)?;
        if is_over && was_cut_off(&row, &domain)? {
            let (run, scheduled_for) = (row.uuid("run_id")?, row.time("scheduled_for")?);
            all.insert(domain, CutOff { run, scheduled_for, continued: row.count("continued")? });
        }
    }
    Ok(all)
}

/// Whether a run did not come through with a domain: it was in the midst of it, or had not come to it yet. Of a run whose report was
/// taken out, nobody knows.
fn was_cut_off(row: &Row, domain: &DomainName) -> Result<bool, StoreError> {
    if row.text("status")? == Status::Running.as_str() {
        let ended = row.text_or_null("ended")?;
        let ended = ended.and_then(|json| serde_json::from_str::<EndedDomain>(&json).ok());
        return Ok(ended.is_none_or(|ended| ended.is_cut_off()));
    }
    let Some(json) = row.text_or_null("report")? else { return Ok(false) };
    let Ok(report) = serde_json::from_str::<Ended>(&json) else { return Ok(false) };
    let its = report.domains.iter().find(|ended| ended.domain == domain.as_str());
    Ok(its.is_none_or(EndedDomain::is_cut_off))
}

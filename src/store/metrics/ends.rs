//! How runs ended for their domains, kept beside their reports, which are too long to be read at each scrape.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Tx, args};

/// What a run counted that only ever grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Requests that were answered and used.
    pub requests_ok: u64,
    /// Requests that were answered with "slow down".
    pub requests_throttled: u64,
    /// Requests that were not answered, or with an error.
    pub requests_failed: u64,
    /// Events that a queue acknowledged.
    pub events_emitted: u64,
    /// Events that were given up.
    pub events_failed: u64,
    /// Findings that were seen repaired after their event was acknowledged.
    pub events_confirmed: u64,
}

/// How a run ended for a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainEnd {
    /// The domain.
    pub domain: String,
    /// When the run began, by the process's clock.
    pub started_at: Instant,
    /// What the run says about the domain as a whole, as JSON; nothing where it looked at a part of it only, or not at all.
    pub last_run_json: Option<String>,
    /// Whether the run came to its end with the domain, well or not.
    pub is_complete: bool,
    /// Whether everything was done and nothing left over.
    pub is_success: bool,
    /// What is added to what earlier runs counted.
    pub counted: Counted,
}

const RECORD: &str =
    "INSERT INTO domain_metrics (domain, known_since, started_at, completed_at, succeeded_at, last_run,
        requests_ok, requests_throttled, requests_failed, events_emitted, events_failed, events_confirmed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (domain) DO UPDATE SET
        started_at = COALESCE(excluded.started_at, domain_metrics.started_at),
        completed_at = COALESCE(excluded.completed_at, domain_metrics.completed_at),
        succeeded_at = COALESCE(excluded.succeeded_at, domain_metrics.succeeded_at),
        last_run = COALESCE(excluded.last_run, domain_metrics.last_run),
        requests_ok = domain_metrics.requests_ok + excluded.requests_ok,
        requests_throttled = domain_metrics.requests_throttled + excluded.requests_throttled,
        requests_failed = domain_metrics.requests_failed + excluded.requests_failed,
        events_emitted = domain_metrics.events_emitted + excluded.events_emitted,
        events_failed = domain_metrics.events_failed + excluded.events_failed,
        events_confirmed = domain_metrics.events_confirmed + excluded.events_confirmed";

/// Records how a run ended for its domains, in the transaction that ends it. A run that ends after a later one has ended says
/// nothing about how the domain stands.
pub(in crate::store) async fn record(
    tx: &mut Tx,
    ends: &[DomainEnd],
    now: Instant,
) -> Result<(), StoreError> {
    for end in ends {
        let newest = "SELECT started_at FROM domain_metrics WHERE domain = $1";
        let row = tx.row(newest, &args![end.domain.as_str()]).await?;
        let later = row.map(|row| row.time_or_null("started_at")).transpose()?.flatten();
        let is_newest = later.is_none_or(|later| later <= end.started_at);
        let whole = end.last_run_json.as_deref().filter(|_| is_newest);
        let tells = whole.is_some();
        let Counted {
            requests_ok,
            requests_throttled,
            requests_failed,
            events_emitted,
            events_failed,
            events_confirmed,
        } = end.counted;
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        tx.execute(
            RECORD,
            &args![
                end.domain.as_str(),
                now,
                tells.then_some(end.started_at),
                (tells && end.is_complete).then_some(now),
                (tells && end.is_success).then_some(now),
                whole,
                number(requests_ok),
                number(requests_throttled),
                number(requests_failed),
                number(events_emitted),
                number(events_failed),
                number(events_confirmed),
            ],
        )
        .await?;
    }
    Ok(())
}

/// What a run that finishes has to record: nothing where it did so before and nobody answered, and no counts where somebody thought
/// it dead and has counted them.
pub(in crate::store) async fn unrecorded(
    tx: &mut Tx,
    run_id: Uuid,
    ends: &[DomainEnd],
) -> Result<Vec<DomainEnd>, StoreError> {
    let sql = "SELECT finished_at FROM runs WHERE run_id = $1 AND exit_code IS NULL";
    let Some(row) = tx.row(sql, &args![run_id]).await? else { return Ok(Vec::new()) };
    if row.time_or_null("finished_at")?.is_none() {
        return Ok(ends.to_vec());
    }
    let uncounted = |end: &DomainEnd| DomainEnd { counted: Counted::default(), ..end.clone() };
    Ok(ends.iter().map(uncounted).collect())
}

impl Store {
    /// Notes since when domains are known, where they are new.
    pub async fn know_domains(&self, domains: &[&DomainName]) -> Result<(), StoreError> {
        let mut tx = self.write("metrics.know").await?;
        let now = tx.now().await?;
        for domain in domains {
            tx.execute(
                "INSERT INTO domain_metrics (domain, known_since) VALUES ($1, $2) ON CONFLICT (domain) DO NOTHING",
                &args![domain.as_str(), now],
            )
            .await?;
        }
        tx.commit().await
    }
}

//! What is held, by the run that holds it: the sets that a person approves.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Row, args};

/// What one run holds of one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSet {
    /// The domain.
    pub domain: DomainName,
    /// The run that holds it.
    pub run_id: Uuid,
    /// How many events wait for an approval; what changed or healed meanwhile is not among them.
    pub events: u64,
    /// How many findings are held, with an event or without.
    pub findings: u64,
    /// Why, as the first of them says it.
    pub reason: Option<String>,
    /// When the oldest of them was first seen.
    pub oldest: Instant,
}

impl Store {
    /// Everything that is held, oldest run first within each domain.
    pub async fn held(&self) -> Result<Vec<HeldSet>, StoreError> {
        let mut tx = self.read().await?;
        let rows = tx
            .rows(
                "SELECT findings.domain, held_by, COUNT(*) AS findings, COUNT(outbox.event_id) AS events,
                     MIN(findings.reason) AS reason, MIN(first_seen) AS oldest
                 FROM findings LEFT JOIN outbox
                     ON outbox.event_id = findings.event_id AND outbox.state = 'held'
                 WHERE findings.state = 'held' AND held_by IS NOT NULL
                 GROUP BY findings.domain, held_by ORDER BY findings.domain, held_by",
                &[],
            )
            .await?;
        let set = |row: &Row| {
            Ok(HeldSet {
                domain: row.word("domain", |name| name.parse().ok())?,
                run_id: row.uuid("held_by")?,
                events: row.count("events")?,
                findings: row.count("findings")?,
                reason: row.text_or_null("reason")?,
                oldest: row.time("oldest")?,
            })
        };
        rows.iter().map(set).collect()
    }

    /// The members of a domain of which a run holds something.
    pub async fn held_members(&self, domain: &DomainName, run_id: Uuid) -> Result<Vec<Each>, StoreError> {
        let mut tx = self.read().await?;
        let sql = "SELECT DISTINCT each_ FROM findings
             WHERE state = 'held' AND held_by = $2 AND domain = $1 ORDER BY each_";
        let rows = tx.rows(sql, &args![domain.as_str(), run_id]).await?;
        rows.iter().map(|row| Ok(Each::stored(&row.text("each_")?))).collect()
    }
}

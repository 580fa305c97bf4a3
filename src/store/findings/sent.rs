//! What was sent since a run began and may be repaired by now.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::DomainName;

use super::row;
use crate::finding::Finding;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::args;

impl Store {
    /// The findings of a domain whose events a queue has acknowledged since an instant and that are not repaired, of all its members,
    /// at most `limit` of them.
    pub async fn emitted_since(
        &self,
        domain: &DomainName,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<Finding>, StoreError> {
        let sql = "SELECT * FROM findings WHERE domain = $1 AND is_over = 0 AND state = 'emitted' AND acknowledged_at >= $2
             ORDER BY each_, key LIMIT $3";
        let mut tx = self.read().await?;
        let rows = tx.rows(sql, &args![domain.as_str(), since, limit]).await?;
        rows.iter().map(row::finding).collect()
    }
}

//! Reads what the newest events of a domain carry, wherever they stand.

use tieout_reconcilers::name::DomainName;

use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::args;

impl Store {
    /// The newest events of a domain as JSON, at most so many.
    pub async fn newest_payloads(&self, domain: &DomainName, limit: u32) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT payload FROM outbox WHERE domain = $1 ORDER BY seq DESC LIMIT $2";
        let mut tx = self.read().await?;
        let rows = tx.rows(sql, &args![domain.as_str(), limit]).await?;
        rows.iter().map(|row| row.text("payload")).collect()
    }
}

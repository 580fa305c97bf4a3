//! How often metrics could not be sent, counted until they are sent again.

use std::collections::BTreeMap;

use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Tx, args};

impl Store {
    /// Notes that metrics were sent to a target, or that this failed.
    pub async fn note_push(&self, target: &str, went_well: bool) -> Result<(), StoreError> {
        let mut tx = self.write("metrics.push").await?;
        let now = tx.now().await?;
        let sql = if went_well {
            "INSERT INTO metrics_pushes (target, failures, tried_at) VALUES ($1, 0, $2)
             ON CONFLICT (target) DO UPDATE SET failures = 0, tried_at = excluded.tried_at"
        } else {
            "INSERT INTO metrics_pushes (target, failures, tried_at) VALUES ($1, 1, $2)
             ON CONFLICT (target) DO UPDATE SET failures = metrics_pushes.failures + 1, tried_at = excluded.tried_at"
        };
        tx.execute(sql, &args![target, now]).await?;
        tx.commit().await
    }
}

/// Failures since the last success, by target.
pub(super) async fn failures(tx: &mut Tx) -> Result<BTreeMap<String, u64>, StoreError> {
    let rows = tx.rows("SELECT target, failures FROM metrics_pushes", &[]).await?;
    rows.iter().map(|row| Ok((row.text("target")?, row.count("failures")?))).collect()
}

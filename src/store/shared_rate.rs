//! Limits that several processes share: one row each, which says when the next request within it is due. What that means is decided
//! by whoever asks; here it is one step, so that no two processes decide from the same row.

use tieout_reconcilers::instant::Instant;

use super::again::Twice;
use super::database::Store;
use super::error::StoreError;
use super::sql::args;

/// How a shared limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The state store's clock.
    pub now: Instant,
    /// When the next request is due, where there ever was one.
    pub next: Option<Instant>,
}

impl Store {
    /// Decides something by how a limit stands, and lets it stand as decided. Where nobody knows whether that was kept, it is decided
    /// once more: what was decided before stays taken from the limit, and nobody uses it.
    pub async fn advance<T>(
        &self,
        limit: &str,
        decide: impl Fn(Standing) -> (T, Instant),
    ) -> Result<T, StoreError> {
        self.again(Twice::IsOnce, || self.advance_once(limit, &decide)).await
    }

    async fn advance_once<T>(
        &self,
        limit: &str,
        decide: impl Fn(Standing) -> (T, Instant),
    ) -> Result<T, StoreError> {
        let mut tx = self.write("rate.advance").await?;
        let sql = format!("SELECT next_at FROM shared_rates WHERE name = $1 {}", tx.dialect().for_update);
        let mut row = tx.row(sql.clone(), &args![limit]).await?;
        if row.is_none() {
            let first = tx.now().await?;
            let insert =
                "INSERT INTO shared_rates (name, next_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
            if tx.execute(insert, &args![limit, first]).await? == 0 {
                row = tx.row(sql, &args![limit]).await?;
            }
        }
        let next = row.map(|row| row.time("next_at")).transpose()?;
        // Read once the row is ours: the wait for it is over.
        let now = tx.now().await?;
        let (decided, next) = decide(Standing { now, next });
        tx.execute("UPDATE shared_rates SET next_at = $2 WHERE name = $1", &args![limit, next]).await?;
        tx.commit().await?;
        Ok(decided)
    }
}

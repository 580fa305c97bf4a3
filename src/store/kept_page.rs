//! Sealed pages of providers, so that these can say that a page is unchanged. What is sealed is not known here.
//!
//! A page says what a provider sent, and nothing about a domain: it needs no lease, and the newest one counts.

use std::time::Duration;

use super::database::Store;
use super::error::StoreError;
use super::sql::args;

/// How long a page stays that nobody asks for any more.
const KEPT: Duration = Duration::from_hours(14 * 24);

impl Store {
    /// What is kept of a page.
    pub async fn kept_page(&self, provider: &str, request: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let sql = "SELECT sealed FROM kept_pages WHERE provider = $1 AND request = $2";
        let row = tx.row(sql, &args![provider, request]).await?;
        row.map(|row| row.text("sealed")).transpose()
    }

    /// Keeps a page in the place of the one before, and forgets those that nobody asks for any more.
    pub async fn keep_page(&self, provider: &str, request: &str, sealed: &str) -> Result<(), StoreError> {
        let mut tx = self.write("page.keep").await?;
        let now = tx.now().await?;
        tx.execute(
            "INSERT INTO kept_pages (provider, request, sealed, kept_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (provider, request) DO UPDATE SET sealed = excluded.sealed, kept_at = excluded.kept_at",
            &args![provider, request, sealed, now],
        )
        .await?;
        tx.execute(
            "DELETE FROM kept_pages WHERE provider = $1 AND kept_at < $2",
            &args![provider, now - KEPT],
        )
        .await?;
        tx.commit().await
    }
}

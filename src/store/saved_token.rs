//! Where the next run of a change feed goes on. The token is the provider's and means nothing to us.

use std::fmt;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};

use super::database::Store;
use super::error::StoreError;
use super::lease::Lease;
use super::sql::{Tx, args};

/// The token that a complete read of a change feed ended with.
#[derive(Clone, PartialEq, Eq)]
pub struct SavedToken {
    /// The feed, as `provider/feed`.
    pub feed: String,
    /// The token. Some are links that carry a signature, so it is never printed.
    pub token: String,
}

impl fmt::Debug for SavedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedToken").field("feed", &self.feed).finish_non_exhaustive()
    }
}

impl Store {
    /// What the next read of a change feed goes on from; nothing before its first complete read.
    pub async fn saved_token(
        &self,
        domain: &DomainName,
        each: &Each,
        feed: &str,
    ) -> Result<Option<String>, StoreError> {
        let mut tx = self.read().await?;
        let row = tx
            .row(
                "SELECT token FROM saved_tokens WHERE domain = $1 AND each_ = $2 AND feed = $3",
                &args![domain.as_str(), each.as_str(), feed],
            )
            .await?;
        row.map(|row| row.text("token")).transpose()
    }
}

/// Saves a token in place of the one before.
pub(super) async fn save(
    tx: &mut Tx,
    lease: &Lease,
    saved: &SavedToken,
    now: Instant,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO saved_tokens (domain, each_, feed, token, run_id, saved_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (domain, each_, feed)
         DO UPDATE SET token = excluded.token, run_id = excluded.run_id, saved_at = excluded.saved_at",
        &args![
            lease.domain().as_str(),
            lease.each().as_str(),
            saved.feed.as_str(),
            saved.token.as_str(),
            lease.run_id(),
            now
        ],
    )
    .await?;
    Ok(())
}

//! Finds replays again, and takes out those that are older than the events which they could send.

use std::time::Duration;

use super::row::{ReplayRecord, record};
use super::selector::{Named, ReplaySelector};
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Tx, args};

impl Store {
    /// The replay that is meant.
    pub async fn find_replay(&self, selector: &ReplaySelector) -> Result<ReplayRecord, StoreError> {
        find(&mut self.read().await?, selector).await
    }

    /// The newest replays, newest first.
    pub async fn replays(&self, limit: u32) -> Result<Vec<ReplayRecord>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let newest = "SELECT * FROM replays ORDER BY begun_at DESC, replay_id DESC LIMIT $1";
        tx.rows(newest, &args![limit]).await?.iter().map(|row| record(row, now)).collect()
    }

    /// Takes replays out that gave their last sign of life longer ago than that. Says how many they were.
    pub async fn prune_replays(&self, keep: Duration) -> Result<u64, StoreError> {
        self.again(Twice::IsOnce, || async move {
            let mut tx = self.write("replay.prune").await?;
            let old = tx.now().await? - keep;
            let pruned = tx.execute("DELETE FROM replays WHERE heartbeat_at < $1", &args![old]).await?;
            tx.commit().await?;
            Ok(pruned)
        })
        .await
    }
}

/// The replay that is meant, in a transaction that may go on to change it.
pub(super) async fn find(tx: &mut Tx, selector: &ReplaySelector) -> Result<ReplayRecord, StoreError> {
    let now = tx.now().await?;
    // Two are enough to know that the beginning is not unique.
    let mut found = match &selector.0 {
        Named::Latest => {
            let newest = "SELECT * FROM replays ORDER BY begun_at DESC, replay_id DESC LIMIT 1";
            tx.rows(newest, &[]).await?
        }
        Named::Beginning(id) => {
            let alike = "SELECT * FROM replays WHERE replay_id LIKE $1 LIMIT 2";
            tx.rows(alike, &args![format!("{id}%")]).await?
        }
    };
    match (found.pop(), found.is_empty()) {
        (Some(row), true) => record(&row, now),
        (Some(_), false) => Err(StoreError::AmbiguousReplay(selector.to_string())),
        (None, _) => Err(StoreError::NoSuchReplay(selector.to_string())),
    }
}

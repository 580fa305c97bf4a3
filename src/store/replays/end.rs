//! Cancels a replay, wherever it is carried out: whoever does so hears of it with the next sign of life.

use super::find::find;
use super::row::{ReplayRecord, ReplayState};
use super::selector::ReplaySelector;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::args;

/// What became of a replay that was to be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    /// It is not carried on.
    Now {
        /// How it stood before.
        was: ReplayState,
        /// How it stands now.
        now: Box<ReplayRecord>,
    },
    /// It was done or cancelled before, and that stays.
    Already(Box<ReplayRecord>),
}

impl Store {
    /// Cancels a replay that runs or was interrupted.
    pub async fn cancel_replay(&self, selector: &ReplaySelector, who: &str) -> Result<Cancelled, StoreError> {
        let mut tx = self.write("replay.cancel").await?;
        let found = find(&mut tx, selector).await?;
        let now = tx.now().await?;
        let cancelled = tx
            .execute(
                "UPDATE replays SET state = 'cancelled', ended_by = $2, process = NULL, finished_at = $3
                 WHERE replay_id = $1 AND state IN ('running', 'interrupted')",
                &args![found.replay_id, who, now],
            )
            .await?;
        let after = find(&mut tx, &found.replay_id.into()).await?;
        tx.commit().await?;
        Ok(match cancelled {
            0 => Cancelled::Already(Box::new(after)),
            _ => Cancelled::Now { was: found.state, now: Box::new(after) },
        })
    }
}

//! Writes down how far a replay is, and hears whether it is still to be carried out.

use uuid::Uuid;

use super::row::{Progress, ReplayState, state, stored};
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::sql::{Row, Value, args};

/// The right to carry a replay out, until somebody else carries it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The replay.
    pub replay_id: Uuid,
    pub(super) number: i64,
}

/// Whether a replay is still to be carried out by whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Ours,
    /// A person cancelled it.
    CancelledBy(String),
    /// It was taken for dead: somebody else carries it on, or may.
    Lost,
}

impl Store {
    /// Records how far a replay is, which is a sign of life as well. What was sent before it was cancelled still counts.
    pub async fn keep_progress(&self, turn: Turn, progress: Progress) -> Result<Standing, StoreError> {
        let Progress { after, sent, refused, unfit, over } = progress;
        let counts = [sent, refused, unfit, over].map(|count| Value::from(stored(count)));
        let set = "after_seq = $4, sent = $5, refused = $6, unfit = $7, left_out = $8";
        self.sign("replay.keep", turn, set, &[&args![after][..], &counts].concat()).await
    }

    /// Records that a replay is alive.
    pub async fn beat_replay(&self, turn: Turn) -> Result<Standing, StoreError> {
        self.sign("replay.beat", turn, "turn = turn", &[]).await
    }

    async fn sign(
        &self,
        step: &'static str,
        turn: Turn,
        set: &str,
        values: &[Value<'_>],
    ) -> Result<Standing, StoreError> {
        self.again(Twice::IsOnce, || async move {
            let mut tx = self.write(step).await?;
            let now = tx.now().await?;
            let sql = format!(
                "UPDATE replays SET heartbeat_at = $3, {set} WHERE replay_id = $1 AND turn = $2 RETURNING state, ended_by"
            );
            let of = [&args![turn.replay_id, turn.number, now][..], values].concat();
            let row = tx.row(sql, &of).await?;
            tx.commit().await?;
            row.as_ref().map_or(Ok(Standing::Lost), |row| standing(row, ReplayState::Running))
        })
        .await
    }

    /// Records how a replay ended: in its end, or before that, and why. Says whether it was still ours to end.
    pub async fn end_replay(&self, turn: Turn, stopped: Option<&str>) -> Result<Standing, StoreError> {
        let end = if stopped.is_some() { ReplayState::Interrupted } else { ReplayState::Done };
        self.again(Twice::IsOnce, || async move {
            let mut tx = self.write("replay.end").await?;
            let now = tx.now().await?;
            tx.execute(
                "UPDATE replays SET state = $3, why = $4, process = NULL, heartbeat_at = $5, finished_at = $5
                 WHERE replay_id = $1 AND turn = $2 AND state = 'running'",
                &args![turn.replay_id, turn.number, end.as_str(), stopped, now],
            )
            .await?;
            let stands = "SELECT state, ended_by FROM replays WHERE replay_id = $1 AND turn = $2";
            let row = tx.row(stands, &args![turn.replay_id, turn.number]).await?;
            tx.commit().await?;
            row.as_ref().map_or(Ok(Standing::Lost), |row| standing(row, end))
        })
        .await
    }
}

/// What a row says to whoever has its turn and left it in a state.
fn standing(row: &Row, ours: ReplayState) -> Result<Standing, StoreError> {
    Ok(match state(row)? {
        state if state == ours => Standing::Ours,
        ReplayState::Cancelled => Standing::CancelledBy(row.text_or_null("ended_by")?.unwrap_or_default()),
        _ => Standing::Lost,
    })
}

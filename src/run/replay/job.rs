//! A replay as a job: it gives signs of life while it goes on, hears that somebody cancelled it, and records how it ended.

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Replay, Replayed, replay};
use crate::going::Going;
use crate::queue::Queues;
use crate::store::{SIGN_OF_LIFE, Store, StoreError, Turn, TurnStanding};

/// Carries a replay out that was begun or taken over, and says how far it came and whether it was ours to the end. `moved` is told how
/// many were sent so far.
///
/// Where the state store fails, nobody records an end: the replay counts as interrupted once this process is gone.
pub async fn carry_out(
    store: &Store,
    queues: &mut Queues,
    order: Replay,
    turn: Turn,
    moved: &(dyn Fn(u64) + Sync),
) -> Result<(Replayed, TurnStanding), StoreError> {
    let order = Replay { going: order.going.part(), turn: Some(turn), ..order };
    let ended = CancellationToken::new();
    let work = async {
        let replayed = replay(store, queues, &order, moved).await;
        ended.cancel();
        replayed
    };
    // Not `select!`: a sign of life that is under way comes to its end.
    let (replayed, ()) = tokio::join!(work, signs_of_life(store, turn, &order.going, &ended));
    let replayed = replayed?;
    let standing = store.end_replay(turn, replayed.stopped.as_deref()).await?;
    Ok((replayed, standing))
}

/// Gives signs of life until the work has ended, and asks it to end where it is not ours any more.
async fn signs_of_life(store: &Store, turn: Turn, going: &Going, ended: &CancellationToken) {
    while timeout(SIGN_OF_LIFE, ended.cancelled()).await.is_err() {
        match store.beat_replay(turn).await {
            Ok(TurnStanding::Ours) => {}
            Ok(_) => going.end(),
            Err(error) => {
                tracing::warn!(replay_id = %turn.replay_id, %error, "the replay's sign of life could not be written");
            }
        }
    }
}

//! Sends dead letters once more, because a person says so. It reads no provider; whether they are still needed, the state store knows.

use std::time::Duration;

use uuid::Uuid;

use super::Carriage;
use crate::going::Going;
use crate::queue::Queues;
use crate::relay;
use crate::store::{Fate, Fates, OutboxState, PutBack, Store, StoreError};

/// Events whose states are read at a time.
const BATCH: usize = 1_000;

/// Which dead letters are sent once more, and how.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Which, in the order of their commit.
    pub ids: Vec<Uuid>,
    /// How they are put back.
    pub how: PutBack,
    /// How long the relay may deliver; what is left goes out with the next run.
    pub drain: Duration,
    /// What they have to be to be sent.
    pub carriage: Carriage,
    /// Whether the delivery goes on.
    pub going: Going,
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retried {
    /// What each of them was before.
    pub fates: Fates,
    /// Those that a queue acknowledged.
    pub sent: u64,
    /// Those that were given up again.
    pub failed_again: u64,
    /// Those that still wait.
    pub waiting: u64,
    /// Those that were superseded while they waited.
    pub superseded: u64,
    /// Why a queue did not work.
    pub problems: Vec<String>,
}

/// Puts dead letters back and delivers them.
pub async fn retry(store: &Store, queues: &mut Queues, order: &Retry) -> Result<Retried, StoreError> {
    let fates = store.put_back(&order.ids, &order.how, &|revived| order.carriage.ready(revived)).await?;
    let mut retried = Retried::default();
    if !order.drain.is_zero() {
        let drained = relay::drain(store, queues, order.drain, &order.going).await?;
        retried.problems = drained.problems().collect();
    }
    let back: Vec<Uuid> =
        fates.iter().filter(|(_, fate)| **fate == Fate::Eligible).map(|(id, _)| *id).collect();
    for batch in back.chunks(BATCH) {
        for letter in store.letters(batch).await? {
            *match letter.state {
                OutboxState::Sent => &mut retried.sent,
                OutboxState::Dead => &mut retried.failed_again,
                OutboxState::Superseded => &mut retried.superseded,
                OutboxState::Pending | OutboxState::Staged | OutboxState::Held => &mut retried.waiting,
            } += 1;
        }
    }
    Ok(Retried { fates, ..retried })
}

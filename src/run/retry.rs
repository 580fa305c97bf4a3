//! Sends dead letters once more, because a person says so or because they are due. It reads no provider; whether they are still needed,
//! the state store knows.

use std::collections::BTreeMap;
use std::time::Duration;

use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::Carriage;
use crate::going::Going;
use crate::queue::Queues;
use crate::relay::{self, Drained};
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
    /// What became of them, by their domains.
    pub by_domain: BTreeMap<DomainName, Became>,
    /// Those that wait for a queue which takes nothing before somebody does something.
    pub refused: u64,
    /// Why a queue did not work.
    pub problems: Vec<String>,
}

/// What became of dead letters that somebody wanted to send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Became {
    /// Those that a queue acknowledged.
    pub sent: u64,
    /// Those that were given up again.
    pub failed_again: u64,
    /// Those that still wait.
    pub waiting: u64,
    /// Those that nobody needed any more, or not any more while they waited.
    pub superseded: u64,
    /// Those that stay dead, because they break their schema.
    pub unfit: u64,
}

impl Became {
    /// Whether anything became of anything.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Counts one, by what it was and where it stands now. What nobody put back is as it was.
    fn count(&mut self, fate: Fate, state: OutboxState) {
        *match (fate, state) {
            (Fate::Superseded | Fate::SupersededBefore, _)
            | (Fate::Eligible | Fate::Forced, OutboxState::Superseded) => &mut self.superseded,
            (Fate::Eligible | Fate::Forced, OutboxState::Sent) => &mut self.sent,
            (Fate::Eligible | Fate::Forced, OutboxState::Dead) => &mut self.failed_again,
            (Fate::Eligible | Fate::Forced, _) => &mut self.waiting,
            (Fate::Unfit, _) => &mut self.unfit,
            (Fate::Sent | Fate::Waiting | Fate::Dropped | Fate::NotReleased, _) => return,
        } += 1;
    }
}

impl Retried {
    /// What became of all of them.
    #[must_use]
    pub fn became(&self) -> Became {
        self.by_domain.values().fold(Became::default(), |all, one| Became {
            sent: all.sent + one.sent,
            failed_again: all.failed_again + one.failed_again,
            waiting: all.waiting + one.waiting,
            superseded: all.superseded + one.superseded,
            unfit: all.unfit + one.unfit,
        })
    }
}

/// Puts dead letters back and delivers them.
pub async fn retry(store: &Store, queues: &mut Queues, order: &Retry) -> Result<Retried, StoreError> {
    let fates = store.put_back(&order.ids, &order.how, &|revived| order.carriage.ready(revived)).await?;
    let mut retried = Retried::default();
    let mut drained = Drained::default();
    let has_put_back = fates.values().any(|fate| fate.is_put_back());
    if has_put_back && !order.drain.is_zero() {
        drained = relay::drain(store, queues, order.drain, &order.going).await?;
        retried.problems = drained.problems().collect();
    }
    let ids: Vec<Uuid> = fates.keys().copied().collect();
    for batch in ids.chunks(BATCH) {
        for letter in store.letters(batch).await? {
            let Some(fate) = fates.get(&letter.event_id) else { continue };
            let is_refused = letter.state == OutboxState::Pending && drained.is_refused_by(&letter.queue);
            retried.refused += u64::from(fate.is_put_back() && is_refused);
            retried.by_domain.entry(letter.id.domain).or_default().count(*fate, letter.state);
        }
    }
    Ok(Retried { fates, ..retried })
}

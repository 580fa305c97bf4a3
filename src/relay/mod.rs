//! The relay: delivers what is pending in the outbox and records how each delivery ended.
//!
//! It gives every event at least once to its queue, with the same id each time. It never decides whether an event should be
//! sent, and holds no transaction while it sends. The queues are drained side by side, each by itself, so that a slow one holds up no other.

mod claim;
mod drained;
mod flow;
mod line;
mod pace;
mod record;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;
use uuid::Uuid;

pub use self::drained::Drained;
use self::line::Line;
use crate::going::Going;
use crate::process::Process;
use crate::queue::Queues;
use crate::store::{OutboxState, Store, StoreError};

/// What the queues of a drain have in common.
struct Relay<'a> {
    store: &'a Store,
    /// Its claims are named after it.
    name: String,
    claims: AtomicU64,
    deadline: Instant,
    /// It is over for all queues where it is for one, because the state store failed.
    going: Going,
}

impl Relay<'_> {
    fn goes_on(&self) -> bool {
        Instant::now() < self.deadline && !self.going.is_over()
    }
}

/// Delivers until nothing is pending, or nothing can be delivered any more, or the budget is used up, or the work is to end.
pub async fn drain(
    store: &Store,
    queues: &mut Queues,
    budget: Duration,
    going: &Going,
) -> Result<Drained, StoreError> {
    store.release_dead_claims().await?;
    let (deadline, going) = (Instant::now() + budget, going.part());
    let relay = Relay { store, name: relay_name(), claims: AtomicU64::default(), deadline, going };
    let lines = queues.iter_mut().map(|(name, queue)| Line::new(name, queue.as_mut()).drain(&relay));
    // All of them come to their own end: a transaction that is dropped while it begins would stay open.
    let ended = join_all(lines).await;
    let released = store.release_claims(&relay.name).await;
    let mut drained = Drained::default();
    for line in ended {
        drained.add(line?);
    }
    released?;
    let is_pending = |state| state == OutboxState::Pending;
    drained.left =
        store.unsent().await?.iter().filter(|row| is_pending(row.state)).map(|row| row.count).sum();
    Ok(drained)
}

/// Tells this drain from every other one, and begins with the process, so that its claims go on once that is proven to be dead.
fn relay_name() -> String {
    let process = Process::this().map(|process| format!("{process} "));
    format!("{}{}", process.unwrap_or_default(), Uuid::now_v7())
}

#[cfg(test)]
mod tests;

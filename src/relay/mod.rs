//! The relay: delivers what is pending in the outbox and records how each delivery ended.
//!
//! It gives every event at least once to its queue, with the same id each time. It never decides whether an event should be
//! sent, and holds no transaction while it sends.

mod drained;
mod line;
mod record;
mod turn;

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

pub use self::drained::Drained;
use self::line::{Line, line};
use self::turn::{Turn, take_turn};
use crate::going::{Going, LAST_WORDS};
use crate::process::Process;
use crate::queue::Queues;
use crate::store::{OutboxState, Store, StoreError};

/// Delivers until nothing is pending, or nothing can be delivered any more, or the budget is used up, or the work is to end.
pub async fn drain(
    store: &Store,
    queues: &mut Queues,
    budget: Duration,
    going: &Going,
) -> Result<Drained, StoreError> {
    let relay = relay_name();
    store.release_dead_claims().await?;
    let mut drained = Drained::default();
    let outcome = deliver_all(store, queues, (budget, going), &relay, &mut drained).await;
    let released = store.release_claims(&relay).await;
    outcome.and(released)?;
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

async fn deliver_all(
    store: &Store,
    queues: &mut Queues,
    (budget, going): (Duration, &Going),
    relay: &str,
    drained: &mut Drained,
) -> Result<(), StoreError> {
    let deadline = Instant::now() + budget;
    let mut lines: Vec<Line<'_>> =
        queues.iter_mut().map(|(name, queue)| line(name, queue.as_mut(), deadline + LAST_WORDS)).collect();
    while Instant::now() < deadline && !going.is_over() {
        let mut worked = false;
        let mut next = None;
        for line in &mut lines {
            match take_turn(store, line, relay, going, drained).await? {
                Turn::Worked => worked = true,
                Turn::WaitUntil(at) => next = Some(next.map_or(at, |next: Instant| next.min(at))),
                Turn::Empty => {}
            }
        }
        if worked {
            going.moves();
            continue;
        }
        let Some(next) = next.filter(|next| *next < deadline) else { break };
        if going.pause(next.saturating_duration_since(Instant::now())).await.is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

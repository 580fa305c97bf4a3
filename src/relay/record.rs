//! Records what became of the events of a batch, and decides how often one is tried. Where all of them were acknowledged, that is one statement.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::{debug, warn};
use uuid::Uuid;

use super::drained::Drained;
use crate::queue::Outcome;
use crate::store::{Outgoing, Store, StoreError};

/// An event that failed so often on its own is given up.
pub(super) const MAX_ATTEMPTS: u32 = 12;

/// An event that nothing takes is given up sooner: after half a minute, in which a queue may restart.
pub(super) const MAX_UNROUTABLE: u32 = 6;

/// A batch as far as its queue answered, not recorded yet.
#[derive(Default)]
pub(super) struct Answered {
    pub(super) events: Vec<Outgoing>,
    /// What became of each event, in their order.
    pub(super) outcomes: Vec<Outcome>,
    /// When an event is tried again for which there was no room.
    pub(super) room_pause: Duration,
}

impl Answered {
    /// Records it, where there is something to record.
    pub(super) async fn record(&self, store: &Store, drained: &mut Drained) -> Result<(), StoreError> {
        let mut sent = Vec::with_capacity(self.events.len());
        let mut no_room: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
        let mut failed = Vec::new();
        for (event, outcome) in self.events.iter().zip(&self.outcomes) {
            match outcome {
                Outcome::Acknowledged => sent.push(event),
                Outcome::NotNow(why) => no_room.entry(why).or_default().push(event.event_id),
                other => failed.push((event, other)),
            }
        }
        let numbers: Vec<i64> = sent.iter().map(|event| event.seq).collect();
        store.acknowledge(&numbers).await?;
        for events in sent.chunk_by(|one, other| one.id.domain == other.id.domain) {
            if let Some(first) = events.first() {
                *drained.sent.entry(first.id.domain.clone()).or_default() += events.len() as u64;
            }
        }
        for (why, events) in no_room {
            store.postpone(&events, why, self.room_pause).await?;
        }
        for (event, outcome) in failed {
            record_failure(store, event, outcome, drained).await?;
        }
        Ok(())
    }
}

async fn record_failure(
    store: &Store,
    event: &Outgoing,
    outcome: &Outcome,
    drained: &mut Drained,
) -> Result<(), StoreError> {
    let (class, reason, attempts) = match outcome {
        Outcome::Acknowledged | Outcome::NotNow(_) => return Ok(()),
        Outcome::Retry(reason) => ("exhausted", reason, MAX_ATTEMPTS),
        Outcome::Unroutable(reason) => ("unroutable", reason, MAX_UNROUTABLE),
        Outcome::Dead { class, reason } => (*class, reason, 1),
    };
    if event.attempts + 1 < attempts {
        debug!(event_id = %event.event_id, reason, "delivery failed and will be repeated");
        drained.retried += 1;
        return store.retry_later(event.event_id, reason, delay_after(event.attempts)).await;
    }
    warn!(event_id = %event.event_id, class, reason, "event given up");
    *drained.dead.entry(event.id.domain.clone()).or_default() += 1;
    store.bury(event.event_id, class, reason).await
}

/// One second, doubled with every failure up to about an hour: twelve attempts outlast a bad night.
fn delay_after(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.min(12))
}

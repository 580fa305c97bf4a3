//! Claims of a relay. Each has a name of its own: one that is made again, because its answer got lost, takes only what it took before, and
//! not what an earlier one of the same relay has on its way.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::Relay;
use crate::store::{CLAIM_TIME, Outgoing, StoreError};

/// How old the claim on a batch may be when its sending begins. Queues take at once what they deliver in most of a claim's time.
const FRESH: Duration = Duration::from_secs(CLAIM_TIME.as_secs() / 4);

/// One claim of so many looks at all that is pending. The others look at nothing before the batch that is on its way: what lies there was
/// delivered, is not due yet, or waits for something older.
const ALL: u32 = 16;

/// Events that are claimed together.
pub(super) struct Batch {
    pub(super) events: Vec<Outgoing>,
    claimant: String,
    claimed_at: Instant,
    /// How many claims before it looked at all that was pending.
    since_all: u32,
    /// It has as many events as were asked for, so more may be due.
    pub(super) is_full: bool,
}

impl Batch {
    /// Whether there is something to send, and time to do so before its claim lapses.
    pub(super) fn may_be_sent(&self) -> bool {
        !self.events.is_empty() && self.claimed_at.elapsed() < FRESH
    }

    pub(super) fn ids(&self) -> Vec<Uuid> {
        self.events.iter().map(|event| event.event_id).collect()
    }

    /// Takes away all events but the first.
    pub(super) fn cut(&mut self, at_most: usize) -> Self {
        let events = self.events.split_off(at_most.min(self.events.len()));
        Self { events, claimant: self.claimant.clone(), is_full: false, ..*self }
    }
}

impl Relay<'_> {
    /// Claims what is due for a queue.
    pub(super) async fn claim(&self, queue: &str, at_most: u32) -> Result<Batch, StoreError> {
        self.claim_from(queue, 0, 0, at_most).await
    }

    async fn claim_from(
        &self,
        queue: &str,
        from: i64,
        since_all: u32,
        at_most: u32,
    ) -> Result<Batch, StoreError> {
        let claimant = format!("{} {}", self.name, self.claims.fetch_add(1, Ordering::Relaxed));
        let claimed_at = Instant::now();
        let events = self.store.claim(queue, from, at_most, &claimant).await?;
        let is_full = u32::try_from(events.len()).is_ok_and(|count| count >= at_most);
        Ok(Batch { events, claimant, claimed_at, since_all, is_full })
    }

    /// Claims what may follow a batch that is on its way: nothing where that was all that was due, and nothing where the state store would only
    /// make the two wait for each other.
    pub(super) async fn claim_ahead(
        &self,
        queue: &str,
        sending: &Batch,
        at_most: u32,
    ) -> Result<Batch, StoreError> {
        if at_most == 0 || !sending.is_full || self.store.has_one_writer() || !self.goes_on() {
            let (events, claimant) = (Vec::new(), String::new());
            return Ok(Batch { events, claimant, claimed_at: Instant::now(), since_all: 0, is_full: false });
        }
        let since_all = (sending.since_all + 1) % ALL;
        let oldest = sending.events.first().filter(|_| since_all > 0);
        self.claim_from(queue, oldest.map_or(0, |oldest| oldest.seq), since_all, at_most).await
    }

    /// Gives back what was not sent.
    pub(super) async fn give_back(&self, batch: &Batch) -> Result<(), StoreError> {
        self.store.give_back(&batch.ids(), &batch.claimant).await
    }
}

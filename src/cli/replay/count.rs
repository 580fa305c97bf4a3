//! What a replay comes to, and whether a person agrees to it before anything is sent.

use std::collections::BTreeSet;

use super::errand::Errand;
use crate::cli::ask::Consent;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire::{self, NamedQueues};
use crate::config::Loaded;
use crate::store::{SentCount, Store};

/// What an errand comes to, before anything is sent.
pub(super) struct Counted {
    /// Events that are to be sent.
    pub(super) eligible: u64,
    /// Events that are over, and left out.
    pub(super) over: u64,
    /// The queues that they go to.
    pub(super) queues: BTreeSet<String>,
}

impl Errand {
    /// Counts what is still to be sent.
    pub(super) async fn count(&self, store: &Store) -> Result<Counted, Failure> {
        let counts = store.sent_counts(&self.request.filter, self.from.after).await;
        let counts = counts.map_err(|error| wire::store_failure(&error))?;
        let wanted = |count: &&SentCount| count.is_needed || self.request.is_forced;
        let eligible: u64 = counts.iter().filter(wanted).map(|count| count.count).sum();
        let over = counts.iter().map(|count| count.count).sum::<u64>() - eligible;
        let left = self.request.limit.map(|limit| limit.saturating_sub(self.from.sent + self.from.refused));
        let queues = match &self.request.to {
            Some(to) => BTreeSet::from([to.clone()]),
            None => counts.iter().filter(wanted).map(|count| count.queue.clone()).collect(),
        };
        Ok(Counted { eligible: left.map_or(eligible, |left| eligible.min(left)), over, queues })
    }
}

impl Counted {
    /// The queues, once a person agreed to what goes there.
    pub(super) async fn agreed(
        self,
        desk: &Desk,
        loaded: &Loaded,
        consent: Consent,
    ) -> Result<(NamedQueues, Self), Failure> {
        let settings = wire::queues_named(&loaded.config, &self.queues)?;
        if settings.writes_to_stdout() {
            let message = "a replay says on stdout how far it came, so it cannot send events there";
            return Err(Failure::usage("stdout", message));
        }
        if self.eligible == 0 {
            return Ok((settings, self));
        }
        let names: Vec<&str> = self.queues.iter().map(String::as_str).collect();
        let what =
            format!("Would send {} events again to {}, with the same ids", self.eligible, names.join(", "));
        consent.to(desk, &what).await?;
        Ok((settings, self))
    }
}

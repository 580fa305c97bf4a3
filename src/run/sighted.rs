//! What is known of suspects before they are confirmed: that somebody saw a difference, and when.

use std::collections::HashMap;

use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::{Digest, Discrepancy};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;

use super::domain::Night;
use super::outcome::Failure;
use crate::diff::Suspect;
use crate::plan::{Look, Observation};

impl Night<'_> {
    /// What is known of suspects before they are confirmed. What an earlier run saw of an item says nothing any more where its
    /// finding was found to be over after that.
    pub(super) async fn as_seen(
        &self,
        suspects: impl Iterator<Item = &Suspect> + Clone,
    ) -> Result<Vec<Observation>, Failure> {
        let seen_before = suspects.clone().filter(|suspect| suspect.seen_before.is_some());
        let keys: Vec<Key> = seen_before.map(|suspect| suspect.key.clone()).collect();
        let known = if keys.is_empty() { HashMap::new() } else { self.known(&keys).await? };
        let was_over_after = |at: Instant, key: &Key| {
            let closed = known.get(key).and_then(|finding| finding.closed_at);
            closed.is_some_and(|closed| closed > at)
        };
        let is_news =
            |suspect: &&Suspect| !suspect.seen_before.is_some_and(|at| was_over_after(at, &suspect.key));
        Ok(suspects.filter(is_news).map(|suspect| self.unconfirmed(suspect)).collect())
    }

    /// What is known of a suspect before it is confirmed.
    pub(super) fn unconfirmed(&self, suspect: &Suspect) -> Observation {
        unconfirmed(suspect, self.direction())
    }
}

fn unconfirmed(suspect: &Suspect, direction: Direction) -> Observation {
    let found = Discrepancy {
        key: suspect.key.clone(),
        kind: suspect.looks.kind(direction),
        fields: Vec::new(),
        digest: Digest::of(""),
        reason: None,
        amount: None,
        truth: None,
        original: None,
    };
    Observation { key: suspect.key.clone(), clock: suspect.clock, look: Look::Young(found) }
}

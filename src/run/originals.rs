//! Gives discrepancies the provider's own events, where the domain wants to send those.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Data, Remedy};
use tieout_reconcilers::window::Window;

use super::domain::Night;
use crate::plan::{Look, Observation};
use crate::source::originals;

impl Night<'_> {
    /// The observations, with the provider's own events in those that will send one. What cannot be found is a note in the
    /// report: the item itself is sent in its place, and says so.
    pub(super) async fn with_originals(&mut self, mut observations: Vec<Observation>) -> Vec<Observation> {
        let reconciler = self.sides.reconciler.clone();
        let Some(events) = reconciler.events() else { return observations };
        let wanting: Vec<&Observation> =
            observations.iter().filter(|seen| self.wants_original(seen)).collect();
        let Some(range) = self.range_of(&wanting, events.feed.feed().retention) else { return observations };
        let keys: Vec<Key> = wanting.iter().map(|seen| seen.key.clone()).collect();
        let (client, each) = (&self.sides.client, &self.sides.each);
        let mut found = originals(client, events, each, range, &keys, &mut self.details).await;
        for seen in &mut observations {
            if let Look::Differs(discrepancy) = &mut seen.look {
                discrepancy.original = found.found.remove(&seen.key);
                if let Some(arrived) = discrepancy.original.as_ref().and_then(|original| original.arrived) {
                    discrepancy.reason.get_or_insert_with(|| told(arrived).to_owned());
                }
            }
        }
        for gap in found.gaps {
            let note = format!("some original events may be missing: {gap}");
            if !self.report.notes.contains(&note) {
                self.report.notes.push(note);
            }
        }
        observations
    }

    fn wants_original(&self, seen: &Observation) -> bool {
        let Look::Differs(found) = &seen.look else { return false };
        let remedy = self.sides.reconciler.remedy(found.kind);
        matches!(remedy, Remedy::Emit(emission) if emission.data == Data::Original)
    }

    /// From the oldest of the items on, as far back as the provider keeps its events.
    fn range_of(&self, wanting: &[&Observation], kept: Option<std::time::Duration>) -> Option<Window> {
        let oldest = wanting.iter().map(|seen| seen.clock).min()?;
        let horizon = kept.map(|kept| self.start - kept);
        let from = match (oldest, horizon) {
            (Some(oldest), Some(horizon)) => oldest.max(horizon),
            (Some(oldest), None) => oldest,
            (None, Some(horizon)) => horizon,
            (None, None) => Instant::from_micros(0),
        };
        Window::new(from, self.start)
    }
}

/// What a log of deliveries says about why the local side does not know.
const fn told(arrived: bool) -> &'static str {
    if arrived {
        "the provider's log says that its event was delivered"
    } else {
        "the provider's log says that no delivery of its event arrived"
    }
}

//! Reads the provider's own events about what was found: to send them, where the domain wants to, and to say where they went.

use std::collections::HashSet;
use std::time::Duration;

use tieout_reconcilers::event_feed::EventFeed;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{ClockKind, Data, Remedy};
use tieout_reconcilers::window::Window;

use super::domain::Night;
use crate::plan::{Look, Observation};
use crate::source::{Asked, Originals, originals};

/// How long providers go on trying to deliver an event: who reads less of a log of deliveries takes a late one for the first.
const RETRIES: Duration = Duration::from_hours(72);

impl Night<'_> {
    /// What the provider has of its own events about the observations that will send one, and about those whose cause is
    /// looked for. What cannot be found is a note in the report.
    pub(super) async fn events_about(
        &mut self,
        observations: &[Observation],
        unexplained: &[Key],
    ) -> Originals {
        let reconciler = self.sides.reconciler.clone();
        let Some(events) = reconciler.events() else { return Originals::default() };
        let unexplained: HashSet<&Key> = unexplained.iter().collect();
        let asked = |seen: &Observation| {
            let is_traced = unexplained.contains(&seen.key);
            if self.wants_original(seen) { Some(Asked::Event) } else { is_traced.then_some(Asked::Trace) }
        };
        let asked: Vec<(&Observation, Asked)> =
            observations.iter().filter_map(|seen| Some((seen, asked(seen)?))).collect();
        let wanting: Vec<&Observation> = asked.iter().map(|(seen, _)| *seen).collect();
        let Some(range) = self.range_of(&wanting, events.feed.feed().retention) else {
            return Originals::default();
        };
        let wanted = asked.into_iter().map(|(seen, asked)| (seen.key.clone(), asked)).collect();
        let (client, each) = (&self.sides.client, &self.sides.each);
        let found = originals(client, events, each, range, &wanted, &mut self.details).await;
        for gap in &found.gaps {
            let note = format!("some original events may be missing: {gap}");
            if !self.report.notes.contains(&note) {
                self.report.notes.push(note);
            }
        }
        found
    }

    fn wants_original(&self, seen: &Observation) -> bool {
        let Look::Differs(found) = &seen.look else { return false };
        let remedy = self.sides.reconciler.remedy(found.kind);
        matches!(remedy, Remedy::Emit(emission) if emission.data == Data::Original)
    }

    /// From a little before the oldest of the items on, since a provider may date its event before the item, as far back as it
    /// keeps its events.
    fn range_of(&self, wanting: &[&Observation], kept: Option<Duration>) -> Option<Window> {
        let oldest = wanting.iter().map(|seen| Some(self.events_begin(seen.clock?))).min()?;
        let horizon = kept.map(|kept| self.start - kept);
        let from = match (oldest, horizon) {
            (Some(oldest), Some(horizon)) => oldest.max(horizon),
            (Some(oldest), None) => oldest,
            (None, Some(horizon)) => horizon,
            (None, None) => Instant::from_micros(0),
        };
        // What was made while the run rested is about what is seen now, and a provider whose clock is ahead dates it later.
        let skew = self.sides.client.first_skew().and_then(|skew| skew.to_std().ok()).unwrap_or_default();
        let now = self.job.clocks.process.now() + skew + Duration::from_secs(1);
        Window::new(from, now)
    }

    /// Where events about an item with this clock begin that may be the newest one.
    pub(super) fn events_begin(&self, clock: Instant) -> Instant {
        let reconciler = self.sides.reconciler.as_ref();
        let is_of_deliveries = reconciler.events().is_some_and(EventFeed::is_of_deliveries);
        let moves = reconciler.feed().clock_kind == Some(ClockKind::Updated);
        let retries = if is_of_deliveries && moves { RETRIES } else { Duration::ZERO };
        clock - reconciler.policy().settle - retries
    }
}

/// Gives discrepancies the provider's own events. The item itself is sent in the place of one that was not found, and says so.
pub(super) fn with_originals(mut observations: Vec<Observation>, events: &mut Originals) -> Vec<Observation> {
    for seen in &mut observations {
        if let Look::Differs(discrepancy) = &mut seen.look {
            discrepancy.original = events.found.remove(&seen.key);
            if let Some(arrived) = discrepancy.original.as_ref().and_then(|original| original.arrived) {
                discrepancy.reason.get_or_insert_with(|| told(arrived).to_owned());
            }
        }
    }
    observations
}

/// What a log of deliveries says about why the local side does not know.
const fn told(arrived: bool) -> &'static str {
    if arrived {
        "the provider's log says that its event was delivered"
    } else {
        "the provider's log says that no delivery of its event arrived"
    }
}

//! What is known of findings, and how a plan is stored with what its slice proved. `plan` only imagines it, so that it decides as
//! `run` does.

use std::collections::HashMap;

use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::{Purpose, Window};

use super::Night;
use crate::event::{Event, Start};
use crate::finding::Finding;
use crate::plan::{Plan, Planner};
use crate::quarantine::Weighed;
use crate::run::outcome::Failure;
use crate::store::{Commit, Covered, SavedToken, SliceDone};

/// What a slice proved, beside what it found.
#[derive(Default)]
pub(in crate::run) struct Proven {
    /// That it was judged.
    pub slice: Option<SliceDone>,
    /// What of its range was seen completely.
    pub coverage: Option<Covered>,
    /// Where the next read of a change feed goes on.
    pub token: Option<SavedToken>,
    /// What nobody has to read on any more.
    pub read: Option<(Purpose, Window)>,
    /// What it says about what cannot be read.
    pub quarantine: Weighed,
}

impl Night<'_> {
    /// Stores a plan and what its slice proved in one transaction; `plan` only imagines it.
    pub(in crate::run) async fn commit(&mut self, plan: Plan, proven: Proven) -> Result<(), Failure> {
        self.note(&plan);
        let Some(lease) = &self.lease else {
            self.imagined.extend(plan.findings.into_iter().map(|finding| (finding.id.key.clone(), finding)));
            return Ok(());
        };
        let Plan { findings, events, superseded, stood: _ } = plan;
        let Proven { slice, coverage, token, read, quarantine } = proven;
        let supersede = superseded;
        let overlap = None;
        let commit =
            Commit { slice, coverage, overlap, token, read, findings, events, supersede, quarantine };
        self.job.store.commit(lease, commit).await?;
        self.stop.going().moves();
        Ok(())
    }

    /// Counts what a plan says, and remembers what the report will list of it.
    fn note(&mut self, plan: &Plan) {
        self.lives.note(plan);
        self.count_events(&plan.events);
        let mut types: HashMap<&Key, &str> = HashMap::new();
        for event in &plan.events {
            types.insert(&event.finding.key, &event.event_type);
        }
        for (finding, stood) in plan.findings.iter().zip(&plan.stood) {
            self.listing.note(finding, stood.as_ref(), types.get(&finding.id.key).copied());
        }
    }

    fn count_events(&mut self, events: &[Event]) {
        let number = |is: fn(&Event) -> bool| events.iter().filter(|event| is(event)).count() as u64;
        let dead = number(Event::is_dead);
        // What may not be sent counts for no limit: it goes nowhere.
        self.n_events += events.len() as u64 - dead;
        self.report.events.dead += dead;
        self.report.events.held += number(|event| event.start == Start::Held);
    }

    /// The newest episodes of some keys, as they are or as a plan imagines them.
    pub(in crate::run) async fn known(&self, keys: &[Key]) -> Result<HashMap<Key, Finding>, Failure> {
        let stored =
            self.job.store.findings_by_key(self.sides.reconciler.domain(), &self.sides.each, keys).await?;
        let mut known: HashMap<Key, Finding> =
            stored.into_iter().map(|finding| (finding.id.key.clone(), finding)).collect();
        for key in keys {
            if let Some(finding) = self.imagined.get(key) {
                known.insert(key.clone(), finding.clone());
            }
        }
        Ok(known)
    }

    /// What decides about findings at this moment; `hold` is why their events are held, where they are.
    pub(in crate::run) async fn planner<'p>(&'p self, hold: Option<&'p str>) -> Result<Planner<'p>, Failure> {
        let now = self.job.store.now().await?;
        Ok(Planner {
            reconciler: self.sides.reconciler.as_ref(),
            each: &self.sides.each,
            run_id: self.run_id,
            now,
            traceparent: self.traceparent.as_deref(),
            hold,
            pseudonyms: self.job.pseudonyms.as_ref(),
            schemas: &self.job.schemas,
        })
    }
}

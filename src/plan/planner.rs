//! Plans for a set of keys: takes looks and what was known, and gives findings, events and events to withdraw.

use std::collections::HashMap;

use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::{Discrepancy, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::{Data, Reconciler, Remedy};
use uuid::Uuid;

use crate::event::{Drift, Event, Making, event};
use crate::finding::{Finding, State};
use crate::privacy::{Pseudonyms, hide};
use crate::schemas::Registry;

/// What a look at both sides of a key showed.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// The sides agree, or neither has the item.
    Agrees,
    /// They differ.
    Differs(Discrepancy),
    /// They differ, and the item has not rested long enough to be judged.
    Young(Discrepancy),
}

/// A look at one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Which item.
    pub key: Key,
    /// The item's own clock, where it is known.
    pub clock: Option<Instant>,
    /// What was seen.
    pub look: Look,
}

/// Where a finding stood before a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// Its state.
    pub state: State,
    /// Its episode.
    pub episode: u32,
    /// The run that wrote it.
    pub run_id: Uuid,
    /// What was wrong.
    pub kind: Kind,
    /// The money that it moved.
    pub amount: Option<Money>,
}

impl From<&Finding> for Stand {
    fn from(finding: &Finding) -> Self {
        let Finding { state, episode, run_id, kind, amount, .. } = finding;
        Self { state: *state, episode: *episode, run_id: *run_id, kind: *kind, amount: amount.clone() }
    }
}

/// The decided continuation of a set of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Findings as they will be stored.
    pub findings: Vec<Finding>,
    /// Where each of them stood before, in the same order; nothing where its key had no finding.
    pub stood: Vec<Option<Stand>>,
    /// Events to stage.
    pub events: Vec<Event>,
    /// Unsent events that no longer describe the drift.
    pub superseded: Vec<Uuid>,
}

impl Plan {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.events.is_empty() && self.superseded.is_empty()
    }

    /// Adds another plan over other keys.
    pub fn extend(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.stood.extend(other.stood);
        self.events.extend(other.events);
        self.superseded.extend(other.superseded);
    }
}

/// What a plan is made for.
#[derive(Debug, Clone, Copy)]
pub struct Planner<'a> {
    /// The domain's rules.
    pub reconciler: &'a dyn Reconciler,
    /// The member of the fan-out.
    pub each: &'a Each,
    /// The run that decides.
    pub run_id: Uuid,
    /// The state store's clock.
    pub now: Instant,
    /// The trace context of that run, which its events carry on.
    pub traceparent: Option<&'a str>,
    /// Why nothing may be sent, where that is so: new findings are recorded as held.
    pub hold: Option<&'a str>,
    /// What stands for values that people must not see; without it they are dropped.
    pub pseudonyms: Option<&'a Pseudonyms>,
    /// The schemas that events must fit.
    pub schemas: &'a Registry,
}

impl Planner<'_> {
    /// Decides how the findings of all observed keys go on. `known` holds the newest episode of each key, and each key is
    /// observed once.
    #[must_use]
    pub fn plan(&self, observations: Vec<Observation>, known: &HashMap<Key, Finding>) -> Plan {
        let mut plan = Plan::default();
        for seen in observations {
            let before = known.get(&seen.key);
            let Some(step) = self.step(&seen, before) else { continue };
            let mut finding = step.finding;
            match &seen.look {
                Look::Agrees => plan.superseded.extend(unsent_event(before)),
                Look::Differs(found) if step.asks => self.ask(found, before, &mut finding, &mut plan),
                Look::Differs(_) | Look::Young(_) => {}
            }
            hide(&mut finding.fields, self.reconciler.fields(), self.pseudonyms);
            plan.findings.push(finding);
            plan.stood.push(before.map(Stand::from));
        }
        plan
    }

    /// Gives a finding the event that the definition asks for, if any, in place of an unsent one about something else.
    fn ask(&self, found: &Discrepancy, before: Option<&Finding>, finding: &mut Finding, plan: &mut Plan) {
        let event = self.event_of(found, finding);
        finding.event_id = event.as_ref().map(|event| event.id);
        plan.superseded.extend(unsent_event(before).filter(|old| Some(*old) != finding.event_id));
        plan.events.extend(event);
    }

    /// Whether the row that an outbound domain sends could not be read whole. The key alone would say less than was asked for.
    fn lacks_its_row(&self, found: &Discrepancy, data: &Data) -> bool {
        let is_row = self.reconciler.direction() == Direction::Outbound && found.kind != Kind::Orphaned;
        is_row && matches!(data, Data::Full | Data::Mapped(_)) && found.truth.is_none()
    }

    fn event_of(&self, found: &Discrepancy, finding: &mut Finding) -> Option<Event> {
        let Remedy::Emit(emission) = self.reconciler.remedy(found.kind) else { return None };
        if self.lacks_its_row(found, &emission.data) {
            finding.reason = Some(
                "a value of the local row cannot be sent; leave it out of `keys`, or cast it".to_owned(),
            );
            return None;
        }
        let drift = Drift {
            id: &finding.id,
            kind: finding.kind,
            episode: finding.episode,
            digest: finding.digest.as_str(),
        };
        let making = Making { run_id: self.run_id, now: self.now, traceparent: self.traceparent };
        let schema = emission.schema.as_ref().map(|id| self.schemas.get(id));
        match event(drift, found, &emission, schema, making) {
            Ok(event) => Some(if finding.state == State::Held { event.held() } else { event }),
            Err(error) => {
                finding.reason = Some(format!("the item cannot be carried: {error}"));
                None
            }
        }
    }
}

/// The event of a finding, where it still waits for the queue's acknowledgement.
fn unsent_event(finding: Option<&Finding>) -> Option<Uuid> {
    let waits = |finding: &&Finding| finding.acknowledged_at.is_none() && !finding.state.is_over();
    finding.filter(waits).and_then(|finding| finding.event_id)
}

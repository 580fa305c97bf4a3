//! What is to be done about what was found: pure, decided whole, then carried out without further choice.
//!
//! A plan says for every key how its finding goes on and which events are staged or superseded. It sends nothing, stores
//! nothing and knows no clock but the `now` it is told.

use std::collections::HashMap;

use tieout_reconcilers::discrepancy::{Digest, Discrepancy, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::reconciler::{Reconciler, Remedy};
use uuid::Uuid;

use crate::event::{Drift, Event, event};
use crate::finding::{Finding, Identity, State};

/// How many times in a row an acknowledged event may fail to repair a drift before the key is parked (rule 1).
pub const MAX_REEMISSIONS: u32 = 3;

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

/// The decided continuation of a set of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Findings as they will be stored.
    pub findings: Vec<Finding>,
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
    /// Why nothing may be sent, where that is so: new findings are recorded as held.
    pub hold: Option<&'a str>,
}

/// How a finding goes on.
struct Step {
    finding: Finding,
    emit: bool,
}

impl Planner<'_> {
    /// Decides how the findings of all observed keys go on. `known` holds the newest episode of each key.
    #[must_use]
    pub fn plan(&self, observations: Vec<Observation>, known: &HashMap<Key, Finding>) -> Plan {
        let mut plan = Plan::default();
        for observation in observations {
            let before = known.get(&observation.key);
            if let Some(step) = self.step(&observation, before) {
                self.carry_out(step, &observation, before, &mut plan);
            }
        }
        plan
    }

    fn carry_out(&self, mut step: Step, seen: &Observation, before: Option<&Finding>, plan: &mut Plan) {
        if seen.look == Look::Agrees {
            plan.superseded.extend(unsent_event(before));
        }
        let Look::Differs(discrepancy) = &seen.look else {
            plan.findings.push(step.finding);
            return;
        };
        if let (true, Remedy::Emit(emission)) = (step.emit, self.reconciler.remedy(discrepancy.kind)) {
            let finding = &step.finding;
            let drift = Drift {
                id: &finding.id,
                kind: finding.kind,
                episode: finding.episode,
                digest: finding.digest.as_str(),
            };
            match event(drift, discrepancy, &emission, self.run_id, self.now) {
                Ok(event) => {
                    let event = Event { held: finding.state == State::Held, ..event };
                    plan.superseded.extend(unsent_event(before).filter(|old| *old != event.id));
                    step.finding.event_id = Some(event.id);
                    plan.events.push(event);
                }
                Err(error) => {
                    step.finding.reason = Some(format!("the upstream item cannot be carried: {error}"));
                }
            }
        } else if step.emit {
            plan.superseded.extend(unsent_event(before));
            step.finding.event_id = None;
        }
        plan.findings.push(step.finding);
    }

    /// One key's transition, or nothing where neither a finding was known nor a difference seen.
    fn step(&self, seen: &Observation, before: Option<&Finding>) -> Option<Step> {
        match (&seen.look, before) {
            (Look::Agrees, None) => None,
            (Look::Agrees, Some(finding)) => self.settle(finding),
            (Look::Young(found), None) => Some(self.begin(seen, found, None, State::Suspected)),
            (Look::Young(found), Some(finding)) if is_over(finding.state) => {
                Some(self.begin(seen, found, Some(finding), State::Suspected))
            }
            (Look::Young(_), Some(finding)) => Some(self.still(finding, finding.state)),
            (Look::Differs(found), None) => Some(self.open(seen, found, None)),
            (Look::Differs(found), Some(finding)) if is_over(finding.state) => {
                Some(self.open(seen, found, Some(finding)))
            }
            (Look::Differs(found), Some(finding)) => Some(self.go_on(finding, found)),
        }
    }

    /// The sides agree: the finding is over, repaired where an event was acknowledged and healed otherwise (rule 8).
    fn settle(&self, finding: &Finding) -> Option<Step> {
        if is_over(finding.state) || finding.state == State::Ignored {
            return None;
        }
        let state = if finding.acknowledged_at.is_some() { State::Repaired } else { State::Healed };
        let over = Finding { state, closed_at: Some(self.now), run_id: self.run_id, ..finding.clone() };
        Some(Step { finding: over, emit: false })
    }

    /// The sides still differ: what follows depends on where the finding stands.
    fn go_on(&self, finding: &Finding, found: &Discrepancy) -> Step {
        let same_drift = finding.digest == found.digest && finding.kind == found.kind;
        match finding.state {
            State::Open if same_drift && self.event_is_right(finding, found.kind) => {
                self.still(finding, State::Open)
            }
            State::Suspected | State::Open => self.renewed(finding, found, self.open_state()),
            State::Emitted if same_drift => self.emitted_in_vain(finding, found),
            State::Emitted => self.changed_after_emission(finding, found),
            State::Held if !same_drift => self.renewed(finding, found, State::Held),
            state => self.still(finding, state),
        }
    }

    /// The queue has an event about an older state. The episode rises, so that a state which comes back is sent again.
    fn changed_after_emission(&self, finding: &Finding, found: &Discrepancy) -> Step {
        let mut renewed = self.renewed(finding, found, self.open_state());
        renewed.finding.episode += 1;
        renewed.finding.acknowledged_at = None;
        renewed
    }

    /// Whether the event that the finding has, or lacks, is what the definition asks for today.
    fn event_is_right(&self, finding: &Finding, kind: Kind) -> bool {
        matches!(self.reconciler.remedy(kind), Remedy::Emit(_)) == finding.event_id.is_some()
    }

    /// The queue has the event and the drift is still there.
    fn emitted_in_vain(&self, finding: &Finding, found: &Discrepancy) -> Step {
        let patience = self.reconciler.policy().reemit_after;
        let may_still_work = finding.acknowledged_at.is_some_and(|at| self.now < at + patience);
        if may_still_work {
            return self.still(finding, State::Emitted);
        }
        if finding.reemissions >= MAX_REEMISSIONS {
            let reason = format!("sent {} times and never repaired", finding.reemissions + 1);
            let parked = self.still(finding, State::Recurring).finding;
            return Step { finding: Finding { reason: Some(reason), ..parked }, emit: false };
        }
        let mut again = self.renewed(finding, found, self.open_state());
        again.finding.episode += 1;
        again.finding.reemissions += 1;
        again.finding.acknowledged_at = None;
        again
    }

    fn open_state(&self) -> State {
        if self.hold.is_some() { State::Held } else { State::Open }
    }

    fn open(&self, seen: &Observation, found: &Discrepancy, over: Option<&Finding>) -> Step {
        self.begin(seen, found, over, self.open_state())
    }

    /// A new episode.
    fn begin(&self, seen: &Observation, found: &Discrepancy, over: Option<&Finding>, state: State) -> Step {
        let finding = Finding {
            id: Identity { domain: self.domain().clone(), each: self.each.clone(), key: seen.key.clone() },
            kind: found.kind,
            state,
            episode: over.map_or(1, |finding| finding.episode + 1),
            reemissions: 0,
            digest: found.digest.clone(),
            fields: found.fields.clone(),
            reason: self.reason(found, state),
            amount: found.amount.clone(),
            clock: seen.clock,
            first_seen: self.now,
            last_seen: self.now,
            acknowledged_at: None,
            closed_at: None,
            event_id: None,
            run_id: self.run_id,
        };
        Step { finding, emit: state != State::Suspected }
    }

    /// The same episode about what is seen now.
    fn renewed(&self, finding: &Finding, found: &Discrepancy, state: State) -> Step {
        let renewed = Finding {
            kind: found.kind,
            digest: found.digest.clone(),
            fields: found.fields.clone(),
            reason: self.reason(found, state),
            amount: found.amount.clone(),
            ..self.still(finding, state).finding
        };
        Step { finding: renewed, emit: true }
    }

    /// The same episode, seen once more.
    fn still(&self, finding: &Finding, state: State) -> Step {
        let seen_again = Finding { state, last_seen: self.now, run_id: self.run_id, ..finding.clone() };
        Step { finding: seen_again, emit: false }
    }

    fn reason(&self, found: &Discrepancy, state: State) -> Option<String> {
        let held = self.hold.filter(|_| state == State::Held).map(str::to_owned);
        held.or_else(|| found.reason.clone())
    }

    fn domain(&self) -> &DomainName {
        self.reconciler.domain()
    }
}

/// Whether a new drift on the key begins a new episode.
const fn is_over(state: State) -> bool {
    matches!(state, State::Repaired | State::Healed)
}

/// The event of a finding, where the queue has not acknowledged it.
fn unsent_event(finding: Option<&Finding>) -> Option<Uuid> {
    finding.filter(|finding| finding.acknowledged_at.is_none()).and_then(|finding| finding.event_id)
}

/// What the safety limits look at, over all staged events of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exposure {
    /// Events that would be sent.
    pub emits: u64,
    /// Items judged in this run.
    pub judged: u64,
    /// Items that upstream has in the ranges read.
    pub upstream: u64,
    /// Rows that the local side has in the same ranges.
    pub local: u64,
}

/// Why a domain's events are held (DESIGN section 13, rule 9).
#[must_use]
pub fn tripped(exposure: Exposure, policy: &tieout_reconcilers::reconciler::Policy) -> Option<String> {
    let Exposure { emits, judged, upstream, local } = exposure;
    if upstream < policy.min_items && local > 0 {
        return Some(format!("min_items: upstream has {upstream} items and the local side has {local}"));
    }
    if emits > policy.max_emits {
        return Some(format!("max_emits: {emits} events are over the limit of {}", policy.max_emits));
    }
    #[expect(clippy::cast_precision_loss, reason = "a ratio of counts far below 2^52")]
    let ratio = emits as f64 / judged.max(1) as f64;
    let over = emits > 20 && ratio > policy.max_ratio;
    over.then(|| {
        format!(
            "max_ratio: {emits} of {judged} items ({:.1}%) are over {:.1}%",
            ratio * 100.0,
            policy.max_ratio * 100.0
        )
    })
}

/// The digest of nothing, for findings about items that upstream does not have.
#[must_use]
pub fn nothing() -> Digest {
    Digest::of("")
}

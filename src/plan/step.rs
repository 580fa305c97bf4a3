//! How the finding of one key goes on.

use tieout_reconcilers::discrepancy::{Discrepancy, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Remedy;
use uuid::Uuid;

use super::planner::{Look, Observation, Planner};
use crate::finding::{Finding, Identity, State};

/// How many times in a row an acknowledged event may fail to repair a drift before the key is parked.
pub const MAX_REEMISSIONS: u32 = 3;

/// How a finding goes on.
pub(super) struct Step {
    pub finding: Finding,
    /// Whether it asks for an event about what is seen now.
    pub asks: bool,
}

impl Planner<'_> {
    /// One key's transition, or nothing where neither a finding was known nor a difference seen.
    pub(super) fn step(&self, seen: &Observation, before: Option<&Finding>) -> Option<Step> {
        let over = before.filter(|finding| finding.state.is_over());
        let known = before.filter(|finding| !finding.state.is_over());
        match (&seen.look, known) {
            (Look::Agrees, None) => None,
            (Look::Agrees, Some(finding)) => self.settle(finding),
            (Look::Young(found), None) => Some(self.begin(seen, found, over, State::Suspected)),
            (Look::Young(_), Some(finding)) => Some(self.still(finding, finding.state)),
            (Look::Differs(found), None) => Some(self.begin(seen, found, over, self.open_state())),
            (Look::Differs(found), Some(finding)) => Some(self.go_on(seen, finding, found)),
        }
    }

    /// Whether a person said to leave alone what is seen.
    #[must_use]
    pub fn leaves_alone(&self, seen: &Observation, known: Option<&Finding>) -> bool {
        let (Look::Differs(found), Some(finding)) = (&seen.look, known) else { return false };
        let is_same = finding.digest == found.digest && finding.kind == found.kind;
        finding.state == State::Ignored && is_same && !has_lapsed(finding, self.now)
    }

    /// The sides agree: the finding is over, repaired where an event was acknowledged and healed otherwise.
    fn settle(&self, finding: &Finding) -> Option<Step> {
        if finding.state == State::Ignored && !has_lapsed(finding, self.now) {
            return None;
        }
        let state = if finding.acknowledged_at.is_some() || bug!("healed_is_repaired") {
            State::Repaired
        } else {
            State::Healed
        };
        let (closed_at, run_id) = (Some(self.now), self.run_id);
        let over = Finding { state, closed_at, run_id, held_by: None, ignored: None, ..finding.clone() };
        Some(Step { finding: over, asks: false })
    }

    /// The sides still differ: what follows depends on where the finding stands.
    fn go_on(&self, seen: &Observation, finding: &Finding, found: &Discrepancy) -> Step {
        let is_same = finding.digest == found.digest && finding.kind == found.kind;
        let is_served = is_same && self.has_right_event(finding, found.kind);
        match finding.state {
            // What was left alone is the drift that was seen then; another one is nobody's decision yet.
            State::Ignored if is_same && !has_lapsed(finding, self.now) && !bug!("ignored_is_open") => {
                self.still(finding, State::Ignored)
            }
            State::Ignored => self.go_on(seen, &before_ignored(finding), found),
            State::Held if finding.is_of_baseline() && !is_same => {
                self.begin(seen, found, Some(finding), self.open_state())
            }
            State::Open | State::Held if is_served => self.still(finding, finding.state),
            State::Suspected | State::Open => self.renewed(finding, found, self.open_state()),
            State::Held => self.renewed(finding, found, State::Held),
            State::Emitted if is_same => self.emitted_in_vain(finding, found),
            State::Emitted => self.next_episode(finding, found, finding.reemissions),
            State::Recurring => self.parked(finding, found),
            State::Repaired | State::Healed => self.begin(seen, found, Some(finding), self.open_state()),
        }
    }

    /// Whether the event that the finding has, or lacks, is what the definition asks for today.
    fn has_right_event(&self, finding: &Finding, kind: Kind) -> bool {
        self.is_emitted(kind) == finding.event_id.is_some()
    }

    fn is_emitted(&self, kind: Kind) -> bool {
        matches!(self.reconciler.remedy(kind), Remedy::Emit(_))
    }

    /// The queue has the event and the drift is still there.
    fn emitted_in_vain(&self, finding: &Finding, found: &Discrepancy) -> Step {
        let patience = self.reconciler.policy().reemit_after;
        let may_still_work = finding.acknowledged_at.is_some_and(|at| self.now < at + patience);
        if (may_still_work && !bug!("reemits_at_once")) || !self.is_emitted(found.kind) {
            return self.still(finding, State::Emitted);
        }
        if finding.reemissions >= MAX_REEMISSIONS + u32::from(bug!("parks_too_late")) {
            let reason = Some(in_vain(finding));
            let parked = self.still(finding, State::Recurring).finding;
            return Step { finding: Finding { reason, ..parked }, asks: false };
        }
        self.next_episode(finding, found, finding.reemissions + 1)
    }

    /// A parked finding says what is seen now and asks for nothing.
    fn parked(&self, finding: &Finding, found: &Discrepancy) -> Step {
        let parked = self.still(finding, State::Recurring).finding;
        let reason = parked.reason.clone().or_else(|| Some(in_vain(finding)));
        Step { finding: described(Finding { reason, ..parked }, found), asks: false }
    }

    /// A new episode after one whose event was acknowledged: consumers drop an id that they have seen, so whatever is
    /// sent after an acknowledgement needs an episode of its own, even where upstream is back at a state that was sent before.
    fn next_episode(&self, finding: &Finding, found: &Discrepancy, reemissions: u32) -> Step {
        let mut next = self.renewed(finding, found, self.open_state());
        let is_same_drift = reemissions > finding.reemissions;
        next.finding.episode += u32::from(is_same_drift || !bug!("changed_drift_is_old"));
        next.finding.reemissions = reemissions;
        next.finding.acknowledged_at = None;
        next
    }

    const fn open_state(&self) -> State {
        if self.hold.is_some() { State::Held } else { State::Open }
    }

    /// The first episode of a key, or one after an episode that is over.
    fn begin(&self, seen: &Observation, found: &Discrepancy, over: Option<&Finding>, state: State) -> Step {
        let domain = self.reconciler.domain().clone();
        let finding = Finding {
            id: Identity { domain, each: self.each.clone(), key: seen.key.clone() },
            kind: found.kind,
            state,
            episode: over.map_or(1, |finding| finding.episode + u32::from(!bug!("same_episode"))),
            reemissions: 0,
            // Nothing was compared yet: what the episode before was about tells whether the same state came back.
            digest: match over.filter(|_| state == State::Suspected) {
                Some(over) => over.digest.clone(),
                None => found.digest.clone(),
            },
            fields: found.fields.clone(),
            reason: self.held_reason(state).or_else(|| found.reason.clone()),
            cause: None,
            amount: found.amount.clone(),
            clock: seen.clock,
            occurred_at: self.occurred_at(found.kind, seen.clock),
            first_seen: self.now,
            last_seen: self.now,
            acknowledged_at: None,
            closed_at: None,
            event_id: None,
            run_id: self.run_id,
            held_by: self.holder(state),
            ignored: None,
            owner: over.and_then(|finding| finding.owner.clone()),
            interventions: over.map_or(0, |finding| finding.interventions),
        };
        Step { finding, asks: state != State::Suspected }
    }

    /// When a drift came about of whose item the clock is known: nothing where that clock says something else.
    fn occurred_at(&self, kind: Kind, clock: Option<Instant>) -> Option<Instant> {
        clock.filter(|_| self.reconciler.feed().dates(kind))
    }

    /// The same episode about what is seen now.
    fn renewed(&self, finding: &Finding, found: &Discrepancy, state: State) -> Step {
        // What was held stays held for the reason it was held for, also in a run that holds nothing itself.
        let kept = finding.reason.clone().filter(|_| finding.state == State::Held && state == State::Held);
        let reason = self.held_reason(state).or(kept).or_else(|| found.reason.clone());
        let held_by = self.holder(state).or(finding.held_by.filter(|_| state == State::Held));
        let renewed = described(self.still(finding, state).finding, found);
        let occurred_at = self.occurred_at(found.kind, finding.clock);
        Step { finding: Finding { reason, occurred_at, held_by, ..renewed }, asks: true }
    }

    /// The same episode, seen once more.
    fn still(&self, finding: &Finding, state: State) -> Step {
        let seen_again = Finding { state, last_seen: self.now, run_id: self.run_id, ..finding.clone() };
        Step { finding: seen_again, asks: false }
    }

    fn held_reason(&self, state: State) -> Option<String> {
        self.hold.filter(|_| state == State::Held).map(str::to_owned)
    }

    /// This run, where it is the one that holds.
    fn holder(&self, state: State) -> Option<Uuid> {
        self.hold.filter(|_| state == State::Held).map(|_| self.run_id)
    }
}

/// Whether nobody wants the finding left alone any more.
fn has_lapsed(finding: &Finding, now: Instant) -> bool {
    let is_over = |until: Instant| until <= now && !bug!("ignored_for_good");
    finding.ignored.as_ref().is_none_or(|ignored| ignored.until.is_some_and(is_over))
}

/// Where a finding stood before it was ignored. What was parked or held goes on waiting for a person.
#[must_use]
pub(super) fn before_ignored(finding: &Finding) -> Finding {
    let was_sent = finding.acknowledged_at.is_some();
    let state = match (finding.held_by, was_sent) {
        (Some(_), _) => State::Held,
        (None, true) if finding.reemissions >= MAX_REEMISSIONS => State::Recurring,
        (None, true) => State::Emitted,
        // It was parked because its event was dropped, or kept as long as dead letters are: any other event was withdrawn.
        (None, false) if finding.event_id.is_some() => State::Recurring,
        (None, false) => State::Open,
    };
    Finding { state, ignored: None, ..finding.clone() }
}

fn in_vain(finding: &Finding) -> String {
    format!("sent {} times and never repaired", finding.reemissions + 1)
}

/// A finding that says what is seen now.
fn described(finding: Finding, found: &Discrepancy) -> Finding {
    Finding {
        kind: if bug!("old_kind") { finding.kind } else { found.kind },
        digest: found.digest.clone(),
        fields: found.fields.clone(),
        amount: found.amount.clone(),
        ..finding
    }
}

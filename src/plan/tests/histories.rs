//! Laws over whole histories: looks, acknowledgements, approvals, holds and changed definitions in any order.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Each;
use uuid::Uuid;

use super::fake::{Does, Fake, drift, key, policy};
use crate::finding::{Finding, State};
use crate::plan::{Look, MAX_REEMISSIONS, Observation, Plan};

/// What happens between two looks.
#[derive(Debug, Clone)]
enum Happens {
    Look {
        look: Look,
        hold: bool,
        does: Does,
    },
    /// The queue acknowledges everything that waits for it.
    Acknowledged,
    /// A person lets a held event go.
    Approved,
    Passes(Duration),
}

fn happens() -> impl Strategy<Value = Happens> {
    let kind = prop_oneof![3 => Just(Kind::Mismatched), 1 => Just(Kind::Missing)];
    let found = (kind, "[ab]").prop_map(|(kind, state)| drift(kind, &state));
    let look = prop_oneof![
        1 => Just(Look::Agrees),
        1 => found.clone().prop_map(Look::Young),
        6 => found.prop_map(Look::Differs),
    ];
    let does = prop_oneof![9 => Just(Does::Emit), 1 => Just(Does::Report)];
    prop_oneof![
        5 => (look, proptest::bool::weighted(0.1), does).prop_map(|(look, hold, does)| Happens::Look { look, hold, does }),
        3 => Just(Happens::Acknowledged),
        1 => Just(Happens::Approved),
        2 => prop_oneof![Just(1_u64), Just(30)].prop_map(|hours| Happens::Passes(Duration::from_hours(hours))),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Pending,
    Held,
    Sent,
    Superseded,
}

/// A state store of one key, as far as a plan meets it.
#[derive(Default)]
struct Store {
    now: u64,
    finding: Option<Finding>,
    outbox: HashMap<Uuid, Fate>,
    /// What each id ever stood for.
    meanings: HashMap<Uuid, (Kind, u32, String)>,
}

impl Store {
    fn clock(&self) -> Instant {
        Instant::from_micros(0) + Duration::from_secs(self.now)
    }

    fn plan(&self, look: &Look, hold: bool, does: Does) -> Plan {
        let known: HashMap<_, _> = self.finding.clone().map(|finding| (key(), finding)).into_iter().collect();
        let seen = Observation { key: key(), clock: None, look: look.clone() };
        let domain = Fake::new(does);
        domain.planner(&Each::default(), self.clock(), hold.then_some("max_emits")).plan(vec![seen], &known)
    }

    fn commit(&mut self, plan: Plan) -> Result<(), TestCaseError> {
        for id in plan.superseded {
            let fate = self.outbox.insert(id, Fate::Superseded);
            prop_assert!(matches!(fate, Some(Fate::Pending | Fate::Held)), "{fate:?} was withdrawn");
        }
        for event in plan.events {
            let finding = plan.findings.iter().find(|finding| finding.event_id == Some(event.id)).unwrap();
            let meaning = (event.kind, event.episode, finding.digest.as_str().to_owned());
            let known = self.meanings.entry(event.id).or_insert_with(|| meaning.clone());
            prop_assert_eq!(&*known, &meaning, "one id for two drifts");
            let fate = self.outbox.insert(event.id, if event.held { Fate::Held } else { Fate::Pending });
            prop_assert!(matches!(fate, None | Some(Fate::Superseded)), "{fate:?} was staged again");
        }
        self.finding = plan.findings.into_iter().next().or(self.finding.take());
        Ok(())
    }

    fn acknowledge(&mut self) {
        let now = self.clock();
        for (id, fate) in self.outbox.iter_mut().filter(|(_, fate)| **fate == Fate::Pending) {
            *fate = Fate::Sent;
            if let Some(finding) = self.finding.as_mut().filter(|finding| finding.event_id == Some(*id)) {
                finding.state = State::Emitted;
                finding.acknowledged_at = Some(now);
            }
        }
    }

    fn approve(&mut self) {
        let Some(finding) = self.finding.as_mut().filter(|finding| finding.state == State::Held) else {
            return;
        };
        finding.state = State::Open;
        if let Some(fate) = finding.event_id.and_then(|id| self.outbox.get_mut(&id)) {
            *fate = Fate::Pending;
        }
    }

    fn state(&self) -> Option<State> {
        self.finding.as_ref().map(|finding| finding.state)
    }

    /// Whether somebody takes care of a drift that was just seen.
    fn is_cared_for(&self) -> bool {
        let Some(finding) = &self.finding else { return false };
        let fate = finding.event_id.and_then(|id| self.outbox.get(&id)).copied();
        match finding.state {
            State::Open => fate == Some(Fate::Pending),
            State::Held => fate == Some(Fate::Held),
            State::Emitted => {
                finding.acknowledged_at.is_some_and(|at| self.clock() < at + policy().reemit_after)
            }
            State::Recurring => true,
            _ => false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_history_loses_a_drift_or_sends_an_id_twice(history in proptest::collection::vec(happens(), 0..40)) {
        let mut store = Store::default();
        for step in history {
            let before = store.finding.clone();
            match step {
                Happens::Passes(time) => store.now += time.as_secs(),
                Happens::Acknowledged => store.acknowledge(),
                Happens::Approved => store.approve(),
                Happens::Look { look, hold, does } => {
                    let was = store.state();
                    let plan = store.plan(&look, hold, does);
                    prop_assert!(was != Some(State::Recurring) || plan.events.is_empty(), "a parked key is not sent");
                    store.commit(plan)?;
                    let again = store.plan(&look, hold, does);
                    prop_assert!(again.events.is_empty() && again.superseded.is_empty(), "a second run emits nothing");
                    if was == Some(State::Held) && look != Look::Agrees {
                        prop_assert_eq!(store.state(), Some(State::Held), "only agreement or approval ends a hold");
                    }
                    if matches!(look, Look::Differs(_)) && does == Does::Emit {
                        prop_assert!(store.is_cared_for(), "{:?} {:?}", store.finding, store.outbox);
                    }
                }
            }
            if let (Some(before), Some(after)) = (before, &store.finding) {
                prop_assert!(before.episode <= after.episode && after.episode <= before.episode + 1);
                prop_assert!(after.reemissions <= MAX_REEMISSIONS);
            }
        }
    }
}

/// The same drift, seen every night and acknowledged every time, is sent four times and then parked.
#[test]
fn what_is_never_repaired_is_sent_four_times() {
    let mut store = Store::default();
    let mut sent = Vec::new();
    for _ in 0..9 {
        let plan = store.plan(&Look::Differs(drift(Kind::Missing, "a")), false, Does::Emit);
        sent.push(plan.events.len());
        store.commit(plan).unwrap();
        store.acknowledge();
        store.now += 24 * 3_600;
    }
    assert_eq!(sent, [1, 1, 1, 1, 0, 0, 0, 0, 0]);
    assert_eq!(store.state(), Some(State::Recurring));
    let healed = store.plan(&Look::Agrees, false, Does::Emit);
    assert_eq!(healed.findings[0].state, State::Repaired);
}

/// Upstream goes to and fro between two states, and every event on the way was acknowledged.
#[test]
fn a_state_that_comes_back_is_sent_again_under_an_id_of_its_own() {
    let mut store = Store::default();
    let mut ids = Vec::new();
    for state in ["a", "b", "a"] {
        let plan = store.plan(&Look::Differs(drift(Kind::Mismatched, state)), false, Does::Emit);
        ids.extend(plan.events.iter().map(|event| event.id));
        store.commit(plan).unwrap();
        store.acknowledge();
        store.now += 60;
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

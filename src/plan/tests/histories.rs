//! Laws over whole histories: looks, acknowledgements, holds, changed definitions and people, in any order.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Each;
use uuid::Uuid;

use super::fake::{Does, Fake, drift, key, policy};
use crate::event::Start;
use crate::finding::{BASELINE, Finding, Ignored, State};
use crate::plan::{Act, Look, MAX_REEMISSIONS, Observation, Plan, act};

/// What happens between two looks.
#[derive(Debug, Clone)]
enum Happens {
    Look {
        look: Look,
        hold: Option<&'static str>,
        does: Does,
    },
    /// The queue acknowledges everything that waits for it.
    Acknowledged,
    /// The queue acknowledges what was on its way when it was withdrawn.
    AcknowledgedLate,
    /// A person lets a held event go.
    Approved,
    /// A person says to leave it alone, for some hours or for good.
    Ignored(Option<u64>),
    /// A person wants it followed again.
    Reopened,
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
    let hold = prop_oneof![8 => Just(None), 1 => Just(Some("max_emits")), 1 => Just(Some(BASELINE))];
    prop_oneof![
        5 => (look, hold, does).prop_map(|(look, hold, does)| Happens::Look { look, hold, does }),
        3 => Just(Happens::Acknowledged),
        1 => Just(Happens::AcknowledgedLate),
        1 => Just(Happens::Approved),
        1 => proptest::option::of(1_u64..40).prop_map(Happens::Ignored),
        1 => Just(Happens::Reopened),
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

    fn plan(&self, look: &Look, hold: Option<&str>, does: Does) -> Plan {
        let known: HashMap<_, _> = self.finding.clone().map(|finding| (key(), finding)).into_iter().collect();
        let seen = Observation { key: key(), clock: None, look: look.clone() };
        let domain = Fake::new(does);
        domain.planner(&Each::default(), self.clock(), hold).plan(vec![seen], &known)
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
            let fate = self.outbox.entry(event.id).or_insert(Fate::Superseded);
            prop_assert!(matches!(fate, Fate::Sent | Fate::Superseded), "{fate:?} was staged again");
            if *fate == Fate::Superseded {
                *fate = if event.start == Start::Held { Fate::Held } else { Fate::Pending };
            }
        }
        self.finding = plan.findings.into_iter().next().or(self.finding.take());
        self.remember_sent();
        Ok(())
    }

    /// As the state store does: an event that was sent after its finding had let go of it was sent.
    fn remember_sent(&mut self) {
        let now = self.clock();
        let Some(finding) = self.finding.as_mut() else { return };
        let fate = finding.event_id.and_then(|id| self.outbox.get(&id));
        if finding.acknowledged_at.is_none() && fate == Some(&Fate::Sent) {
            finding.acknowledged_at = Some(now);
            if matches!(finding.state, State::Open | State::Held) {
                finding.state = State::Emitted;
                finding.held_by = None;
            }
        }
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

    fn acknowledge_late(&mut self) {
        for fate in self.outbox.values_mut().filter(|fate| **fate == Fate::Superseded) {
            *fate = Fate::Sent;
        }
    }

    /// Says whether the act made sense.
    fn act(&mut self, what: &Act) -> bool {
        let Some(acted) = self.finding.as_ref().and_then(|finding| act(finding, what, self.clock()).ok())
        else {
            return false;
        };
        let withdrawn =
            self.finding.as_ref().and_then(|finding| finding.event_id).filter(|_| acted.withdraws);
        if let Some(fate) = withdrawn.and_then(|id| self.outbox.get_mut(&id))
            && *fate != Fate::Sent
        {
            *fate = Fate::Superseded;
        }
        self.finding = Some(acted.finding);
        true
    }

    /// Whether anything about the key may still be sent.
    fn may_send(&self) -> bool {
        self.outbox.values().any(|fate| matches!(fate, Fate::Pending | Fate::Held))
    }

    fn approve(&mut self) {
        let Some(finding) = self.finding.as_mut().filter(|finding| finding.state == State::Held) else {
            return;
        };
        finding.state = State::Open;
        finding.held_by = None;
        finding.reason = None;
        if let Some(fate) = finding.event_id.and_then(|id| self.outbox.get_mut(&id)) {
            *fate = Fate::Pending;
        }
    }

    fn state(&self) -> Option<State> {
        self.finding.as_ref().map(|finding| finding.state)
    }

    /// Whether somebody takes care of a drift that was just seen.
    fn is_cared_for(&self, seen: &Look) -> bool {
        let (Some(finding), Look::Differs(seen)) = (&self.finding, seen) else { return false };
        let fate = finding.event_id.and_then(|id| self.outbox.get(&id)).copied();
        match finding.state {
            State::Open => fate == Some(Fate::Pending),
            State::Held => fate == Some(Fate::Held),
            State::Emitted => {
                finding.acknowledged_at.is_some_and(|at| self.clock() < at + policy().reemit_after)
            }
            State::Recurring => true,
            // A person took care of this drift, and of no other.
            State::Ignored => (finding.kind, &finding.digest) == (seen.kind, &seen.digest),
            _ => false,
        }
    }
}

fn ignore(hours: Option<u64>, now: Instant) -> Act {
    let until = hours.map(|hours| now + Duration::from_hours(hours));
    Act::Ignore(Ignored { until, why: "known".to_owned() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_history_loses_a_drift_or_sends_an_id_twice(history in proptest::collection::vec(happens(), 0..40)) {
        let mut store = Store::default();
        for step in history {
            let before = store.finding.clone();
            let is_person = matches!(step, Happens::Ignored(_) | Happens::Reopened);
            match step {
                Happens::Passes(time) => store.now += time.as_secs(),
                Happens::Acknowledged => store.acknowledge(),
                Happens::AcknowledgedLate => store.acknowledge_late(),
                Happens::Approved => store.approve(),
                Happens::Ignored(hours) => {
                    let did = store.act(&ignore(hours, store.clock()));
                    prop_assert!(!did || !store.may_send(), "an ignored finding sends: {:?}", store.outbox);
                }
                Happens::Reopened => {
                    store.act(&Act::Reopen { why: None });
                }
                Happens::Look { look, hold, does } => {
                    let was = before.as_ref();
                    let was_parked = was.is_some_and(|was| was.state == State::Recurring);
                    let plan = store.plan(&look, hold, does);
                    prop_assert!(!was_parked || plan.events.is_empty(), "a parked key is not sent");
                    store.commit(plan)?;
                    let again = store.plan(&look, hold, does);
                    prop_assert!(again.events.is_empty() && again.superseded.is_empty(), "a second run emits nothing");
                    if let Some(was) = was.filter(|was| was.state == State::Held && !was.is_of_baseline())
                        && look != Look::Agrees
                    {
                        let is_held = matches!(store.state(), Some(State::Held | State::Emitted));
                        prop_assert!(is_held, "only agreement or approval ends a hold: {:?}", was);
                    }
                    if matches!(look, Look::Differs(_)) && does == Does::Emit {
                        prop_assert!(store.is_cared_for(&look), "{:?} {:?}", store.finding, store.outbox);
                    }
                }
            }
            if let (Some(before), Some(after)) = (before, &store.finding) {
                prop_assert!(before.episode <= after.episode && after.episode <= before.episode + 1);
                prop_assert!(after.reemissions <= MAX_REEMISSIONS);
                prop_assert!(is_person || before.interventions == after.interventions);
                prop_assert_eq!(after.state == State::Ignored, after.ignored.is_some());
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
        let plan = store.plan(&Look::Differs(drift(Kind::Missing, "a")), None, Does::Emit);
        sent.push(plan.events.len());
        store.commit(plan).unwrap();
        store.acknowledge();
        store.now += 24 * 3_600;
    }
    assert_eq!(sent, [1, 1, 1, 1, 0, 0, 0, 0, 0]);
    assert_eq!(store.state(), Some(State::Recurring));
    let healed = store.plan(&Look::Agrees, None, Does::Emit);
    assert_eq!(healed.findings[0].state, State::Repaired);
}

#[test]
fn a_parked_key_that_a_person_opens_again_is_sent_under_an_id_of_its_own() {
    let mut store = Store::default();
    let look = Look::Differs(drift(Kind::Missing, "a"));
    for _ in 0..5 {
        store.commit(store.plan(&look, None, Does::Emit)).unwrap();
        store.acknowledge();
        store.now += 24 * 3_600;
    }
    assert_eq!(store.state(), Some(State::Recurring));
    let sent = store.outbox.len();
    assert!(store.act(&Act::Reopen { why: None }));
    let plan = store.plan(&look, None, Does::Emit);
    assert_eq!((plan.findings[0].episode, plan.findings[0].reemissions), (5, 0));
    store.commit(plan).unwrap();
    assert_eq!(store.outbox.len(), sent + 1);
}

/// An event was on its way when its finding was ignored, and arrived; the drift is still there when that lapses.
#[test]
fn an_event_that_arrived_although_it_was_withdrawn_is_not_waited_for_again() {
    let mut store = Store::default();
    let look = Look::Differs(drift(Kind::Missing, "a"));
    store.commit(store.plan(&look, None, Does::Emit)).unwrap();
    assert!(store.act(&ignore(Some(1), store.clock())));
    store.acknowledge_late();
    store.now += 2 * 3_600;
    store.commit(store.plan(&look, None, Does::Emit)).unwrap();
    assert_eq!(store.state(), Some(State::Emitted));
}

/// Upstream goes to and fro between two states, and every event on the way was acknowledged.
#[test]
fn a_state_that_comes_back_is_sent_again_under_an_id_of_its_own() {
    let mut store = Store::default();
    let mut ids = Vec::new();
    for state in ["a", "b", "a"] {
        let plan = store.plan(&Look::Differs(drift(Kind::Mismatched, state)), None, Does::Emit);
        ids.extend(plan.events.iter().map(|event| event.id));
        store.commit(plan).unwrap();
        store.acknowledge();
        store.now += 60;
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

//! Whatever consumers do, in whatever order: the table answers as a list in memory does.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{ask, claim, database};
use crate::postgres::Postgres;

const EVENTS: usize = 6;
const SUBJECTS: usize = 3;
const MAX_ATTEMPTS: i32 = 2;

/// What a consumer does; `claim` is which claim it shows, counted back from the newest.
#[derive(Debug, Clone)]
enum Act {
    Claim { batch: usize, lapses: bool },
    Ack { event: usize, claim: usize },
    Fail { event: usize, claim: usize, later: bool },
    Dead { event: usize, claim: usize },
    Extend { event: usize, claim: usize },
    Requeue { event: usize },
}

fn act() -> impl Strategy<Value = Act> {
    let (event, token) = (0..EVENTS, 0..4_usize);
    prop_oneof![
        4 => (1..4_usize, any::<bool>()).prop_map(|(batch, lapses)| Act::Claim { batch, lapses }),
        2 => (event.clone(), token.clone()).prop_map(|(event, claim)| Act::Ack { event, claim }),
        3 => (event.clone(), token.clone(), any::<bool>())
            .prop_map(|(event, claim, later)| Act::Fail { event, claim, later }),
        1 => (event.clone(), token.clone()).prop_map(|(event, claim)| Act::Dead { event, claim }),
        1 => (event.clone(), token).prop_map(|(event, claim)| Act::Extend { event, claim }),
        1 => event.prop_map(|event| Act::Requeue { event }),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Consumed,
    Dead,
}

#[derive(Debug, Clone)]
struct One {
    state: State,
    attempts: i32,
    is_visible: bool,
    claim: Option<usize>,
}

/// The list in memory.
struct Model {
    events: Vec<One>,
    claims: usize,
}

impl Model {
    fn new() -> Self {
        let one = One { state: State::Open, attempts: 0, is_visible: true, claim: None };
        Self { events: vec![one; EVENTS], claims: 0 }
    }

    fn is_head(&self, at: usize) -> bool {
        let is_open = |at: usize| self.events[at].state == State::Open;
        let holds = |older: usize| older % SUBJECTS == at % SUBJECTS && is_open(older);
        is_open(at) && self.events[at].is_visible && !(0..at).any(holds)
    }

    fn claim(&mut self, batch: usize, lapses: bool) -> Vec<(String, i32)> {
        loop {
            let heads: Vec<usize> = (0..EVENTS).filter(|at| self.is_head(*at)).take(batch).collect();
            let mut handed = Vec::new();
            for at in &heads {
                let one = &mut self.events[*at];
                if one.attempts >= MAX_ATTEMPTS {
                    (one.state, one.claim) = (State::Dead, None);
                } else {
                    (one.attempts, one.is_visible, one.claim) = (one.attempts + 1, lapses, Some(self.claims));
                    handed.push((format!("e{at}"), one.attempts));
                }
            }
            if !handed.is_empty() {
                self.claims += 1;
            }
            if !handed.is_empty() || heads.is_empty() {
                return handed;
            }
        }
    }

    fn held(&mut self, event: usize, claim: usize) -> Option<&mut One> {
        let claim = self.claims.checked_sub(claim + 1)?;
        Some(&mut self.events[event]).filter(|one| one.state == State::Open && one.claim == Some(claim))
    }

    fn answer(&mut self, act: &Act) -> String {
        let answer = match *act {
            Act::Claim { .. } => unreachable!("a claim has rows"),
            Act::Ack { event, claim } => match self.held(event, claim) {
                Some(one) => {
                    one.state = State::Consumed;
                    "1"
                }
                None => "0",
            },
            Act::Fail { event, claim, later } => match self.held(event, claim) {
                Some(one) => {
                    (one.claim, one.is_visible) = (None, !later);
                    if one.attempts >= MAX_ATTEMPTS {
                        one.state = State::Dead;
                        "dead"
                    } else {
                        "waiting"
                    }
                }
                None => "lost",
            },
            Act::Dead { event, claim } => match self.held(event, claim) {
                Some(one) => {
                    (one.state, one.claim) = (State::Dead, None);
                    "true"
                }
                None => "false",
            },
            Act::Extend { event, claim } => match self.held(event, claim) {
                Some(one) => {
                    one.is_visible = false;
                    "1"
                }
                None => "0",
            },
            Act::Requeue { event } => match &mut self.events[event] {
                one if one.state == State::Dead => {
                    *one = One { state: State::Open, attempts: 0, is_visible: true, claim: None };
                    "1"
                }
                _ => "0",
            },
        };
        answer.to_owned()
    }
}

fn sql(act: &Act, claims: &[Uuid]) -> String {
    let token = |claim: usize| claims.iter().rev().nth(claim).copied().unwrap_or_else(Uuid::nil);
    let call = match *act {
        Act::Claim { batch, lapses } => {
            let visibility = if lapses { "1 microsecond" } else { "1 hour" };
            return format!("'one', {batch}, '{visibility}', {MAX_ATTEMPTS}");
        }
        Act::Ack { event, claim } => format!("ack(ARRAY['e{event}'], '{}')", token(claim)),
        Act::Fail { event, claim, later } => {
            let after = if later { "1 hour" } else { "0 seconds" };
            format!("fail('e{event}', '{}', 'why', '{after}', {MAX_ATTEMPTS})", token(claim))
        }
        Act::Dead { event, claim } => format!("dead('e{event}', '{}', 'why')", token(claim)),
        Act::Extend { event, claim } => format!("extend(ARRAY['e{event}'], '{}', '1 hour')", token(claim)),
        Act::Requeue { event } => format!("requeue(ARRAY['e{event}'])"),
    };
    format!("SELECT tieout_events_{call}")
}

async fn agree(postgres: &Postgres, consumer: &mut PgConnection, acts: &[Act]) {
    let all: Vec<(String, String)> =
        (0..EVENTS).map(|at| (format!("e{at}"), format!("k{}", at % SUBJECTS))).collect();
    let all: Vec<(&str, &str)> = all.iter().map(|(id, subject)| (id.as_str(), subject.as_str())).collect();
    postgres.sql("DELETE FROM tieout_events").await;
    super::add(postgres, &all).await;
    let (mut model, mut claims) = (Model::new(), Vec::new());
    for (at, act) in acts.iter().enumerate() {
        let sql = sql(act, &claims);
        if let Act::Claim { batch, lapses } = *act {
            let handed = claim(consumer, &sql).await;
            assert_eq!(handed.events, model.claim(batch, lapses), "act {at} of {acts:?}");
            claims.extend((!handed.events.is_empty()).then_some(handed.claim));
        } else {
            assert_eq!(ask(consumer, &sql).await, model.answer(act), "act {at} of {acts:?}");
        }
    }
}

#[test]
fn whatever_consumers_do_the_table_answers_as_a_list_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (postgres, consumer) = runtime.block_on(async {
        let postgres = database().await;
        let consumer = postgres.connect().await;
        (postgres, std::cell::RefCell::new(consumer))
    });
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&proptest::collection::vec(act(), 1..40), |acts| {
        runtime.block_on(agree(&postgres, &mut consumer.borrow_mut(), &acts));
        Ok(())
    });
    runtime.block_on(postgres.drop());
    outcome.unwrap();
}

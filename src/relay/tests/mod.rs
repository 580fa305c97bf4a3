//! What the relay promises, with a queue that answers as it is told.

mod order;
mod room;
mod side_by_side;
mod traffic;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::record::{MAX_ATTEMPTS, MAX_UNROUTABLE};
use super::{Drained, drain};
use crate::finding::State;
use crate::going::Going;
use crate::queue::{
    self, Crowd, Delivery, Lag, Outcome, Queue, QueueFault, QueueSettings, Queues, TableName,
};
use crate::store::tests::{World, event_id, id, on_both_stores};
use crate::store::{OutboxState, Outgoing};

on_both_stores!(
    everything_pending_is_delivered,
    an_event_whose_acknowledgement_was_lost_arrives_once,
    a_dead_event_leaves_its_siblings_alone,
    a_failed_event_stays_pending_when_the_budget_is_over,
    an_event_that_fails_too_often_is_given_up,
    an_event_that_nothing_takes_is_given_up_sooner,
    a_refused_queue_costs_no_attempt_and_stops_no_other,
    an_unreachable_queue_is_tried_again,
    what_there_is_no_room_for_costs_no_attempt_and_holds_up_nothing_else,
    a_queue_that_never_answers_does_not_outlast_the_budget,
    what_a_queue_did_before_it_broke_is_recorded,
    a_queue_that_is_not_configured_leaves_its_events,
    a_queue_is_given_no_more_at_once_than_it_takes,
    consumers_that_are_slow_are_never_further_behind_than_they_may_be,
    what_consumers_have_no_room_for_stays_pending_and_says_so,
    a_lag_that_is_not_known_slows_nothing_down,
);

const BUDGET: Duration = Duration::from_secs(30);

/// Answers with the given deliveries, then acknowledges everything.
struct Scripted {
    answers: VecDeque<Delivery>,
}

impl Queue for Scripted {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        let acknowledged = || Delivery { outcomes: vec![Outcome::Acknowledged; batch.len()], fault: None };
        let answer = self.answers.pop_front().unwrap_or_else(acknowledged);
        async { answer }.boxed()
    }
}

fn scripted<const N: usize>(name: &str, answers: [Delivery; N]) -> (String, Box<dyn Queue>) {
    (name.to_owned(), Box::new(Scripted { answers: answers.into() }))
}

fn outcomes<const N: usize>(outcomes: [Outcome; N]) -> Delivery {
    Delivery { outcomes: outcomes.into(), fault: None }
}

fn refused() -> QueueFault {
    QueueFault::Refused { place: "here".to_owned(), why: "no grant".to_owned() }
}

fn unreachable() -> QueueFault {
    QueueFault::Unreachable { place: "here".to_owned(), why: "nobody answers".to_owned() }
}

async fn run<const N: usize>(world: &World, queues: [(String, Box<dyn Queue>); N]) -> Drained {
    drain(&world.store, &mut Queues::from(queues), BUDGET, &Going::default()).await.unwrap()
}

async fn attempts(world: &World, key: &str) -> u32 {
    world.store.show(&id(key)).await.unwrap().unwrap().event.unwrap().attempts
}

async fn everything_pending_is_delivered(world: World) {
    let keys: Vec<String> = (0..1_200).map(|number| format!("ch_{number}")).collect();
    world.make_pending(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let drained = run(&world, [scripted("billing", [])]).await;
    assert_eq!((drained.n_sent(), drained.left), (1_200, 0));
    assert_eq!(world.finding("ch_1199").await.state, State::Emitted);
    assert_eq!(run(&world, [scripted("billing", [])]).await.n_sent(), 0);
}

async fn an_event_whose_acknowledgement_was_lost_arrives_once(world: World) {
    let path = world.folder.join("queue.db");
    let settings = QueueSettings::Sqlite { path: path.clone(), table: TableName::default() };
    world.make_pending(&["ch_1"]).await;
    let killed = world.store.claim("billing", 0, 1, "killed").await.unwrap();
    assert_eq!(queue::open(&settings).send(&killed).await.outcomes, [Outcome::Acknowledged]);
    world.age("outbox_pending", "claimed_until").await;

    let drained = run(&world, [("billing".to_owned(), queue::open(&settings))]).await;
    assert_eq!((drained.n_sent(), drained.left), (1, 0));
    let url = format!("sqlite://{}", path.display());
    let mut reader = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT event_id FROM tieout_events").fetch_all(&mut reader).await.unwrap();
    assert_eq!(ids, [event_id("ch_1").to_string()]);
}

async fn a_dead_event_leaves_its_siblings_alone(world: World) {
    world.make_pending(&["ch_1", "ch_2"]).await;
    let first = world.store.claim("billing", 0, 1, "peek").await.unwrap()[0].event_id;
    world.store.release_claims("peek").await.unwrap();
    let dead = Outcome::Dead { class: "poison", reason: "cannot be stored".to_owned() };
    let drained = run(&world, [scripted("billing", [outcomes([dead, Outcome::Acknowledged])])]).await;
    assert_eq!((drained.n_sent(), drained.dead.values().sum::<u64>(), drained.left), (1, 1, 0));
    let (dead, sent) = if first == event_id("ch_1") { ("ch_1", "ch_2") } else { ("ch_2", "ch_1") };
    assert_eq!(world.event_state(dead).await, OutboxState::Dead);
    assert_eq!(world.finding(dead).await.state, State::Open);
    assert_eq!(world.event_state(sent).await, OutboxState::Sent);
}

async fn a_failed_event_stays_pending_when_the_budget_is_over(world: World) {
    world.make_pending(&["ch_1"]).await;
    let retry = outcomes([Outcome::Retry("no room".to_owned())]);
    let mut queues = Queues::from([scripted("billing", [retry])]);
    let drained =
        drain(&world.store, &mut queues, Duration::from_millis(300), &Going::default()).await.unwrap();
    assert_eq!((drained.n_sent(), drained.retried, drained.left), (0, 1, 1));
    assert_eq!(attempts(&world, "ch_1").await, 1);
}

async fn an_event_that_fails_too_often_is_given_up(world: World) {
    let retry = Outcome::Retry("no room".to_owned());
    assert_eq!(class_after(&world, MAX_ATTEMPTS, &retry).await, "exhausted: no room");
}

async fn an_event_that_nothing_takes_is_given_up_sooner(world: World) {
    let unroutable = Outcome::Unroutable("no queue".to_owned());
    assert_eq!(class_after(&world, MAX_UNROUTABLE, &unroutable).await, "unroutable: no queue");
}

/// Why an event is dead after so many equal attempts, and that it was not before.
async fn class_after(world: &World, attempts: u32, outcome: &Outcome) -> String {
    world.make_pending(&["ch_1"]).await;
    for _ in 0..attempts {
        assert_eq!(world.event_state("ch_1").await, OutboxState::Pending);
        world.age("outbox_pending", "due_at").await;
        let mut queues = Queues::from([scripted("billing", [outcomes([outcome.clone()])])]);
        drain(&world.store, &mut queues, Duration::from_millis(50), &Going::default()).await.unwrap();
    }
    let event = world.store.show(&id("ch_1")).await.unwrap().unwrap().event.unwrap();
    assert_eq!(event.state, OutboxState::Dead);
    format!("{}: {}", event.class.unwrap(), event.reason.unwrap())
}

async fn a_refused_queue_costs_no_attempt_and_stops_no_other(world: World) {
    world.make_pending(&["ch_1"]).await;
    let refusal = Delivery { outcomes: Vec::new(), fault: Some(refused()) };
    let drained = run(&world, [scripted("archive", []), scripted("billing", [refusal])]).await;
    assert_eq!((drained.n_sent(), drained.left), (0, 1));
    assert_eq!(drained.faults.get("billing"), Some(&refused()));
    assert_eq!(attempts(&world, "ch_1").await, 0);
    assert_eq!(world.store.claim("billing", 0, 1, "next").await.unwrap().len(), 1);
}

async fn an_unreachable_queue_is_tried_again(world: World) {
    world.make_pending(&["ch_1"]).await;
    let silence = Delivery { outcomes: Vec::new(), fault: Some(unreachable()) };
    let drained = run(&world, [scripted("billing", [silence])]).await;
    assert_eq!((drained.n_sent(), drained.left), (1, 0));
    assert!(drained.faults.is_empty());
    assert_eq!(attempts(&world, "ch_1").await, 0);
}

async fn what_there_is_no_room_for_costs_no_attempt_and_holds_up_nothing_else(world: World) {
    world.make_pending(&["ch_1", "ch_2"]).await;
    let full = outcomes([Outcome::NotNow("full".to_owned()), Outcome::Acknowledged]);
    let mut queues = Queues::from([scripted("billing", [full])]);
    let short = Duration::from_millis(300);
    let drained = drain(&world.store, &mut queues, short, &Going::default()).await.unwrap();
    assert_eq!((drained.n_sent(), drained.retried, drained.left), (1, 0, 1));
    world.age("outbox_pending", "due_at").await;
    assert_eq!(world.store.claim("billing", 0, 1, "next").await.unwrap()[0].attempts, 0);
}

/// Never answers.
struct Silent;

impl Queue for Silent {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        futures::future::pending().boxed()
    }

    fn send<'a>(&'a mut self, _: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        futures::future::pending().boxed()
    }
}

async fn a_queue_that_never_answers_does_not_outlast_the_budget(world: World) {
    world.make_pending(&["ch_1"]).await;
    let mut queues: Queues = [("billing".to_owned(), Box::new(Silent) as Box<dyn Queue>)].into();
    // Enough to begin with.
    let budget = Duration::from_millis(500);
    let drained = drain(&world.store, &mut queues, budget, &Going::default()).await.unwrap();
    assert_eq!((drained.n_sent(), drained.left), (0, 1));
    let fault = drained.faults["billing"].to_string();
    assert!(fault.contains("before the time for delivery was over"), "{fault}");
    assert_eq!(attempts(&world, "ch_1").await, 0);
}

async fn what_a_queue_did_before_it_broke_is_recorded(world: World) {
    world.make_pending(&["ch_1", "ch_2"]).await;
    let half = Delivery { outcomes: vec![Outcome::Acknowledged], fault: Some(refused()) };
    let drained = run(&world, [scripted("billing", [half])]).await;
    assert_eq!((drained.n_sent(), drained.left), (1, 1));
}

async fn a_queue_that_is_not_configured_leaves_its_events(world: World) {
    world.make_pending(&["ch_1"]).await;
    let drained = run(&world, [scripted("archive", [])]).await;
    assert_eq!((drained.n_sent(), drained.left), (0, 1));
}

/// Takes few events at once, and notes how many it was given.
struct Modest {
    given: Arc<Mutex<Vec<usize>>>,
}

impl Queue for Modest {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn takes_at_once(&self) -> u32 {
        2
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.given.lock().unwrap().push(batch.len());
        async { Delivery { outcomes: vec![Outcome::Acknowledged; batch.len()], fault: None } }.boxed()
    }
}

async fn a_queue_is_given_no_more_at_once_than_it_takes(world: World) {
    world.make_pending(&["ch_1", "ch_2", "ch_3"]).await;
    let given = Arc::<Mutex<Vec<usize>>>::default();
    let modest = Box::new(Modest { given: Arc::clone(&given) });
    let drained = run(&world, [("billing".to_owned(), modest as Box<dyn Queue>)]).await;
    assert_eq!((drained.n_sent(), drained.left), (3, 0));
    assert_eq!(*given.lock().unwrap(), [2, 1]);
}

/// Has consumers that take some of what there is each time they are looked at.
struct Consumed {
    consumes: u64,
    behind: u64,
    worst: Arc<Mutex<u64>>,
    tells: bool,
}

impl Queue for Consumed {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn lag<'a>(&'a mut self, of: Option<&'a str>) -> BoxFuture<'a, Result<Option<Lag>, QueueFault>> {
        assert_eq!(of, Some("shop"));
        self.behind = self.behind.saturating_sub(self.consumes);
        let lag = Lag { waiting: self.behind, taken: None };
        let told = if self.tells { Ok(Some(lag)) } else { Err(refused()) };
        async { told }.boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.behind += batch.len() as u64;
        let mut worst = self.worst.lock().unwrap();
        *worst = self.behind.max(*worst);
        async { Delivery { outcomes: vec![Outcome::Acknowledged; batch.len()], fault: None } }.boxed()
    }
}

/// A queue, by its name.
type Named = (String, Box<dyn Queue>);

/// A queue whose consumers may be 10 events behind, and how far they have been at most.
fn bounded(takes: u64, behind: u64, tells: bool) -> (Named, Arc<Mutex<u64>>) {
    let worst = Arc::<Mutex<u64>>::default();
    let consumers = Consumed { consumes: takes, behind, worst: Arc::clone(&worst), tells };
    let queue = queue::watched(Box::new(consumers), Some("shop".to_owned()), Some(10));
    (("billing".to_owned(), queue), worst)
}

async fn make_pending(world: &World, count: usize) {
    let keys: Vec<String> = (0..count).map(|number| format!("ch_{number}")).collect();
    world.make_pending(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

async fn consumers_that_are_slow_are_never_further_behind_than_they_may_be(world: World) {
    make_pending(&world, 35).await;
    let (queue, worst) = bounded(4, 0, true);
    let drained = run(&world, [queue]).await;
    assert_eq!((drained.n_sent(), drained.left, drained.crowds.len()), (35, 0, 0));
    assert_eq!(*worst.lock().unwrap(), 10);
}

async fn what_consumers_have_no_room_for_stays_pending_and_says_so(world: World) {
    make_pending(&world, 3).await;
    let (queue, worst) = bounded(0, 10_312, true);
    let mut queues = Queues::from([queue]);
    let budget = Duration::from_millis(300);
    let drained = drain(&world.store, &mut queues, budget, &Going::default()).await.unwrap();
    assert_eq!((drained.n_sent(), drained.left, *worst.lock().unwrap()), (0, 3, 0));
    assert_eq!(drained.crowds["billing"], Crowd { behind: 10_312, max: 10 });
    assert_eq!(
        drained.problems().collect::<Vec<_>>(),
        ["the queue `billing` waits for its consumers: 10,312 behind, and at most 10 may be"]
    );
    assert_eq!(attempts(&world, "ch_0").await, 0);
    let (queue, _) = bounded(u64::MAX, 10_312, true);
    assert_eq!(run(&world, [queue]).await.n_sent(), 3);
    let (queue, _) = bounded(0, 10_312, true);
    let drained = run(&world, [queue]).await;
    assert_eq!(drained.crowds.len(), 0, "nothing waits for anybody");
}

async fn a_lag_that_is_not_known_slows_nothing_down(world: World) {
    make_pending(&world, 35).await;
    let (queue, _) = bounded(0, 0, false);
    assert_eq!(run(&world, [queue]).await.n_sent(), 35);
}

//! The order of a key's events, whatever happens to them on their way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::going::Going;
use crate::queue::{Delivery, Outcome, Queue, QueueFault, Queues};
use crate::relay::drain;
use crate::store::tests::{World, event, event_id, on_both_stores};
use crate::store::{Commit, Outgoing, Release};

on_both_stores!(a_key_keeps_its_order_through_failures_faults_and_dead_relays);

const KEYS: usize = 120;
const OF_EACH: usize = 3;

/// What a consumer sees: which events of each key have arrived, and which were given to the queue before an older one had arrived.
#[derive(Debug, Default)]
struct Seen {
    arrived: BTreeMap<String, Vec<uuid::Uuid>>,
    too_early: Vec<String>,
}

/// Fails in every way a queue can, by a rule that depends on nothing but the event and how often it was given.
struct Moody {
    seen: Arc<Mutex<Seen>>,
    given: usize,
}

impl Moody {
    fn answer(&mut self, event: &Outgoing) -> Option<Outcome> {
        let mut seen = self.seen.lock().unwrap();
        self.given += 1;
        let key = event.id.key.to_string();
        let arrived = seen.arrived.entry(key.clone()).or_default();
        let number = (0..OF_EACH).find(|number| nth(&key, *number) == event.event_id).unwrap();
        let is_early = arrived.len() < number;
        let outcome = match (usize::from(event.event_id.as_bytes()[0]) + self.given) % 11 {
            0 => Some(Outcome::Retry("busy".to_owned())),
            1 => Some(Outcome::NotNow("full".to_owned())),
            2 if self.given.is_multiple_of(4) => None,
            _ => {
                if !arrived.contains(&event.event_id) {
                    arrived.push(event.event_id);
                }
                Some(Outcome::Acknowledged)
            }
        };
        if is_early {
            seen.too_early.push(key);
        }
        outcome
    }
}

impl Queue for Moody {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn takes_at_once(&self) -> u32 {
        10
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        async move {
            let mut delivery = Delivery::default();
            for event in batch {
                let Some(outcome) = self.answer(event) else {
                    let (place, why) = ("here".to_owned(), "it hung up".to_owned());
                    delivery.fault = Some(QueueFault::Unreachable { place, why });
                    break;
                };
                delivery.outcomes.push(outcome);
                tokio::task::yield_now().await;
            }
            delivery
        }
        .boxed()
    }
}

/// The id of a key's event by its place in their order.
fn nth(key: &str, number: usize) -> uuid::Uuid {
    event_id(&format!("{key}/{number}"))
}

async fn a_key_keeps_its_order_through_failures_faults_and_dead_relays(world: World) {
    let keys: Vec<String> = (0..KEYS).map(|number| format!("ch_{number}")).collect();
    for number in 0..OF_EACH {
        let numbered = |key: &String| {
            let mut event = event(key);
            event.id = nth(key, number);
            event
        };
        let events = keys.iter().map(numbered).collect();
        world.store.commit(&world.lease, Commit { events, ..Commit::default() }).await.unwrap();
    }
    world.store.release(&world.lease, |_| Release::Pending).await.unwrap();

    let seen = Arc::<Mutex<Seen>>::default();
    let mut drains = 0;
    loop {
        if drains % 2 == 0 {
            // A relay that died with a batch.
            world.store.claim("billing", 0, 7, &format!("dead {drains}")).await.unwrap();
        }
        let moody: Box<dyn Queue> = Box::new(Moody { seen: Arc::clone(&seen), given: drains });
        let mut queues = Queues::from([("billing".to_owned(), moody)]);
        let short = Duration::from_millis(400);
        let drained = drain(&world.store, &mut queues, short, &Going::default()).await.unwrap();
        if drained.left == 0 {
            break;
        }
        drains += 1;
        assert!(drains < 200, "{} are left", drained.left);
        world.age("outbox_pending", "due_at").await;
        world.age("outbox_pending", "claimed_until").await;
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.too_early, [""; 0]);
    for key in &keys {
        let in_order: Vec<_> = (0..OF_EACH).map(|number| nth(key, number)).collect();
        assert_eq!(seen.arrived[key], in_order, "{key}");
    }
}

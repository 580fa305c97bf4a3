//! What a queue has no room for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{attempts, run};
use crate::going::Going;
use crate::queue::{Delivery, Outcome, Queue, QueueFault};
use crate::relay::drain;
use crate::store::Outgoing;
use crate::store::tests::{World, on_both_stores};

on_both_stores!(
    a_queue_that_throttles_is_given_less_and_has_everything_soon,
    a_queue_without_room_for_anything_is_asked_seldom,
    a_queue_that_does_not_come_to_an_end_in_its_time_is_given_less,
);

/// Takes only so many of a batch, and notes how many it was given.
struct Tight {
    takes: usize,
    given: Arc<Mutex<Vec<usize>>>,
}

impl Queue for Tight {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.given.lock().unwrap().push(batch.len());
        let answer = |(at, _)| {
            if at < self.takes { Outcome::Acknowledged } else { Outcome::NotNow("too many".to_owned()) }
        };
        let outcomes = batch.iter().enumerate().map(answer).collect();
        async { Delivery { outcomes, fault: None } }.boxed()
    }
}

async fn make_pending(world: &World, count: usize) {
    let keys: Vec<String> = (0..count).map(|number| format!("ch_{number}")).collect();
    world.make_pending(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

async fn with_events(world: &World, count: usize, takes: usize) -> (Box<dyn Queue>, Arc<Mutex<Vec<usize>>>) {
    make_pending(world, count).await;
    let given = Arc::<Mutex<Vec<usize>>>::default();
    (Box::new(Tight { takes, given: Arc::clone(&given) }), given)
}

/// Breaks off after a while where it is given more than it can do in its time, and keeps what it did as if it had done nothing.
struct Slow {
    can_do: usize,
    given: Arc<Mutex<Vec<usize>>>,
}

impl Queue for Slow {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.given.lock().unwrap().push(batch.len());
        async {
            if batch.len() <= self.can_do {
                return Delivery { outcomes: vec![Outcome::Acknowledged; batch.len()], fault: None };
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
            let (place, why) = ("the slow queue".to_owned(), "it did not answer in time".to_owned());
            Delivery { outcomes: Vec::new(), fault: Some(QueueFault::Unreachable { place, why }) }
        }
        .boxed()
    }
}

async fn a_queue_that_does_not_come_to_an_end_in_its_time_is_given_less(world: World) {
    make_pending(&world, 300).await;
    let given = Arc::<Mutex<Vec<usize>>>::default();
    let slow: Box<dyn Queue> = Box::new(Slow { can_do: 150, given: Arc::clone(&given) });
    let drained = run(&world, [("billing".to_owned(), slow)]).await;
    assert_eq!((drained.n_sent(), drained.left), (300, 0));
    assert_eq!(attempts(&world, "ch_299").await, 0);
    let given = given.lock().unwrap();
    // Half of five hundred is still too much, half of that is not.
    assert_eq!(given[..3], [300, 250, 125], "{given:?}");
}

async fn a_queue_that_throttles_is_given_less_and_has_everything_soon(world: World) {
    let (tight, given) = with_events(&world, 900, 200).await;
    let began = tokio::time::Instant::now();
    let drained = run(&world, [("billing".to_owned(), tight)]).await;
    assert_eq!((drained.n_sent(), drained.retried, drained.left), (900, 0, 0));
    assert_eq!(attempts(&world, "ch_899").await, 0);
    let given = given.lock().unwrap();
    assert_eq!(given[0], 500);
    assert!(given[2..].iter().all(|count| *count <= 250), "{given:?}");
    assert!(began.elapsed() < Duration::from_secs(15), "{given:?}");
}

async fn a_queue_without_room_for_anything_is_asked_seldom(world: World) {
    let (full, given) = with_events(&world, 20, 0).await;
    let mut queues = [("billing".to_owned(), full)].into();
    let short = Duration::from_millis(1_200);
    let drained = drain(&world.store, &mut queues, short, &Going::default()).await.unwrap();
    assert_eq!((drained.n_sent(), drained.left), (0, 20));
    assert_eq!(*given.lock().unwrap(), [20, 20], "after half a second, and then after a whole one");
    assert_eq!(attempts(&world, "ch_0").await, 0);
}

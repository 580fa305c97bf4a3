//! Queues do not wait for each other, and within one, the state store and the queue do not wait for each other either.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::oneshot;

use super::{BUDGET, outcomes, run, scripted};
use crate::going::Going;
use crate::queue::{Delivery, Outcome, Queue, QueueFault, Queues};
use crate::relay::drain;
use crate::store::tests::{World, event, on_both_stores};
use crate::store::{Commit, Outgoing, Release, StoreSettings};

on_both_stores!(a_slow_queue_holds_up_no_other, a_state_store_that_fails_ends_the_drain_of_every_queue);

fn acknowledged(batch: &[Outgoing]) -> Delivery {
    Delivery { outcomes: vec![Outcome::Acknowledged; batch.len()], fault: None }
}

/// Answers when it is told to.
struct Slow(Option<oneshot::Receiver<()>>);

impl Queue for Slow {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        async move {
            if let Some(told) = self.0.take() {
                told.await.unwrap();
            }
            acknowledged(batch)
        }
        .boxed()
    }
}

/// Tells when it has everything.
struct Fast {
    left: usize,
    tell: Option<oneshot::Sender<()>>,
}

impl Queue for Fast {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.left -= batch.len();
        if self.left == 0 {
            self.tell.take().unwrap().send(()).unwrap();
        }
        async { acknowledged(batch) }.boxed()
    }
}

/// Makes events pending for two queues.
async fn for_two(world: &World, billing: usize) {
    let mut archived = event("ch_archived");
    archived.queue = "archive".to_owned();
    world.store.commit(&world.lease, Commit { events: vec![archived], ..Commit::default() }).await.unwrap();
    let keys: Vec<String> = (0..billing).map(|number| format!("ch_{number}")).collect();
    world.stage(&world.lease, &keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
}

async fn a_slow_queue_holds_up_no_other(world: World) {
    for_two(&world, 1_200).await;
    let (tell, told) = oneshot::channel();
    let slow: Box<dyn Queue> = Box::new(Slow(Some(told)));
    let fast: Box<dyn Queue> = Box::new(Fast { left: 1_200, tell: Some(tell) });
    let drained = run(&world, [("archive".to_owned(), slow), ("billing".to_owned(), fast)]).await;
    assert_eq!((drained.n_sent(), drained.left), (1_201, 0), "{:?}", drained.faults);
}

/// Takes everything, and takes the state store's history away.
struct Destroyer(StoreSettings);

impl Queue for Destroyer {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        async {
            match &self.0 {
                StoreSettings::Postgres { url } => {
                    let mut server = PgConnection::connect(url.expose_secret()).await.unwrap();
                    sqlx::query("DROP TABLE tieout.finding_history").execute(&mut server).await.unwrap();
                }
                StoreSettings::Sqlite { path } => {
                    let url = format!("sqlite://{}", path.display());
                    let mut file = sqlx::SqliteConnection::connect(&url).await.unwrap();
                    sqlx::query("DROP TABLE finding_history").execute(&mut file).await.unwrap();
                }
            }
            acknowledged(batch)
        }
        .boxed()
    }
}

async fn a_state_store_that_fails_ends_the_drain_of_every_queue(world: World) {
    for_two(&world, 1).await;
    let full = [(); 100].map(|()| outcomes([Outcome::NotNow("full".to_owned())]));
    let destroyer: Box<dyn Queue> = Box::new(Destroyer(world.settings.clone()));
    let mut queues = Queues::from([scripted("archive", full), ("billing".to_owned(), destroyer)]);
    let ended = drain(&world.store, &mut queues, BUDGET * 100, &Going::default()).await;
    assert!(ended.is_err(), "{ended:?}");
}

/// How many rows of a table of the state store meet a condition.
async fn count(url: &str, which: &str) -> i64 {
    let mut server = PgConnection::connect(url).await.unwrap();
    let sql = format!("SELECT count(*) FROM tieout.{which}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut server).await.unwrap()
}

/// Answers each batch only once the state store has done something else meanwhile.
struct Watchful {
    url: String,
    batches: i64,
}

impl Queue for Watchful {
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async { Ok(()) }.boxed()
    }

    fn takes_at_once(&self) -> u32 {
        10
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        async {
            let is_last = self.batches == 2;
            while !is_last && count(&self.url, "outbox_pending WHERE claimed_by IS NOT NULL").await < 20 {}
            while count(&self.url, "outbox WHERE state = 'sent'").await < 10 * self.batches {}
            self.batches += 1;
            acknowledged(batch)
        }
        .boxed()
    }
}

#[tokio::test]
async fn while_a_batch_is_on_its_way_the_next_is_claimed_and_the_one_before_is_recorded() {
    World::on_postgres(async |world| {
        let keys: Vec<String> = (0..30).map(|number| format!("ch_{number}")).collect();
        world.make_pending(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let StoreSettings::Postgres { url } = &world.settings else { unreachable!() };
        let watchful = Watchful { url: url.expose_secret().to_owned(), batches: 0 };
        let drained = run(&world, [("billing".to_owned(), Box::new(watchful) as Box<dyn Queue>)]).await;
        assert_eq!((drained.n_sent(), drained.left), (30, 0), "{:?}", drained.faults);
    })
    .await;
}

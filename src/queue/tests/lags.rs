//! How far consumers are behind a table, and what became of a day's events, as the table's own functions move them.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::window::Window;

use super::event;
use crate::queue::{Lag, Queue, QueueFault, QueueSettings, TableName, Tally, ddl, open};
use crate::store::tests::with_postgres;

/// From an hour ago until in an hour.
fn around_now() -> Window {
    let now = Instant::from(chrono::Utc::now());
    let hour = Duration::from_hours(1);
    Window::new(now - hour, now + hour).unwrap()
}

async fn behind(queue: &mut dyn Queue) -> u64 {
    queue.lag(None).await.unwrap().unwrap().behind()
}

async fn on_postgres(test: impl AsyncFnOnce(Box<dyn Queue>, PgConnection)) {
    with_postgres(async |url: String| {
        let settings = QueueSettings::Postgres { url: url.as_str().into(), table: TableName::default() };
        let mut database = PgConnection::connect(&url).await.unwrap();
        database.execute(AssertSqlSafe(ddl(&settings).unwrap())).await.unwrap();
        test(open(&settings), database).await;
    })
    .await;
}

#[tokio::test]
async fn a_claim_without_an_acknowledgement_stays_behind_and_an_acknowledgement_or_a_death_does_not() {
    on_postgres(async |mut queue: Box<dyn Queue>, mut database: PgConnection| {
        let batch: Vec<_> = (0..5).map(|at| event(&format!("ch_{at}"), "1")).collect();
        assert_eq!(behind(queue.as_mut()).await, 0);
        queue.send(&batch).await;
        assert_eq!(queue.lag(None).await.unwrap(), Some(Lag { waiting: 5, taken: Some(0) }));
        let claim = "CREATE TABLE mine AS SELECT event_id, claim FROM tieout_events_claim('me', 3)";
        database.execute(claim).await.unwrap();
        assert_eq!(queue.lag(None).await.unwrap(), Some(Lag { waiting: 2, taken: Some(3) }));
        database
            .execute("SELECT tieout_events_ack(ARRAY[min(event_id)], min(claim::text)::uuid) FROM mine")
            .await
            .unwrap();
        assert_eq!(queue.lag(None).await.unwrap(), Some(Lag { waiting: 2, taken: Some(2) }));
        database
            .execute("SELECT tieout_events_dead(max(event_id), min(claim::text)::uuid, 'no use') FROM mine")
            .await
            .unwrap();
        assert_eq!(queue.lag(None).await.unwrap(), Some(Lag { waiting: 2, taken: Some(1) }));
        database.execute("UPDATE tieout_events SET visible_at = now() - interval '1 s'").await.unwrap();
        assert_eq!(queue.lag(None).await.unwrap(), Some(Lag { waiting: 3, taken: Some(0) }));
        let tally = queue.tally("/tieout/shop.charges", around_now()).await.unwrap().unwrap();
        let told = |number| Some(number);
        assert_eq!(tally, Tally { received: told(5), consumed: told(1), failed: told(1), waiting: told(3) });
    })
    .await;
}

#[tokio::test]
async fn a_day_of_a_table_is_of_one_domain_and_its_members() {
    on_postgres(async |mut queue: Box<dyn Queue>, _| {
        let mut batch: Vec<_> = (0..4).map(|at| event(&format!("ch_{at}"), "1")).collect();
        "/tieout/shop.charges/acme".clone_into(&mut batch[1].source);
        "/tieout/shop.charges2".clone_into(&mut batch[2].source);
        "/tieout/shop_charges".clone_into(&mut batch[3].source);
        queue.send(&batch).await;
        let tally = queue.tally("/tieout/shop.charges", around_now()).await.unwrap().unwrap();
        assert_eq!((tally.received, tally.waiting), (Some(2), Some(2)));
        let hour = Duration::from_hours(1);
        let before = Window::new(around_now().from() - hour, around_now().from()).unwrap();
        let tally = queue.tally("/tieout/shop.charges", before).await.unwrap().unwrap();
        assert_eq!(tally, Tally { received: Some(0), consumed: Some(0), failed: Some(0), waiting: Some(0) });
    })
    .await;
}

#[tokio::test]
async fn a_table_that_was_made_before_its_consumers_had_functions_tells_what_to_do() {
    let old =
        "CREATE TABLE tieout_events (seq bigserial PRIMARY KEY, event_id text UNIQUE, source text, type text,
        subject text, event json, enqueued_at timestamptz DEFAULT now(), consumed_at timestamptz)";
    with_postgres(async |url: String| {
        let mut database = PgConnection::connect(&url).await.unwrap();
        database.execute(old).await.unwrap();
        let mut queue =
            open(&QueueSettings::Postgres { url: url.as_str().into(), table: TableName::default() });
        let Err(QueueFault::Refused { why, .. }) = queue.lag(None).await else { panic!() };
        assert!(why.contains("`tieout migrate queue NAME`"), "{why}");
        assert_eq!(queue.send(&[event("ch_1", "1")]).await.fault, None, "it still takes events");
    })
    .await;
}

#[tokio::test]
async fn a_queue_of_pgmq_is_behind_by_what_was_neither_archived_nor_deleted() {
    with_postgres(async |url: String| {
        let settings = QueueSettings::Pgmq { url: url.as_str().into(), queue: "Billing".parse().unwrap() };
        let mut database = PgConnection::connect(&url).await.unwrap();
        for statements in [super::pgmq::PGMQ, &ddl(&settings).unwrap()] {
            database.execute(AssertSqlSafe(statements.to_owned())).await.unwrap();
        }
        let mut queue = open(&settings);
        queue.send(&[event("ch_1", "1"), event("ch_2", "1"), event("ch_3", "1")]).await;
        database.execute("SELECT pgmq.read('Billing', 60, 2)").await.unwrap();
        assert_eq!(queue.lag(None).await.unwrap(), Some(Lag { waiting: 1, taken: Some(2) }));
        database.execute("SELECT pgmq.archive('Billing', 1), pgmq.delete('Billing', 2)").await.unwrap();
        assert_eq!(behind(queue.as_mut()).await, 1);
        assert_eq!(queue.tally("/tieout/shop.charges", around_now()).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_sqlite_table_keeps_no_failures_and_a_file_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let mut queue = open(&QueueSettings::Sqlite { path: path.clone(), table: TableName::default() });
    assert_eq!(queue.lag(None).await.unwrap(), Some(Lag { waiting: 0, taken: None }));
    assert!(!path.exists());
    queue.send(&[event("ch_1", "1"), event("ch_2", "1"), event("ch_3", "1")]).await;
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    database.execute("UPDATE tieout_events SET consumed_at = 'now' WHERE subject = 'ch_1'").await.unwrap();
    assert_eq!(queue.lag(None).await.unwrap(), Some(Lag { waiting: 2, taken: None }));
    let tally = queue.tally("/tieout/shop.charges", around_now()).await.unwrap().unwrap();
    assert_eq!(tally, Tally { received: Some(3), consumed: Some(1), failed: None, waiting: Some(2) });
}

#[tokio::test]
async fn a_queue_without_consumers_of_its_own_does_not_tell() {
    let mut queue = open(&QueueSettings::Stdout);
    assert_eq!(queue.lag(None).await.unwrap(), None);
    assert_eq!(queue.tally("/tieout/shop.charges", around_now()).await.unwrap(), None);
}

//! Queues of pgmq, as its own SQL makes them.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::event;
use crate::local::tests::Pooler;
use crate::queue::{Outcome, Queue, QueueFault, QueueSettings, ddl, open};
use crate::store::tests::{event_id, with_postgres};

pub(super) const PGMQ: &str = include_str!("../../../tests/fixtures/pgmq/pgmq.sql");

/// What a version of pgmq that knows no headers has.
const OLD: &str = "CREATE SCHEMA pgmq;
    CREATE TABLE pgmq.q_billing (msg_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, message jsonb);
    CREATE FUNCTION pgmq.send_batch(queue_name text, msgs jsonb[], delay integer DEFAULT 0) RETURNS SETOF bigint
    LANGUAGE sql AS 'INSERT INTO pgmq.q_billing (message) SELECT unnest(msgs) RETURNING msg_id'";

/// Runs a test with a PostgreSQL database, a queue in it and some statements.
async fn on_pgmq(statements: &[&str], test: impl AsyncFnOnce(Box<dyn Queue>, PgConnection)) {
    with_postgres(async |url: String| {
        let settings = QueueSettings::Pgmq { url: url.as_str().into(), queue: "billing".parse().unwrap() };
        let mut database = PgConnection::connect(&url).await.unwrap();
        for statements in statements {
            database.execute(AssertSqlSafe((*statements).to_owned())).await.unwrap();
        }
        test(open(&settings), database).await;
    })
    .await;
}

fn made() -> String {
    let queue = "billing".parse().unwrap();
    ddl(&QueueSettings::Pgmq { url: "postgres://127.0.0.1/none".into(), queue }).unwrap()
}

async fn ids(database: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar("SELECT message->>'id' FROM pgmq.q_billing ORDER BY msg_id")
        .fetch_all(database)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_queue_of_pgmq_gets_whole_events_and_the_group_of_each() {
    on_pgmq(&[PGMQ, &made()], async |mut queue: Box<dyn Queue>, mut database: PgConnection| {
        queue.ready().await.unwrap();
        assert_eq!(ids(&mut database).await, Vec::<String>::new());
        let batch = [event("ch_1", "1.10"), event("ch_2", "2")];
        assert_eq!(queue.send(&batch).await.outcomes, [Outcome::Acknowledged, Outcome::Acknowledged]);
        let read: Vec<(String, String)> = sqlx::query_as(
            "SELECT message::text, headers::text FROM pgmq.read('billing', 30, 10) ORDER BY msg_id",
        )
        .fetch_all(&mut database)
        .await
        .unwrap();
        insta::assert_debug_snapshot!(read);
    })
    .await;
}

#[tokio::test]
async fn a_queue_of_pgmq_may_get_an_event_twice() {
    on_pgmq(&[PGMQ, &made()], async |mut queue: Box<dyn Queue>, mut database: PgConnection| {
        for _ in 0..2 {
            assert_eq!(queue.send(&[event("ch_1", "1")]).await.outcomes, [Outcome::Acknowledged]);
        }
        assert_eq!(ids(&mut database).await, vec![event_id("ch_1").to_string(); 2]);
    })
    .await;
}

#[tokio::test]
async fn a_zero_character_is_poison_for_pgmq_and_its_siblings_arrive_once() {
    on_pgmq(&[PGMQ, &made()], async |mut queue: Box<dyn Queue>, mut database: PgConnection| {
        let batch = [event("ch_1", "1"), event("ch_2", r#""a\u0000b""#), event("ch_3", "3")];
        let delivery = queue.send(&batch).await;
        assert_eq!(delivery.fault, None);
        let [Outcome::Acknowledged, Outcome::Dead { class: "poison", .. }, Outcome::Acknowledged] =
            delivery.outcomes.as_slice()
        else {
            panic!("{delivery:?}")
        };
        assert_eq!(ids(&mut database).await, ["ch_1", "ch_3"].map(|key| event_id(key).to_string()));
    })
    .await;
}

#[tokio::test]
async fn a_pgmq_without_headers_gets_none() {
    on_pgmq(&[OLD], async |mut queue: Box<dyn Queue>, mut database: PgConnection| {
        queue.ready().await.unwrap();
        assert_eq!(queue.send(&[event("ch_1", "1")]).await.outcomes, [Outcome::Acknowledged]);
        assert_eq!(ids(&mut database).await, [event_id("ch_1").to_string()]);
    })
    .await;
}

#[tokio::test]
async fn without_pgmq_or_the_queue_it_is_refused_with_the_way_out() {
    for (statements, lack) in [
        ("SELECT 1", "there is no pgmq in this database"),
        ("CREATE SCHEMA pgmq", "there is no pgmq in this database"),
        (PGMQ, "pgmq has no queue `billing`"),
    ] {
        on_pgmq(&[statements], async |mut queue: Box<dyn Queue>, _| {
            let Err(QueueFault::Refused { why, .. }) = queue.ready().await else { panic!("{lack}") };
            assert!(why.starts_with(lack) && why.contains("`SELECT pgmq.create('billing');`"), "{why}");
            let delivery = queue.send(&[event("ch_1", "1")]).await;
            assert!(delivery.outcomes.is_empty(), "{delivery:?}");
            assert!(matches!(delivery.fault, Some(QueueFault::Refused { .. })), "{delivery:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_login_without_the_rights_is_refused_until_it_has_them() {
    with_postgres(async |url: String| {
        let mut database = PgConnection::connect(&url).await.unwrap();
        let role = format!("sender_{}", uuid::Uuid::now_v7().simple());
        for statements in [PGMQ, &made(), &format!("CREATE ROLE {role} LOGIN")] {
            database.execute(AssertSqlSafe(statements.to_owned())).await.unwrap();
        }
        let mut login = url::Url::parse(&url).unwrap();
        login.set_username(&role).unwrap();
        let settings = QueueSettings::Pgmq { url: login.as_str().into(), queue: "billing".parse().unwrap() };
        let mut queue = open(&settings);
        for (grant, refusal) in [
            ("USAGE ON SCHEMA pgmq", "permission denied for schema pgmq"),
            ("INSERT, SELECT ON pgmq.q_billing", "`GRANT INSERT, SELECT ON pgmq.q_billing TO ...`"),
        ] {
            let Err(QueueFault::Refused { why, .. }) = queue.ready().await else { panic!("{grant}") };
            assert!(why.contains(refusal), "{why}");
            database.execute(AssertSqlSafe(format!("GRANT {grant} TO {role}"))).await.unwrap();
        }
        queue.ready().await.unwrap();
        assert_eq!(queue.send(&[event("ch_1", "1")]).await.outcomes, [Outcome::Acknowledged]);
        drop(queue);
        database.execute(AssertSqlSafe(format!("DROP OWNED BY {role}; DROP ROLE {role}"))).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_dropped_meanwhile_is_refused_and_works_again_once_it_is_made() {
    on_pgmq(&[PGMQ, &made()], async |mut queue: Box<dyn Queue>, mut database: PgConnection| {
        queue.ready().await.unwrap();
        database.execute("SELECT pgmq.drop_queue('billing')").await.unwrap();
        let delivery = queue.send(&[event("ch_1", "1")]).await;
        let Some(QueueFault::Refused { why, .. }) = delivery.fault else { panic!("{delivery:?}") };
        assert!(why.contains("`SELECT pgmq.create('billing');`"), "{why}");
        database.execute(AssertSqlSafe(made())).await.unwrap();
        assert_eq!(queue.send(&[event("ch_1", "1")]).await.outcomes, [Outcome::Acknowledged]);
    })
    .await;
}

#[tokio::test]
async fn a_queue_of_pgmq_behind_a_transaction_pooler_gets_every_event_that_is_sent() {
    with_postgres(async |url: String| {
        let server: url::Url = url.parse().unwrap();
        let pooler = Pooler::before(&server).await;
        let queue = "billing".parse().unwrap();
        let settings = QueueSettings::Pgmq { url: pooler.url(&server).into(), queue };
        let mut database = PgConnection::connect(&url).await.unwrap();
        for statements in [PGMQ, &made()] {
            database.execute(AssertSqlSafe(statements.to_owned())).await.unwrap();
        }
        let mut senders = [(); 3].map(|()| open(&settings));
        let batch: Vec<_> = (0..100).map(|at| event(&format!("ch_{at}"), "1")).collect();
        for _again in 0..4 {
            // Others at once, so that server connections change hands.
            let sent = futures::future::join_all(senders.iter_mut().map(async |queue| {
                queue.ready().await.unwrap();
                queue.send(&batch).await
            }));
            for delivery in sent.await {
                assert_eq!((delivery.fault, delivery.outcomes), (None, vec![Outcome::Acknowledged; 100]));
            }
        }
        let ids = ids(&mut database).await;
        assert_eq!(ids.len(), 3 * 4 * 100, "each as often as it was sent");
        let ids: BTreeSet<String> = ids.into_iter().collect();
        assert_eq!(ids, batch.iter().map(|event| event.event_id.to_string()).collect());
    })
    .await;
}

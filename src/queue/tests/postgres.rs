//! The table in PostgreSQL.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::event;
use crate::local::tests::Pooler;
use crate::queue::{Lag, Outcome, Queue, QueueFault, QueueSettings, TableName, ddl, open};
use crate::store::tests::with_postgres;

const ZERO: &str = r#""a\u0000b""#;

/// Runs a test with a PostgreSQL database, a queue in it and the statements that it asks for.
async fn on_postgres(statements: Option<&str>, test: impl AsyncFnOnce(Box<dyn Queue>, PgConnection)) {
    with_postgres(async |url: String| {
        let settings = QueueSettings::Postgres { url: url.as_str().into(), table: TableName::default() };
        let mut database = PgConnection::connect(&url).await.unwrap();
        let made = ddl(&settings).unwrap();
        database.execute(AssertSqlSafe(statements.map_or(made, str::to_owned))).await.unwrap();
        test(open(&settings), database).await;
    })
    .await;
}

async fn subjects(database: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar("SELECT subject FROM tieout_events ORDER BY seq").fetch_all(database).await.unwrap()
}

#[tokio::test]
async fn a_postgres_table_gets_every_event_once() {
    on_postgres(None, async |mut queue: Box<dyn Queue>, mut database: PgConnection| {
        queue.ready().await.unwrap();
        assert_eq!(queue.send(&[event("ch_1", ZERO)]).await.outcomes, [Outcome::Acknowledged]);
        let delivery = queue.send(&[event("ch_1", ZERO), event("ch_2", "1.10")]).await;
        assert_eq!(delivery.outcomes, [Outcome::Acknowledged, Outcome::Acknowledged]);
        assert_eq!(subjects(&mut database).await, ["ch_1", "ch_2"]);
        let stored: Vec<String> = sqlx::query_scalar("SELECT event::text FROM tieout_events ORDER BY seq")
            .fetch_all(&mut database)
            .await
            .unwrap();
        assert_eq!(stored, [event("ch_1", ZERO).payload, event("ch_2", "1.10").payload]);
    })
    .await;
}

#[tokio::test]
async fn a_thousand_events_are_one_statement_and_those_that_are_there_are_left_alone() {
    on_postgres(None, async |mut queue: Box<dyn Queue>, mut database: PgConnection| {
        let count = "CREATE TABLE statements (at timestamptz DEFAULT now());
            CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO statements DEFAULT VALUES; RETURN NULL; END $$;
            CREATE TRIGGER told AFTER INSERT ON tieout_events FOR EACH STATEMENT EXECUTE FUNCTION told()";
        database.execute(count).await.unwrap();
        let batch: Vec<_> = (0..1_000).map(|at| event(&format!("ch_{at}"), "1")).collect();
        assert_eq!(queue.send(&batch[..10]).await.outcomes.len(), 10);
        assert_eq!(queue.send(&batch).await.outcomes, vec![Outcome::Acknowledged; 1_000]);
        let counted: (i64, i64) =
            sqlx::query_as("SELECT (SELECT count(*) FROM statements), (SELECT count(*) FROM tieout_events)")
                .fetch_one(&mut database)
                .await
                .unwrap();
        assert_eq!(counted, (2, 1_000));
    })
    .await;
}

#[tokio::test]
async fn a_zero_character_is_poison_for_jsonb_and_its_siblings_arrive() {
    let jsonb = "CREATE TABLE tieout_events (seq bigserial PRIMARY KEY, event_id text UNIQUE, source text,
        type text, subject text, event jsonb, enqueued_at timestamptz DEFAULT now(), consumed_at timestamptz)";
    on_postgres(Some(jsonb), async |mut queue: Box<dyn Queue>, mut database: PgConnection| {
        let batch = [event("ch_1", "1"), event("ch_2", ZERO), event("ch_3", "3")];
        let delivery = queue.send(&batch).await;
        assert_eq!(delivery.fault, None);
        let [Outcome::Acknowledged, Outcome::Dead { class, reason }, Outcome::Acknowledged] =
            delivery.outcomes.as_slice()
        else {
            panic!("{delivery:?}")
        };
        assert_eq!(*class, "poison");
        assert!(reason.contains("Unicode"), "{reason}");
        assert_eq!(subjects(&mut database).await, ["ch_1", "ch_3"]);
    })
    .await;
}

#[tokio::test]
async fn a_row_that_a_constraint_forbids_is_rejected_alone() {
    let check = "CREATE TABLE tieout_events (seq bigserial PRIMARY KEY, event_id text UNIQUE, source text,
        type text, subject text CHECK (subject <> 'ch_1'), event json, consumed_at timestamptz)";
    on_postgres(Some(check), async |mut queue: Box<dyn Queue>, _| {
        let delivery = queue.send(&[event("ch_1", "1"), event("ch_2", "2")]).await;
        let [Outcome::Dead { class: "rejected", .. }, Outcome::Acknowledged] = delivery.outcomes.as_slice()
        else {
            panic!("{delivery:?}")
        };
    })
    .await;
}

#[tokio::test]
async fn a_missing_or_misshapen_table_names_the_command_that_prints_its_statements() {
    let misshapen = "CREATE TABLE tieout_events (event_id text UNIQUE)";
    let without_constraint =
        "CREATE TABLE tieout_events (event_id text, source text, type text, subject text,
        event json)";
    for statements in ["SELECT 1", misshapen, without_constraint] {
        on_postgres(Some(statements), async |mut queue: Box<dyn Queue>, _| {
            let Err(QueueFault::Refused { why, .. }) = queue.ready().await else { panic!("{statements}") };
            assert!(why.contains("`tieout migrate queue NAME`") && why.contains("`tieout_events`"), "{why}");
            let delivery = queue.send(&[event("ch_1", "1")]).await;
            assert!(delivery.outcomes.is_empty());
            assert!(matches!(delivery.fault, Some(QueueFault::Refused { .. })), "{delivery:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_queue_comes_back_after_its_connection_was_cut() {
    on_postgres(None, async |mut queue: Box<dyn Queue>, mut database: PgConnection| {
        queue.ready().await.unwrap();
        database
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await
            .unwrap();
        let delivery = queue.send(&[event("ch_1", "1")]).await;
        assert!(matches!(delivery.fault, Some(QueueFault::Unreachable { .. })), "{delivery:?}");
        assert_eq!(queue.send(&[event("ch_1", "1")]).await.outcomes, [Outcome::Acknowledged]);
    })
    .await;
}

#[tokio::test]
async fn a_postgres_that_is_not_there_is_unreachable_and_its_password_unsaid() {
    let url = "postgres://me:hush@127.0.0.1:1/events".into();
    let mut queue = open(&QueueSettings::Postgres { url, table: TableName::default() });
    let Err(fault @ QueueFault::Unreachable { .. }) = queue.ready().await else { panic!() };
    assert!(fault.to_string().contains("127.0.0.1:1/events"), "{fault}");
    assert!(!format!("{fault} {fault:?}").contains("hush"), "{fault:?}");
}

#[tokio::test]
async fn a_postgres_table_behind_a_transaction_pooler_gets_every_event_once() {
    with_postgres(async |url: String| {
        let server: url::Url = url.parse().unwrap();
        let pooler = Pooler::before(&server).await;
        let settings =
            QueueSettings::Postgres { url: pooler.url(&server).into(), table: TableName::default() };
        let mut database = PgConnection::connect(&url).await.unwrap();
        database.execute(AssertSqlSafe(ddl(&settings).unwrap())).await.unwrap();
        let mut senders = [(); 3].map(|()| open(&settings));
        let batch: Vec<_> = (0..600).map(|at| event(&format!("ch_{at}"), "1")).collect();
        for _again in 0..4 {
            // Others at once, so that server connections change hands.
            let sent = futures::future::join_all(senders.iter_mut().map(async |queue| {
                queue.ready().await.unwrap();
                queue.send(&batch).await
            }));
            for delivery in sent.await {
                assert_eq!((delivery.fault, delivery.outcomes), (None, vec![Outcome::Acknowledged; 600]));
            }
        }
        assert_eq!(subjects(&mut database).await.len(), 600);
        assert_eq!(senders[0].unlike().await.unwrap(), Some(Vec::new()));
        assert_eq!(senders[0].lag(None).await.unwrap(), Some(Lag { waiting: 600, taken: Some(0) }));
    })
    .await;
}

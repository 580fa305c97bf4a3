//! The statements of the page about queues are what a consumer runs, one after the other.

use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};
use uuid::Uuid;

use super::statements;
use crate::postgres::Postgres;
use crate::world::World;

const PAGE: &str = include_str!("../../../docs/queues.md");

/// Words that tell the statements of the page apart; each is run below.
const STATEMENTS: [&str; 13] = [
    "_claim(",
    "_ack(",
    "_fail(",
    "_extend(",
    "_dead(",
    "LISTEN",
    "dead_reason FROM",
    "_requeue(",
    "_events_purge(",
    "tieout_inbox_seen(",
    "tieout_inbox_purge(",
    "INTO tieout_inbox (",
    "INTO tieout_inbox_versions",
];

fn blocks() -> Vec<&'static str> {
    PAGE.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// The statement of the page that has some words in it.
fn statement(words: &str) -> AssertSqlSafe<&'static str> {
    assert!(STATEMENTS.contains(&words), "{words}");
    let found: Vec<&str> = blocks().into_iter().filter(|block| block.contains(words)).collect();
    let [statement] = found[..] else { panic!("{words}: {found:?}") };
    AssertSqlSafe(statement)
}

async fn claimed(consumer: &mut PgConnection) -> (Vec<String>, Uuid, String) {
    let rows = sqlx::query(statement("_claim(")).fetch_all(consumer).await.unwrap();
    (
        rows.iter().map(|row| row.get("event_id")).collect(),
        rows[0].get("claim"),
        rows[0].get_unchecked("event"),
    )
}

#[test]
fn every_statement_of_the_page_is_one_that_is_run_here() {
    for block in blocks() {
        assert!(STATEMENTS.iter().any(|words| block.contains(words)), "{block}");
    }
}

#[tokio::test]
async fn the_statements_of_a_consumer_do_what_the_page_says() {
    let postgres = Postgres::create().await;
    postgres.sql("CREATE SCHEMA app").await;
    postgres.sql(&statements("app.tieout_events").await).await;
    let mut listener = PgListener::connect(postgres.url()).await.unwrap();
    let channel = statement("LISTEN").0.trim().strip_prefix("LISTEN ").unwrap().trim_end_matches(';');
    listener.listen(channel).await.unwrap();
    postgres
        .sql(
            "INSERT INTO app.tieout_events (event_id, source, type, subject, event)
             SELECT 'e' || n, '/shop', 't', 'k' || n, '{}' FROM generate_series(1, 3) AS n",
        )
        .await;
    assert_eq!(listener.recv().await.unwrap().channel(), "tieout_events");

    let mut consumer = postgres.connect().await;
    let (ids, claim, event) = claimed(&mut consumer).await;
    assert_eq!((ids.len(), event.as_str()), (3, "{}"));
    let extended: i64 = sqlx::query_scalar(statement("_extend("))
        .bind(&ids)
        .bind(claim)
        .fetch_one(&mut consumer)
        .await
        .unwrap();
    let acked: i64 = sqlx::query_scalar(statement("_ack("))
        .bind(&ids[..1])
        .bind(claim)
        .fetch_one(&mut consumer)
        .await
        .unwrap();
    let failed = sqlx::query_scalar(statement("_fail(")).bind(&ids[1]).bind(claim).bind("no such order");
    let failed: String = failed.fetch_one(&mut consumer).await.unwrap();
    let buried = sqlx::query_scalar(statement("_dead(")).bind(&ids[2]).bind(claim).bind("no such order");
    let buried: bool = buried.fetch_one(&mut consumer).await.unwrap();
    assert_eq!((extended, acked, failed.as_str(), buried), (3, 1, "waiting", true));

    let dead = sqlx::query(statement("dead_reason FROM")).fetch_all(&mut consumer).await.unwrap();
    let dead: Vec<(String, String)> =
        dead.iter().map(|row| (row.get("event_id"), row.get("dead_reason"))).collect();
    assert_eq!(dead, [("e3".to_owned(), "no such order".to_owned())]);
    let requeued: i64 =
        sqlx::query_scalar(statement("_requeue(")).bind(&ids).fetch_one(&mut consumer).await.unwrap();
    assert_eq!(requeued, 1);
    assert_eq!(claimed(&mut consumer).await.0, ["e3"]);
    postgres
        .sql("UPDATE app.tieout_events SET consumed_at = now() - interval '15 days' WHERE event_id = 'e1'")
        .await;
    let purged: i64 = sqlx::query_scalar(statement("_events_purge(")).fetch_one(&mut consumer).await.unwrap();
    assert_eq!(purged, 1);
    postgres.drop().await;
}

#[tokio::test]
async fn the_statements_of_an_inbox_do_what_the_page_says() {
    let postgres = Postgres::create().await;
    postgres.sql(&World::agreeing(0).await.tieout(&["migrate", "inbox"]).stdout).await;
    let mut consumer = postgres.connect().await;
    let event =
        |id: &str, time: &str| format!(r#"{{"source":"/shop","id":"{id}","subject":"k1","time":"{time}"}}"#);
    let mut answers = Vec::new();
    for event in [
        event("b", "2025-11-01T00:00:00.000002Z"),
        event("b", "2025-11-01T00:00:00.000002Z"),
        event("a", "2025-11-01T00:00:00.000001Z"),
    ] {
        let seen = sqlx::query_scalar(statement("tieout_inbox_seen(")).bind(event);
        let seen: String = seen.fetch_one(&mut consumer).await.unwrap();
        answers.push(seen);
    }
    assert_eq!(answers, ["apply", "duplicate", "stale"]);
    let purged: i64 =
        sqlx::query_scalar(statement("tieout_inbox_purge(")).fetch_one(&mut consumer).await.unwrap();
    assert_eq!(purged, 0);
    postgres.drop().await;
}

#[tokio::test]
async fn the_statements_of_an_inbox_in_sqlite_do_what_the_page_says() {
    let printed = World::agreeing(0).await.tieout(&["migrate", "inbox", "--for", "sqlite"]);
    let mut database = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    for _ in 0..2 {
        sqlx::raw_sql(AssertSqlSafe(printed.stdout.clone())).execute(&mut database).await.unwrap();
    }
    let mut changed = Vec::new();
    for (id, version) in [("b", 2_i64), ("b", 2), ("a", 1), ("c", 2)] {
        let seen = sqlx::query(statement("INTO tieout_inbox (")).bind("invoices").bind("/shop").bind(id);
        let seen = seen.execute(&mut database).await.unwrap().rows_affected();
        let applied =
            sqlx::query(statement("INTO tieout_inbox_versions")).bind("invoices").bind("/shop").bind("k1");
        let applied = applied.bind(version).execute(&mut database).await.unwrap().rows_affected();
        changed.push((seen, applied));
    }
    assert_eq!(changed, [(1, 1), (0, 1), (1, 0), (1, 1)]);
}

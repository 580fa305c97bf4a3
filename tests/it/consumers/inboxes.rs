//! The inbox that `tieout migrate inbox` prints, beside any queue: one effect for each event, and none for what is late.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::ask;
use crate::postgres::Postgres;
use crate::world::World;

/// A database with an inbox, made twice, and a table that a consumer fills.
async fn database() -> Postgres {
    let printed = World::agreeing(0).await.tieout(&["migrate", "inbox"]);
    assert_eq!(printed.code, 0, "{printed:?}");
    let postgres = Postgres::create().await;
    postgres.sql(&printed.stdout).await;
    postgres.sql(&printed.stdout).await;
    postgres.sql("CREATE TABLE effects (event_id text)").await;
    postgres
}

/// Applies an event as a consumer does, and says what its inbox said.
async fn apply(consumer: &mut PgConnection, id: &str, version: &str) -> String {
    let seen =
        ask(consumer, &format!("SELECT tieout_inbox_seen('invoices', '/shop', '{id}', 'ch_1', {version})"))
            .await;
    if seen == "apply" {
        let effect = format!("INSERT INTO effects VALUES ('{id}')");
        sqlx::query(AssertSqlSafe(effect)).execute(consumer).await.unwrap();
    }
    seen
}

#[tokio::test]
async fn the_same_id_twice_has_one_effect_and_an_older_version_none() {
    let postgres = database().await;
    let mut consumer = postgres.connect().await;
    let mut answers = Vec::new();
    for (id, version) in [("e2", "2"), ("e2", "2"), ("e1", "1"), ("e1", "1"), ("e3", "10"), ("e4", "NULL")] {
        answers.push(apply(&mut consumer, id, version).await);
    }
    assert_eq!(answers, ["apply", "duplicate", "stale", "duplicate", "apply", "apply"]);
    let effects = "SELECT string_agg(event_id, ' ' ORDER BY event_id) FROM effects";
    assert_eq!(ask(&mut consumer, effects).await, "e2 e3 e4");
    postgres.drop().await;
}

#[tokio::test]
async fn what_rolls_back_was_neither_seen_nor_applied() {
    let postgres = database().await;
    let mut consumer = postgres.connect().await;
    for _ in 0..2 {
        let mut tx = consumer.begin().await.unwrap();
        assert_eq!(apply(&mut tx, "e2", "2").await, "apply");
        assert_eq!(apply(&mut tx, "e2", "2").await, "duplicate");
        assert_eq!(apply(&mut tx, "e1", "1").await, "stale");
        tx.rollback().await.unwrap();
    }
    assert_eq!(apply(&mut consumer, "e1", "1").await, "apply");
    assert_eq!(apply(&mut consumer, "e2", "2").await, "apply");
    assert_eq!(ask(&mut consumer, "SELECT count(*) FROM effects").await, "2");
    postgres.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_apply_the_same_event_at_once_one_does() {
    let postgres = database().await;
    let mut applying = Vec::new();
    for _ in 0..8 {
        let mut consumer = postgres.connect().await;
        applying.push(tokio::spawn(async move {
            let mut tx = consumer.begin().await.unwrap();
            apply(&mut tx, "e1", "1").await;
            tx.commit().await.unwrap();
        }));
    }
    for one in applying {
        one.await.unwrap();
    }
    assert_eq!(postgres.count("SELECT count(*) FROM effects").await, 1);
    postgres.drop().await;
}

#[tokio::test]
async fn old_ids_are_purged_and_versions_stay() {
    let postgres = database().await;
    let mut consumer = postgres.connect().await;
    apply(&mut consumer, "e2", "2").await;
    postgres.sql("UPDATE tieout_inbox SET seen_at = now() - interval '31 days'").await;
    assert_eq!(ask(&mut consumer, "SELECT tieout_inbox_purge()").await, "1");
    assert_eq!(apply(&mut consumer, "e1", "1").await, "stale");
    postgres.drop().await;
}

#[tokio::test]
async fn an_inbox_in_sqlite_has_no_schema() {
    let world = World::agreeing(0).await;
    let refused = world.tieout(&["migrate", "inbox", "--for", "sqlite", "--table", "app.inbox"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("`app.inbox` names a schema, and SQLite has none"), "{refused:?}");
}

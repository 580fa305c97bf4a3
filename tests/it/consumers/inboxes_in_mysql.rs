//! The inbox in MariaDB, asked with the statements of the manual.

use sqlx::{Connection as _, MySqlConnection};

use crate::mysql::MySql;
use crate::world::World;

const SEEN: &str = "INSERT INTO tieout_inbox (consumer, source, event_id) VALUES (?, ?, ?);";
const APPLIED: &str =
    "INSERT INTO tieout_inbox_versions (consumer, source, subject, version) VALUES (?, ?, ?, ?)
ON DUPLICATE KEY UPDATE version = GREATEST(version, VALUES(version));";
const STALE: &str = "SELECT version > ? FROM tieout_inbox_versions WHERE consumer = ? AND source = ? AND subject = ? FOR UPDATE;";
const PURGE: &str = "DELETE FROM tieout_inbox WHERE seen_at < NOW(6) - INTERVAL 30 DAY;";

/// A database with an inbox, made twice, and a table that a consumer fills.
async fn database() -> MySql {
    let printed = World::agreeing(0).await.tieout(&["migrate", "inbox", "--for", "mysql"]);
    assert_eq!(printed.code, 0, "{printed:?}");
    let mysql = MySql::create().await;
    for statements in [&printed.stdout, &printed.stdout, "CREATE TABLE effects (event_id TEXT)"] {
        mysql.sql(statements).await;
    }
    mysql
}

/// Applies an event as a consumer does, in a transaction that ends as it is told, and says what its inbox said.
async fn apply(consumer: &mut MySqlConnection, id: &str, version: i64, commits: bool) -> &'static str {
    let mut tx = consumer.begin().await.unwrap();
    let seen = asked(&mut tx, id, version).await;
    if seen == "apply" {
        sqlx::query("INSERT INTO effects VALUES (?)").bind(id).execute(&mut *tx).await.unwrap();
    }
    if commits {
        tx.commit().await.unwrap();
    } else {
        tx.rollback().await.unwrap();
    }
    seen
}

async fn asked(tx: &mut MySqlConnection, id: &str, version: i64) -> &'static str {
    let (consumer, source, subject) = ("invoices", "/shop", "ch_1");
    let inserted = sqlx::query(SEEN).bind(consumer).bind(source).bind(id).execute(&mut *tx).await;
    match inserted {
        Ok(_) => {}
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return "duplicate",
        Err(error) => panic!("{error}"),
    }
    let applied = sqlx::query(APPLIED).bind(consumer).bind(source).bind(subject).bind(version);
    applied.execute(&mut *tx).await.unwrap();
    let stale = sqlx::query_scalar(STALE).bind(version).bind(consumer).bind(source).bind(subject);
    let is_stale: i64 = stale.fetch_one(&mut *tx).await.unwrap();
    if is_stale == 0 { "apply" } else { "stale" }
}

async fn connect(mysql: &MySql) -> MySqlConnection {
    MySqlConnection::connect(mysql.url()).await.unwrap()
}

#[tokio::test]
async fn in_mysql_the_same_id_twice_has_one_effect_and_an_older_version_none() {
    let mysql = database().await;
    let mut consumer = connect(&mysql).await;
    let mut answers = Vec::new();
    // Ids that differ in their case or in a space at their end are two.
    for (id, version) in [("e2", 2), ("e2", 2), ("e1", 1), ("e1", 1), ("E2", 2), ("e2 ", 10), ("e3", 9)] {
        answers.push(apply(&mut consumer, id, version, true).await);
    }
    assert_eq!(answers, ["apply", "duplicate", "stale", "duplicate", "apply", "apply", "stale"]);
    assert_eq!(mysql.count("SELECT count(*) FROM effects").await, 3);
    mysql.drop().await;
}

#[tokio::test]
async fn in_mysql_what_rolls_back_was_neither_seen_nor_applied() {
    let mysql = database().await;
    let mut consumer = connect(&mysql).await;
    assert_eq!(apply(&mut consumer, "e2", 2, false).await, "apply");
    assert_eq!(apply(&mut consumer, "e1", 1, true).await, "apply");
    assert_eq!(apply(&mut consumer, "e2", 2, true).await, "apply");
    mysql.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mysql_of_many_that_apply_the_same_event_at_once_one_does() {
    let mysql = database().await;
    let mut applying = Vec::new();
    for _ in 0..8 {
        let mut consumer = connect(&mysql).await;
        applying.push(tokio::spawn(async move { apply(&mut consumer, "e1", 1, true).await }));
    }
    let mut answers = Vec::new();
    for one in applying {
        answers.push(one.await.unwrap());
    }
    answers.sort_unstable();
    assert_eq!((answers[0], answers[1]), ("apply", "duplicate"), "{answers:?}");
    assert_eq!(mysql.count("SELECT count(*) FROM effects").await, 1);
    mysql.drop().await;
}

#[tokio::test]
async fn in_mysql_old_ids_are_purged_and_versions_stay() {
    let mysql = database().await;
    let mut consumer = connect(&mysql).await;
    apply(&mut consumer, "e2", 2, true).await;
    mysql.sql("UPDATE tieout_inbox SET seen_at = NOW(6) - INTERVAL 31 DAY").await;
    mysql.sql(PURGE).await;
    assert_eq!(mysql.count("SELECT count(*) FROM tieout_inbox").await, 0);
    assert_eq!(apply(&mut consumer, "e1", 1, true).await, "stale");
    mysql.drop().await;
}

#[tokio::test]
async fn the_statements_for_mysql_are_those_of_the_manual_and_their_table_names_no_database() {
    let manual = include_str!("../../../docs/queues.md");
    let blocks = manual.split("```mysql\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    assert_eq!(blocks.collect::<Vec<_>>(), [SEEN, APPLIED, STALE, PURGE]);
    let world = World::agreeing(0).await;
    let refused = world.tieout(&["migrate", "inbox", "--for", "mysql", "--table", "app.inbox"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("`app.inbox` names a database"), "{refused:?}");
}

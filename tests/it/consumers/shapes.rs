//! The table itself: made twice, made of a former one, named oddly, and read by its indexes.

use sqlx::Row as _;

use super::{add, ask, claim, database, migrate, statements};
use crate::postgres::Postgres;
use crate::world::World;

const FORMER: &str = "CREATE TABLE tieout_events (seq bigserial PRIMARY KEY, event_id text NOT NULL UNIQUE,
    source text NOT NULL, type text NOT NULL, subject text NOT NULL, event json NOT NULL,
    enqueued_at timestamptz NOT NULL DEFAULT now(), consumed_at timestamptz)";

#[tokio::test]
async fn a_table_of_the_former_shape_is_upgraded_with_all_its_rows_and_once_more_changes_nothing() {
    let postgres = Postgres::create().await;
    postgres.sql(FORMER).await;
    add(&postgres, &[("e1", "a"), ("e2", "a"), ("e3", "b")]).await;
    postgres.sql("UPDATE tieout_events SET consumed_at = now() WHERE event_id = 'e1'").await;
    let statements = statements("tieout_events").await;
    postgres.sql(&statements).await;
    let mut consumer = postgres.connect().await;
    let held = claim(&mut consumer, "'one'").await;
    assert_eq!(held.ids(), ["e2", "e3"]);
    postgres.sql(&statements).await;
    assert_eq!(super::ack(&mut consumer, "e2", held.claim).await, "1");
    assert_eq!(postgres.count("SELECT count(*) FROM tieout_events").await, 3);
    postgres.drop().await;
}

#[tokio::test]
async fn two_tables_with_the_longest_names_in_a_schema_do_not_share_their_functions() {
    let postgres = Postgres::create().await;
    postgres.sql("CREATE SCHEMA \"App\"").await;
    let tables = ["A", "B"].map(|end| format!("Events_{}{end}", "x".repeat(46)));
    for table in &tables {
        postgres.sql(&statements(&format!("App.{table}")).await).await;
        let row = format!(
            "INSERT INTO \"App\".\"{table}\" (event_id, source, type, subject, event) VALUES ('{table}', 's', 't', 'a', '{{}}')"
        );
        postgres.sql(&row).await;
    }
    let mut consumer = postgres.connect().await;
    for table in &tables {
        let claim = format!("SELECT event_id FROM \"App\".\"{table}_claim\"('one')");
        assert_eq!(&ask(&mut consumer, &claim).await, table);
    }
    let longer = migrate(&format!("App.{}x", tables[0])).await;
    assert_eq!(longer.code, 2, "{longer:?}");
    assert!(longer.stderr.contains("at most 54 letters"), "{longer:?}");
    postgres.drop().await;
}

#[tokio::test]
async fn a_claim_reads_no_row_that_was_consumed() {
    let postgres = database().await;
    postgres
        .sql(
            "INSERT INTO tieout_events (event_id, source, type, subject, event, consumed_at)
             SELECT 'old' || n, 's', 't', 'k' || n, '{}', now() FROM generate_series(1, 10000) AS n;
             INSERT INTO tieout_events (event_id, source, type, subject, event)
             SELECT 'new' || n, 's', 't', 'k' || n, '{}' FROM generate_series(1, 100) AS n;
             ANALYZE tieout_events",
        )
        .await;
    let mut consumer = postgres.connect().await;
    // A statement in a function is planned anew five times, and then for all arguments alike.
    for _ in 0..7 {
        let mut tx = sqlx::Connection::begin(&mut consumer).await.unwrap();
        assert_eq!(claim(&mut tx, "'one', 10").await.events.len(), 10);
        let read = sqlx::query(
            "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'tieout_events'",
        );
        let read = read.fetch_one(&mut *tx).await.unwrap();
        let (scans, fetched): (i64, i64) = (read.get(0), read.get(1));
        // Counted for all seven together: each looks at the hundred that are open, twice at most, and at none of the ten thousand.
        assert!(
            scans == 0 && fetched < 2_000,
            "{scans} scans of the whole table, {fetched} rows by an index"
        );
        tx.commit().await.unwrap();
    }
    postgres.drop().await;
}

#[tokio::test]
async fn a_consumer_needs_the_rights_to_select_and_update_and_no_more() {
    let postgres = database().await;
    add(&postgres, &[("e1", "a"), ("e2", "b"), ("e3", "c")]).await;
    let role = format!("consumer_{}", uuid::Uuid::now_v7().simple());
    postgres.sql(&format!("CREATE ROLE {role}; GRANT SELECT, UPDATE ON tieout_events TO {role}")).await;
    let mut consumer = postgres.connect().await;
    let set = format!("SET ROLE {role}");
    sqlx::query(sqlx::AssertSqlSafe(set)).execute(&mut consumer).await.unwrap();
    let held = claim(&mut consumer, "'one'").await;
    assert_eq!(super::ack(&mut consumer, "e1", held.claim).await, "1");
    assert_eq!(super::fail(&mut consumer, "e2", held.claim).await, "waiting");
    let dead = format!("SELECT tieout_events_dead('e3', '{}', 'never')", held.claim);
    assert_eq!(ask(&mut consumer, &dead).await, "true");
    assert_eq!(ask(&mut consumer, "SELECT tieout_events_requeue(ARRAY['e3'])").await, "1");
    let purge = sqlx::query("SELECT tieout_events_purge()").execute(&mut consumer).await.unwrap_err();
    assert_eq!(purge.as_database_error().unwrap().code().unwrap(), "42501");
    postgres.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    postgres.drop().await;
}

#[tokio::test]
async fn a_queue_that_is_no_table_or_not_there_has_no_statements() {
    let world = World::agreeing(0).await;
    world.edit("tieout.yaml", "queues: {", "queues: {out: {stdout: {}}, ");
    for (queue, words) in
        [("out", "the queue `out` is no table"), ("nowhere", "queues.nowhere is not in the configuration")]
    {
        let refused = world.tieout(&["migrate", "queue", queue]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    let json = world.tieout(&["migrate", "queue", "shop", "--format", "json"]).json();
    assert!(
        json["sql"].as_str().unwrap().starts_with("CREATE TABLE IF NOT EXISTS \"tieout_events\""),
        "{json}"
    );
}

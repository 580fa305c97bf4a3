//! PostgreSQL behind a transaction pooler.

use std::time::Duration;

use sqlx::Connection as _;

use super::pgbouncer::Pooler;
use super::postgres::with_world;
use super::*;

const SETUP: &str = "CREATE TYPE mood AS ENUM ('glad', 'sad');
    CREATE TABLE charges AS SELECT n::text AS id, '2025-11-21Z'::timestamptz AS created_at, 'glad'::mood AS mood, 0.5::float8 AS f
    FROM generate_series(1, 3000) n";

#[tokio::test]
async fn every_read_works_when_each_transaction_meets_another_server() {
    with_world(SETUP, |world| async move {
        let server: url::Url = world.url.parse().unwrap();
        let pooler = Pooler::before(&server).await;
        let database = Database::connect("app", &pooler.url(&server).into()).await.unwrap();
        let range = window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z");
        let reader = database.reader(&charges(), &columns(&["mood", "f"])).await.unwrap();
        for _ in 0..6 {
            // Others at once, so that server connections change hands.
            let reads = futures::future::join_all((0..4).map(|_| rows_of(&reader, range))).await;
            assert!(reads.into_iter().all(|read| read.unwrap().1.rows == 3_000));
            let asked: Vec<Key> = (1..=2_500).map(|n| Key::checked(&n.to_string()).unwrap()).collect();
            assert_eq!(rows_by_keys(&reader, &asked).await.unwrap().1.rows, 2_500);
            database.now().await.unwrap();
            database.reader(&charges(), &columns(&[])).await.unwrap();
        }
        database.close().await;
    })
    .await;
}

#[tokio::test]
async fn limits_hold_behind_a_pooler_and_leave_no_trace_on_its_connections() {
    with_world(SETUP, |mut world| async move {
        let server: url::Url = world.url.parse().unwrap();
        let pooler = Pooler::before(&server).await;
        let limit = Duration::from_millis(200);
        let limits = crate::local::Limits { statement: limit, lock: limit, connect: Duration::from_secs(5) };
        let database = Database::connect_within("app", &pooler.url(&server).into(), limits).await.unwrap();
        let reader = database.reader(&charges(), &columns(&[])).await.unwrap();
        world.run("BEGIN; LOCK TABLE charges").await;
        let range = window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z");
        let interrupted = rows_of(&reader, range).await.unwrap_err();
        assert!(matches!(interrupted, LocalError::Interrupted { .. }), "{interrupted}");
        world.run("ROLLBACK").await;
        let plain = pooler.url(&server).parse::<sqlx::postgres::PgConnectOptions>().unwrap();
        let mut other = sqlx::PgConnection::connect_with(&plain.extra_float_digits(None)).await.unwrap();
        for setting in ["statement_timeout", "lock_timeout", "transaction_read_only"] {
            let row = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("SHOW {setting}")))
                .fetch_one(&mut other)
                .await
                .unwrap();
            let value: String = sqlx::Row::get(&row, 0);
            assert!(["0", "off"].contains(&value.as_str()), "{setting} = {value}");
        }
        database.close().await;
    })
    .await;
}

//! What is read from SQLite files.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};
use tieout_reconcilers::scalar::Scalar;

use super::*;
use crate::local::Limits;

/// A file that exists for one test.
pub(super) struct World {
    folder: tempfile::TempDir,
}

impl World {
    pub(super) async fn new(setup: &str) -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        world.run(setup).await;
        world
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("app.db").display())
    }

    async fn run(&self, sql: &str) {
        let mut connection = SqliteConnection::connect(&format!("{}?mode=rwc", self.url())).await.unwrap();
        connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(super) async fn database(&self) -> Database {
        Database::connect("app", &self.url().into()).await.unwrap()
    }

    async fn reader(&self, local: &Local, fields: &[&str]) -> Reader {
        self.database().await.reader(local, &columns(fields)).await.unwrap()
    }
}

fn today() -> Window {
    window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z")
}

#[tokio::test]
async fn every_storage_class_is_read_without_loss() {
    let world = World::new(
        "CREATE TABLE charges (id, created_at, i, r, t, n, b);
         INSERT INTO charges VALUES ('ch_1', '2025-11-21T00:00:00.5Z', 9223372036854775807, 0.1, 'é', NULL, x'00'),
            (42, '2025-11-21T01:00:00+00:00', 1, 1000.0, '', NULL, 'text')",
    )
    .await;
    let reader = world.reader(&charges(), &["i", "r", "t", "n", "b"]).await;
    let (rows, read) = rows_of(&reader, today()).await.unwrap();
    assert_eq!(keys_of(&rows), ["42", "ch_1"]);
    assert_eq!(rows[1].clock, Some(at("2025-11-21T00:00:00.5Z")));
    assert_eq!(
        rows[1].fields[..4],
        [Scalar::Int(i64::MAX), Scalar::Number("0.1".into()), Scalar::Text("é".into()), Scalar::Null]
    );
    assert_eq!(rows[0].fields[1..3], [Scalar::Number("1000.0".into()), Scalar::Text("".into())]);
    assert_eq!(
        (read.unreadable, read.faults[0].to_string().as_str()),
        (1, "column `b` holds a blob, which cannot be compared")
    );
}

#[tokio::test]
async fn a_range_is_bound_and_read_in_the_declared_format() {
    for (time, values) in [
        (
            TimeFormat::Rfc3339,
            ["'2025-11-21T00:00:00Z'", "'2025-11-21T00:00:00.25Z'", "'2025-11-22T00:00:00.5Z'"],
        ),
        (TimeFormat::Sql, ["'2025-11-21 00:00:00'", "'2025-11-21 00:00:00.25'", "'2025-11-22 00:00:00'"]),
        (TimeFormat::Epoch, ["1763683200", "1763683200.25", "1763769600"]),
        (TimeFormat::EpochMs, ["1763683200000", "1763683200250", "1763769600000"]),
        (TimeFormat::EpochUs, ["1763683200000000", "1763683200250000", "1763769600000000"]),
    ] {
        let [first, second, next] = values;
        let world = World::new(&format!(
            "CREATE TABLE charges (id, created_at); INSERT INTO charges VALUES ('a', {first}), ('b', {first}),
             ('c', {second}), ('d', {next})"
        ))
        .await;
        let local = Local { time, ..charges() };
        let (rows, read) = rows_of(&world.reader(&local, &[]).await, today()).await.unwrap();
        assert_eq!((keys_of(&rows), read.unreadable), (vec!["a", "b", "c"], 0), "{time:?}");
        assert_eq!(rows[1].clock, Some(at("2025-11-21T00:00:00Z")));
        assert_eq!(rows[2].clock, Some(at("2025-11-21T00:00:00.25Z")), "{time:?}");
    }
}

#[tokio::test]
async fn a_clock_in_another_format_is_counted_and_its_row_still_read() {
    let world = World::new(
        "CREATE TABLE charges (id, created_at); INSERT INTO charges VALUES ('a', '2025-11-21Tnoon')",
    )
    .await;
    let (rows, read) = rows_of(&world.reader(&charges(), &[]).await, today()).await.unwrap();
    assert_eq!((rows.len(), rows[0].clock, read.unreadable), (1, None, 1));
}

#[tokio::test]
async fn keys_are_looked_up_in_chunks_and_by_the_columns_own_affinity() {
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)";
    for column in ["INTEGER PRIMARY KEY", "TEXT PRIMARY KEY"] {
        let world = World::new(&format!(
            "CREATE TABLE charges (id {column}, created_at); INSERT INTO charges {numbers} SELECT i, 0 FROM n"
        ))
        .await;
        let reader = world.reader(&Local { time: TimeFormat::Epoch, ..charges() }, &[]).await;
        for count in [1, 2, 10, 11, 999, 1_000, 1_001, 2_500] {
            let asked: Vec<Key> = (1..=count).map(|n| Key::checked(&n.to_string()).unwrap()).collect();
            assert_eq!(rows_by_keys(&reader, &asked).await.unwrap().1.rows, count, "{column}");
        }
        assert!(rows_by_keys(&reader, &keys(&["ch_1", "6000"])).await.unwrap().0.is_empty());
        assert_eq!(rows_by_keys(&reader, &[]).await.unwrap().1, Read::default());
    }
}

#[tokio::test]
async fn a_missing_column_is_named_and_the_nearest_one_suggested() {
    let world = World::new("CREATE TABLE charges (id, created_at, amount_minor)").await;
    let message = refusal(&world.database().await, &charges(), &columns(&["amount_minr"])).await;
    assert_eq!(
        message,
        "charges.yaml:5:9: the SQL gives no column `amount_minr`, only `id`, `created_at`, `amount_minor`; did you \
         mean `amount_minor`?"
    );
    let wrong = local("SELECT nope FROM charges WHERE a > :from AND a < :to", &charges().keys);
    let message = refusal(&world.database().await, &wrong, &columns(&[])).await;
    assert!(message.starts_with("charges.yaml:5:9: no such column"), "{message}");
}

#[tokio::test]
async fn a_parameter_that_nobody_binds_is_refused() {
    let world = World::new("CREATE TABLE charges (id, created_at)").await;
    let wrong = local("SELECT * FROM charges WHERE id > :from AND id < :to AND id > :1", &charges().keys);
    let message = refusal(&world.database().await, &wrong, &columns(&[])).await;
    assert!(message.contains("parameter"), "{message}");
}

#[tokio::test]
async fn the_file_cannot_be_written_through_the_connection() {
    let world = World::new("CREATE TABLE charges (id, created_at)").await;
    let Database::Sqlite(_) = world.database().await else { panic!("not SQLite") };
    let writing = local("WITH x AS (SELECT 1) INSERT INTO charges VALUES (:from, :to)", &charges().keys);
    assert!(matches!(
        world.database().await.reader(&writing, &columns(&[])).await,
        Err(LocalError::Definition { .. })
    ));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_an_error_and_is_not_created() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nope.db");
    for suffix in ["", "?mode=rwc"] {
        let url = format!("sqlite:{}{suffix}", file.display());
        let error = Database::connect("app", &url.into()).await.unwrap_err();
        assert!(error.to_string().contains("there is no file"), "{error}");
    }
    assert!(!file.exists());
}

#[tokio::test]
async fn a_file_of_any_name_is_read_as_its_url_says_and_never_written() {
    let world =
        World::new("CREATE TABLE charges (id, created_at); INSERT INTO charges VALUES ('a', 0)").await;
    let folder = world.folder.path();
    std::fs::copy(folder.join("app.db"), folder.join("a b?c#d%e&é.db")).unwrap();
    for asked in ["", "?mode=rwc", "?immutable=1&cache=private"] {
        let url = format!("sqlite:{}/a b%3Fc%23d%25e&é.db{asked}", folder.display());
        let database = Database::connect("app", &url.into()).await.unwrap();
        let reader =
            database.reader(&Local { time: TimeFormat::Epoch, ..charges() }, &columns(&[])).await.unwrap();
        assert_eq!(rows_by_keys(&reader, &keys(&["a"])).await.unwrap().1.rows, 1, "{asked}");
        let Database::Sqlite(file) = database else { panic!("not SQLite") };
        assert!(file.ask::<i64>("DELETE FROM charges RETURNING 1").await.is_err(), "{asked}");
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2, "no other file came into being");
}

#[tokio::test]
async fn rows_come_whole_over_many_lots_and_a_long_text_is_a_lot_by_itself() {
    let world = World::new(
        "CREATE TABLE charges (id, created_at, t); INSERT INTO charges
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         SELECT i, '2025-11-21T00:00:00Z', CASE WHEN i % 100 = 0 THEN printf('%.*c', 70000, 'x') ELSE 'é' || i END FROM n",
    )
    .await;
    let reader = world.reader(&charges(), &["t"]).await;
    let (rows, read) = rows_of(&reader, today()).await.unwrap();
    assert_eq!((rows.len(), read.unreadable), (1_000, 0));
    for row in rows {
        let number: usize = row.key.parse().unwrap();
        let expected = if number.is_multiple_of(100) { "x".repeat(70_000) } else { format!("é{number}") };
        assert_eq!(row.fields, [Scalar::Text(expected.into())]);
    }
}

#[tokio::test]
async fn a_closed_file_is_not_read_any_more() {
    let world = World::new("CREATE TABLE charges (id, created_at)").await;
    let database = world.database().await;
    let reader = database.reader(&charges(), &columns(&[])).await.unwrap();
    database.close().await;
    let closed = rows_of(&reader, today()).await.unwrap_err();
    assert!(closed.to_string().contains("closed"), "{closed}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "not a database, but long enough to have a header of its own".repeat(20)).unwrap();
    let error = Database::connect("app", &format!("sqlite:{}", file.display()).into()).await.unwrap_err();
    assert!(matches!(error, LocalError::Configuration { .. }), "{error}");
}

#[tokio::test]
async fn what_is_still_in_the_write_ahead_log_is_read() {
    let world = World::new("PRAGMA journal_mode = wal; CREATE TABLE charges (id, created_at)").await;
    let mut writer = SqliteConnection::connect(&world.url()).await.unwrap();
    let reader = world.reader(&charges(), &[]).await;
    writer.execute("INSERT INTO charges VALUES ('a', '2025-11-21T00:00:00Z')").await.unwrap();
    assert_eq!(rows_of(&reader, today()).await.unwrap().1.rows, 1);
    let mut writing = writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
    writing.execute("INSERT INTO charges VALUES ('b', '2025-11-21T00:00:00Z')").await.unwrap();
    assert_eq!(rows_of(&reader, today()).await.unwrap().1.rows, 1);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_interrupted() {
    let world = World::new(
        "CREATE TABLE charges (id, created_at); INSERT INTO charges VALUES ('a', '2025-11-21T00:00:00Z')",
    )
    .await;
    let endless = local(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
         SELECT max(i) AS id, 0 AS created_at FROM n WHERE :from < :to",
        &charges().keys,
    );
    let limits = Limits { statement: Duration::from_millis(100), ..Limits::default() };
    let database = Database::connect_within("app", &world.url().into(), limits).await.unwrap();
    let reader = database.reader(&endless, &columns(&[])).await.unwrap();
    let interrupted = rows_of(&reader, today()).await.unwrap_err();
    assert!(matches!(interrupted, LocalError::Interrupted { .. }), "{interrupted}");
    assert_eq!(rows_by_keys(&reader, &keys(&["a"])).await.unwrap().1.rows, 1);
}

#[tokio::test]
async fn a_read_stops_when_told() {
    let world = World::new(
        "CREATE TABLE charges (id, created_at); INSERT INTO charges
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         SELECT i, '2025-11-21T00:00:00Z' FROM n",
    )
    .await;
    let reader = world.reader(&charges(), &[]).await;
    let read = reader.rows(today(), &mut |_: Row<'_>| ControlFlow::Break(())).await.unwrap();
    assert_eq!(read.rows, 1);
    assert_eq!(rows_of(&reader, today()).await.unwrap().1.rows, 5_000);
}

#[tokio::test]
async fn the_clock_is_the_hosts() {
    let world = World::new("CREATE TABLE charges (id, created_at)").await;
    let now = world.database().await.now().await.unwrap();
    let host: Instant = chrono::Utc::now().into();
    assert!(now <= host + Duration::from_mins(1) && host <= now + Duration::from_mins(1));
}

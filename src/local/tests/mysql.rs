//! What is read over the MySQL protocol, from MariaDB. Every test has a database of its own.

use std::future::Future;
use std::panic::resume_unwind;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::zone::Zone;

use super::*;
use crate::local::Limits;

/// A database that exists for one test.
pub(super) struct World {
    pub(super) url: url::Url,
    pub(super) admin: MySqlConnection,
}

impl World {
    pub(super) async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.admin).await.unwrap();
    }

    /// Makes `charges` another table with one row.
    async fn replace_table(&mut self, columns: &str, row: &str) {
        self.run(&format!("DROP TABLE IF EXISTS charges; CREATE TABLE charges ({columns})")).await;
        self.run(&format!("INSERT INTO charges VALUES ({row})")).await;
    }

    pub(super) async fn database(&self) -> Database {
        self.database_within(Limits::default()).await
    }

    pub(super) async fn database_within(&self, limits: Limits) -> Database {
        Database::connect_within("app", &self.url.to_string().into(), limits).await.unwrap()
    }
}

pub(super) fn server() -> url::Url {
    let url = std::env::var("TIEOUT_TEST_MYSQL");
    url.unwrap_or_else(|_| "mysql://root@127.0.0.1:3306".to_owned()).parse().unwrap()
}

/// Creates a database, runs a test in it, and drops it whatever comes out.
pub(super) async fn with_world<T: Future<Output = ()> + Send + 'static>(
    setup: &str,
    test: impl FnOnce(World) -> T + Send + 'static,
) {
    let name = format!("tieout_local_{}", uuid::Uuid::now_v7().simple());
    let mut server_connection = MySqlConnection::connect(server().as_str()).await.unwrap();
    server_connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let mut url = server();
    url.set_path(&name);
    let mut world = World { admin: MySqlConnection::connect(url.as_str()).await.unwrap(), url };
    let setup = setup.to_owned();
    let outcome = tokio::spawn(async move {
        world.run("SET time_zone = '+00:00'").await;
        world.run(&setup).await;
        test(world).await;
    })
    .await;
    server_connection.execute(AssertSqlSafe(format!("DROP DATABASE {name}"))).await.unwrap();
    if let Err(failed) = outcome {
        resume_unwind(failed.into_panic());
    }
}

fn in_utc() -> Local {
    Local { zone: Some(Zone::UTC), ..charges() }
}

fn today() -> Window {
    window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z")
}

#[tokio::test]
async fn every_type_is_read_without_loss() {
    let setup = "CREATE TABLE charges (id varchar(20) PRIMARY KEY, created_at timestamp(6) NULL, v varchar(9), c char(9),
            t longtext, e enum('glad', 'sad'), s set('a', 'b'), i1 tinyint, u1 tinyint unsigned, i2 smallint, i3 mediumint,
            i4 int, u4 int unsigned, i8 bigint, u8 bigint unsigned, y year, b boolean, bit1 bit(1), d decimal(30, 2),
            f4 float, f8 double, dt datetime(6), da date, j json, nothing int);
        INSERT INTO charges VALUES ('ch_1', '2025-11-21 00:00:00.123456', 'é😀', 'EUR ', 'x', 'glad', 'a,b', -3, 200, -300, -70000,
            4, 4294967295, -9223372036854775808, 18446744073709551615, 2025, true, b'1', 1234567890123456789012345678.90,
            0.1, 1e300, '2025-11-21 01:02:03.5', '1969-12-31', '{\"a\": [1]}', NULL)";
    with_world(setup, |world| async move {
        let names = [
            "v", "c", "t", "e", "s", "i1", "u1", "i2", "i3", "i4", "u4", "i8", "u8", "y", "b", "bit1", "d",
            "f4", "f8", "dt", "da", "nothing",
        ];
        let reader = world.database().await.reader(&in_utc(), &columns(&names)).await.unwrap();
        let (rows, read) = rows_of(&reader, today()).await.unwrap();
        assert_eq!((read.rows, read.unreadable), (1, 0), "{read:?}");
        assert_eq!(rows[0].clock, Some(at("2025-11-21T00:00:00.123456Z")));
        assert_eq!(
            rows[0].fields,
            [
                Scalar::Text("é😀".into()),
                Scalar::Text("EUR".into()),
                Scalar::Text("x".into()),
                Scalar::Text("glad".into()),
                Scalar::Text("a,b".into()),
                Scalar::Int(-3),
                Scalar::Int(200),
                Scalar::Int(-300),
                Scalar::Int(-70_000),
                Scalar::Int(4),
                Scalar::Int(4_294_967_295),
                Scalar::Int(i64::MIN),
                Scalar::Number("18446744073709551615".into()),
                Scalar::Int(2025),
                Scalar::Bool(true),
                Scalar::Bool(true),
                Scalar::Number("1234567890123456789012345678.90".into()),
                Scalar::Number("0.1".into()),
                Scalar::Number("1e300".into()),
                Scalar::Instant(at("2025-11-21T01:02:03.5Z")),
                Scalar::Instant(at("1969-12-31T00:00:00Z")),
                Scalar::Null,
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn text_of_a_binary_collation_is_text_and_bytes_are_not() {
    let setup = "CREATE TABLE charges (id varchar(20) COLLATE utf8mb4_bin PRIMARY KEY, created_at timestamp NULL,
            c char(9) COLLATE utf8mb4_bin, t text COLLATE utf8mb4_bin, u uuid, j json, raw varbinary(9));
        INSERT INTO charges VALUES ('ch_A', '2025-11-21', 'x', 'é', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{}', 'a'),
            ('ch_a', '2025-11-21', NULL, NULL, NULL, NULL, NULL)";
    with_world(setup, |world| async move {
        let database = world.database().await;
        let reader = database.reader(&charges(), &columns(&["c", "t", "u", "j"])).await.unwrap();
        let (rows, read) = rows_by_keys(&reader, &keys(&["ch_A", "ch_b"])).await.unwrap();
        assert_eq!((keys_of(&rows), read.unreadable), (vec!["ch_A"], 0));
        let texts = ["x", "é", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{}"];
        assert_eq!(rows[0].fields, texts.map(|text| Scalar::Text(text.into())));
        assert_eq!(rows_of(&reader, today()).await.unwrap().1.rows, 2);
        let raw = refusal(&database, &charges(), &columns(&["raw"])).await;
        assert!(raw.ends_with("cannot be compared; read it as text, as in `HEX(raw) AS raw`"), "{raw}");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_names_column_and_type_and_loses_no_row() {
    let setup = "SET sql_mode = ''; CREATE TABLE charges (id varchar(20), created_at timestamp NULL, b boolean, bits bit(4), paid_at datetime);
        INSERT INTO charges VALUES ('a', '2025-11-21', 7, b'101', '0000-00-00'), ('b', '2025-11-21', 1, b'1', '2025-11-21')";
    with_world(setup, |world| async move {
        let fields = columns(&["b", "bits", "paid_at"]);
        let reader = world.database().await.reader(&in_utc(), &fields).await.unwrap();
        let (rows, read) = rows_of(&reader, today()).await.unwrap();
        assert_eq!((keys_of(&rows), read.unreadable), (vec!["a", "b"], 3));
        let said: Vec<String> = read.faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "column `b` of the type boolean is a boolean that is neither 0 nor 1; read it as a number, as in `flag + 0`",
                "column `bits` of the type bit holds more than one bit; read it as a number, as in `flags + 0`",
                "column `paid_at` of the type datetime holds a date of zeros",
            ]
        );
        let judged = fields.judge(&Key::checked("a").unwrap(), None, Some(&rows[0])).unwrap();
        assert_eq!(judged.kind, tieout_reconcilers::discrepancy::Kind::Unreadable);
    })
    .await;
}

#[tokio::test]
async fn a_range_holds_its_start_and_not_its_end_and_is_bound_as_the_type_of_its_column() {
    with_world("SELECT 1", |mut world| async move {
        for (column, noon, next) in [
            ("timestamp", "'2025-11-21 12:00:00'", "'2025-11-22'"),
            ("datetime(6)", "'2025-11-21 12:00:00'", "'2025-11-22'"),
            ("date", "'2025-11-21'", "'2025-11-22'"),
            ("bigint", "1763726400000", "1763769600000"),
            ("decimal(20, 1)", "1763726400000", "1763769600000"),
        ] {
            world
                .replace_table(&format!("id varchar(9), created_at {column} NULL"), &format!("'a', {noon}"))
                .await;
            world.run(&format!("INSERT INTO charges VALUES ('b', {next})")).await;
            let local = Local { time: TimeFormat::EpochMs, ..in_utc() };
            let reader = world.database().await.reader(&local, &columns(&[])).await.unwrap();
            let (rows, _) = rows_of(&reader, today()).await.unwrap();
            assert_eq!(keys_of(&rows), ["a"], "{column}");
            let expected =
                if column == "date" { at("2025-11-21T00:00:00Z") } else { at("2025-11-21T12:00:00Z") };
            assert_eq!(rows[0].clock, Some(expected), "{column}");
            let day_before = window("2025-11-20T00:00:00Z", "2025-11-21T00:00:00Z");
            assert!(rows_of(&reader, day_before).await.unwrap().0.is_empty());
        }
        world.replace_table("id varchar(9), created_at varchar(40)", "'a', '2025-11-21T00:00:00.5Z'").await;
        let reader = world.database().await.reader(&charges(), &columns(&[])).await.unwrap();
        assert_eq!(rows_of(&reader, today()).await.unwrap().0[0].clock, Some(at("2025-11-21T00:00:00.5Z")));
    })
    .await;
}

#[tokio::test]
async fn a_key_that_only_the_collation_takes_for_the_same_is_no_match() {
    with_world("SELECT 1", |mut world| async move {
        for charset in ["utf8mb4", "latin1"] {
            let column = format!("varchar(20) CHARACTER SET {charset}");
            world
                .replace_table(
                    &format!("id {column} PRIMARY KEY, created_at timestamp NULL"),
                    "'ch_Abc', now()",
                )
                .await;
            world.run("INSERT INTO charges VALUES ('café', now()), ('pad', now())").await;
            let reader = world.database().await.reader(&charges(), &columns(&[])).await.unwrap();
            let asked = keys(&["ch_abc", "CH_ABC", "cafe", "pad ", "ключ"]);
            assert!(rows_by_keys(&reader, &keys(&["ключ"])).await.unwrap().0.is_empty(), "{charset}");
            let mixed = keys(&["ключ", "ch_Abc", "日本", "pad"]);
            assert_eq!(
                keys_of(&rows_by_keys(&reader, &mixed).await.unwrap().0),
                ["ch_Abc", "pad"],
                "{charset}"
            );
            let (rows, read) = rows_by_keys(&reader, &asked).await.unwrap();
            assert_eq!((keys_of(&rows), read.rows), (vec![], 0), "{charset}");
            let (rows, read) =
                rows_by_keys(&reader, &keys(&["ch_Abc", "ch_abc", "café", "pad"])).await.unwrap();
            assert_eq!((keys_of(&rows), read.rows), (vec!["café", "ch_Abc", "pad"], 3), "{charset}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_the_column_cannot_hold_is_absent_and_neighbours_are_not_taken_for_it() {
    with_world("SELECT 1", |mut world| async move {
        for (column, held, foreign) in [
            ("tinyint", "7", "ch_7"),
            ("bigint", "9007199254740993", "9007199254740992"),
            ("bigint", "-7", "007"),
            ("bigint unsigned", "18446744073709551615", "18446744073709551614"),
            ("int", "0", "ch_0"),
            ("decimal(30, 0)", "123456789012345678901234567890", "123456789012345678901234567891"),
            ("varchar(9)", "007", "7"),
            ("char(9)", "ch_7", "ch_8"),
            ("enum('glad', 'sad')", "glad", "merry"),
        ] {
            world
                .replace_table(
                    &format!("id {column}, created_at timestamp NULL"),
                    &format!("'{held}', now()"),
                )
                .await;
            let reader = world.database().await.reader(&charges(), &columns(&[])).await.unwrap();
            let (rows, read) = rows_by_keys(&reader, &keys(&[foreign, held])).await.unwrap();
            assert_eq!((keys_of(&rows), read.bad_keys), (vec![held], 0), "{column}");
            assert!(rows_by_keys(&reader, &keys(&[foreign])).await.unwrap().0.is_empty(), "{column}");
        }
    })
    .await;
}

#[tokio::test]
async fn many_keys_are_asked_for_in_padded_chunks() {
    let setup = "CREATE TABLE charges (id int PRIMARY KEY, created_at timestamp NULL);
        INSERT INTO charges WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, now() FROM n;
        INSERT INTO charges SELECT i * 1000 + id, now() FROM charges, (SELECT 1 AS i UNION SELECT 2 UNION SELECT 3) AS x";
    with_world(setup, |world| async move {
        let reader = world.database().await.reader(&charges(), &columns(&[])).await.unwrap();
        for count in [1, 2, 10, 11, 900] {
            let asked: Vec<Key> = (1..=count).map(|n| Key::checked(&n.to_string()).unwrap()).collect();
            assert_eq!(rows_by_keys(&reader, &asked).await.unwrap().1.rows, count);
        }
        let asked: Vec<Key> = (1..=3_900).map(|n| Key::checked(&n.to_string()).unwrap()).collect();
        assert_eq!(rows_by_keys(&reader, &asked).await.unwrap().1.rows, 3_600);
        assert_eq!(rows_by_keys(&reader, &[]).await.unwrap().1, Read::default());
    })
    .await;
}

#[tokio::test]
async fn a_parameter_may_stand_anywhere_and_often_and_a_member_has_its_value() {
    let setup = "CREATE TABLE charges (id varchar(9), created_at timestamp NULL, account int);
        INSERT INTO charges VALUES ('a', '2025-11-21', 1), ('b', '2025-11-21', 2)";
    with_world(setup, |world| async move {
        let local = local(
            "SELECT id, created_at FROM charges # :nonsense ?
             WHERE account = :each.account AND created_at < :to AND created_at >= :from AND :from < :to AND ':to' <> \"?\"",
            "SELECT id, created_at FROM charges WHERE account = :each.account AND id IN (:keys) AND id IN (:keys)",
        );
        let database = world.database().await;
        let member = [("account".into(), "2".into())].into();
        let reader = database.reader_for(&local, &columns(&[]), &member).await.unwrap();
        assert_eq!(keys_of(&rows_of(&reader, today()).await.unwrap().0), ["b"]);
        assert_eq!(keys_of(&rows_by_keys(&reader, &keys(&["a", "b"])).await.unwrap().0), ["b"]);
    })
    .await;
}

#[tokio::test]
async fn a_reader_serves_several_connections_and_stops_when_told() {
    let setup = "CREATE TABLE charges (id varchar(9), created_at timestamp NULL);
        INSERT INTO charges WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i, '2025-11-21' FROM n;
        INSERT INTO charges SELECT a.id * 1000 + b.id, '2025-11-21' FROM charges a, charges b WHERE a.id < 20";
    with_world(setup, |world| async move {
        let reader = world.database().await.reader(&charges(), &columns(&[])).await.unwrap();
        let all = futures::future::join_all((0..6).map(|_| rows_of(&reader, today()))).await;
        assert!(all.into_iter().all(|read| read.unwrap().1.rows == 20_000));
        for _ in 0..6 {
            let mut seen = 0;
            let mut stop = |_: Row<'_>| {
                seen += 1;
                if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            assert_eq!(reader.rows(today(), &mut stop).await.unwrap().rows, 3);
        }
        assert_eq!(rows_of(&reader, today()).await.unwrap().1.rows, 20_000);
    })
    .await;
}

#[tokio::test]
async fn the_clock_is_the_servers_in_universal_time() {
    with_world("SELECT 1", |world| async move {
        let now = world.database().await.now().await.unwrap();
        let host: Instant = chrono::Utc::now().into();
        assert!(
            now <= host + std::time::Duration::from_mins(1)
                && host <= now + std::time::Duration::from_mins(1)
        );
    })
    .await;
}

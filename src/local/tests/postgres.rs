//! What is read from PostgreSQL. Every test has a database of its own.

use std::future::Future;
use std::panic::resume_unwind;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::zone::Zone;

use super::*;
use crate::local::Limits;

/// A database that exists for one test.
pub(super) struct World {
    pub(super) url: String,
    pub(super) admin: PgConnection,
}

impl World {
    pub(super) async fn run(&mut self, sql: &str) {
        self.admin.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    }

    /// Makes `charges` another table with one row.
    async fn replace_table(&mut self, columns: &str, row: &str) {
        self.run(&format!("DROP TABLE charges; CREATE TABLE charges ({columns})")).await;
        self.run(&format!("INSERT INTO charges VALUES ({row})")).await;
    }

    pub(super) async fn database(&self) -> Database {
        Database::connect("app", &self.url.clone().into()).await.unwrap()
    }

    pub(super) async fn database_within(&self, limits: Limits) -> Database {
        Database::connect_within("app", &self.url.clone().into(), limits).await.unwrap()
    }
}

pub(super) fn server() -> url::Url {
    let url = std::env::var("TIEOUT_TEST_POSTGRES");
    url.unwrap_or_else(|_| "postgres://root@127.0.0.1:5432/postgres".to_owned()).parse().unwrap()
}

/// Creates a database, runs a test in it, and drops it whatever comes out.
pub(super) async fn with_world<T: Future<Output = ()> + Send + 'static>(
    setup: &str,
    test: impl FnOnce(World) -> T + Send + 'static,
) {
    let name = format!("tieout_local_{}", uuid::Uuid::now_v7().simple());
    let mut server_connection = PgConnection::connect(server().as_str()).await.unwrap();
    server_connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let mut url = server();
    url.set_path(&name);
    let mut world = World { url: url.to_string(), admin: PgConnection::connect(url.as_str()).await.unwrap() };
    let setup = setup.to_owned();
    let outcome = tokio::spawn(async move {
        world.run(&setup).await;
        test(world).await;
    })
    .await;
    server_connection.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
    if let Err(failed) = outcome {
        resume_unwind(failed.into_panic());
    }
}

#[tokio::test]
async fn every_type_is_read_without_loss() {
    let setup = "CREATE TYPE mood AS ENUM ('glad', 'sad');
        CREATE DOMAIN code AS text;
        CREATE TABLE charges AS SELECT 'ch_1'::text AS id, '2025-11-21 00:00:00.123456+01'::timestamptz AS created_at,
            'é'::varchar AS v, 'EUR '::char(5) AS c, 'n'::name AS n, 'glad'::mood AS m, 'x'::code AS d,
            (-3)::int2 AS i2, 4::int4 AS i4, 9223372036854775807::int8 AS i8, true AS b,
            0.1::float4 AS f4, 1e300::float8 AS f8, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid AS u,
            '2025-11-21 01:02:03'::timestamp AS ts, '1969-12-31'::date AS da,
            '{\"a\": [1]}'::jsonb AS jb, ' \"text\" '::json AS j, NULL::int4 AS nothing";
    with_world(setup, |world| async move {
        let names = [
            "v", "c", "n", "m", "d", "i2", "i4", "i8", "b", "f4", "f8", "u", "ts", "da", "jb", "j", "nothing",
        ];
        let local = Local { zone: Some(Zone::UTC), ..charges() };
        let reader = world.database().await.reader(&local, &columns(&names)).await.unwrap();
        let (rows, read) =
            rows_of(&reader, window("2025-11-20T00:00:00Z", "2025-11-21T00:00:00Z")).await.unwrap();
        assert_eq!((read.rows, read.unreadable), (1, 0));
        assert_eq!(rows[0].clock, Some(at("2025-11-20T23:00:00.123456Z")));
        assert_eq!((rows[0].changed, &rows[0].version), (None, &Scalar::Absent));
        assert_eq!(
            rows[0].fields,
            [
                Scalar::Text("é".into()),
                Scalar::Text("EUR".into()),
                Scalar::Text("n".into()),
                Scalar::Text("glad".into()),
                Scalar::Text("x".into()),
                Scalar::Int(-3),
                Scalar::Int(4),
                Scalar::Int(i64::MAX),
                Scalar::Bool(true),
                Scalar::Number("0.1".into()),
                Scalar::Number("1e300".into()),
                Scalar::Text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11".into()),
                Scalar::Instant(at("2025-11-21T01:02:03Z")),
                Scalar::Instant(at("1969-12-31T00:00:00Z")),
                Scalar::Json("{\"a\": [1]}".into()),
                Scalar::Text("text".into()),
                Scalar::Null,
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn numerics_keep_every_digit() {
    let texts = [
        "0",
        "0.00",
        "10.00",
        "-0.05",
        "120.5",
        "1e-10",
        "99999999",
        "100000000",
        "-12345678901234567890",
        "9223372036854775807",
        "1234567890123456789012345678901234567890.000000000100",
        "40000",
        "-7.000100",
        "10000.00010000",
        "0.0000000000000000000000000000000000000001",
    ];
    let setup =
        "CREATE TABLE charges (id int, created_at timestamptz DEFAULT '2025-11-21Z', n numeric, t text)";
    with_world(setup, move |mut world| async move {
        for (index, text) in texts.iter().enumerate() {
            world.run(&format!("INSERT INTO charges (id, n) VALUES ({index}, {text})")).await;
        }
        world.run("UPDATE charges SET t = n::text; INSERT INTO charges (id, n) VALUES (99, 'NaN')").await;
        let reader = world.database().await.reader(&charges(), &columns(&["n", "t"])).await.unwrap();
        let range = window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z");
        let (rows, read) = rows_of(&reader, range).await.unwrap();
        assert_eq!((rows.len(), read.unreadable), (texts.len() + 1, 1));
        for row in rows.iter().filter(|row| row.key != "99") {
            let Scalar::Text(expected) = &row.fields[1] else { panic!("{row:?}") };
            match &row.fields[0] {
                Scalar::Number(text) => assert_eq!(text, expected),
                Scalar::Int(whole) => assert_eq!(&whole.to_string(), expected),
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_range_holds_its_start_and_not_its_end_and_all_ties() {
    let setup = "CREATE TABLE charges (id text, created_at timestamptz);
        INSERT INTO charges VALUES ('a', '2025-11-21 00:00:00Z'), ('b', '2025-11-21 00:00:00Z'),
            ('c', '2025-11-21 23:59:59.999999Z'), ('d', '2025-11-22 00:00:00Z'), ('e', '2025-11-22 00:00:00Z')";
    with_world(setup, |world| async move {
        let reader = world.database().await.reader(&charges(), &columns(&[])).await.unwrap();
        let day = rows_of(&reader, window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z")).await.unwrap();
        let next = rows_of(&reader, window("2025-11-22T00:00:00Z", "2025-11-23T00:00:00Z")).await.unwrap();
        assert_eq!((keys_of(&day.0), keys_of(&next.0)), (vec!["a", "b", "c"], vec!["d", "e"]));
    })
    .await;
}

#[tokio::test]
async fn a_range_is_bound_as_the_type_of_its_column() {
    with_world("CREATE TABLE charges ()", |mut world| async move {
        for (column, value) in [
            ("timestamp", "'2025-11-21 12:00:00'"),
            ("date", "'2025-11-21'"),
            ("timestamptz", "'2025-11-21 13:00:00+01'"),
            ("bigint", "1763726400000"),
        ] {
            let columns = format!("id text, created_at {column}, changed_at {column}, v bigint");
            world.replace_table(&columns, &format!("'a', {value}, {value}, 7")).await;
            range_of_a_type(&world, column).await;
        }
    })
    .await;
}

async fn range_of_a_type(world: &World, column: &str) {
    let mut local = charges();
    local.zone = Some(Zone::UTC);
    local.changed = Some("changed_at".to_owned());
    local.version = Some("v".to_owned());
    local.time = TimeFormat::EpochMs;
    let reader = world.database().await.reader(&local, &columns(&[])).await.unwrap();
    let noon = if column == "date" { at("2025-11-21T00:00:00Z") } else { at("2025-11-21T12:00:00Z") };
    let (rows, _) = rows_of(&reader, window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z")).await.unwrap();
    assert_eq!((rows[0].clock, rows[0].changed), (Some(noon), Some(noon)), "{column}");
    assert_eq!(rows[0].version, Scalar::Int(7));
    let day_before = window("2025-11-20T00:00:00Z", "2025-11-21T00:00:00Z");
    assert!(rows_of(&reader, day_before).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn a_key_that_the_column_cannot_hold_is_absent() {
    let setup = "CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE TABLE charges ()";
    with_world(setup, |mut world| async move {
        for (column, held, foreign) in [
            ("smallint", "7", "70000"),
            ("integer", "7", "ch_7"),
            ("bigint", "-7", "007"),
            ("numeric", "18446744073709551616", "1.5"),
            ("numeric", "0", "-0"),
            ("numeric(9,0)", "40000", "+40000"),
            ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "not-a-uuid"),
            ("text", "ch_7", "ch_8"),
            ("varchar(9)", "ch_7", "ch_8"),
            ("char(9)", "ch_7", "ch_8"),
            ("mood", "glad", "merry"),
        ] {
            world
                .replace_table(&format!("id {column}, created_at timestamptz"), &format!("'{held}', now()"))
                .await;
            let reader = world.database().await.reader(&charges(), &columns(&[])).await.unwrap();
            let (rows, read) = rows_by_keys(&reader, &keys(&[foreign, held])).await.unwrap();
            assert_eq!((keys_of(&rows), read.bad_keys), (vec![held], 0), "{column}");
            assert!(rows_by_keys(&reader, &keys(&[foreign])).await.unwrap().0.is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn many_keys_are_asked_for_in_chunks() {
    let setup = "CREATE TABLE charges AS SELECT n AS id, now() AS created_at FROM generate_series(1, 5000) n";
    with_world(setup, |world| async move {
        let reader = world.database().await.reader(&charges(), &columns(&[])).await.unwrap();
        let asked: Vec<Key> = (2_000..4_500).map(|n| Key::checked(&n.to_string()).unwrap()).collect();
        let (rows, read) = rows_by_keys(&reader, &asked).await.unwrap();
        assert_eq!((rows.len(), read.rows), (2_500, 2_500));
        assert!(asked.iter().all(|key| rows.iter().any(|row| row.key == key.as_str())));
        assert_eq!(rows_by_keys(&reader, &[]).await.unwrap().1, Read::default());
    })
    .await;
}

#[tokio::test]
async fn a_reader_serves_several_connections_and_stops_when_told() {
    let setup = "CREATE TABLE charges AS SELECT n::text AS id, '2025-11-21Z'::timestamptz AS created_at
        FROM generate_series(1, 20000) n";
    with_world(setup, |world| async move {
        let reader = world.database().await.reader(&charges(), &columns(&[])).await.unwrap();
        let range = window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z");
        let all = futures::future::join_all((0..6).map(|_| rows_of(&reader, range))).await;
        assert!(all.into_iter().all(|read| read.unwrap().1.rows == 20_000));
        for _ in 0..6 {
            let mut seen = 0;
            let mut stop = |_: Row<'_>| {
                seen += 1;
                if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            assert_eq!(reader.rows(range, &mut stop).await.unwrap().rows, 3);
        }
        assert_eq!(rows_of(&reader, range).await.unwrap().1.rows, 20_000);
    })
    .await;
}

#[tokio::test]
async fn rows_that_cannot_be_identified_are_counted_and_unreadable_values_are_not_differences() {
    let setup = "CREATE TABLE charges (id text, created_at timestamptz, paid_at timestamptz);
        INSERT INTO charges SELECT NULL, '2025-11-21Z' FROM generate_series(1, 30);
        INSERT INTO charges VALUES ('', '2025-11-21Z', NULL), (E'a\\nb', '2025-11-21Z', NULL),
            ('good', '2025-11-21Z', 'infinity')";
    with_world(setup, |world| async move {
        let fields = columns(&["paid_at"]);
        let reader = world.database().await.reader(&charges(), &fields).await.unwrap();
        let range = window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z");
        let (rows, read) = rows_of(&reader, range).await.unwrap();
        assert_eq!(keys_of(&rows), ["good"]);
        assert_eq!((read.rows, read.bad_keys, read.unreadable, read.faults.len()), (1, 32, 1, 33));
        assert!(read.faults.iter().all(|fault| fault.fingerprint.is_some()));
        assert_eq!(read.faults[0].fingerprint, read.faults[29].fingerprint, "the same row, thirty times");
        let of_good = read.faults.last().unwrap();
        assert_eq!(of_good.key.as_ref().map(Key::as_str), Some("good"));
        assert_eq!(read.faults[0].to_string(), "column `id` of the type text is null and cannot be a key");
        let judged = fields.judge(&Key::checked("good").unwrap(), None, Some(&rows[0])).unwrap();
        assert_eq!(judged.kind, tieout_reconcilers::discrepancy::Kind::Unreadable);
    })
    .await;
}

#[tokio::test]
async fn the_clock_is_the_servers() {
    with_world("SELECT 1", |world| async move {
        let first = world.database().await.now().await.unwrap();
        let second = world.database().await.now().await.unwrap();
        assert!(first <= second && first > at("2025-01-01T00:00:00Z"));
    })
    .await;
}

#[tokio::test]
async fn money_is_a_number_with_the_decimal_places_of_the_servers_locale() {
    let setup = "CREATE TABLE charges (id text, created_at timestamptz, paid money, tags text[]);
        INSERT INTO charges VALUES ('a', '2025-11-21Z', '-1234.5', '{}'), ('b', '2025-11-21Z', NULL, NULL)";
    with_world(setup, |world| async move {
        let database = world.database().await;
        let reader = database.reader(&charges(), &columns(&["paid"])).await.unwrap();
        let range = window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z");
        let (rows, _) = rows_of(&reader, range).await.unwrap();
        assert_eq!(
            (&rows[0].fields[0], &rows[1].fields[0]),
            (&Scalar::Number("-1234.50".into()), &Scalar::Null)
        );
        let array = refusal(&database, &charges(), &columns(&["tags"])).await;
        assert!(
            array.ends_with("cannot be compared; read it as JSON, as in `to_jsonb(tags) AS tags`"),
            "{array}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_table_that_changes_between_two_reads_ends_the_read() {
    let setup = "CREATE TABLE charges (id text, created_at timestamptz, amount int);
        INSERT INTO charges VALUES ('a', '2025-11-21Z', 1)";
    with_world(setup, |mut world| async move {
        let reader = world.database().await.reader(&charges(), &columns(&["amount"])).await.unwrap();
        let range = window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z");
        for change in ["ALTER COLUMN amount TYPE text", "DROP COLUMN amount, ADD COLUMN other int"] {
            world.run(&format!("ALTER TABLE charges {change}")).await;
            let reshaped = rows_of(&reader, range).await.unwrap_err();
            assert!(matches!(reshaped, LocalError::Interrupted { .. }), "{reshaped}");
            assert!(reshaped.to_string().contains("have changed since they were looked at"), "{reshaped}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_only_the_column_takes_for_the_same_is_no_match() {
    let setup =
        "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE charges (id text COLLATE folding, created_at timestamptz);
        INSERT INTO charges VALUES ('ch_Abc', now()), ('ch_def', now())";
    with_world(setup, |world| async move {
        let reader = world.database().await.reader(&charges(), &columns(&[])).await.unwrap();
        let (rows, read) = rows_by_keys(&reader, &keys(&["ch_abc", "ch_def"])).await.unwrap();
        assert_eq!((keys_of(&rows), read.rows), (vec!["ch_def"], 1));
    })
    .await;
}

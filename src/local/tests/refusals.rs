//! What PostgreSQL refuses, and in which words it is passed on.

use std::time::{Duration, Instant as Moment};

use sqlx::Row as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::postgres::{server, with_world};
use super::*;
use crate::local::{DefinitionFault, Limits};

const TABLE: &str = "CREATE TABLE charges (id text, created_at timestamptz, amount int, raw bytea);
    INSERT INTO charges VALUES ('a', '2025-11-21Z', 1)";

fn today() -> Window {
    window("2025-11-21T00:00:00Z", "2025-11-22T00:00:00Z")
}

fn impatient() -> Limits {
    let limit = Duration::from_millis(100);
    Limits { statement: limit, lock: limit, connect: Duration::from_secs(2) }
}

#[tokio::test]
async fn a_missing_column_is_named_with_its_place_and_the_nearest_one() {
    with_world(TABLE, |world| async move {
        let database = world.database().await;
        let fault = database.reader(&charges(), &columns(&["amounts"])).await.map(|_| ()).unwrap_err();
        let LocalError::Definition { fault: DefinitionFault::MissingColumn { did_you_mean, .. }, .. } = &fault
        else {
            panic!("{fault}")
        };
        assert_eq!(did_you_mean.as_deref(), Some("amount"));
        assert_eq!(
            fault.to_string(),
            "charges.yaml:5:9: the SQL gives no column `amounts`, only `id`, `created_at`, `amount`, `raw`; did you \
             mean `amount`?"
        );
        let mut local = charges();
        local.keys = "SELECT id, created_at AS at FROM charges WHERE id IN (:keys)".to_owned();
        assert!(refusal(&database, &local, &columns(&[])).await.starts_with("charges.yaml:6:9: the SQL gives no"));
        for change in [|local: &mut Local| local.changed = Some("nope".to_owned()), |local: &mut Local| {
            local.version = Some("nope".to_owned());
        }] {
            let mut local = charges();
            change(&mut local);
            assert!(refusal(&database, &local, &columns(&[])).await.contains("no column `nope`"));
        }
    })
    .await;
}

#[tokio::test]
async fn two_columns_of_one_name_and_types_that_cannot_be_compared_are_refused() {
    with_world(TABLE, |world| async move {
        let database = world.database().await;
        let twice = local(
            "SELECT a.*, b.id FROM charges a, charges b WHERE a.created_at >= :from AND a.created_at < :to",
            &charges().keys,
        );
        assert!(refusal(&database, &twice, &columns(&[])).await.contains("more than one column `id`"));
        let raw = refusal(&database, &charges(), &columns(&["raw"])).await;
        assert!(raw.contains("column `raw` has the type bytea"), "{raw}");
        let mut keyed = charges();
        keyed.key = "created_at".to_owned();
        assert!(refusal(&database, &keyed, &columns(&[])).await.contains("cannot be a key"));
    })
    .await;
}

#[tokio::test]
async fn a_parameter_of_a_wrong_type_is_refused_with_a_hint() {
    with_world(TABLE, |world| async move {
        let database = world.database().await;
        let as_number =
            local("SELECT * FROM charges WHERE amount >= :from AND amount < :to", &charges().keys);
        let message = refusal(&database, &as_number, &columns(&[])).await;
        assert!(message.contains("`:from` would have to be of the type int4; cast it"), "{message}");
        let as_bytes = local(&charges().rows, "SELECT * FROM charges WHERE raw IN (:keys)");
        let message = refusal(&database, &as_bytes, &columns(&[])).await;
        assert!(message.contains("`:keys`") && message.contains("id::text IN (:keys)"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn wrong_sql_is_pointed_at_in_the_users_own_text() {
    with_world(TABLE, |world| async move {
        let sql = "SELECT *\n FROM charges WHERE created_at >= :from AND created_at < :to AND nope = 1";
        let message = refusal(&world.database().await, &local(sql, &charges().keys), &columns(&[])).await;
        assert_eq!(message, "charges.yaml:5:9: line 2, column 66 of the SQL: column \"nope\" does not exist");
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_writes_is_refused_by_the_database() {
    with_world(TABLE, |mut world| async move {
        let writing = local(
            "WITH gone AS (DELETE FROM charges RETURNING *)
             SELECT * FROM gone WHERE created_at >= :from AND created_at < :to",
            &charges().keys,
        );
        let reader = world.database().await.reader(&writing, &columns(&[])).await.unwrap();
        let refused = rows_of(&reader, today()).await.unwrap_err();
        assert!(matches!(refused, LocalError::Definition { .. }), "{refused}");
        assert!(refused.to_string().contains("read-only transaction"), "{refused}");
        let left = sqlx::query("SELECT count(*) FROM charges").fetch_one(&mut world.admin).await.unwrap();
        assert_eq!(left.get::<i64, _>(0), 1);
    })
    .await;
}

#[tokio::test]
async fn a_value_never_enters_a_message() {
    with_world(TABLE, |world| async move {
        let failing = local(
            "SELECT id, created_at, ('secret-' || id)::int AS amount FROM charges
             WHERE created_at >= :from AND created_at < :to",
            "SELECT id, created_at, amount FROM charges WHERE id IN (:keys)",
        );
        let reader = world.database().await.reader(&failing, &columns(&["amount"])).await.unwrap();
        let message = rows_of(&reader, today()).await.unwrap_err().to_string();
        assert!(message.contains("22P02") && !message.contains("secret"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn a_missing_grant_is_named() {
    with_world(TABLE, |mut world| async move {
        let role = format!("reader_{}", uuid::Uuid::now_v7().simple());
        world.run(&format!("CREATE ROLE {role} LOGIN")).await;
        let mut url: url::Url = world.url.parse().unwrap();
        url.set_username(&role).unwrap();
        let database = Database::connect("app", &url.to_string().into()).await.unwrap();
        let outcome = database.reader(&charges(), &columns(&[])).await.map(|_| ());
        database.close().await;
        world.run(&format!("DROP ROLE {role}")).await;
        let refused = outcome.unwrap_err();
        assert!(matches!(refused, LocalError::Rejected { .. }), "{refused}");
        assert!(refused.to_string().ends_with(&format!("it needs `GRANT SELECT ON charges TO {role}`")));
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_interrupted() {
    with_world(TABLE, |world| async move {
        let slow = local(
            "SELECT charges.* FROM charges, pg_sleep(60) WHERE created_at >= :from AND created_at < :to",
            &charges().keys,
        );
        let reader = world.database_within(impatient()).await.reader(&slow, &columns(&[])).await.unwrap();
        let started = Moment::now();
        let interrupted = rows_of(&reader, today()).await.unwrap_err();
        assert!(matches!(interrupted, LocalError::Interrupted { .. }), "{interrupted}");
        assert!(started.elapsed() < Duration::from_secs(30));
        assert_eq!(rows_by_keys(&reader, &keys(&["a"])).await.unwrap().1.rows, 1);
    })
    .await;
}

#[tokio::test]
async fn a_lock_is_not_waited_for_longer_than_its_limit() {
    with_world(TABLE, |mut world| async move {
        let patient = Limits { statement: Duration::from_mins(1), ..impatient() };
        let database = world.database_within(patient).await;
        let reader = database.reader(&charges(), &columns(&[])).await.unwrap();
        world.run("BEGIN; LOCK TABLE charges").await;
        let interrupted = rows_of(&reader, today()).await.unwrap_err();
        assert!(interrupted.to_string().contains("a lock was not free within 100ms"), "{interrupted}");
        world.run("ROLLBACK").await;
        assert_eq!(rows_of(&reader, today()).await.unwrap().1.rows, 1);
    })
    .await;
}

#[tokio::test]
async fn a_database_that_nobody_serves_is_unreachable_at_once() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let url = format!("postgres://u:hunter2@127.0.0.1:{port}/app");
    let error = Database::connect("app", &url.into()).await.unwrap_err();
    assert!(matches!(error, LocalError::Unreachable { .. }));
    let message = format!("{error} {error:?}");
    assert!(message.contains(&format!("127.0.0.1:{port}")) && !message.contains("hunter2"), "{message}");
}

#[tokio::test]
async fn a_server_that_accepts_and_stays_silent_is_unreachable_after_the_limit() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://u@{}/app", silent.local_addr().unwrap());
    let limits = Limits { connect: Duration::from_millis(50), ..impatient() };
    let error = Database::connect_within("app", &url.into(), limits).await.unwrap_err();
    assert!(error.to_string().contains("did not answer within 50ms"), "{error}");
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_a_matter_of_configuration() {
    let mut url = server();
    url.set_path("no_such_database");
    let error = Database::connect("app", &url.to_string().into()).await.unwrap_err();
    assert!(matches!(error, LocalError::Configuration { .. }), "{error}");
}

/// A server that asks for a password and refuses whatever comes.
async fn refusing_server() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 1_024];
        let _ = socket.read(&mut buffer).await.unwrap();
        // AuthenticationCleartextPassword, then an error once the password has come.
        socket.write_all(b"R\0\0\0\x08\0\0\0\x03").await.unwrap();
        let _ = socket.read(&mut buffer).await.unwrap();
        let fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"u\"\0\0";
        let length = u32::try_from(fields.len() + 4).unwrap();
        socket.write_all(&[b"E".as_slice(), &length.to_be_bytes(), fields].concat()).await.unwrap();
    });
    address
}

#[tokio::test]
async fn a_refused_login_names_the_user_and_never_the_password() {
    let url = format!("postgres://u:hunter2@{}/app?sslmode=disable", refusing_server().await);
    let error = Database::connect("app", &url.into()).await.unwrap_err();
    let LocalError::Rejected { reason, .. } = &error else { panic!("{error}") };
    assert_eq!(reason, "the login of `u` is not accepted (28P01)");
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_url_of_another_kind_is_refused_without_repeating_it() {
    for url in ["oracle://u:hunter2@localhost/app", "hunter2", "postgres://u:hunter2@[::1/app"] {
        let error = Database::connect("app", &url.to_owned().into()).await.unwrap_err();
        assert!(matches!(error, LocalError::Configuration { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

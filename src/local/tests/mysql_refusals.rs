//! What is refused over the MySQL protocol, and in which words it is passed on.

use std::time::{Duration, Instant as Moment};

use sqlx::Row as _;
use tokio::net::TcpListener;

use super::mysql::{server, with_world};
use super::*;
use crate::local::{DefinitionFault, Limits};

const TABLE: &str = "CREATE TABLE charges (id varchar(20), created_at timestamp NULL, amount int, raw blob, paid_at datetime);
    INSERT INTO charges VALUES ('a', '2025-11-21', 1, NULL, NULL)";

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
        assert_eq!(
            refusal(&database, &charges(), &columns(&["amounts"])).await,
            "charges.yaml:5:9: the SQL gives no column `amounts`, only `id`, `created_at`, `amount`, `raw`, `paid_at`; did \
             you mean `amount`?"
        );
    })
    .await;
}

#[tokio::test]
async fn types_that_cannot_be_compared_are_refused_with_a_cure() {
    with_world(TABLE, |world| async move {
        let database = world.database().await;
        let raw = refusal(&database, &charges(), &columns(&["raw"])).await;
        assert!(raw.ends_with("column `raw` has the type blob, which cannot be compared; cast it, as in `CAST(raw AS CHAR) AS raw`"), "{raw}");
        let keyed = Local { key: "created_at".to_owned(), ..charges() };
        assert!(refusal(&database, &keyed, &columns(&[])).await.contains("cannot be a key"));
        let zoneless = refusal(&database, &charges(), &columns(&["paid_at"])).await;
        assert!(zoneless.contains("column `paid_at` has the type datetime, which stands for no instant"), "{zoneless}");
        assert!(zoneless.ends_with("as in `zone: UTC`"), "{zoneless}");
    })
    .await;
}

#[tokio::test]
async fn wrong_sql_is_refused_in_the_servers_words() {
    with_world(TABLE, |world| async move {
        for (sql, words) in [
            ("SELECT * FROM charges WHERE created_at >= :from AND created_at < :to AND nope = 1", "nope"),
            ("SELECT * FROM nothing WHERE created_at >= :from AND created_at < :to", "nothing"),
            ("SELECT * FORM charges WHERE created_at >= :from AND created_at < :to", "SQL syntax"),
        ] {
            let fault =
                world.database().await.reader(&local(sql, &charges().keys), &columns(&[])).await.map(|_| ());
            let fault = fault.unwrap_err();
            assert!(
                matches!(fault, LocalError::Definition { fault: DefinitionFault::Refused { .. }, .. }),
                "{fault}"
            );
            assert!(
                fault.to_string().starts_with("charges.yaml:5:9: ") && fault.to_string().contains(words),
                "{fault}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_writes_is_refused_by_the_database() {
    let setup = format!(
        "{TABLE}; CREATE FUNCTION gone() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM charges; RETURN 1; END"
    );
    with_world(&setup, |mut world| async move {
        let writing = local(
            "SELECT * FROM charges WHERE created_at >= :from AND created_at < :to AND gone() = 1",
            &charges().keys,
        );
        let refused = match world.database().await.reader(&writing, &columns(&[])).await {
            Ok(reader) => rows_of(&reader, today()).await.unwrap_err(),
            Err(refused) => refused,
        };
        assert!(matches!(refused, LocalError::Definition { .. }), "{refused}");
        assert!(refused.to_string().contains("READ ONLY transaction"), "{refused}");
        let left = sqlx::query("SELECT count(*) FROM charges").fetch_one(&mut world.admin).await.unwrap();
        assert_eq!(left.get::<i64, _>(0), 1);
    })
    .await;
}

#[tokio::test]
async fn a_missing_grant_is_named_and_a_refused_login_never_tells_the_password() {
    with_world(TABLE, |mut world| async move {
        let (name, user) = (world.url.path().trim_matches('/').to_owned(), "tieout_nobody");
        let user = format!("{user}_{}", &uuid::Uuid::now_v7().simple().to_string()[20..]);
        world
            .run(&format!(
                "CREATE TABLE other (id int); CREATE USER {user}@'127.0.0.1' IDENTIFIED BY 'hunter2'"
            ))
            .await;
        world.run(&format!("GRANT SELECT ON {name}.other TO {user}@'127.0.0.1'")).await;
        let mut url = world.url.clone();
        url.set_username(&user).unwrap();
        url.set_password(Some("hunter2")).unwrap();
        let database = Database::connect("app", &url.to_string().into()).await.unwrap();
        let missing = database.reader(&charges(), &columns(&[])).await.map(|_| ());
        database.close().await;
        url.set_password(Some("hunter3")).unwrap();
        let refused = Database::connect("app", &url.to_string().into()).await.map(|_| ());
        world.run(&format!("DROP USER {user}@'127.0.0.1'")).await;
        let missing = missing.unwrap_err();
        assert!(matches!(missing, LocalError::Rejected { .. }), "{missing}");
        assert!(
            missing.to_string().contains("GRANT SELECT ON") && missing.to_string().contains("charges"),
            "{missing}"
        );
        let refused = refused.unwrap_err();
        let LocalError::Rejected { reason, .. } = &refused else { panic!("{refused}") };
        assert_eq!(reason, &format!("the login of `{user}` is not accepted (1045)"));
        assert!(!format!("{refused:?}").contains("hunter"));
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_interrupted() {
    with_world(TABLE, |world| async move {
        let slow = local(
            "SELECT charges.* FROM charges WHERE created_at >= :from AND created_at < :to AND sleep(60) = 0",
            &charges().keys,
        );
        let reader = world.database_within(impatient()).await.reader(&slow, &columns(&[])).await.unwrap();
        let started = Moment::now();
        let interrupted = rows_of(&reader, today()).await.unwrap_err();
        assert!(matches!(interrupted, LocalError::Interrupted { .. }), "{interrupted}");
        assert!(interrupted.to_string().contains("longer than 100ms"), "{interrupted}");
        assert!(started.elapsed() < Duration::from_secs(30));
        assert_eq!(rows_by_keys(&reader, &keys(&["a"])).await.unwrap().1.rows, 1);
    })
    .await;
}

#[tokio::test]
async fn a_lock_is_not_waited_for_longer_than_its_limit() {
    with_world(TABLE, |mut world| async move {
        let patient = Limits { statement: Duration::from_mins(1), ..impatient() };
        let reader = world.database_within(patient).await.reader(&charges(), &columns(&[])).await.unwrap();
        world.run("LOCK TABLES charges WRITE").await;
        let interrupted = rows_of(&reader, today()).await.unwrap_err();
        assert!(interrupted.to_string().contains("a lock was not free within 100ms"), "{interrupted}");
        world.run("UNLOCK TABLES").await;
        assert_eq!(rows_of(&reader, today()).await.unwrap().1.rows, 1);
    })
    .await;
}

#[tokio::test]
async fn a_table_that_changes_between_two_reads_ends_the_read() {
    with_world(TABLE, |mut world| async move {
        let reader = world.database().await.reader(&charges(), &columns(&["amount"])).await.unwrap();
        world.run("ALTER TABLE charges MODIFY amount varchar(20)").await;
        let reshaped = rows_of(&reader, today()).await.unwrap_err();
        assert!(reshaped.to_string().contains("have changed since they were looked at"), "{reshaped}");
        world.run("ALTER TABLE charges DROP COLUMN amount").await;
        assert!(matches!(rows_of(&reader, today()).await.unwrap_err(), LocalError::Interrupted { .. }));
    })
    .await;
}

#[tokio::test]
async fn a_value_never_enters_a_message() {
    with_world(TABLE, |world| async move {
        let failing = local(
            "SELECT id, created_at, exp(710 + 0 * length(concat('secret', id))) AS amount FROM charges
             WHERE created_at >= :from AND created_at < :to",
            "SELECT id, created_at, amount FROM charges WHERE id IN (:keys)",
        );
        let reader = world.database().await.reader(&failing, &columns(&["amount"])).await.unwrap();
        let message = rows_of(&reader, today()).await.unwrap_err().to_string();
        assert!(message.contains("error 1690") && !message.contains("secret"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn a_database_that_nobody_serves_or_that_is_not_there_is_told_apart() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = Database::connect("app", &format!("mysql://u:hunter2@127.0.0.1:{port}/app").into())
        .await
        .unwrap_err();
    assert!(matches!(error, LocalError::Unreachable { .. }));
    let message = format!("{error} {error:?}");
    assert!(message.contains(&format!("127.0.0.1:{port}")) && !message.contains("hunter2"), "{message}");
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let limits = Limits { connect: Duration::from_millis(50), ..impatient() };
    let url = format!("mariadb://u@{}/app", silent.local_addr().unwrap());
    let error = Database::connect_within("app", &url.into(), limits).await.unwrap_err();
    assert!(error.to_string().contains("did not answer within 50ms"), "{error}");
    for path in ["no_such_database", ""] {
        let mut url = server();
        url.set_path(path);
        let error = Database::connect("app", &url.to_string().into()).await.unwrap_err();
        assert!(matches!(error, LocalError::Configuration { .. }), "{error}");
    }
}

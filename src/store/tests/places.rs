//! Opening: what is made, what is refused and what is left alone.

use std::error::Error as _;

use sqlx::{Connection as _, Executor as _};

use super::world::World;
use super::{on_both_stores, with_postgres};
use crate::store::sql::args;
use crate::store::{Store, StoreError, StoreSettings};

on_both_stores!(
    opening_again_finds_what_was_there,
    many_can_open_a_new_store_at_once,
    a_newer_schema_is_refused,
    the_clock_goes_forward,
);

async fn opening_again_finds_what_was_there(world: World) {
    world.stage(&world.lease, &["ch_1"]).await;
    world.store.close().await;
    let again = Store::open(&world.settings).await.unwrap();
    assert_eq!(again.unsent().await.unwrap()[0].count, 1);
}

async fn many_can_open_a_new_store_at_once(world: World) {
    let settings = match &world.settings {
        StoreSettings::Sqlite { .. } => StoreSettings::Sqlite { path: world.folder.join("new.db") },
        StoreSettings::Postgres { url } => {
            let mut tx = world.store.write("test").await.unwrap();
            tx.execute("DROP SCHEMA tieout CASCADE", &[]).await.unwrap();
            tx.commit().await.unwrap();
            StoreSettings::Postgres { url: url.clone() }
        }
    };
    let opened = futures::future::join_all((0..16).map(|_| Store::open(&settings))).await;
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
}

async fn a_newer_schema_is_refused(world: World) {
    let mut tx = world.store.write("test").await.unwrap();
    let table = tx.dialect().migrations;
    tx.execute(format!("UPDATE {table} SET version = $1 WHERE version = 1"), &args![9_000_i64])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.store.close().await;
    let opened = Store::open(&world.settings).await;
    assert!(matches!(opened, Err(StoreError::Newer { found: 9_000, .. })), "{opened:?}");
}

async fn the_clock_goes_forward(world: World) {
    let before = world.store.now().await.unwrap();
    assert!(world.store.now().await.unwrap() >= before);
}

#[cfg(unix)]
#[tokio::test]
async fn a_sqlite_store_is_private() {
    use std::os::unix::fs::PermissionsExt as _;

    World::on_sqlite(async |world: World| {
        for file in std::fs::read_dir(&world.folder).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.path().display());
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let mut shop = sqlx::SqliteConnection::connect(&url).await.unwrap();
    shop.execute("CREATE TABLE charges (id TEXT)").await.unwrap();
    let opened = Store::open(&StoreSettings::Sqlite { path: path.clone() }).await;
    let Err(StoreError::Unsuitable { why, .. }) = opened else { panic!("{opened:?}") };
    assert!(why.contains("charges"), "{why}");
    let tables: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema").fetch_one(&mut shop).await.unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a database, but long enough to look like the header of one".repeat(20))
        .unwrap();
    let opened = Store::open(&StoreSettings::Sqlite { path }).await;
    assert!(matches!(opened, Err(StoreError::Corrupt { .. })), "{opened:?}");
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_unreachable() {
    let opened = Store::open(&"sqlite:/does/not/exist/state.db".parse().unwrap()).await;
    let Err(error @ StoreError::Unreachable { .. }) = opened else { panic!("{opened:?}") };
    assert!(error.to_string().contains("/does/not/exist/state.db"), "{error}");
}

#[tokio::test]
async fn an_unreachable_server_is_named_without_its_password() {
    let opened = Store::open(&"postgres://me:hush@127.0.0.1:1/state".parse().unwrap()).await;
    let Err(error @ StoreError::Unreachable { .. }) = opened else { panic!("{opened:?}") };
    assert!(error.to_string().contains("127.0.0.1:1/state"), "{error}");
    assert!(!format!("{error} {error:?} {:?}", error.source()).contains("hush"), "{error:?}");
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_refused() {
    with_postgres(async |url: String| {
        let opened = Store::open(&format!("{url}_not_there").parse().unwrap()).await;
        assert!(matches!(opened, Err(StoreError::Refused { .. })), "{opened:?}");
    })
    .await;
}

#[tokio::test]
async fn a_current_schema_needs_no_right_to_change_it() {
    with_postgres(async |url: String| {
        Store::open(&url.parse().unwrap()).await.unwrap();
        let role = format!("tieout_reader_{}", uuid::Uuid::now_v7().simple());
        let mut admin = sqlx::PgConnection::connect(&url).await.unwrap();
        let statements = format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA tieout TO {role};
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tieout TO {role}"
        );
        admin.execute(sqlx::AssertSqlSafe(statements)).await.unwrap();
        let mut restricted = url::Url::parse(&url).unwrap();
        restricted.set_username(&role).unwrap();
        let opened = Store::open(&restricted.as_str().parse().unwrap()).await;
        let used = match &opened {
            Ok(store) => store.beat(uuid::Uuid::now_v7()).await.is_ok(),
            Err(_) => false,
        };
        if let Ok(store) = &opened {
            store.close().await;
        }
        let clean = format!("DROP OWNED BY {role}; DROP ROLE {role}");
        admin.execute(sqlx::AssertSqlSafe(clean)).await.unwrap();
        assert!(used, "{opened:?}");
    })
    .await;
}

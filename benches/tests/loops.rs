//! The yardsticks must be right before they may be fast: they find what was planted, and say when there is something else.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::panic::AssertUnwindSafe;
use std::path::Path;

use futures::FutureExt as _;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tieout_bench::charges::Population;
use tieout_bench::contestants;
use tieout_bench::stage::database::Database;
use tieout_bench::stage::file;
use tieout_bench::stage::mock::Manners;
use tieout_bench::stage::rows::Side;
use tieout_bench::stage::site::{Site, recent};

const MOCK: &str = env!("CARGO_BIN_EXE_mock-provider");
const MERGE: &str = env!("CARGO_BIN_EXE_merge-loop");
const COMPARE: &str = env!("CARGO_BIN_EXE_compare-loop");

/// Runs a test in a database of its own.
async fn in_database(name: &str, test: impl AsyncFnOnce(&Database)) {
    let server = std::env::var("TIEOUT_TEST_POSTGRES");
    let server = server.unwrap_or_else(|_| "postgres://root@127.0.0.1:5432/postgres".to_owned());
    let name = format!("tieout_bench_{name}_{}", std::process::id());
    let database = Database::named(&server, &name).unwrap();
    database.create().await.unwrap();
    let outcome = AssertUnwindSafe(test(&database)).catch_unwind().await;
    database.remove().await.unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

async fn site(database: &Database, population: Population) -> Site {
    Site::build(Path::new(MOCK), database, "charges", population, &Manners::default()).await.unwrap()
}

/// One in fifty of each kind, several in every second, and a last page that is not full.
fn population() -> Population {
    Population { seconds: 400, ..recent(2_537, 1, 50).unwrap() }
}

#[tokio::test]
async fn the_loop_that_merges_finds_what_was_planted() {
    in_database("merge", async |database| {
        let site = site(database, population()).await;
        let scratch = tempfile::tempdir().unwrap();
        contestants::merger(Path::new(MERGE), &site, database, scratch.path()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_loop_that_merges_another_table_is_void() {
    in_database("void", async |database| {
        let mut site = site(database, population()).await;
        let scratch = tempfile::tempdir().unwrap();
        database.fill("charges_whole", Side::Upstream, &site.population).await.unwrap();
        site.table = "charges_whole".to_owned();
        let merged = contestants::merger(Path::new(MERGE), &site, database, scratch.path()).await;
        assert!(merged.unwrap_err().to_string().contains("was planted"));
    })
    .await;
}

#[tokio::test]
async fn a_row_that_the_provider_does_not_have_is_orphaned_to_the_loop_that_merges() {
    in_database("orphan", async |database| {
        let site = site(database, population()).await;
        let scratch = tempfile::tempdir().unwrap();
        let mut connection = PgConnection::connect(database.url().as_str()).await.unwrap();
        let more = "INSERT INTO charges SELECT 'ch_more', 1, currency, status, created_at, updated_at FROM charges LIMIT 1";
        connection.execute(more).await.unwrap();
        connection.close().await.unwrap();
        let merged = contestants::merger(Path::new(MERGE), &site, database, scratch.path()).await;
        let found = r#"[Some("2537"), Some("50"), Some("51"), Some("1")]"#;
        let error = merged.unwrap_err().to_string();
        assert!(error.contains(found), "{error}");
    })
    .await;
}

#[tokio::test]
async fn the_comparison_alone_finds_what_was_planted_in_postgresql_and_in_a_file() {
    in_database("compare", async |database| {
        let population = recent(4_321, 3, 50).unwrap();
        let (program, scratch) = (Path::new(COMPARE), tempfile::tempdir().unwrap());
        database.fill("charges", Side::Local, &population).await.unwrap();
        let table = (database, "charges");
        contestants::comparison(program, &population, table, None, scratch.path()).await.unwrap();
        let path = scratch.path().join("charges.db");
        file::fill(&path, &population).await.unwrap();
        contestants::comparison_with_file(program, &population, &path, scratch.path()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_comparison_alone_is_void_where_something_else_differs() {
    in_database("differs", async |database| {
        let population = recent(1_000, 1, 50).unwrap();
        let (program, scratch) = (Path::new(COMPARE), tempfile::tempdir().unwrap());
        database.fill("charges", Side::Upstream, &population).await.unwrap();
        let table = (database, "charges");
        let compared = contestants::comparison(program, &population, table, None, scratch.path()).await;
        assert!(compared.unwrap_err().to_string().contains("was planted"));
    })
    .await;
}

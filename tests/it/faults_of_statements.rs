//! Statements that the state store refuses: which are tried again, and what is said of the others.
//!
//! Where an error cannot be had for real, a trigger raises it; the test's name says so.

use serde_json::json;

use crate::cluster::Cluster;
use crate::faults_of_servers::{all_is_well, migrated, world};
use crate::process::Process;
use crate::world::{World, set};

/// A world over a server of its own, and a trigger that raises an error at the first `times` inserts into a table.
async fn raising(code: &str, table: &str, times: u32) -> (Cluster, World) {
    let (server, world) = migrated().await;
    server
        .sql(
            "shop",
            &format!(
                "CREATE SEQUENCE public.times; \
                 CREATE FUNCTION public.raises() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 IF pg_catalog.nextval('public.times') <= {times} THEN RAISE EXCEPTION 'raised by a test' USING ERRCODE = '{code}'; END IF; \
                 RETURN NEW; END $$; \
                 CREATE TRIGGER raises BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION public.raises()"
            ),
        )
        .await;
    (server, world)
}

#[tokio::test]
async fn a_serialization_failure_that_a_trigger_raises_is_tried_again() {
    let (_server, world) = raising("40001", "tieout.slices", 4).await;
    let outcome = world.run();
    all_is_well(&world, &outcome).await;
}

#[tokio::test]
async fn a_deadlock_that_a_trigger_raises_is_tried_again() {
    let (_server, world) = raising("40P01", "tieout.findings", 4).await;
    let outcome = world.run();
    all_is_well(&world, &outcome).await;
}

#[tokio::test]
async fn what_fails_five_times_ends_the_domain_and_the_next_run_goes_on() {
    let (server, world) = raising("40001", "tieout.outbox", 1_000_000).await;
    let failed = world.run();
    assert_eq!((failed.code, world.events().await.len()), (1, 0), "{failed:?}");
    assert!(failed.domain()["problems"].to_string().contains("raised by a test"), "{failed:?}");
    let tried = server.count("SELECT last_value FROM public.times").await;
    assert_eq!(tried, 5);
    server.sql("shop", "DROP TRIGGER raises ON tieout.outbox").await;
    let next = world.run();
    all_is_well(&world, &next).await;
}

#[tokio::test]
async fn a_full_disk_that_a_trigger_raises_stops_the_run_at_once_and_the_next_one_goes_on() {
    let (server, world) = raising("53100", "tieout.outbox", 1_000_000).await;
    let full = world.run();
    assert_eq!((full.code, world.events().await.len()), (1, 0), "{full:?}");
    assert!(full.domain()["problems"].to_string().contains("has no room left"), "{full:?}");
    assert_eq!(server.count("SELECT last_value FROM public.times").await, 1, "trying again makes no room");
    server.sql("shop", "DROP TRIGGER raises ON tieout.outbox").await;
    let next = world.run();
    all_is_well(&world, &next).await;
}

#[tokio::test]
async fn a_report_that_the_full_disk_of_a_trigger_keeps_out_is_shown_and_written_into_a_file() {
    let (server, world) = raising("53100", "tieout.slices", 0).await;
    server
        .sql(
            "shop",
            "CREATE FUNCTION public.no_report() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF NEW.report IS NOT NULL THEN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END IF; RETURN NEW; END $$; \
             CREATE TRIGGER no_report BEFORE UPDATE ON tieout.runs FOR EACH ROW EXECUTE FUNCTION public.no_report()",
        )
        .await;
    std::fs::create_dir(world.path().join("reports")).unwrap();
    world.edit("tieout.yaml", "queues:", "report: {folder: reports}\nqueues:");
    let outcome = world.run();
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert_eq!(outcome.findings(), set(["missing ch_lost", "mismatched ch_003"]));
    assert_eq!(outcome.json()["exit"]["reasons"], json!(["state_store"]));
    assert!(
        outcome.domain()["problems"].to_string().contains("this report is not in the state store"),
        "{outcome:?}"
    );
    let name = format!("reports/{}.json", outcome.json()["run_id"].as_str().unwrap());
    let kept: serde_json::Value =
        serde_json::from_slice(&std::fs::read(world.path().join(name)).unwrap()).unwrap();
    assert_eq!(kept, outcome.json());
}

/// A role that may use the state store, but for what is taken from it.
async fn as_a_role_without(taken: &str) -> (Cluster, World) {
    let (server, world) = migrated().await;
    server
        .sql(
            "shop",
            &format!(
                "CREATE ROLE tieout LOGIN; GRANT USAGE ON SCHEMA tieout TO tieout; \
                 GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tieout TO tieout; \
                 GRANT USAGE ON ALL SEQUENCES IN SCHEMA tieout TO tieout; {taken}"
            ),
        )
        .await;
    world.edit("tieout.yaml", &server.url(), &server.url_of("tieout", "shop"));
    (server, world)
}

#[tokio::test]
async fn a_right_that_was_taken_away_is_named_with_the_grant_that_gives_it_back() {
    for (taken, said) in [
        (
            "REVOKE INSERT ON tieout.runs FROM tieout",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON tieout.runs TO",
        ),
        (
            "REVOKE INSERT ON tieout.findings FROM tieout",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON tieout.findings TO",
        ),
        ("REVOKE USAGE ON SCHEMA tieout FROM tieout", "GRANT USAGE ON SCHEMA tieout TO"),
    ] {
        let (server, world) = as_a_role_without(taken).await;
        let refused = world.tieout(&["run"]);
        assert_eq!((refused.code, world.events().await.len()), (7, 0), "{taken}: {refused:?}");
        let said_somewhere = format!("{}{}", refused.stdout, refused.stderr);
        assert!(said_somewhere.contains(said), "{taken}: {refused:?}");
        drop(server);
    }
}

#[tokio::test]
async fn a_server_that_takes_no_writes_is_refused_with_the_reason_before_anybody_is_asked() {
    let (_server, world) =
        as_a_role_without("ALTER ROLE tieout SET default_transaction_read_only = on").await;
    let refused = world.tieout(&["run"]);
    assert_eq!((refused.code, world.api.requests()), (7, 0), "{refused:?}");
    assert!(refused.stderr.contains("takes no writes: it is a standby, or"), "{refused:?}");
}

#[tokio::test]
async fn a_sqlite_file_that_another_process_writes_is_asked_for_again() {
    let world = world("sqlite:state.db").await;
    assert_eq!(world.tieout(&["migrate", "run"]).code, 0);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(world.path().join("state.db"));
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let other = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut run = Process::start(&world, &["run", "-v", "--format", "json"]);
    run.until_it_says("asking the state store again");
    other.rollback().await.unwrap();
    pool.close().await;
    all_is_well(&world, &run.end().0).await;
}

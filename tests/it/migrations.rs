//! The schema of the state store: brought up to date on start or by hand, by one of many, killed in between, and never backwards.

use std::collections::BTreeSet;

use serde_json::json;

use crate::postgres::Postgres;
use crate::process::{Process, until_so};
use crate::world::{World, charge, set};

async fn on(postgres: &Postgres) -> World {
    let world = World::agreeing(3).await;
    world.edit("tieout.yaml", "sqlite:state.db", postgres.url());
    world
}

#[tokio::test]
async fn info_tells_what_is_missing_and_changes_nothing_and_run_brings_it() {
    let world = World::agreeing(1).await;
    let before = world.tieout(&["migrate", "info", "--format", "json"]).json();
    assert_eq!(
        (&before["found"], before["pending"][0]["version"].as_i64()),
        (&json!(null), Some(1)),
        "{before}"
    );
    assert!(!world.path().join("state.db").exists());
    let human = world.tieout(&["migrate", "info"]).stdout;
    assert!(
        human.starts_with("state.db: no schema yet; this program knows ")
            || human.contains("/state.db: no schema yet"),
        "{human}"
    );
    let run = world.tieout(&["migrate", "run"]);
    assert_eq!(run.code, 0, "{run:?}");
    let after = world.tieout(&["migrate", "info", "--format", "json"]).json();
    assert_eq!((&after["found"], &after["pending"]), (&after["known"], &json!([])), "{after}");
    assert!(world.tieout(&["migrate", "run"]).stdout.contains("nothing was missing"));
}

#[tokio::test]
async fn where_it_is_done_by_hand_a_run_asks_for_it_and_asks_nobody_else() {
    let world = World::agreeing(3).await;
    world.edit("tieout.yaml", "state: {", "state: {migrate: by_hand, ");
    let refused = world.tieout(&["run"]);
    assert_eq!((refused.code, world.api.requests()), (2, 0), "{refused:?}");
    assert!(
        refused.stderr.contains("is empty, and this program needs")
            && refused.stderr.contains("`tieout migrate run`"),
        "{refused:?}"
    );
    assert_eq!(world.tieout(&["migrate", "run"]).code, 0);
    assert_eq!(world.run().code, 0);
    world.edit("tieout.yaml", "by_hand", "by_magic");
    let typo = world.tieout(&["check"]);
    assert!(typo.code == 2 && typo.stderr.contains("on_start"), "{typo:?}");
}

#[tokio::test]
async fn a_newer_state_is_refused_with_both_ways_out() {
    let world = World::agreeing(1).await;
    assert_eq!(world.run().code, 0);
    world
        .state("INSERT INTO tieout_migrations (version, description, success, checksum, execution_time) VALUES (999, 'later', 1, x'00', 0)")
        .await;
    let refused = world.tieout(&["run"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("has schema version 999"), "{refused:?}");
    for way_out in ["use a newer tieout", "restore the copy of the state"] {
        assert!(refused.stderr.contains(way_out), "{refused:?}");
    }
    let info = world.tieout(&["migrate", "info"]);
    assert!(
        info.stdout.contains("schema version 999") && info.stdout.contains("a newer tieout has upgraded it"),
        "{info:?}"
    );
}

#[tokio::test]
async fn of_many_that_migrate_at_once_one_does_it_and_all_go_on() {
    let postgres = Postgres::create().await;
    let world = on(&postgres).await;
    let racing: Vec<Process> = (0..6).map(|_| Process::start(&world, &["migrate", "run"])).collect();
    for one in racing {
        let outcome = one.end().0;
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
    let counted = "SELECT count(*) - count(DISTINCT version) FROM tieout.tieout_migrations";
    assert_eq!(postgres.count(counted).await, 0);
    assert_eq!(world.run().code, 0);
    postgres.drop().await;
}

#[tokio::test]
async fn a_migration_that_is_killed_in_between_leaves_nothing_and_is_done_by_the_next() {
    let postgres = Postgres::create().await;
    let world = on(&postgres).await;
    // The fifth thing that is made waits for whoever kills it, once.
    postgres
        .sql(
            "CREATE SEQUENCE public.made; \
             CREATE FUNCTION public.waits() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF pg_catalog.nextval('public.made') = 5 THEN PERFORM pg_catalog.pg_sleep(600); END IF; END $$; \
             CREATE EVENT TRIGGER waits ON ddl_command_end EXECUTE FUNCTION public.waits()",
        )
        .await;
    let migrating = Process::start(&world, &["migrate", "run"]);
    let waits =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
    until_so("the migration waits", async || postgres.count(waits).await != 0).await;
    migrating.kill();
    assert_eq!(world.tieout(&["migrate", "info", "--format", "json"]).json()["found"], json!(null));
    let next = world.tieout(&["migrate", "run"]);
    assert_eq!(next.code, 0, "{next:?}");
    world.upstream(&charge("ch_lost", 5, 500));
    let outcome = world.run();
    assert_eq!((outcome.code, outcome.findings()), (0, set(["missing ch_lost"])), "{outcome:?}");
    postgres.drop().await;
}

/// The state that schema 9 left after a run that found what this world lacks and had no time to send it: its SQL, as SQLite tells it.
const SCHEMA_9: &str = include_str!("world/state-9.sql");

#[tokio::test]
async fn what_an_older_schema_left_is_sent_once_and_followed_to_its_repair() {
    let world = World::agreeing(12).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_003", |charge| charge["amount"] = json!(5));
    world.put_state(SCHEMA_9).await;
    let run = world.run();
    assert_eq!((run.code, &run.domain()["events"]["planned"]), (0, &json!(0)), "{run:?}");
    let ids: BTreeSet<String> = world.events().await.iter().map(|event| event["id"].to_string()).collect();
    let left = [r#""9e323e7c-afd3-5e8c-a6f9-1862c32efb3a""#, r#""99d00b1b-beba-591c-a0d7-bc225475deef""#];
    assert_eq!(ids, set(left));
    assert_eq!(world.events().await.len(), 2);
    world.consume().await;
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 2);
}

//! The same job on PostgreSQL, two runs at once, and runs that die.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::postgres::Postgres;
use crate::world::{World, charge, set};

/// Moves the state, the local side and the queue of a world to PostgreSQL.
pub(crate) async fn on_postgres(world: &World, postgres: &Postgres) {
    let url = postgres.url();
    world.edit("tieout.yaml", "sqlite:state.db", url);
    world.edit("tieout.yaml", "sqlite:app.db", url);
    world.edit(
        "tieout.yaml",
        "{sqlite: {path: queue.db, table: tieout_events}}",
        &format!("{{postgres: {{url: \"{url}\", table: tieout_events}}}}"),
    );
    postgres
        .sql("CREATE TABLE charges (id text PRIMARY KEY, amount_minor bigint, currency text, status text, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)")
        .await;
    for row in sqlx::query_as::<_, (String, i64, String, String, String)>(
        "SELECT id, amount_minor, currency, status, created_at FROM charges",
    )
    .fetch_all(&world.app)
    .await
    .unwrap()
    {
        let (id, amount, currency, status, at) = row;
        postgres
            .sql(&format!(
                "INSERT INTO charges VALUES ('{id}', {amount}, '{currency}', '{status}', '{at}', '{at}')"
            ))
            .await;
    }
}

pub(crate) const QUEUE: &str = "CREATE TABLE tieout_events (seq bigserial PRIMARY KEY, event_id text NOT NULL UNIQUE, source text NOT NULL, \
     type text NOT NULL, subject text NOT NULL, event JSON NOT NULL, enqueued_at timestamptz NOT NULL DEFAULT now(), consumed_at timestamptz)";

#[tokio::test]
async fn the_whole_job_runs_on_postgresql() {
    let postgres = Postgres::create().await;
    let world = World::agreeing(15).await;
    on_postgres(&world, &postgres).await;
    postgres.sql(QUEUE).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_003", |charge| charge["amount"] = json!(5));
    let first = world.run();
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(first.findings(), set(["missing ch_lost", "mismatched ch_003"]));
    assert_eq!(
        postgres.count("SELECT count(*) FROM tieout_events WHERE event->'data'->>'object' = 'charge'").await,
        2
    );
    assert_eq!(world.run().domain()["events"]["planned"], 0);
    postgres.sql("INSERT INTO charges SELECT 'ch_lost', 500, 'USD', 'PAID', created_at, updated_at FROM charges LIMIT 1").await;
    postgres.sql("UPDATE charges SET amount_minor = 5 WHERE id = 'ch_003'").await;
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 2);
    postgres.drop().await;
}

#[tokio::test]
async fn a_queue_table_that_is_not_there_keeps_the_events_and_names_the_command_that_prints_it() {
    let postgres = Postgres::create().await;
    let world = World::agreeing(3).await;
    on_postgres(&world, &postgres).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let refused = world.run();
    assert_eq!(refused.code, 7, "only a person makes the table: {refused:?}");
    assert_eq!(refused.domain()["events"]["waiting"], 1);
    assert_eq!(refused.json()["exit"]["reasons"], json!(["queue_refuses:shop.charges"]), "{refused:?}");
    assert!(refused.stdout.contains("`tieout migrate queue shop`"), "{refused:?}");
    assert!(!refused.stdout.contains(" at line "), "a line of PostgreSQL helps nobody: {refused:?}");
    let again = world.tieout(&["run"]);
    assert_eq!(again.code, 7, "{again:?}");
    assert!(again.stdout.contains("tieout doctor shop.charges"), "{again:?}");
    postgres.sql(QUEUE).await;
    let second = world.run();
    assert_eq!((second.code, &second.domain()["events"]["emitted"]), (0, &json!(1)), "{second:?}");
    postgres.drop().await;
}

#[tokio::test]
async fn an_event_that_the_table_cannot_hold_is_dead_and_its_siblings_arrive() {
    let postgres = Postgres::create().await;
    let world = World::agreeing(3).await;
    on_postgres(&world, &postgres).await;
    postgres.sql(&QUEUE.replace("event JSON", "event JSONB")).await;
    let mut poison = charge("ch_poison", 5, 500);
    poison["metadata"]["note"] = json!("a\u{0}b");
    world.upstream(&poison);
    world.upstream(&charge("ch_lost", 5, 500));
    let outcome = world.run();
    assert_eq!(outcome.domain()["events"]["emitted"], 1, "{outcome:?}");
    assert_eq!(outcome.domain()["events"]["dead"], 1);
    assert_eq!(outcome.code, 3);
    postgres.drop().await;
}

#[tokio::test]
async fn two_runs_at_once_are_one_writer() {
    let world = World::agreeing(3).await;
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1d}");
    world.edit("charges.yaml", "settle: 1s", "settle: 1m");
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    let mut resting = world.command(&["run"]).spawn().unwrap();
    wait_until(|| world.api.requests() > 0);
    let second = world.run();
    assert_eq!(second.code, 6, "{second:?}");
    assert_eq!(world.tieout(&["run", "--if-locked", "skip"]).code, 0);
    resting.kill().unwrap();
    resting.wait().unwrap();
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_says_so_and_keeps_what_it_has() {
    let world = World::agreeing(3).await;
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1d}");
    world.edit("charges.yaml", "settle: 1s", "settle: 1m");
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    let run = world.command(&["run", "--format", "json"]).spawn().unwrap();
    wait_until(|| world.api.shelf.lock().unwrap().look_ups.contains(&"ch_lost".to_owned()));
    Command::new("kill").args(["-TERM", &run.id().to_string()]).stdout(Stdio::null()).status().unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["status"], "interrupted");
    world.edit("charges.yaml", "settle: 1m", "settle: 0s");
    let next = world.run();
    assert_eq!(next.code, 0, "{next:?}");
    let subjects: std::collections::BTreeSet<_> =
        world.events().await.iter().map(|event| event["subject"].as_str().unwrap().to_owned()).collect();
    assert_eq!(subjects, set(["ch_lost", "ch_001"]));
}

#[tokio::test]
async fn a_killed_run_loses_nothing_and_its_events_go_out_with_the_next() {
    let world = World::agreeing(3).await;
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1d}");
    world.edit("charges.yaml", "settle: 1s", "settle: 1m");
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    let mut run = world.command(&["run"]).spawn().unwrap();
    wait_until(|| world.api.shelf.lock().unwrap().look_ups.contains(&"ch_lost".to_owned()));
    run.kill().unwrap();
    run.wait().unwrap();
    world.edit("charges.yaml", "settle: 1m", "settle: 0s");
    // The lease of the dead run has to lapse first.
    world.forget_lease().await;
    let next = world.run();
    assert_eq!(next.code, 0, "{next:?}");
    assert_eq!(world.events().await.len(), 2, "{next:?}");
}

/// Waits for a condition, not for a time; a condition that never comes fails the test.
fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "the condition never came");
        std::thread::yield_now();
    }
}

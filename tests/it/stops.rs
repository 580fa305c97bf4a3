//! Runs that are asked to end, run out of time, or stand still: whatever they wait for, they end soon, say so, and lose nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, ResponseTemplate};

use crate::api::Fault;
use crate::postgres::Postgres;
use crate::process::{Process, until, until_so};
use crate::world::{Outcome, World, charge};

/// What Kubernetes gives a container at the least.
const GRACE: Duration = Duration::from_secs(20);

const HOUR: Duration = Duration::from_hours(1);

/// Asks a run to end, and looks at how it ended.
fn stopped(run: Process, signal: &str) -> Outcome {
    run.signal(signal);
    let (ended, took) = run.end();
    assert!(took < GRACE, "it took {took:?}: {ended:?}");
    let code = if signal == "INT" { 130 } else { 143 };
    assert_eq!((ended.code, ended.json()["status"].as_str()), (code, Some("interrupted")), "{ended:?}");
    assert!(!ended.json()["finished_at"].is_null());
    ended
}

/// The store has the same report, and nobody holds anything.
async fn left_clean(world: &World, ended: &Outcome) {
    let shown = world.tieout(&["report", "show", "--format", "json"]);
    assert_eq!(shown.json(), ended.json());
    let held = "SELECT CAST(COUNT(*) AS TEXT) FROM leases WHERE holder IS NOT NULL";
    assert_eq!(world.asked_of_state(held).await, "0");
}

/// The next run goes on, and everything that was lost is sent once.
async fn goes_on(world: &World, lost: &[&str]) {
    let next = world.run();
    assert_eq!(next.code, 0, "{next:?}");
    let events = world.events().await;
    let subjects: BTreeSet<&str> = events.iter().map(|event| event["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, lost.iter().copied().collect());
    assert_eq!(events.len(), lost.len());
}

fn lists(world: &World) -> usize {
    world.api.shelf.lock().unwrap().lists.len()
}

/// A world that lost one charge, whose list answers as it is told.
async fn answering(fault: Fault) -> World {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.api.change(|shelf| shelf.always = Some(fault));
    world
}

async fn a_wait_for_an_answer(fault: Fault, signal: &str) {
    let world = answering(fault).await;
    let run = Process::start(&world, &["run", "--format", "json"]);
    until("the provider is asked", || lists(&world) > 0);
    let ended = stopped(run, signal);
    left_clean(&world, &ended).await;
    world.api.change(|shelf| shelf.always = None);
    goes_on(&world, &["ch_lost"]).await;
}

#[tokio::test]
async fn a_signal_ends_the_pause_before_a_retry() {
    a_wait_for_an_answer(Fault::Throttles(503, "60"), "TERM").await;
}

#[tokio::test]
async fn a_signal_ends_the_pause_that_a_rate_limit_asks_for() {
    a_wait_for_an_answer(Fault::Throttles(429, "60"), "INT").await;
}

#[tokio::test]
async fn a_signal_ends_the_wait_for_a_slow_answer() {
    a_wait_for_an_answer(Fault::Hangs(HOUR), "TERM").await;
}

#[tokio::test]
async fn a_signal_ends_the_wait_for_an_export() {
    let world = World::agreeing(1).await;
    let export = include_str!("world/export.yaml").replace("FILES", &world.api.server.uri());
    world.write(
        "provider.yaml",
        &export.replace("every: 5ms", "every: 60s").replace("timeout: 20s", "timeout: 1h"),
    );
    let says = |body: serde_json::Value| ResponseTemplate::new(200).set_body_json(body);
    let api = &world.api.server;
    let begun = Mock::given(method("POST")).and(path_regex("^/v1/exports$"));
    begun.respond_with(says(json!({ "report_id": "1" }))).mount(api).await;
    let polled = Mock::given(method("GET")).and(path_regex("^/v1/exports/.+$"));
    polled.respond_with(says(json!({ "status": "RUNNING" }))).mount(api).await;
    let run = Process::start(&world, &["run", "--format", "json"]);
    until_so("the provider has begun the job", async || {
        let seen = api.received_requests().await.unwrap_or_default();
        seen.iter().any(|request| request.method == "POST")
    })
    .await;
    let ended = stopped(run, "TERM");
    left_clean(&world, &ended).await;
}

#[tokio::test]
async fn a_signal_ends_the_rest_before_what_has_to_settle_is_judged() {
    let world = World::agreeing(3).await;
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1d}");
    world.edit("charges.yaml", "settle: 1s", "settle: 1m");
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    let run = Process::start(&world, &["run", "--format", "json"]);
    let slices = "SELECT CAST(COUNT(*) AS TEXT) FROM findings WHERE state = 'suspected'";
    until_so("what has to settle is stored", async || world.asked_of_state(slices).await == "1").await;
    let ended = stopped(run, "TERM");
    left_clean(&world, &ended).await;
    world.edit("charges.yaml", "settle: 1m", "settle: 0s");
    goes_on(&world, &["ch_001"]).await;
}

#[tokio::test]
async fn a_signal_ends_a_delivery_to_a_queue_that_is_not_there() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let there = "{sqlite: {path: queue.db, table: tieout_events}}";
    let gone = "{postgres: {url: \"postgres://nobody@127.0.0.1:1/nothing\", table: tieout_events}}";
    world.edit("tieout.yaml", there, gone);
    let run = Process::start(&world, &["run", "--format", "json", "--drain", "1h"]);
    let pending = "SELECT CAST(COUNT(*) AS TEXT) FROM outbox WHERE state = 'pending'";
    until_so("the event is let go", async || world.asked_of_state(pending).await == "1").await;
    let ended = stopped(run, "TERM");
    assert_eq!(ended.domain()["events"]["waiting"], 1, "{ended:?}");
    left_clean(&world, &ended).await;
    world.edit("tieout.yaml", gone, there);
    goes_on(&world, &["ch_lost"]).await;
}

/// Makes every read of a range take a minute, after a run has proven that the statement is good.
async fn slow_rows(world: &World, postgres: &Postgres) {
    let url = postgres.url();
    world.edit("tieout.yaml", "sqlite:app.db", url);
    postgres
        .sql("CREATE TABLE charges (id text PRIMARY KEY, amount_minor bigint, currency text, status text, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)")
        .await;
    world.edit(
        "charges.yaml",
        "FROM charges WHERE created_at >=",
        "FROM charges, pg_sleep(50) WHERE created_at >=",
    );
    postgres.sql("INSERT INTO charges SELECT 'ch_' || n, 1, 'USD', 'PAID', now() - interval '1 day', now() - interval '1 day' FROM generate_series(1, 3) n").await;
}

const SLEEPING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(50) WHERE%' AND pid <> pg_backend_pid()";

#[tokio::test]
async fn a_signal_ends_a_run_that_a_local_query_holds_up() {
    let postgres = Postgres::create().await;
    let world = World::agreeing(3).await;
    slow_rows(&world, &postgres).await;
    let run = Process::start(&world, &["run", "--format", "json"]);
    until_so("the query is under way", async || postgres.count(SLEEPING).await > 0).await;
    let ended = stopped(run, "TERM");
    left_clean(&world, &ended).await;
    postgres.drop().await;
}

#[tokio::test]
async fn a_second_signal_ends_a_run_at_once_and_the_next_one_closes_it() {
    let world = answering(Fault::Hangs(HOUR)).await;
    let run = Process::start(&world, &["run", "--format", "json"]);
    until("the provider is asked", || lists(&world) > 0);
    run.signal("TERM");
    run.signal("INT");
    let (ended, took) = run.end();
    assert!(matches!(ended.code, 130 | 143) && took < Duration::from_secs(4), "{took:?} {ended:?}");
    assert_eq!(ended.stdout, "", "it had no time for a report");
    world.api.change(|shelf| shelf.always = None);
    goes_on(&world, &["ch_lost"]).await;
    let closed = world.tieout(&["report", "show", "latest~1", "--format", "json"]);
    assert_eq!(closed.json()["status"], "interrupted", "{closed:?}");
}

#[tokio::test]
async fn a_deadline_makes_a_run_partial_and_keeps_what_was_done() {
    let world = World::agreeing(0).await;
    let lost: Vec<String> = (0..25).map(|day| format!("ch_{day:02}")).collect();
    for (day, id) in (0..).zip(&lost) {
        world.upstream(&charge(id, 5 + 24 * day, 500));
    }
    // Some ranges come at once, and then nothing for an hour.
    world.api.change(|shelf| {
        shelf.faults = std::iter::repeat_n(None, 3).collect();
        shelf.always = Some(Fault::Hangs(HOUR));
    });
    let late = world.tieout(&["run", "--format", "json", "--deadline", "8s", "--concurrency", "1"]);
    assert_eq!((late.code, late.json()["status"].as_str()), (3, Some("partial")), "{late:?}");
    assert!(late.stdout.contains("the deadline came"), "{late:?}");
    let done = world.events().await.len();
    assert!(done > 0 && done < lost.len(), "{done} events");
    assert_ne!(world.asked_of_state("SELECT CAST(COUNT(*) AS TEXT) FROM coverage").await, "0");
    world.api.change(|shelf| {
        shelf.faults.clear();
        shelf.always = None;
    });
    goes_on(&world, &lost.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn a_run_in_which_nothing_moves_ends_itself() {
    let world = answering(Fault::Hangs(HOUR)).await;
    let run = Process::start(&world, &["run", "--format", "json", "--watchdog", "2s"]);
    let (ended, _) = run.end();
    assert_eq!((ended.code, ended.json()["status"].as_str()), (1, Some("interrupted")), "{ended:?}");
    assert_eq!(ended.domain()["failure"], "stalled");
    assert!(ended.stdout.contains("nothing has moved for 2s"), "{ended:?}");
    left_clean(&world, &ended).await;
    world.api.change(|shelf| shelf.always = None);
    goes_on(&world, &["ch_lost"]).await;
}

#[tokio::test]
async fn a_pause_with_a_known_end_is_no_standstill() {
    let world = answering(Fault::Throttles(429, "4")).await;
    world.api.change(|shelf| {
        shelf.faults = [shelf.always.take()].into();
    });
    let run = Process::start(&world, &["run", "--format", "json", "--watchdog", "2s"]);
    let (ended, _) = run.end();
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[tokio::test]
async fn a_run_that_cannot_even_end_itself_is_given_up_and_its_report_comes_from_the_state_store() {
    let postgres = Postgres::create().await;
    let world = World::agreeing(3).await;
    slow_rows(&world, &postgres).await;
    let run = Process::start(&world, &["run", "--format", "json", "--watchdog", "2s"]);
    let (ended, took) = run.end();
    assert!(took < Duration::from_secs(45), "{took:?}: the query takes longer than that");
    assert_eq!((ended.code, ended.json()["status"].as_str()), (1, Some("interrupted")), "{ended:?}");
    assert_eq!(ended.json()["exit"]["reasons"], json!(["stalled:shop.charges", "stalled"]));
    left_clean(&world, &ended).await;
    postgres.drop().await;
}

#[tokio::test]
async fn a_run_that_is_asked_how_far_it_is_says_so_and_goes_on() {
    let world = World::agreeing(3).await;
    world.api.change(|shelf| shelf.always = Some(Fault::Hangs(HOUR)));
    let mut run = Process::start(&world, &["run", "--quiet"]);
    until("the provider is asked", || !world.api.shelf.lock().unwrap().lists.is_empty());
    run.signal("USR1");
    run.until_it_says("shop.charges: page 0, 0 items");
    run.signal("TERM");
    let (ended, _) = run.end();
    assert_eq!(ended.code, 143, "{ended:?}");
}

#[tokio::test]
async fn a_run_whose_provider_throttles_says_how_long_it_waits_and_for_what() {
    let world = answering(Fault::Throttles(429, "60")).await;
    let mut run = Process::start(&world, &["run", "--heartbeat", "1s"]);
    run.until_it_says("shop.charges: page 0, 0 items, waiting 5");
    run.signal("USR1");
    run.until_it_says(" s for the provider's limit");
    run.signal("TERM");
    let (ended, _) = run.end();
    assert_eq!(ended.code, 143, "{ended:?}");
}

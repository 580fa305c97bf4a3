//! A state store whose server is not there, goes away, or answers nothing: what a run asks, keeps and says.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::Connection as _;
use tieout::store::Store;
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::cluster::{Cluster, Stop};
use crate::process::Process;
use crate::proxy::{Proxy, Trouble};
use crate::world::{Outcome, World, charge, set};

/// A world with one lost charge and one that differs, and its state store at an address.
pub(crate) async fn world(state: &str) -> World {
    let world = World::agreeing(12).await;
    world.edit("tieout.yaml", "sqlite:state.db", state);
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_003", |charge| charge["amount"] = json!(5));
    world
}

/// The same over a server of its own, in which the schema is there already.
pub(crate) async fn migrated() -> (Cluster, World) {
    let server = Cluster::start().await;
    let world = world(&server.url()).await;
    assert_eq!(world.tieout(&["migrate", "run"]).code, 0);
    (server, world)
}

/// Nothing was lost and nothing is twice: the run found both, sent each once, and the next one sends nothing.
pub(crate) async fn all_is_well(world: &World, outcome: &Outcome) {
    assert_eq!(
        (outcome.code, outcome.findings()),
        (0, set(["missing ch_lost", "mismatched ch_003"])),
        "{outcome:?}"
    );
    let events = world.events().await;
    assert_eq!(events.len(), 2, "{events:?}");
    let next = world.run();
    assert_eq!((next.code, &next.domain()["events"]["planned"]), (0, &json!(0)), "{next:?}");
    assert_eq!(world.events().await.len(), 2);
    world.consume().await;
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 2);
}

#[tokio::test]
async fn a_server_that_is_down_at_the_start_costs_no_request_and_leaves_a_report_file() {
    let mut server = Cluster::start().await;
    server.stop(Stop::Fast);
    let world = world(&server.url()).await;
    std::fs::create_dir(world.path().join("reports")).unwrap();
    world.edit("tieout.yaml", "queues:", "report: {folder: reports}\nqueues:");
    let outcome = world.tieout(&["run"]);
    assert_eq!((outcome.code, world.api.requests()), (1, 0), "{outcome:?}");
    assert!(outcome.stderr.contains("cannot be reached"), "{outcome:?}");
    let files: Vec<_> =
        std::fs::read_dir(world.path().join("reports")).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let report: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!((&report["status"], &report["exit"]["code"]), (&json!("failed"), &json!(1)), "{report}");
    assert!(report["domains"][0]["problems"].to_string().contains("cannot be reached"), "{report}");
    server.start_again();
    let next = world.run();
    all_is_well(&world, &next).await;
}

#[tokio::test]
async fn a_server_that_restarts_while_the_provider_is_asked_loses_nothing() {
    let server = Cluster::start().await;
    let world = world(&server.url()).await;
    let server = Arc::new(Mutex::new(server));
    let held = Arc::clone(&server);
    // A provider that cannot answer now gets the same request again.
    let restart = move |_: &Request| {
        let mut server = held.lock().unwrap();
        server.stop(Stop::Immediate);
        server.start_again();
        ResponseTemplate::new(503).insert_header("retry-after", "0")
    };
    let first_page = Mock::given(method("GET")).and(path("/v1/charges")).respond_with(restart);
    first_page.up_to_n_times(1).with_priority(1).mount(&world.api.server).await;
    let outcome = world.run();
    all_is_well(&world, &outcome).await;
}

/// Makes the first insert into a table wait until somebody ends its backend.
async fn the_first_insert_waits(server: &Cluster, table: &str) {
    let waits = "CREATE SEQUENCE public.times; GRANT USAGE ON SEQUENCE public.times TO public; \
         CREATE FUNCTION public.waits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF pg_catalog.nextval('public.times') = 1 THEN PERFORM pg_catalog.pg_sleep(600); END IF; RETURN NEW; END $$";
    let trigger =
        format!("CREATE TRIGGER waits BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION public.waits()");
    server.sql("shop", &format!("{waits}; {trigger}")).await;
}

const WAITS: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
const WAITS_NO_MORE: &str =
    "SELECT (NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'))::int::int8";

#[tokio::test]
async fn a_server_that_restarts_while_a_slice_is_committed_loses_nothing() {
    let (mut server, world) = migrated().await;
    the_first_insert_waits(&server, "tieout.slices").await;
    let run = Process::start(&world, &["run", "--format", "json"]);
    server.until(WAITS).await;
    server.stop(Stop::Immediate);
    server.start_again();
    all_is_well(&world, &run.end().0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_reads_asks_a_server_that_restarts_again() {
    let (mut server, _world) = migrated().await;
    let store = Store::open(&server.url().parse().unwrap()).await.unwrap();
    store.now().await.unwrap();
    server.stop(Stop::Immediate);
    let asked = tokio::spawn(async move { store.now().await });
    server.start_again();
    asked.await.unwrap().unwrap();
}

/// A statement of each transaction that a run makes.
const TRANSACTIONS: [&str; 8] = [
    "INSERT INTO runs",
    "UPDATE leases SET token",
    "INSERT INTO outbox",
    "INSERT INTO slices",
    "UPDATE outbox SET state = $3, reason",
    "UPDATE outbox_pending SET claimed_by = $6",
    "UPDATE outbox SET state = 'sent'",
    "UPDATE runs SET status",
];

/// A whole run for each transaction, in which the connection breaks off at its COMMIT.
async fn broken_off_at_each(trouble: fn(&'static str) -> Trouble) {
    let server = Cluster::start().await;
    for (at, statement) in TRANSACTIONS.into_iter().enumerate() {
        let database = format!("of_{at}");
        server.sql("postgres", &format!("CREATE DATABASE {database}")).await;
        let proxy = Proxy::before(server.port(), trouble(statement));
        let world = world(&proxy.url_of(&database)).await;
        let outcome = world.run();
        assert!(proxy.has_struck(), "no COMMIT came after {statement}");
        all_is_well(&world, &outcome).await;
    }
}

#[tokio::test]
async fn a_commit_that_is_done_and_not_answered_is_done_once() {
    broken_off_at_each(Trouble::Unanswered).await;
}

#[tokio::test]
async fn a_commit_that_never_arrives_is_done_again() {
    broken_off_at_each(Trouble::Lost).await;
}

#[tokio::test]
async fn what_is_held_without_an_answer_is_reported_as_held() {
    let server = Cluster::start().await;
    let proxy = Proxy::before(server.port(), Trouble::Unanswered("UPDATE outbox SET state = $3, reason"));
    let world = world(&proxy.url_of("shop")).await;
    world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 100%, max_emits: 1");
    let outcome = world.run();
    assert!(proxy.has_struck());
    assert_eq!((outcome.code, &outcome.domain()["events"]["held"]), (5, &json!(2)), "{outcome:?}");
    assert_eq!(world.events().await.len(), 0);
}

#[tokio::test]
async fn a_server_of_which_nothing_is_heard_any_more_is_given_up_by_the_watchdog() {
    let server = Cluster::start().await;
    let proxy = Proxy::before(server.port(), Trouble::Silent("INSERT INTO slices"));
    let world = world(&proxy.url_of("shop")).await;
    std::fs::create_dir(world.path().join("reports")).unwrap();
    world.edit("tieout.yaml", "queues:", "report: {folder: reports}\nqueues:");
    let run = Process::start(&world, &["run", "--format", "json", "--watchdog", "2s"]);
    let (ended, took) = run.end();
    assert!(proxy.has_struck() && took < Duration::from_mins(1), "{took:?}");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains("nothing has moved for 2s"), "{ended:?}");
    assert_eq!(std::fs::read_dir(world.path().join("reports")).unwrap().count(), 1);
    world.edit("tieout.yaml", &proxy.url_of("shop"), &server.url());
    let next = world.run();
    all_is_well(&world, &next).await;
}

#[tokio::test]
async fn a_slow_server_makes_a_run_slow_and_nothing_else() {
    let server = Cluster::start().await;
    let proxy = Proxy::before(server.port(), Trouble::Slow(Duration::from_millis(20)));
    let world = world(&proxy.url_of("shop")).await;
    let outcome = world.run();
    all_is_well(&world, &outcome).await;
}

#[tokio::test]
async fn five_connections_are_enough_for_a_run_and_none_left_is_said() {
    let (server, world) = migrated().await;
    server
        .sql(
            "shop",
            "CREATE ROLE tieout LOGIN CONNECTION LIMIT 5; GRANT USAGE ON SCHEMA tieout TO tieout; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tieout TO tieout; \
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA tieout TO tieout",
        )
        .await;
    world.edit("tieout.yaml", &server.url(), &server.url_of("tieout", "shop"));
    let outcome = world.run();
    all_is_well(&world, &outcome).await;
    let mut taken = Vec::new();
    for _each in 0..5 {
        taken.push(sqlx::PgConnection::connect(&server.url_of("tieout", "shop")).await.unwrap());
    }
    let refused = world.tieout(&["run"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("too many connections"), "{refused:?}");
}

#[tokio::test]
async fn what_a_killed_run_has_locked_is_free_within_seconds() {
    let (server, world) = migrated().await;
    the_first_insert_waits(&server, "tieout.slices").await;
    let run = Process::start(&world, &["run"]);
    server.until(WAITS).await;
    run.kill();
    let killed = Instant::now();
    server.until(WAITS_NO_MORE).await;
    // A backend that does not look for its client would stay until its statement's limit of 30 s.
    assert!(killed.elapsed() < Duration::from_secs(20), "{:?}", killed.elapsed());
}

#[tokio::test]
async fn what_a_killed_run_was_reading_ends_within_seconds() {
    let server = Cluster::start().await;
    let world = World::agreeing(3).await;
    world.edit("tieout.yaml", "sqlite:app.db", &server.url());
    let table = "CREATE TABLE charges (id text, amount_minor bigint, currency text, status text, created_at timestamptz, \
         updated_at timestamptz); INSERT INTO charges VALUES ('ch_000', 1, 'USD', 'PAID', now() - interval '2 hours', now())";
    server.sql("shop", table).await;
    world.edit(
        "charges.yaml",
        "WHERE created_at >= :from",
        "WHERE pg_sleep(600) IS NOT NULL AND created_at >= :from",
    );
    let run = Process::start(&world, &["run"]);
    server.until(WAITS).await;
    run.kill();
    let killed = Instant::now();
    server.until(WAITS_NO_MORE).await;
    // A backend that does not look for its client would stay until its statement's limit of 60 s.
    assert!(killed.elapsed() < Duration::from_secs(40), "{:?}", killed.elapsed());
}

#[tokio::test]
async fn a_lock_that_somebody_holds_to_change_a_table_is_asked_for_again() {
    let (server, world) = migrated().await;
    let mut other = server.connect("shop").await;
    sqlx::raw_sql("BEGIN; LOCK TABLE tieout.finding_history IN ACCESS EXCLUSIVE MODE")
        .execute(&mut other)
        .await
        .unwrap();
    let mut run = Process::start(&world, &["run", "-v", "--format", "json"]);
    run.until_it_says("asking the state store again");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    all_is_well(&world, &run.end().0).await;
}

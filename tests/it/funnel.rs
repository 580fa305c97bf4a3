//! The funnel of a domain, from the team's own tables and from the queue; and a run that waits for slow consumers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Outcome, World, charge};

const WEBHOOKS: &str =
    "CREATE TABLE webhooks (id INTEGER PRIMARY KEY, at TEXT NOT NULL, state TEXT NOT NULL)";

/// The block of a domain that counts its webhooks.
const COUNTS: &str = "funnel:
  received: SELECT count(*) FROM webhooks WHERE at >= :from AND at < :to
  consumed: SELECT count(*) FROM webhooks WHERE at >= :from AND at < :to AND state = 'done'
  failed: SELECT count(*) FROM webhooks WHERE at >= :from AND at < :to AND state = 'failed'
compare:";

/// A world whose domain counts by a funnel.
async fn counting(funnel: &str) -> World {
    let world = World::agreeing(3).await;
    world.sql(WEBHOOKS).await;
    world.edit("charges.yaml", "compare:", funnel);
    world
}

/// Webhooks of a state that were received at a time.
async fn receive(world: &World, count: usize, at: chrono::DateTime<chrono::Utc>, state: &str) {
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for _ in 0..count {
        world.sql(&format!("INSERT INTO webhooks (at, state) VALUES ('{at}', '{state}')")).await;
    }
}

fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

/// Some numbers of the newest two days, added up: a test may run over midnight.
fn sums(funnel: &Value, names: &[&str]) -> Vec<i64> {
    let days = funnel["days"].as_array().unwrap_or_else(|| panic!("{funnel}"));
    let sum =
        |name: &str| days.iter().map(|day| day[name].as_i64().unwrap_or_else(|| panic!("{funnel}"))).sum();
    names.iter().map(|name| sum(name)).collect()
}

const NAMES: [&str; 9] = [
    "received",
    "consumed",
    "failed",
    "unexplained",
    "decided",
    "re_emitted",
    "repaired",
    "unrepaired",
    "dead",
];

#[tokio::test]
async fn what_was_received_adds_up_in_the_report_and_in_the_status() {
    let world = counting(COUNTS).await;
    receive(&world, 5, now(), "done").await;
    receive(&world, 2, now(), "failed").await;
    receive(&world, 3, now(), "received").await;
    receive(&world, 9, now() - chrono::TimeDelta::days(3), "done").await;
    world.upstream(&charge("ch_lost", 5, 500));
    let run = world.run();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(sums(&run.domain()["funnel"], &NAMES), [10, 5, 2, 3, 1, 1, 0, 1, 0]);
    world.consume().await;
    assert_eq!(sums(&world.run().domain()["funnel"], &NAMES), [10, 5, 2, 3, 1, 1, 1, 0, 0]);
    let status = world.tieout(&["status", "--format", "json"]).json();
    assert_eq!(sums(&status["domains"][0]["funnel"], &NAMES), [10, 5, 2, 3, 1, 1, 1, 0, 0]);
    let text = world.tieout(&["status"]).stdout;
    let line = text.lines().rfind(|line| line.starts_with("shop.charges") && line.contains("so far"));
    assert!(line.is_some() && text.contains("UNEXPLAINED"), "{text}");
    let plan = world.tieout(&["plan", "--format", "json"]);
    assert_eq!(plan.domain()["funnel"], Value::Null, "a plan counts nothing");
}

#[tokio::test]
async fn a_count_that_cannot_be_read_is_unknown_and_so_is_what_is_left_over() {
    let world = counting(COUNTS).await;
    receive(&world, 5, now(), "done").await;
    world.edit("charges.yaml", "AND state = 'failed'", "AND stat = 'failed'");
    let run = world.run();
    assert_eq!(run.code, 0, "a funnel is no reason to fail: {run:?}");
    let days = run.domain()["funnel"]["days"].clone();
    for day in days.as_array().unwrap() {
        assert_eq!((&day["failed"], &day["unexplained"]), (&json!("unknown"), &json!("unknown")), "{day}");
        assert!(day["why"][0].as_str().unwrap().contains("no such column"), "{day}");
    }
    let text = world.tieout(&["status"]).stdout;
    assert!(text.contains("unknown") && text.contains("Unknown of shop.charges on "), "{text}");
    assert_eq!(sums(&run.domain()["funnel"], &["received", "consumed"]), [5, 5]);
}

/// The detail of the test with a result.
fn told(outcome: &Outcome, result: &str) -> String {
    let document = outcome.json();
    let its = document["tests"].as_array().unwrap().iter().filter(|test| test["result"] == result);
    its.map(|test| test["detail"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_count_that_is_no_number_is_an_error_of_the_check_with_its_place() {
    for (wrong, said) in [
        ("count(*), 1", "gives 2 columns where one row with one whole number"),
        ("state", "gives no row where one row"),
        ("-1 - count(*)", "gives something else where one row"),
        ("max(state)", "gives something else where one row"),
    ] {
        let world = counting(COUNTS).await;
        world.edit("charges.yaml", "failed: SELECT count(*)", &format!("failed: SELECT {wrong}"));
        let check = world.tieout(&["check", "--online", "--format", "json"]);
        assert_eq!(check.code, 2, "{check:?}");
        let failed = told(&check, "failed");
        assert!(failed.contains("charges.yaml:") && failed.contains(said), "{failed}");
        let doctor = world.tieout(&["doctor", "--format", "json"]);
        assert!(told(&doctor, "failed").contains(said), "{doctor:?}");
    }
    let world = counting(COUNTS).await;
    let check = world.tieout(&["check", "--online", "--format", "json"]);
    assert_eq!(check.code, 0, "{check:?}");
    assert!(told(&check, "ok").contains("each query of the funnel gives one number"), "{check:?}");
}

#[tokio::test]
async fn a_queue_tells_what_it_keeps_and_the_rest_is_unknown() {
    let world = counting("funnel: {from: queue}\ncompare:").await;
    for id in ["ch_a", "ch_b", "ch_c"] {
        world.upstream(&charge(id, 5, 500));
    }
    assert_eq!(world.run().code, 0);
    world.queue("UPDATE tieout_events SET consumed_at = 'now' WHERE subject = 'ch_a'").await;
    let funnel = world.tieout(&["status", "--format", "json"]).json()["domains"][0]["funnel"].clone();
    assert_eq!(sums(&funnel, &["received", "consumed", "waiting", "re_emitted"]), [3, 1, 2, 3]);
    assert_eq!(funnel["days"][1]["unexplained"], "unknown", "{funnel}");
    assert_eq!(funnel["consumers"][0]["waiting"], 2, "{funnel}");
    let text = world.tieout(&["status"]).stdout;
    assert!(text.contains("Consumers of shop: 2 waiting"), "{text}");
    let metrics = world.tieout(&["metrics", "show"]).stdout;
    let behind = "tieout_queue_consumers_behind{domain=\"shop.charges\",queue=\"shop\"} 3.0";
    assert!(metrics.contains(behind) && metrics.contains("tieout_funnel_events{"), "{metrics}");
}

#[tokio::test]
async fn a_bound_that_nothing_is_known_for_is_a_doubt_of_check_and_doctor() {
    let world = World::agreeing(1).await;
    world.edit("tieout.yaml", "table: tieout_events}}", "table: tieout_events}, lag: {max: 3}}");
    for command in ["check", "doctor"] {
        let args: &[&str] = if command == "check" {
            &["check", "--online", "--format", "json"]
        } else {
            &["doctor", "--format", "json"]
        };
        let outcome = world.tieout(args);
        let ok = told(&outcome, "ok");
        assert!(ok.contains("its consumers are 0 events behind, of at most 3"), "{outcome:?}");
    }
    world.edit(
        "tieout.yaml",
        "{sqlite: {path: queue.db, table: tieout_events}, lag",
        "{ndjson: {path: out}, lag",
    );
    for args in [["check", "--online", "--format", "json"].as_slice(), &["doctor", "--format", "json"]] {
        let outcome = world.tieout(args);
        let said = told(&outcome, "warning");
        assert!(said.contains("nothing is slowed down"), "{outcome:?}");
    }
}

#[tokio::test]
async fn what_consumers_leave_no_room_for_waits_for_the_next_run() {
    let world = World::agreeing(3).await;
    world.edit("tieout.yaml", "table: tieout_events}}", "table: tieout_events}, lag: {max: 2}}");
    for at in 0..5 {
        world.upstream(&charge(&format!("ch_lost{at}"), 5, 500));
    }
    let run = world.tieout(&["run", "--format", "json", "--drain", "2s"]);
    assert_eq!(run.code, 3, "{run:?}");
    let domain = run.domain();
    assert_eq!((&domain["events"]["emitted"], &domain["events"]["waiting"]), (&json!(2), &json!(3)));
    let problem = "the queue `shop` waits for its consumers: 2 behind, and at most 2 may be";
    assert!(domain["problems"].as_array().unwrap().contains(&json!(problem)), "{domain}");
    world.queue("UPDATE tieout_events SET consumed_at = 'now'").await;
    let run = world.tieout(&["run", "--format", "json", "--drain", "2s"]);
    assert_eq!((run.code, &run.domain()["events"]["emitted"]), (3, &json!(2)), "{run:?}");
    assert_eq!(world.events().await.len(), 4);
}

#[tokio::test]
async fn a_slow_consumer_is_never_further_behind_than_it_may_be_and_gets_everything() {
    let world = World::agreeing(3).await;
    world.edit("tieout.yaml", "table: tieout_events}}", "table: tieout_events}, lag: {max: 4}}");
    for at in 0..20 {
        world.upstream(&charge(&format!("ch_lost{at}"), 5, 500));
    }
    let (done, worst) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let consumer =
        tokio::spawn(consume_slowly(world.path().join("queue.db"), Arc::clone(&done), Arc::clone(&worst)));
    let mut command = tokio::process::Command::from(world.command(&["run", "--format", "json"]));
    let output = command.output().await.unwrap();
    done.store(true, Ordering::Relaxed);
    consumer.await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(world.events().await.len(), 20);
    assert_eq!(worst.load(Ordering::Relaxed), 4, "it was as far behind as it may be, and no further");
}

/// Takes two events at a time, and notes how many waited at most.
async fn consume_slowly(path: std::path::PathBuf, done: Arc<AtomicBool>, worst: Arc<AtomicU64>) {
    while !path.exists() && !done.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(5));
    let queue = sqlx::SqlitePool::connect_with(options).await.unwrap();
    while !done.load(Ordering::Relaxed) {
        let waiting = "SELECT count(*) FROM tieout_events WHERE consumed_at IS NULL";
        // The table may not be there yet.
        let behind: i64 = sqlx::query_scalar(waiting).fetch_one(&queue).await.unwrap_or_default();
        worst.fetch_max(behind.unsigned_abs(), Ordering::Relaxed);
        if behind > 0 {
            let take = "UPDATE tieout_events SET consumed_at = 'now' WHERE seq IN
                (SELECT seq FROM tieout_events WHERE consumed_at IS NULL ORDER BY seq LIMIT 2)";
            sqlx::query(take).execute(&queue).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    queue.close().await;
}

#[tokio::test]
async fn the_counts_of_the_guide_load() {
    let guide = include_str!("../../docs/funnel.md");
    let block = guide
        .split("```yaml\n")
        .filter_map(|rest| rest.split("```").next())
        .find(|block| block.contains("received:"));
    let (_, funnel) = block.unwrap().split_once("# ...\n").unwrap();
    let world = World::agreeing(1).await;
    world.edit("charges.yaml", "compare:", &format!("{funnel}compare:"));
    let check = world.tieout(&["check"]);
    assert_eq!(check.code, 0, "{check:?}");
}

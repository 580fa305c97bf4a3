//! The funnel of a domain, from the team's own tables and from the queue.

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

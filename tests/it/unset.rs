//! A secret that is not set is the trouble of the domains that need it, and of no other.

use serde_json::{Value, json};

use crate::world::{World, charge};

/// Who needs the secret that is not set: a text of `tieout.yaml`, what stands there instead, and what of the other domain file makes it that
/// domain's.
const NEEDS: [(&str, &str, &str, &str); 4] = [
    (
        "providers: {",
        "providers: {other: {base: \"http://127.0.0.1:1\", secrets: {key: \"env:TIEOUT_TEST_NOT_SET\"}}, ",
        "feed: api/",
        "feed: other/",
    ),
    (
        "databases: {",
        "databases: {other: {url: \"env:TIEOUT_TEST_NOT_SET\"}, ",
        "database: app",
        "database: other",
    ),
    (
        "queues: {",
        "queues: {other: {postgres: {url: \"env:TIEOUT_TEST_NOT_SET\", table: tieout_events}}, ",
        "queue: shop",
        "queue: other",
    ),
    (
        "queues: {",
        "privacy: {key: \"env:TIEOUT_TEST_NOT_SET\"}\nqueues: {",
        "money:",
        "privacy: {hash: [status]}\nmoney:",
    ),
];

/// Two domains; what the second one needs is not set.
async fn world((from, to, its, other): (&str, &str, &str, &str)) -> World {
    let world = World::agreeing(2).await;
    let provider = include_str!("world/provider.yaml").replace("provider: api", "provider: other");
    world.write("other-provider.yaml", &provider);
    let domain = include_str!("world/charges.yaml").replace("shop.charges", "shop.others");
    world.write("others.yaml", &domain.replace(its, other));
    world.edit("tieout.yaml", from, to);
    world.upstream(&charge("ch_lost", 5, 500));
    world
}

fn statuses(report: &Value) -> Vec<(&str, &str)> {
    report["domains"]
        .as_array()
        .unwrap()
        .iter()
        .map(|domain| (domain["domain"].as_str().unwrap(), domain["status"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn what_one_domain_needs_and_nobody_has_set_fails_that_domain_and_no_other() {
    for needs in NEEDS {
        let world = world(needs).await;
        let run = world.run();
        assert_eq!(run.code, 2, "{needs:?}: {run:?}");
        let report = run.json();
        assert_eq!(statuses(&report), [("shop.charges", "done"), ("shop.others", "failed")], "{needs:?}");
        assert_eq!(report["exit"], json!({"code": 2, "reasons": ["configuration:shop.others"]}));
        let problem = report["domains"][1]["problems"][0].as_str().unwrap();
        assert!(problem.contains("`TIEOUT_TEST_NOT_SET` is not set"), "{problem}");
        assert_eq!(world.events().await.len(), 1, "{needs:?}: the other one was repaired");
        let listed = world.tieout(&["report", "list", "--format", "json"]).json();
        assert_eq!(listed["runs"][0]["status"], "failed", "{listed}");
    }
}

#[tokio::test]
async fn a_call_that_is_to_stop_at_the_first_failure_stops_there() {
    let world = world(NEEDS[0]).await;
    world.edit("others.yaml", "domain: shop.others", "domain: shop.a");
    let run = world.tieout(&["run", "--fail-fast", "--format", "json"]);
    assert_eq!(run.code, 2, "{run:?}");
    let report = run.json();
    assert_eq!(statuses(&report), [("shop.a", "failed"), ("shop.charges", "skipped")]);
    assert_eq!(world.api.requests(), 0);
}

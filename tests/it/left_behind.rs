//! Events that wait for a queue which their domain names no more: they go where they were to go, and where that is not known any more, runs say so.

use serde_json::json;

use crate::world::{Outcome, World, charge};

/// A world with an event that waits for the queue `shop`, and a domain that names another one since.
async fn renamed() -> World {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let waiting = world.tieout(&["run", "--drain", "0s"]);
    assert_eq!(waiting.code, 3, "{waiting:?}");
    world.edit("tieout.yaml", "queues: {", "queues: {other: {ndjson: {path: other.ndjson}}, ");
    world.edit("charges.yaml", "queue: shop", "queue: other");
    world
}

fn problems(run: &Outcome) -> Vec<String> {
    serde_json::from_value(run.domain()["problems"].clone()).unwrap()
}

#[tokio::test]
async fn what_waits_for_a_queue_that_no_domain_names_any_more_goes_there() {
    let world = renamed().await;
    let run = world.run();
    assert_eq!((run.code, problems(&run)), (0, vec![]), "{run:?}");
    assert_eq!(run.domain()["events"]["emitted"], json!(1));
    assert_eq!(world.events().await.len(), 1);
    assert!(!world.path().join("other.ndjson").exists());
}

#[tokio::test]
async fn what_waits_for_a_queue_that_is_configured_no_more_is_told_until_it_is_back() {
    let world = renamed().await;
    let queue = "shop: {sqlite: {path: queue.db, table: tieout_events}}";
    world.edit("tieout.yaml", queue, "");
    let run = world.run();
    assert_eq!((run.code, run.domain()["events"]["waiting"].clone()), (3, json!(1)), "{run:?}");
    insta::assert_snapshot!(problems(&run).join("\n"));
    world.edit(
        "tieout.yaml",
        "other: {ndjson: {path: other.ndjson}}, ",
        &format!("other: {{ndjson: {{path: other.ndjson}}}}, {queue}"),
    );
    let back = world.run();
    assert_eq!((back.code, problems(&back)), (0, vec![]), "{back:?}");
    assert_eq!(world.events().await.len(), 1);
}

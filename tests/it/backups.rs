//! An older copy of the state that somebody restores: what was sent after it was made is sent again, with the same ids.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{World, charge, set};

/// The ids of the events in the file that stands for the queue, as often as they stand there.
fn sent(world: &World) -> Vec<String> {
    let text = std::fs::read_to_string(world.path().join("events.ndjson")).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_restored_copy_sends_again_what_it_does_not_know_of_with_the_ids_that_it_had() {
    let world = World::agreeing(5).await;
    world.edit(
        "tieout.yaml",
        "{sqlite: {path: queue.db, table: tieout_events}}",
        "{ndjson: {path: events.ndjson}}",
    );
    world.upstream(&charge("ch_first", 5, 500));
    assert_eq!(world.run().findings(), set(["missing ch_first"]));
    let (state, copy) = (world.path().join("state.db"), world.path().join("copy.db"));
    std::fs::copy(&state, &copy).unwrap();

    world.upstream(&charge("ch_second", 4, 600));
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(7));
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1ms}");
    let second = world.run();
    assert_eq!(second.code, 0, "{second:?}");
    let before = sent(&world);
    assert_eq!((before.len(), before.iter().collect::<BTreeSet<_>>().len()), (3, 3), "{second:?}");

    for rest in ["state.db-wal", "state.db-shm"] {
        let _not_there = std::fs::remove_file(world.path().join(rest));
    }
    std::fs::rename(&copy, &state).unwrap();
    let restored = world.run();
    assert_eq!(restored.code, 0, "{restored:?}");
    let after = sent(&world);
    assert_eq!(after.len(), 5, "what the copy knows of is not sent again: {after:?}");
    let (before, after): (BTreeSet<_>, BTreeSet<_>) =
        (before.into_iter().collect(), after.into_iter().collect());
    assert_eq!(before, after, "a consumer that drops the ids that it has seen does nothing twice");

    for id in ["ch_first", "ch_second", "ch_001"] {
        let mut now = json!(null);
        world
            .api
            .change(|shelf| now = shelf.charges.iter().find(|charge| charge["id"] == id).unwrap().clone());
        world.local(&now).await;
    }
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 3);
}

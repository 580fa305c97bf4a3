//! What becomes of a finding from run to run.

use serde_json::json;

use crate::world::{World, charge, set};

#[tokio::test]
async fn a_second_run_emits_nothing() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    assert_eq!(world.run().code, 0);
    let second = world.run();
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!(second.domain()["events"]["planned"], 0);
    assert_eq!(second.domain()["follow_up"]["emitted_not_repaired"], 2);
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn an_applied_event_makes_its_finding_repaired() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    world.run();
    assert_eq!(world.consume().await, 2);
    let second = world.run();
    assert_eq!(second.domain()["follow_up"]["repaired"], 2, "{second:?}");
    assert_eq!(world.run().domain()["follow_up"]["checked"], 0);
}

#[tokio::test]
async fn what_the_application_repairs_by_itself_is_healed() {
    let world = World::agreeing(3).await;
    let orphan = charge("ch_invented", 5, 500);
    world.local(&orphan).await;
    assert_eq!(world.run().findings(), set(["orphaned ch_invented"]));
    world.sql("DELETE FROM charges WHERE id = 'ch_invented'").await;
    assert_eq!(world.run().domain()["follow_up"]["healed"], 1);
}

#[tokio::test]
async fn drift_that_returns_after_a_repair_is_a_new_episode_with_a_new_event() {
    let world = World::agreeing(3).await;
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1ms}");
    world.edit("charges.yaml", "settle: 1s", "settle: 0s");
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    world.run();
    world.consume().await;
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 1);
    world.sql("UPDATE charges SET amount_minor = 4 WHERE id = 'ch_001'").await;
    let third = world.run();
    let events = world.events().await;
    assert_eq!(events.len(), 2, "{third:?}");
    assert_eq!((&events[0]["tieoutepisode"], &events[1]["tieoutepisode"]), (&json!(1), &json!(2)));
    assert_ne!(events[0]["id"], events[1]["id"]);
}

#[tokio::test]
async fn an_item_that_changed_again_supersedes_the_event_that_was_not_sent() {
    let world = World::agreeing(3).await;
    world.edit("charges.yaml", "max_ratio: 100%", "max_emits: 0, max_ratio: 100%");
    world.upstream(&charge("ch_lost", 5, 500));
    assert_eq!(world.run().code, 5);
    world.change_upstream("ch_lost", |charge| charge["amount"] = json!(501));
    assert_eq!(world.run().domain()["findings"][0]["state"], "held");
    world.edit("charges.yaml", "max_emits: 0", "max_emits: 9");
    world.run();
    assert_eq!(world.events().await.len(), 0, "only an approval lets a held finding go");
}

#[tokio::test]
async fn a_key_can_be_judged_by_itself() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.upstream(&charge("ch_other", 5, 500));
    let outcome = world.tieout(&["run", "--format", "json", "--key", "ch_lost"]);
    assert_eq!(outcome.findings(), set(["missing ch_lost"]), "{outcome:?}");
    assert!(outcome.domain()["verified_through"].is_null(), "a key proves nothing about a range");
    world.api.change(|shelf| assert!(shelf.lists.is_empty()));
}

//! What a run finds, and what it leaves alone.

use serde_json::json;

use crate::world::{World, charge, set};

#[tokio::test]
async fn what_was_lost_misapplied_or_invented_is_found_and_nothing_else() {
    let world = World::agreeing(35).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_007", |charge| charge["amount"] = json!(9_999));
    world.local(&charge("ch_invented", 6, 77)).await;
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.findings(), set(["missing ch_lost", "mismatched ch_007", "orphaned ch_invented"]));
    insta::assert_json_snapshot!(outcome.domain(), {
        ".ranges" => "[ranges]", ".ceiling" => "[time]", ".verified_through" => "[time]", ".seconds" => "[seconds]", ".stages" => "[stages]",
        ".standing.oldest" => "[time]", ".tonight.time_to_detect" => "[times]",
        ".findings[].event_id" => "[id]", ".notes[]" => "[note]", ".api_requests" => "[requests]", ".pages" => "[pages]",
        ".definition_sha256" => "[sha256]",
    });
}

#[tokio::test]
async fn events_carry_the_item_as_the_provider_sent_it() {
    let world = World::agreeing(3).await;
    let lost = charge("ch_lost", 5, 500);
    world.upstream(&lost);
    world.change_upstream("ch_001", |charge| charge["status"] = json!("failed"));
    world.local(&charge("ch_invented", 6, 77)).await;
    world.run();
    let events = world.events().await;
    let kinds: Vec<_> =
        events.iter().map(|e| (e["subject"].as_str().unwrap(), e["type"].as_str().unwrap())).collect();
    assert_eq!(events.len(), 2, "orphans are reported and not emitted: {kinds:?}");
    assert!(kinds.contains(&("ch_lost", "com.example.charge.created")));
    assert!(kinds.contains(&("ch_001", "com.example.charge.updated")));
    assert_eq!(events.iter().find(|e| e["subject"] == "ch_lost").unwrap()["data"], lost);
}

#[tokio::test]
async fn a_side_that_agrees_makes_one_request_a_page_and_no_look_up() {
    let world = World::agreeing(25).await;
    let outcome = world.run();
    assert_eq!(outcome.findings(), set([]));
    assert_eq!(outcome.domain()["items"]["matched"], 25);
    world.api.change(|shelf| assert!(shelf.look_ups.is_empty()));
}

#[tokio::test]
async fn an_item_that_has_not_settled_is_not_judged() {
    let world = World::agreeing(3).await;
    world.edit("charges.yaml", "settle: 1s", "settle: 1m");
    world.upstream(&charge("ch_new", 0, 500));
    let outcome = world.run();
    assert_eq!(outcome.findings(), set([]));
    assert_eq!(world.events().await.len(), 0);
}

#[tokio::test]
async fn a_row_written_a_moment_ago_waits_for_the_next_run() {
    let world = World::agreeing(3).await;
    world.edit("charges.yaml", "settle: 1s", "settle: 1m");
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    world
        .sql("UPDATE charges SET updated_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE id = 'ch_001'")
        .await;
    let outcome = world.run();
    assert_eq!(outcome.domain()["items"]["pending"], json!({ "upstream": 1, "local": 1 }), "{outcome:?}");
    assert_eq!(world.events().await.len(), 0);
}

#[tokio::test]
async fn a_difference_that_nothing_dates_rests_before_it_is_judged() {
    let world = World::agreeing(3).await;
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1d}");
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    let outcome = world.run();
    assert_eq!(outcome.findings(), set(["mismatched ch_001"]), "{outcome:?}");
    assert!(outcome.domain()["seconds"].as_f64().unwrap() >= 1.0);
}

#[tokio::test]
async fn plan_says_what_run_would_do_and_writes_nothing() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let plan = world.plan();
    assert_eq!(plan.code, 4, "{plan:?}");
    assert_eq!(plan.findings(), set(["missing ch_lost"]));
    assert_eq!(world.events().await.len(), 0);
    assert_eq!(world.run().findings(), set(["missing ch_lost"]));
}

#[tokio::test]
async fn the_next_run_reads_on_from_the_end_of_what_was_verified() {
    let world = World::agreeing(3).await;
    let first = world.run();
    let before = world.api.requests();
    let second = world.run();
    assert_eq!((first.code, second.code), (0, 0));
    assert!(world.api.requests() - before <= 1, "the second run read everything again");
}

//! Lists that are read whole every night, of a provider that says which of their pages are unchanged.

use serde_json::json;

use crate::world::{Outcome, World, charge, set};

/// Twenty-five charges on three pages, whose provider names its pages.
async fn world() -> World {
    let world = World::agreeing(25).await;
    world.edit("provider.yaml", ", \"created[gte]\": \"{from}\", \"created[lt]\": \"{to}\"", "");
    world.edit(
        "provider.yaml",
        "grain: 1s, edges: \"[)\", span: 1d, lag: 0s}",
        "grain: 1s, lag: 0s, filter: client}",
    );
    world.edit("provider.yaml", "    confirm:", "    conditional: etag\n    confirm:");
    world.edit("tieout.yaml", "state: {", "state: {key: \"file:state.key\", ");
    world.write("state.key", "a-key-of-at-least-thirty-two-characters");
    world.api.change(|shelf| shelf.names_pages = true);
    world
}

/// How many pages were asked for, and how many of them were said to be unchanged, since the last time.
fn pages(world: &World) -> (usize, usize) {
    let mut seen = (0, 0);
    world.api.change(|shelf| {
        seen = (shelf.lists.len(), shelf.unchanged);
        shelf.lists.clear();
        shelf.unchanged = 0;
    });
    seen
}

fn matched(outcome: &Outcome) -> (i32, u64) {
    (outcome.code, outcome.domain()["items"]["matched"].as_u64().unwrap())
}

#[tokio::test]
async fn a_night_without_changes_reads_nothing_again_and_verifies_everything() {
    let world = world().await;
    let first = world.run();
    assert_eq!((matched(&first), pages(&world)), ((0, 25), (3, 0)), "{first:?}");
    let second = world.run();
    assert_eq!((matched(&second), pages(&world)), ((0, 25), (3, 3)), "{second:?}");
    let through = |outcome: &Outcome| outcome.domain()["verified_through"].as_str().unwrap().to_owned();
    assert!(through(&second) >= through(&first));
    let state = std::fs::read(world.path().join("state.db")).unwrap();
    let holds = |text: &str| state.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds("order-ch_013"), "pages are kept in the clear");
}

#[tokio::test]
async fn local_rows_that_changed_are_found_although_the_provider_is_unchanged() {
    let world = world().await;
    assert_eq!(world.run().findings(), set([]));
    pages(&world);
    world.sql("UPDATE charges SET amount_minor = 7 WHERE id = 'ch_003'").await;
    world.sql("DELETE FROM charges WHERE id = 'ch_020'").await;
    world.local(&charge("ch_invented", 9, 5)).await;
    let second = world.run();
    let expected = set(["mismatched ch_003", "missing ch_020", "orphaned ch_invented"]);
    assert_eq!((second.findings(), pages(&world)), (expected, (3, 3)), "{second:?}");
}

#[tokio::test]
async fn a_finding_stays_open_while_its_page_is_unchanged_and_is_repaired_when_it_is() {
    let world = world().await;
    world.upstream(&charge("ch_lost", 5, 500));
    assert_eq!(world.run().findings(), set(["missing ch_lost"]));
    pages(&world);
    let second = world.run();
    assert_eq!(second.domain()["follow_up"]["emitted_not_repaired"], 1, "{second:?}");
    assert_eq!((matched(&second), pages(&world)), ((0, 25), (3, 3)));
    assert_eq!(world.consume().await, 1);
    let third = world.run();
    assert_eq!(third.domain()["follow_up"]["repaired"], 1, "{third:?}");
    assert_eq!((matched(&third), pages(&world)), ((0, 26), (3, 3)));
}

#[tokio::test]
async fn only_the_pages_that_changed_are_sent_again() {
    let world = world().await;
    world.run();
    pages(&world);
    world.change_upstream("ch_014", |charge| charge["amount"] = json!(5));
    let second = world.run();
    assert_eq!((second.findings(), pages(&world)), (set(["mismatched ch_014"]), (3, 2)), "{second:?}");
}

#[tokio::test]
async fn a_plan_takes_what_a_run_kept_and_keeps_nothing_itself() {
    let world = world().await;
    world.plan();
    assert_eq!(pages(&world), (3, 0));
    world.run();
    assert_eq!(pages(&world), (3, 0));
    world.plan();
    assert_eq!(pages(&world), (3, 3));
}

#[tokio::test]
async fn without_a_key_pages_are_read_as_ever_and_that_is_said() {
    let world = world().await;
    world.edit("tieout.yaml", "key: \"file:state.key\", ", "");
    for _ in 0..2 {
        let outcome = world.run();
        assert_eq!((matched(&outcome), pages(&world)), ((0, 25), (3, 0)));
        let notes = outcome.domain()["notes"].to_string();
        assert!(notes.contains("`state: {key: ...}` is needed to keep them encrypted"), "{notes}");
    }
}

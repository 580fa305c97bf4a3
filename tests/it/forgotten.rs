//! Providers that forget soon where a walk is.

use crate::api::Fault;
use crate::world::{World, charge, set};

/// A world with three pages in one range, whose provider keeps the way to the next page for so long.
async fn keeping(ttl: &str) -> World {
    let world = World::agreeing(24).await;
    world.upstream(&charge("ch_lost", 3, 500));
    let by_token = format!("cursor: next_cursor, more: has_more, size: 10, ttl: {ttl}}}");
    world.edit("provider.yaml", "cursor: \"last:id\", more: has_more, size: 10}", &by_token);
    world.api.change(|shelf| {
        shelf.rewrite = Some(|body| {
            let last = body["data"].as_array().and_then(|rows| rows.last()).map(|row| row["id"].clone());
            body["next_cursor"] = last.unwrap_or_default();
        });
    });
    world.edit("provider.yaml", "span: 1d", "span: 40d");
    world
}

#[tokio::test]
async fn a_way_on_that_grew_too_old_is_not_taken_and_the_range_is_read_from_its_start() {
    let world = keeping("900ms").await;
    world.api.change(|shelf| shelf.faults = [None, Some(Fault::Throttles(503, "1"))].into());
    let outcome = world.run();
    assert_eq!((outcome.code, outcome.findings()), (0, set(["missing ch_lost"])), "{outcome:?}");
    let items = outcome.domain()["items"].clone();
    assert_eq!(items["upstream"], 25, "nothing is counted twice: {items}");
    world.api.change(|shelf| {
        let begins: Vec<bool> = shelf.lists.iter().map(|asked| !asked.contains("starting_after")).collect();
        assert_eq!(begins[..3], [true, false, true], "{:?}", shelf.lists);
    });
}

#[tokio::test]
async fn a_way_on_that_never_lives_long_enough_leaves_the_range_partial_after_a_few_tries() {
    let world = keeping("20ms").await;
    world.edit("provider.yaml", "feeds:", "limits: {rate: 10/s}\nfeeds:");
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    let problems = outcome.domain()["problems"].to_string();
    assert!(problems.contains("was not taken within the 20ms that the provider keeps it"), "{problems}");
    world.api.change(|shelf| {
        assert_eq!(shelf.lists.iter().filter(|asked| !asked.contains("starting_after")).count(), 4);
    });
}

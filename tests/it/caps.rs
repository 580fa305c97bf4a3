//! A provider that shows no more than ten rows of one query.

use serde_json::{Value, json};

use crate::world::{Outcome, World, charge, set};

/// Shows one page of each query and says that there is no more.
fn one_page(body: &mut Value) {
    body["has_more"] = json!(false);
}

/// A world whose provider shows ten rows of a query, and knows how the rest is reached.
async fn capped(then: &str) -> World {
    let world = World::agreeing(40).await;
    world.edit(
        "provider.yaml",
        "lag: 0s}",
        &format!("lag: 0s, \"on\": created, cap: {{rows: 10, then: {then}}}}}"),
    );
    world.api.change(|shelf| shelf.rewrite = Some(one_page));
    world.upstream(&charge("ch_lost", 35, 500));
    world.local(&charge("ch_invented", 20, 77)).await;
    world
}

/// Twenty-five charges of one second, more than halves can tell apart.
async fn crowd(world: &World) {
    let first = charge("ch_crowd_00", 30, 1);
    for at in 0..25 {
        let mut one = first.clone();
        one["id"] = json!(format!("ch_crowd_{at:02}"));
        world.upstream(&one);
        if at != 5 {
            world.local(&one).await;
        }
    }
}

/// Reads the list by id.
fn read_by_id(world: &World) {
    world.edit("provider.yaml", "order: created desc", "order: id asc");
    world.edit(
        "provider.yaml",
        "\"created[lt]\": \"{to}\"}",
        "\"created[lt]\": \"{to}\", sort: id, \"id[gt]\": \"{rekey}\"}",
    );
}

fn run(world: &World) -> Outcome {
    world.tieout(&["run", "--format", "json", "--limit", "0"])
}

#[tokio::test]
async fn a_range_of_more_rows_than_the_cap_is_read_in_halves_and_verified_as_one() {
    let world = capped("halve").await;
    let outcome = run(&world);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.findings(), set(["missing ch_lost", "orphaned ch_invented"]));
    assert_eq!(outcome.domain()["items"]["matched"], 40, "{outcome:?}");
    assert_eq!(outcome.domain()["ranges"].as_array().unwrap().len(), 1, "halves that touch are one range");
    let sent = world.api.requests();
    world.consume().await;
    let second = run(&world);
    assert_eq!((second.code, &second.domain()["complete"]), (0, &json!(true)), "{second:?}");
    assert!(world.api.requests() - sent < 8, "what was verified is not read again");
}

#[tokio::test]
async fn more_rows_of_one_second_than_the_cap_leave_a_hole_that_the_report_explains() {
    let world = capped("halve").await;
    crowd(&world).await;
    let outcome = run(&world);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    let problems = outcome.domain()["problems"].to_string();
    assert!(
        problems.contains("more rows than the provider's cap share it; use `cap: {then: rekey}`"),
        "{problems}"
    );
    assert!(outcome.findings().contains("missing ch_lost"), "the other halves are judged: {outcome:?}");
    assert!(outcome.findings().is_subset(&set(["missing ch_lost", "orphaned ch_invented"])), "{outcome:?}");
    world.edit("provider.yaml", "then: halve", "then: rekey");
    read_by_id(&world);
    let second = run(&world);
    assert_eq!(second.code, 0, "{second:?}");
    assert!(second.findings().contains("missing ch_crowd_05"), "{second:?}");
}

#[tokio::test]
async fn rows_beyond_the_cap_are_reached_behind_their_last_id_even_if_all_are_of_one_second() {
    let world = capped("rekey").await;
    crowd(&world).await;
    read_by_id(&world);
    let outcome = run(&world);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.findings(), set(["missing ch_lost", "missing ch_crowd_05", "orphaned ch_invented"]));
    assert_eq!(outcome.domain()["items"]["matched"], 64, "{outcome:?}");
}

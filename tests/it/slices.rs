//! Slices that are read side by side, and what comes of them.

use serde_json::{Value, json};

use crate::api::Fault;
use crate::world::{Outcome, World, charge, set};

/// A world with charges over many days, and everything in it that can be wrong.
async fn busy() -> World {
    let world = World::agreeing(0).await;
    for day in 0..25 {
        for n in 0..12 {
            world.both(&charge(&format!("ch_{day:02}_{n:02}"), 2 + day * 24 + n, 1_000 + n)).await;
        }
        world.upstream(&charge(&format!("ch_lost_{day:02}"), 3 + day * 24, 500));
        world.local(&charge(&format!("ch_invented_{day:02}"), 5 + day * 24, 77)).await;
    }
    world.change_upstream("ch_07_03", |charge| charge["amount"] = json!(9_999));
    world
}

fn run(world: &World, concurrency: &str) -> Outcome {
    world.tieout(&["run", "--format", "json", "--limit", "0", "--concurrency", concurrency])
}

/// What a report says apart from when it was made and how the ranges were cut.
fn lasting(outcome: &Outcome) -> Value {
    let mut domain = outcome.domain();
    for name in
        ["seconds", "ceiling", "verified_through", "ranges", "notes", "pages", "api_requests", "stages"]
    {
        domain[name] = Value::Null;
    }
    domain["standing"]["oldest"] = Value::Null;
    for took in ["time_to_detect", "time_to_repair"] {
        domain["tonight"][took] = Value::Null;
    }
    for finding in domain["findings"].as_array_mut().unwrap() {
        finding["event_id"] = Value::Null;
    }
    domain
}

#[tokio::test]
async fn slices_read_side_by_side_give_the_report_of_slices_read_one_by_one() {
    let one_by_one = run(&busy().await, "1");
    assert_eq!(one_by_one.findings().len(), 51, "{one_by_one:?}");
    for concurrency in ["3", "32"] {
        let side_by_side = run(&busy().await, concurrency);
        assert_eq!(lasting(&side_by_side), lasting(&one_by_one));
        assert_eq!(side_by_side.domain()["ranges"].as_array().unwrap().len(), 1, "ranges that touch are one");
    }
}

#[tokio::test]
async fn a_slice_that_fails_among_others_leaves_one_hole_and_the_next_run_closes_it() {
    let world = busy().await;
    let broken = Fault::Says(400, "application/json", json!({ "error": "no" }).to_string());
    world.api.change(|shelf| shelf.faults = [vec![None; 9], vec![Some(broken)]].concat().into());
    let first = run(&world, "4");
    assert_eq!(first.code, 3, "{first:?}");
    assert_eq!(first.domain()["problems"].as_array().unwrap().len(), 1, "{first:?}");
    let second = run(&world, "4");
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!(first.findings().union(&second.findings()).count(), 51, "{second:?}");
    assert!(!second.domain()["verified_through"].is_null());
}

#[tokio::test]
async fn ranges_of_few_pages_are_joined_so_that_fewer_requests_are_made() {
    let world = World::agreeing(3).await;
    let outcome = run(&world, "1");
    assert_eq!(outcome.findings(), set([]));
    let sent = world.api.requests();
    assert!(sent < 12, "{sent} requests for 30 days of a quiet feed");
}

#[tokio::test]
async fn a_number_of_walks_outside_its_bounds_is_a_usage_error() {
    let world = World::agreeing(0).await;
    for wrong in ["0", "65", "many"] {
        assert_eq!(run(&world, wrong).code, 2);
    }
}

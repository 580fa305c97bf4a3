//! What a run refuses to conclude, and what it refuses to send.

use serde_json::json;

use crate::api::Fault;
use crate::both::on_both;
use crate::world::{World, charge, set};

#[tokio::test]
async fn an_upstream_that_is_suddenly_empty_holds_and_emits_nothing() {
    let world = World::agreeing(12).await;
    world.edit("charges.yaml", "settle: 1s", "settle: 1s, orphans: emit");
    world.edit(
        "charges.yaml",
        "  mismatched: {",
        "  orphaned: {type: com.example.charge.removed}\n  mismatched: {",
    );
    world.api.change(|shelf| shelf.charges.clear());
    let outcome = world.run();
    assert_eq!(outcome.code, 5, "{outcome:?}");
    assert_eq!(outcome.domain()["status"], "held");
    assert_eq!(world.events().await.len(), 0);
    world.api.change(|shelf| assert!(shelf.look_ups.is_empty(), "every row was looked up in an outage"));
}

#[tokio::test]
async fn more_events_than_allowed_are_held_and_stay_held() {
    let world = World::agreeing(3).await;
    for at in 0..4 {
        world.upstream(&charge(&format!("ch_lost{at}"), 5, 500));
    }
    let held = world.tieout(&["run", "--format", "json", "--max-emits", "3"]);
    assert_eq!(held.code, 5, "{held:?}");
    assert_eq!(held.domain()["events"]["held"], 4);
    assert_eq!(world.run().domain()["events"]["planned"], 0, "a later run lets nothing slip");
    assert_eq!(world.events().await.len(), 0);
}

#[tokio::test]
async fn a_night_after_a_held_one_is_held_too_until_somebody_approves() {
    on_both(async |world, _| {
        for at in 0..4 {
            world.upstream(&charge(&format!("ch_lost{at}"), 5, 500));
        }
        let first = world.tieout(&["run", "--format", "json", "--max-emits", "3"]);
        let run = first.json()["run_id"].as_str().unwrap().to_owned();
        let next = world.run();
        assert_eq!((next.code, &next.domain()["status"]), (5, &json!("held")), "{next:?}");
        assert_eq!(next.json()["exit"]["reasons"], json!(["held:shop.charges"]));
        let quiet = world.tieout(&["run", "-q"]);
        let said = format!("by run {run}: max_emits");
        assert!(quiet.stdout.contains("4 events held since 20") && quiet.stdout.contains(&said), "{quiet:?}");
        assert!(quiet.stdout.contains("HELD (exit 5)"), "{quiet:?}");
        let told = world.tieout(&["run"]).stdout;
        let steps = told.lines().find(|line| line.trim_start().starts_with("next ")).unwrap();
        assert!(steps.contains(&format!("tieout approve {run} shop.charges --expect 4")), "{told}");
        let held = |world: &World| world.tieout(&["metrics", "show"]).stdout;
        assert!(held(world).contains("tieout_findings_held{domain=\"shop.charges\"} 4.0\n"));
        assert_eq!(world.tieout(&["run", "--key", "ch_lost0"]).code, 0, "it says nothing about the domain");

        assert_eq!(world.tieout(&["approve", "latest", "--expect", "4"]).code, 0);
        assert!(held(world).contains("tieout_findings_held{domain=\"shop.charges\"} 0.0\n"));
        let over = world.run();
        assert_eq!((over.code, &over.domain()["status"]), (0, &json!("done")), "{over:?}");
    })
    .await;
}

#[tokio::test]
async fn too_large_a_share_of_the_items_is_held() {
    let world = World::agreeing(30).await;
    world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 5%");
    for at in 0..21 {
        world.upstream(&charge(&format!("ch_lost{at}"), 5, 500));
    }
    let outcome = world.run();
    assert_eq!(outcome.code, 5, "{outcome:?}");
    let plan = world.plan();
    assert_eq!(plan.code, 0, "what is held already does not count again, and would not be sent: {plan:?}");
    let quiet = world.tieout(&["plan", "-q"]);
    assert!(quiet.stdout.contains("Plan: 0 events to emit"), "{quiet:?}");
}

#[tokio::test]
async fn a_plan_that_would_send_nothing_ends_with_0_whatever_is_still_different() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let quiet = world.tieout(&["plan", "-q"]);
    assert_eq!(quiet.code, 4, "{quiet:?}");
    assert!(quiet.stdout.ends_with("Plan: 1 event to emit (1 missing). Nothing was sent.\n"), "{quiet:?}");
    assert_eq!(world.run().code, 0);
    let after = world.plan();
    assert_eq!((after.code, after.domain()["findings"].as_array().unwrap().len()), (0, 1), "{after:?}");
}

#[tokio::test]
async fn a_plan_that_would_trip_a_limit_says_so() {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 5, 500));
    assert_eq!(world.tieout(&["plan", "--max-emits", "0"]).code, 5);
}

#[tokio::test]
async fn a_walk_that_breaks_off_proves_no_absence_and_no_coverage() {
    let world = World::agreeing(25).await;
    world.local(&charge("ch_invented", 20, 5)).await;
    world.upstream(&charge("ch_lost", 2, 500));
    let broken = Fault::Says(400, "application/json", json!({ "error": "no" }).to_string());
    world.edit("provider.yaml", "span: 1d", "span: 40d");
    world.api.change(|shelf| shelf.faults = [None, Some(broken)].into());
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert_eq!(outcome.findings(), set(["missing ch_lost"]), "what was seen is still judged");
    assert!(outcome.domain()["verified_through"].is_null());
    let next = world.run();
    assert_eq!(next.code, 0, "{next:?}");
    assert!(next.findings().contains("orphaned ch_invented"));
}

#[tokio::test]
async fn an_outage_is_waited_out() {
    let world = World::agreeing(5).await;
    let busy = [429, 503].map(|status| Some(Fault::Throttles(status, "0")));
    world.api.change(|shelf| shelf.faults = busy.into());
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.domain()["items"]["matched"], 5);
}

#[tokio::test]
async fn a_provider_that_answers_nothing_useful_is_left_alone_after_three_ranges() {
    let world = World::agreeing(3).await;
    let broken = Fault::Says(400, "application/json", json!({ "error": "no" }).to_string());
    world.api.change(|shelf| shelf.always = Some(broken));
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    world.api.change(|shelf| assert_eq!(shelf.lists.len(), 3));
}

#[tokio::test]
async fn a_first_run_says_where_it_begins() {
    let world = World::agreeing(1).await;
    let notes = |outcome: &crate::world::Outcome| outcome.domain()["notes"].as_array().unwrap().len();
    assert_eq!(notes(&world.run()), 1);
    assert_eq!(notes(&world.run()), 0);
}

#[tokio::test]
async fn a_beginning_that_could_not_be_read_is_read_by_the_next_run() {
    let world = World::agreeing(1).await;
    world.upstream(&charge("ch_old", 29 * 24 + 12, 500));
    let broken = Fault::Says(400, "application/json", json!({ "error": "no" }).to_string());
    world.api.change(|shelf| shelf.faults = [Some(broken)].into());
    let first = world.run();
    assert_eq!((first.code, first.findings()), (3, set([])), "{first:?}");
    assert!(first.domain()["verified_through"].is_null(), "the hole at the beginning was overlooked");
    let second = world.run();
    assert_eq!((second.code, second.findings()), (0, set(["missing ch_old"])), "{second:?}");
}

#[tokio::test]
async fn a_key_that_only_the_local_side_has_is_no_sign_of_an_outage() {
    let world = World::agreeing(1).await;
    world.local(&charge("ch_invented", 5, 5)).await;
    let outcome = world.tieout(&["run", "--format", "json", "--key", "ch_invented"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

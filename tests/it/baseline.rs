//! A first run on an old backlog: what was there before anybody looked is known and not sent.

use serde_json::json;

use crate::both::on_both;
use crate::world::{World, charge};

fn baseline(world: &World) -> serde_json::Value {
    for at in 0..2 {
        world.upstream(&charge(&format!("ch_old{at}"), 5, 500));
    }
    let run = world.tieout(&["run", "--baseline", "--format", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    run.domain()
}

#[tokio::test]
async fn a_baseline_holds_what_it_finds_and_its_coverage_advances() {
    on_both(async |world, _| {
        let first = baseline(world);
        assert_eq!((&first["status"], &first["events"]["held"]), (&json!("done"), &json!(2)));
        assert_eq!(first["standing"]["held_sets"][0]["reason"], "baseline");
        assert!(!first["verified_through"].is_null());
        assert_eq!(world.events().await.len(), 0);
        // What is lost later is sent; what was there before stays where it is.
        world.upstream(&charge("ch_new", 5, 500));
        world.tieout(&["run", "--key", "ch_new"]);
        assert_eq!(world.events().await.len(), 1);
        assert_eq!(world.stands("ch_old0"), ("held".to_owned(), 1));
        world.local(&charge("ch_old0", 5, 500)).await;
        let next = world.run();
        assert_eq!((next.code, &next.domain()["status"]), (0, &json!("done")), "nobody has to act tonight");
        let shown = world.tieout(&["metrics", "show"]).stdout;
        assert!(shown.contains("tieout_findings_held{domain=\"shop.charges\"} 0.0\n"), "{shown}");
        assert_eq!(world.stands("ch_old0"), ("healed".to_owned(), 1));
    })
    .await;
}

#[tokio::test]
async fn an_item_of_a_baseline_that_changes_upstream_is_a_new_drift() {
    on_both(async |world, _| {
        baseline(world);
        world.change_upstream("ch_old0", |charge| charge["amount"] = json!(501));
        let next = world.run();
        assert_eq!(next.code, 0, "{next:?}");
        assert_eq!(next.domain()["tonight"]["new"], 1);
        assert_eq!(world.stands("ch_old0"), ("emitted".to_owned(), 2));
        assert_eq!(world.stands("ch_old1"), ("held".to_owned(), 1));
        let events = world.events().await;
        assert_eq!((events.len(), &events[0]["tieoutepisode"]), (1, &json!(2)));
    })
    .await;
}

#[tokio::test]
async fn a_baseline_is_approved_or_dismissed_as_a_whole() {
    let world = World::agreeing(3).await;
    let run = baseline(&world);
    let command = &run["standing"]["held_sets"][0]["run_id"];
    let approved = world.tieout(&["approve", command.as_str().unwrap(), "--expect", "2"]);
    assert_eq!(approved.code, 0, "{approved:?}");
    assert_eq!(world.events().await.len(), 2);

    let other = World::agreeing(3).await;
    baseline(&other);
    let list = ["findings", "list", "--state", "held", "--limit", "0", "--format", "jsonl"];
    other.write("held.jsonl", &other.tieout(&list).stdout);
    let dismiss = ["findings", "ignore", "--keys-from", "held.jsonl", "--reason", "older than the shop"];
    assert_eq!(other.tieout(&dismiss).code, 0);
    assert_eq!(other.run().domain()["standing"]["ignored"], 2);
    assert_eq!(other.events().await.len(), 0);
}

#[tokio::test]
async fn a_baseline_of_an_upstream_that_looks_empty_is_no_baseline() {
    let world = World::agreeing(3).await;
    world.api.change(|shelf| shelf.charges.clear());
    assert_eq!(world.tieout(&["run", "--baseline"]).code, 5);
}

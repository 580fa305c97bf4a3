//! What a safety limit holds goes out only when a person says how much it is.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::both::on_both;
use crate::postgres::Postgres;
use crate::world::{Outcome, World, charge};

/// A run that holds four lost charges.
fn hold(world: &World) -> Outcome {
    for at in 0..4 {
        world.upstream(&charge(&format!("ch_lost{at}"), 5, 500));
    }
    let held = world.tieout(&["run", "--format", "json", "--max-emits", "3"]);
    assert_eq!(held.code, 5, "{held:?}");
    held
}

fn approve(world: &World, more: &[&str]) -> Outcome {
    world.tieout(&[&["approve"], more].concat())
}

#[tokio::test]
async fn what_is_held_goes_out_when_a_person_says_how_much_it_is() {
    on_both(async |world, _| {
        let run = hold(world).json()["run_id"].as_str().unwrap().to_owned();
        let status = world.tieout(&["status"]);
        let command = format!("approve {run} shop.charges --expect 4");
        assert!(status.stdout.contains(&command), "{status:?}");
        let report = world.tieout(&["report", "show"]);
        assert!(report.stdout.contains(&command), "{report:?}");
        let listed = approve(world, &[&run, "--dry-run"]);
        assert!(listed.stdout.contains("ch_lost3") && listed.stdout.contains(&command), "{listed:?}");
        assert_eq!(world.events().await.len(), 0);
        let done =
            approve(world, &[&run, "shop.charges", "--expect", "4", "--by", "ada", "--format", "json"]);
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!((&done.json()["emitted"], &done.json()["by"]), (&json!(4), &json!("ada")));
        assert_eq!(world.events().await.len(), 4);
        assert_eq!(world.stands("ch_lost0"), ("emitted".to_owned(), 1));
        let told = world.tieout(&["explain", "shop.charges/ch_lost0"]);
        assert!(told.stdout.contains("approve: open") && told.stdout.contains("ada"), "{told:?}");
        world.consume().await;
        assert_eq!(world.run().domain()["follow_up"]["repaired"], 4);
    })
    .await;
}

#[tokio::test]
async fn another_number_changes_nothing_and_names_the_right_one() {
    on_both(async |world, _| {
        hold(world);
        let wrong = approve(world, &["latest", "--expect", "3"]);
        assert_eq!(wrong.code, 2, "{wrong:?}");
        assert!(wrong.stderr.contains("--expect 4"), "{wrong:?}");
        assert_eq!(world.stands("ch_lost0").0, "held");
        assert_eq!(world.events().await.len(), 0);
        // One of them arrives by itself; the next run notices, and the number is another one.
        world.local(&charge("ch_lost1", 5, 500)).await;
        let next = world.run();
        assert_eq!(next.code, 5, "{next:?}");
        assert_eq!(next.domain()["standing"]["held_sets"][0]["events"], 3);
        let second = next.json()["run_id"].as_str().unwrap().to_owned();
        for empty in [second.as_str(), "latest~1"] {
            let empty = approve(world, &[empty, "--expect", "3"]);
            assert_eq!(empty.code, 2, "{empty:?}");
            assert!(empty.stderr.contains("holds") && empty.stderr.contains("--expect 3"), "{empty:?}");
        }
        for newest in ["latest", "latest:held"] {
            assert_eq!(approve(world, &[newest, "--dry-run"]).code, 0, "the newest that holds something");
        }
        let done = approve(world, &["latest", "--expect", "3", "--no-drain"]);
        assert_eq!(done.code, 3, "what is let go and not delivered is not done: {done:?}");
        assert_eq!(world.run().domain()["events"]["emitted"], 3);
    })
    .await;
}

#[tokio::test]
async fn an_approval_that_its_queue_refuses_ends_as_a_run_would_and_waits() {
    let postgres = Postgres::create().await;
    let world = World::agreeing(3).await;
    world.write("queue.url", postgres.url());
    let (file, table) =
        ("{sqlite: {path: queue.db, table: tieout_events}}", "{postgres: {url: \"file:queue.url\"}}");
    world.edit("tieout.yaml", file, table);
    hold(&world);
    let refused = approve(&world, &["latest", "--expect", "4", "--format", "json"]);
    postgres.drop().await;
    assert_eq!(refused.code, 7, "only a person makes the table: {refused:?}");
    assert_eq!((&refused.json()["waiting"], &refused.json()["exit"]), (&json!(4), &json!(7)), "{refused:?}");
    assert!(refused.stdout.contains("`tieout migrate queue shop`"), "{refused:?}");
}

#[tokio::test]
async fn an_approval_needs_a_number_and_a_run() {
    let world = World::agreeing(1).await;
    world.run();
    assert_eq!(approve(&world, &["latest"]).code, 2);
    assert_eq!(approve(&world, &["0000", "--expect", "1"]).code, 2);
    assert_eq!(approve(&world, &["latest", "--expect", "0"]).code, 2);
    assert_eq!(approve(&world, &["latest", "nonsense.*", "--expect", "1"]).code, 2);
}

#[tokio::test]
async fn a_domain_that_a_run_works_on_is_not_approved_and_its_findings_can_be_ignored() {
    let world = World::agreeing(3).await;
    hold(&world);
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1ms}");
    world.edit("charges.yaml", "settle: 1s", "settle: 1m");
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    let asked = world.api.requests();
    let mut resting = world.command(&["run"]).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while world.api.requests() <= asked + 4 {
        assert!(Instant::now() < deadline, "the run never began");
        std::thread::yield_now();
    }
    let locked = approve(&world, &["latest", "--expect", "4"]);
    assert_eq!(locked.code, 6, "{locked:?}");
    let ignored = world.tieout(&["findings", "ignore", "shop.charges/ch_lost0", "--reason", "known"]);
    assert_eq!(ignored.code, 0, "{ignored:?}");
    resting.kill().unwrap();
    resting.wait().unwrap();
    world.forget_lease().await;
    let fewer = approve(&world, &["latest", "--expect", "4"]);
    assert!(fewer.stderr.contains("--expect 3"), "{fewer:?}");
    assert_eq!(approve(&world, &["latest", "--expect", "3"]).code, 0);
    assert_eq!(world.events().await.len(), 3);
}

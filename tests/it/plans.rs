//! A saved plan is sent as far as it still holds, and nothing else is sent with it.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use std::collections::BTreeSet;

use sqlx::SqlitePool;

use crate::both::on_both;
use crate::outbound::outbound;
use crate::process::{Process, until, until_so};
use crate::timeless;
use crate::world::{Outcome, World, charge, set};

/// Makes a plan and keeps it.
fn saved(world: &World, more: &[&str]) -> Outcome {
    world.tieout(&[&["plan", "--out", "plan.json", "--format", "json"], more].concat())
}

/// Carries the plan out.
fn carried_out(world: &World, more: &[&str]) -> Outcome {
    world.tieout(&[&["run", "--plan", "plan.json", "--format", "json"], more].concat())
}

/// `key: outcome` of every item.
fn outcomes(run: &Outcome) -> Vec<String> {
    let items = run.domain()["carried_out"]["items"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.iter().map(|item| format!("{}: {}", text(&item["key"]), text(&item["outcome"]))).collect()
}

async fn sent(world: &World) -> Vec<String> {
    let events = world.events().await;
    events.iter().map(|event| event["subject"].as_str().unwrap().to_owned()).collect()
}

fn lose(world: &World, keys: &[&str]) {
    for (at, key) in keys.iter().enumerate() {
        world.upstream(&charge(key, 5 + i64::try_from(at).unwrap(), 500));
    }
}

fn edit_plan(world: &World, change: impl FnOnce(&mut Value)) {
    let path = world.path().join("plan.json");
    let mut plan: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut plan);
    std::fs::write(path, plan.to_string()).unwrap();
}

#[tokio::test]
async fn what_the_plan_says_is_sent_and_what_changed_or_is_new_is_not() {
    on_both(async |world, _| {
        lose(world, &["ch_changed", "ch_lost", "ch_arrived"]);
        let plan = saved(world, &["--limit", "1"]);
        assert_eq!(plan.code, 4, "{plan:?}");
        assert_eq!(world.events().await.len(), 0);
        world.change_upstream("ch_changed", |charge| charge["amount"] = json!(7));
        world.local(&charge("ch_arrived", 7, 500)).await;
        lose(world, &["ch_new"]);

        let run = carried_out(world, &[]);
        assert_eq!(run.code, 0, "{run:?}");
        let expected = ["ch_arrived: already_repaired", "ch_changed: stale", "ch_lost: emitted"];
        assert_eq!(outcomes(&run), expected, "{run:?}");
        assert_eq!(sent(world).await, ["ch_lost"]);
        assert_eq!(run.domain()["carried_out"]["plan"], plan.json()["run_id"]);
        assert_eq!(world.stands("ch_lost"), ("emitted".to_owned(), 1));
        assert_eq!(world.keys_of(&[]), set(["ch_lost"]), "what is stale is left to the next run");
        assert_eq!(run.domain()["verified_through"], Value::Null, "coverage stays as it is");

        let again = carried_out(world, &[]);
        assert_eq!(again.code, 0, "{again:?}");
        assert_eq!(outcomes(&again)[2], "ch_lost: stale");
        assert_eq!(world.events().await.len(), 1, "nothing is sent twice");

        assert_eq!(world.run().code, 0);
        let mut all = sent(world).await;
        all.sort();
        assert_eq!(all, ["ch_changed", "ch_lost", "ch_new"]);
    })
    .await;
}

#[tokio::test]
async fn a_plan_is_a_private_file_that_says_what_will_be_sent_and_people_are_told_how() {
    let world = World::agreeing(3).await;
    lose(&world, &["ch_lost", "ch_other"]);
    let plan = world.tieout(&["plan", "--out", "plan.json", "--limit", "1"]);
    assert_eq!(plan.code, 4, "{plan:?}");
    assert!(plan.stdout.contains("tieout run --plan plan.json"), "{plan:?}");
    assert!(plan.stdout.contains("... 1 more finding"), "{plan:?}");
    let path = world.path().join("plan.json");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(file["schema"], "tieout.plan/v1");
    assert_eq!(file["domains"][0]["items"].as_array().unwrap().len(), 2);
    let run = world.tieout(&["run", "--plan", "plan.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("shop.charges  2 emitted"), "{run:?}");
    let events = world.events().await;
    let ids: Vec<&Value> =
        file["domains"][0]["items"].as_array().unwrap().iter().map(|i| &i["event_id"]).collect();
    assert!(events.iter().all(|event| ids.contains(&&event["id"])), "{file}");
}

#[tokio::test]
async fn a_plan_that_cannot_be_trusted_sends_nothing_and_says_why() {
    let world = World::agreeing(3).await;
    lose(&world, &["ch_lost"]);
    assert_eq!(saved(&world, &[]).code, 4);
    let whole = std::fs::read_to_string(world.path().join("plan.json")).unwrap();
    let refused = async |what: &str| {
        let outcome = world.tieout(&["run", "--plan", "plan.json"]);
        assert_eq!(outcome.code, 2, "{what}: {outcome:?}");
        assert!(outcome.stderr.contains(what), "{what}: {outcome:?}");
        assert_eq!(world.events().await.len(), 0);
        world.write("plan.json", &whole);
    };
    world.write("plan.json", "");
    refused("no plan of tieout").await;
    world.write("plan.json", &whole[..whole.len() - 40]);
    refused("cut off").await;
    world.write("plan.json", r#"{"schema": "tieout.plan/v9"}"#);
    refused("its format is `tieout.plan/v9`").await;
    edit_plan(&world, |plan| plan["expires_at"] = json!("2025-01-01T00:00:00Z"));
    refused("it expired at 2025-01-01T00:00:00Z").await;
    edit_plan(&world, |plan| plan["domains"][0]["items"][0]["key"] = json!("ch_001"));
    refused("it has an event about `ch_001`").await;
    edit_plan(&world, |plan| plan["run_id"] = json!("019aa3c0-0000-7000-8000-000000000001"));
    refused("this state store knows no plan 019aa3c0").await;
    edit_plan(&world, |plan| plan["domains"] = json!([]));
    refused("about no domain").await;
    world.edit("charges.yaml", "settle: 1s", "settle: 2s");
    refused("`shop.charges` is defined in another way").await;
    world.edit("charges.yaml", "settle: 2s", "settle: 1s");
    world.edit("provider.yaml", "size: 10", "size: 9");
    refused("`shop.charges` is defined in another way").await;
    world.edit("provider.yaml", "size: 9", "size: 10");
    std::fs::remove_file(world.path().join("plan.json")).unwrap();
    refused("it cannot be read").await;
    let both = world.tieout(&["run", "shop.charges", "--plan", "plan.json"]);
    assert_eq!(both.code, 2, "{both:?}");
    assert_eq!(carried_out(&world, &["--if-locked", "join"]).code, 2);
    assert_eq!(carried_out(&world, &[]).code, 0, "the plan itself is good");
}

#[tokio::test]
async fn a_file_is_not_written_over_and_a_place_that_cannot_be_is_said_before_anything_is_read() {
    let world = World::agreeing(3).await;
    let asked = world.api.requests();
    for (path, what) in
        [("charges.yaml", "is there already"), ("nowhere/plan.json", "make it first"), (".", "is a folder")]
    {
        let outcome = world.tieout(&["plan", "--out", path]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.contains(what), "{outcome:?}");
    }
    assert_eq!(world.api.requests(), asked);
    assert_eq!(saved(&world, &[]).code, 0);
    assert_eq!(saved(&world, &["--overwrite"]).code, 0);
    let run = carried_out(&world, &[]);
    assert_eq!((run.code, outcomes(&run).len()), (0, 0), "a plan that holds nothing sends nothing: {run:?}");
}

#[tokio::test]
async fn the_limits_look_at_what_the_plan_had_read() {
    let world = World::agreeing(60).await;
    world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 40%");
    let keys: Vec<String> = (0..30).map(|at| format!("ch_lost{at:02}")).collect();
    lose(&world, &keys.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(saved(&world, &[]).code, 4);
    let held = carried_out(&world, &["--max-emits", "29"]);
    assert_eq!(held.code, 5, "{held:?}");
    assert!(outcomes(&held).iter().all(|one| one.ends_with(": held")), "{held:?}");
    assert_eq!(world.events().await.len(), 0);
    assert_eq!(world.tieout(&["approve", "latest", "--expect", "30"]).code, 0);
    assert_eq!(world.events().await.len(), 30);

    let world = World::agreeing(60).await;
    world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 40%");
    lose(&world, &keys.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(saved(&world, &[]).code, 4);
    let run = carried_out(&world, &[]);
    assert_eq!((run.code, world.events().await.len()), (0, 30), "30 of 90 items are within 40%: {run:?}");
}

#[tokio::test]
async fn an_item_that_cannot_be_looked_up_is_not_sent_and_makes_the_run_partial() {
    let world = World::agreeing(3).await;
    lose(&world, &["ch_lost"]);
    assert_eq!(saved(&world, &[]).code, 4);
    world.api.server.reset().await;
    let run = carried_out(&world, &["--deadline", "20s"]);
    assert!(matches!(run.code, 1 | 3), "{run:?}");
    assert_eq!(outcomes(&run), ["ch_lost: unread"]);
    assert_eq!(world.events().await.len(), 0);
}

/// Five items that are lost, and a plan to send them.
async fn five_planned() -> (World, [&'static str; 5]) {
    let world = World::agreeing(3).await;
    let keys = ["ch_a", "ch_b", "ch_c", "ch_d", "ch_e"];
    lose(&world, &keys);
    assert_eq!(saved(&world, &[]).code, 4);
    (world, keys)
}

/// The plan is sent to its end, and each of its events has come once then.
async fn is_sent_once(world: &World, keys: [&str; 5]) {
    assert_eq!(carried_out(world, &[]).code, 0);
    assert_eq!(world.run().code, 0);
    let came = sent(world).await;
    let once: BTreeSet<&str> = came.iter().map(String::as_str).collect();
    assert_eq!((came.len(), once), (keys.len(), BTreeSet::from(keys)), "{came:?}");
    assert_eq!(world.run().domain()["events"]["planned"], 0);
}

#[tokio::test]
async fn a_run_of_a_plan_that_is_killed_while_it_looks_is_done_again_and_sends_everything_once() {
    let (world, keys) = five_planned().await;
    for _ in &keys {
        let before = world.api.requests();
        let mut run = Process::start(&world, &["run", "--plan", "plan.json"]);
        until("an item is looked up", || run.has_ended() || world.api.requests() > before);
        run.kill();
    }
    is_sent_once(&world, keys).await;
}

#[tokio::test]
async fn a_run_of_a_plan_that_is_killed_while_it_sends_is_done_again_and_sends_everything_once() {
    let (world, keys) = five_planned().await;
    world.queue("CREATE TABLE others (id INTEGER)").await;
    let queue = format!("sqlite:{}", world.path().join("queue.db").display());
    let queue = SqlitePool::connect(&queue).await.unwrap();
    let other = queue.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let run = Process::start(&world, &["run", "--plan", "plan.json"]);
    let pending = "SELECT CAST(COUNT(*) AS TEXT) FROM outbox WHERE state = 'pending'";
    until_so("everything waits for the queue", async || world.asked_of_state(pending).await == "5").await;
    run.kill();
    other.rollback().await.unwrap();
    queue.close().await;
    assert_eq!(world.asked_of_state(pending).await, "5", "nothing is lost, and nothing was sent");
    is_sent_once(&world, keys).await;
}

#[tokio::test]
async fn what_a_killed_run_of_the_plan_had_staged_is_let_go_and_what_others_had_is_not() {
    on_both(async |world, state| {
        // As a run leaves it that dies between its last commit and its release.
        let dies_before_its_release = async |args: &[&str]| {
            assert_eq!(world.tieout(args).code, 0);
            world.queue("DELETE FROM tieout_events").await;
            for statement in [
                "UPDATE outbox SET state = 'staged', finished_at = NULL WHERE state = 'sent'",
                "UPDATE findings SET state = 'open', acknowledged_at = NULL WHERE state = 'emitted'",
            ] {
                state.sql(world, statement).await;
            }
        };
        lose(world, &["ch_other"]);
        dies_before_its_release(&["run", "shop.charges", "--key", "ch_other"]).await;
        lose(world, &["ch_lost", "ch_too"]);
        assert_eq!(saved(world, &[]).code, 4);
        dies_before_its_release(&["run", "--plan", "plan.json"]).await;
        let run = carried_out(world, &[]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(outcomes(&run), ["ch_lost: emitted", "ch_too: emitted"]);
        assert_eq!(sent(world).await.into_iter().collect::<BTreeSet<_>>(), set(["ch_lost", "ch_too"]));
        assert_eq!(world.run().code, 0);
        assert_eq!(sent(world).await.len(), 3, "the next run lets go what was staged before");
    })
    .await;
}

#[tokio::test]
async fn a_plan_of_an_outbound_domain_sends_its_rows() {
    let world = outbound(3).await;
    world.local(&charge("ch_lost", 5, 500)).await;
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(400));
    assert_eq!(saved(&world, &[]).code, 4);
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(1_001));
    let run = carried_out(&world, &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(outcomes(&run), ["ch_001: already_repaired", "ch_lost: emitted"]);
    let events = world.events().await;
    assert_eq!((events.len(), &events[0]["data"]["amount_minor"]), (1, &json!(500)), "{events:?}");
}

#[tokio::test]
async fn a_plan_of_a_feed_without_a_clock_looks_its_items_up() {
    let world = timeless::world().await;
    world.upstream(&charge("ch_lost", 24 * 900, 500));
    world.change_upstream("ch_007", |charge| charge["amount"] = json!(9_999));
    assert_eq!(saved(&world, &[]).code, 4);
    let lists = world.api.shelf.lock().unwrap().lists.len();
    let run = carried_out(&world, &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(outcomes(&run), ["ch_007: emitted", "ch_lost: emitted"]);
    assert_eq!(world.api.shelf.lock().unwrap().lists.len(), lists, "the list is not walked again");
    assert_eq!(sent(&world).await.into_iter().collect::<BTreeSet<_>>(), set(["ch_007", "ch_lost"]));
}

#[tokio::test]
async fn the_page_about_plans_shows_what_a_run_says() {
    let world = World::agreeing(3).await;
    lose(&world, &["ch_changed", "ch_lost", "ch_arrived"]);
    assert_eq!(saved(&world, &[]).code, 4);
    world.change_upstream("ch_changed", |charge| charge["amount"] = json!(7));
    world.local(&charge("ch_arrived", 7, 500)).await;
    let run = world.tieout(&["run", "--plan", "plan.json"]);
    let told: Vec<&str> =
        run.stdout.lines().skip_while(|line| !line.starts_with("  plan ")).take(3).collect();
    assert_eq!(told.len(), 3, "{run:?}");
    let page = include_str!("../../docs/plans.md");
    assert!(page.contains(&told.join("\n")), "{}", told.join("\n"));
}

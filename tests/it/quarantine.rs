//! What cannot be read holds its range back until it is mended, or a person says to go on without it; nothing is ever concluded from it.

use serde_json::{Value, json};

use crate::api::Fault;
use crate::both::on_both;
use crate::process::until_so;
use crate::resume::begun;
use crate::world::{Outcome, World, charge, set};

/// A charge without its key.
fn nameless(hours_ago: i64, amount: i64) -> Value {
    let mut nameless = charge("x", hours_ago, amount);
    nameless.as_object_mut().unwrap().remove("id");
    nameless
}

/// What `quarantine list` has for some filters.
fn listed(world: &World, filters: &[&str]) -> Vec<Value> {
    let outcome = world.tieout(&[&["quarantine", "list", "--format", "json"], filters].concat());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.json()["entries"].as_array().unwrap().clone()
}

/// The only entry of a world, as `id kind class state`.
fn only(world: &World, filters: &[&str]) -> (String, String) {
    let entries = listed(world, filters);
    assert_eq!(entries.len(), 1, "{entries:?}");
    let said = |name: &str| entries[0][name].as_str().unwrap().to_owned();
    (said("id"), format!("{} {} {}", said("kind"), said("class"), said("state")))
}

fn drop_all(world: &World) -> Outcome {
    world.tieout(&[
        "quarantine",
        "drop",
        "--all",
        "--yes",
        "--reason",
        "a test of theirs",
        "--by",
        "ada",
        "--format",
        "json",
    ])
}

fn holes(world: &World) -> usize {
    let status = world.tieout(&["status", "--format", "json"]).json();
    status["domains"][0]["holes"].as_array().unwrap().len()
}

fn quarantine(outcome: &Outcome) -> (Value, Value) {
    let quarantine = outcome.domain()["quarantine"].clone();
    (quarantine["open"].clone(), quarantine["accepted"].clone())
}

#[tokio::test]
async fn an_item_without_a_key_is_in_quarantine_and_nothing_of_it_is_kept() {
    let world = World::agreeing(3).await;
    let mut item = nameless(30, 4_242);
    item["billing_details"]["email"] = json!("someone@example.com");
    world.upstream(&item);
    let outcome = world.run();
    assert_eq!((outcome.code, quarantine(&outcome)), (3, (json!(1), json!(0))), "{outcome:?}");
    let (id, stands) = only(&world, &[]);
    assert_eq!(stands, "item key open");
    let shown = world.tieout(&["quarantine", "show", &id[..6]]);
    assert!(
        shown.stdout.contains("the item has no key") && shown.stdout.contains("quarantine drop"),
        "{shown:?}"
    );
    let kept =
        world.asked_of_state("SELECT group_concat(reason || place || fingerprint) FROM quarantine").await;
    assert!(!kept.contains("4242") && !kept.contains("someone"), "{kept}");
    let status = world.tieout(&["status"]);
    assert!(status.stdout.contains("quarantine list --domain shop.charges"), "{status:?}");
}

#[tokio::test]
async fn the_same_item_in_the_next_run_is_the_same_entry() {
    let world = World::agreeing(3).await;
    world.upstream(&nameless(30, 5));
    world.run();
    let first = listed(&world, &[]);
    world.run();
    let second = listed(&world, &[]);
    assert_eq!((first[0]["times"].clone(), second[0]["times"].clone()), (json!(1), json!(2)));
    assert_eq!((&first[0]["id"], &first[0]["first_run"]), (&second[0]["id"], &second[0]["first_run"]));
}

#[tokio::test]
async fn an_item_that_was_dropped_holds_nothing_back_and_counts_as_unreadable() {
    let world = World::agreeing(3).await;
    world.upstream(&nameless(30, 5));
    let before = world.run();
    assert_eq!(before.code, 3);
    let dropped = drop_all(&world);
    assert_eq!(
        (dropped.code, &dropped.json()["eligible"], &dropped.json()["by"]),
        (0, &json!(1), &json!("ada"))
    );
    let outcome = world.run();
    assert_eq!((outcome.code, quarantine(&outcome)), (0, (json!(0), json!(1))), "{outcome:?}");
    assert_eq!(outcome.domain()["items"]["unreadable"]["upstream"], 1, "{outcome:?}");
    let through = |outcome: &Outcome| outcome.domain()["verified_through"].as_str().unwrap().to_owned();
    assert!(through(&before) < through(&outcome), "{before:?}");
    assert_eq!(only(&world, &["--dropped"]).1, "item key accepted");
    let by_hand = world.tieout(&["state", "show", "shop.charges"]).stdout;
    assert!(by_hand.contains("quarantine drop") && by_hand.contains("a test of theirs"), "{by_hand}");
}

#[tokio::test]
async fn an_item_that_changes_after_it_was_dropped_is_open_again() {
    let world = World::agreeing(3).await;
    world.upstream(&nameless(30, 5));
    world.run();
    drop_all(&world);
    let amount = |shelf: &mut crate::api::Shelf| {
        let item = shelf.charges.iter_mut().find(|charge| charge["id"].is_null()).unwrap();
        item["amount"] = json!(6);
    };
    world.api.change(amount);
    let outcome = world.run();
    assert_eq!((outcome.code, quarantine(&outcome)), (3, (json!(1), json!(0))), "{outcome:?}");
    assert_eq!(only(&world, &["--gone"]).1, "item key gone", "what was dropped is not there any more");
}

/// A row whose item may be the one without a key is never an orphan, even where the look-up says that there is none.
#[tokio::test]
async fn no_row_is_orphaned_where_an_item_without_a_key_was_dropped() {
    let world = World::agreeing(3).await;
    world.upstream(&nameless(30, 5));
    world.run();
    drop_all(&world);
    world.local(&charge("ch_may_be_it", 30, 5)).await;
    // Of the same day: a range that stays open may be read again in smaller ones, and in those without the item rows are judged.
    world.local(&charge("ch_elsewhere", 40, 5)).await;
    let outcome = world.run();
    assert_eq!(outcome.findings(), set([]), "{outcome:?}");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.domain()["items"]["ignored"]["local"].as_u64() >= Some(1), "{outcome:?}");
    assert_eq!(world.asked_of_state("SELECT CAST(count(*) AS TEXT) FROM findings").await, "0");
    let next = world.run();
    assert_eq!(next.findings(), set([]), "{next:?}");
}

#[tokio::test]
async fn what_is_mended_is_gone_after_the_next_run() {
    let world = World::agreeing(3).await;
    world.upstream(&nameless(30, 5));
    world.run();
    world.api.change(|shelf| shelf.charges.retain(|charge| !charge["id"].is_null()));
    let outcome = world.run();
    assert_eq!((outcome.code, outcome.domain()["quarantine"].is_null()), (0, true), "{outcome:?}");
    assert_eq!(only(&world, &["--gone"]).1, "item key gone");
}

#[tokio::test]
async fn a_retry_has_the_range_read_again_that_was_verified_without_the_item() {
    let world = World::agreeing(3).await;
    world.upstream(&nameless(30, 5));
    world.run();
    drop_all(&world);
    assert_eq!((world.run().code, holes(&world)), (0, 0));
    // They gave it its key back.
    world.api.change(|shelf| {
        let item = shelf.charges.iter_mut().find(|charge| charge["id"].is_null()).unwrap();
        item["id"] = json!("ch_named");
    });
    assert_eq!(world.run().findings(), set([]), "nobody reads what is verified");
    let looked = world.tieout(&["quarantine", "retry", "--all", "--dry-run"]);
    assert_eq!((looked.code, holes(&world)), (0, 0), "{looked:?}");
    let unsaid = world.tieout(&["quarantine", "retry", "--all"]);
    assert_eq!((unsaid.code, holes(&world)), (2, 0), "{unsaid:?}");
    let retried = world.tieout(&["quarantine", "retry", "--all", "--yes"]);
    assert_eq!((retried.code, holes(&world)), (0, 1), "{retried:?}");
    let outcome = world.run();
    assert_eq!(outcome.findings(), set(["missing ch_named"]), "{outcome:?}");
    assert_eq!(only(&world, &["--gone"]).1, "item key gone");
    assert_eq!(holes(&world), 0);
}

#[tokio::test]
async fn a_paused_domain_is_retried_by_hand_and_read_again_once_it_is_resumed() {
    let world = World::agreeing(3).await;
    world.upstream(&nameless(30, 5));
    world.run();
    drop_all(&world);
    assert_eq!((world.run().code, holes(&world)), (0, 0));
    let pause = ["state", "pause", "shop.charges", "--by", "ada", "--reason", "the bank is closed"];
    assert_eq!(world.tieout(&pause).code, 0);
    let retried = world.tieout(&["quarantine", "retry", "--all", "--yes"]);
    assert_eq!((retried.code, holes(&world)), (0, 1), "{retried:?}");
    let kept_out = world.run();
    assert_eq!(kept_out.domain()["failure"], "paused", "{kept_out:?}");
    assert_eq!((only(&world, &[]).1.as_str(), holes(&world)), ("item key open", 1));
    assert_eq!(world.tieout(&["state", "resume", "shop.charges", "--by", "ada"]).code, 0);
    world.api.change(|shelf| shelf.charges.retain(|charge| !charge["id"].is_null()));
    let outcome = world.run();
    assert_eq!((outcome.code, holes(&world)), (0, 0), "{outcome:?}");
    assert_eq!(only(&world, &["--gone"]).1, "item key gone");
}

/// What a slice says of quarantine is committed with the slice, so a process that dies between two of them has said the one and not the other.
#[tokio::test]
async fn a_run_that_is_killed_between_two_slices_has_the_entries_of_one_and_the_next_run_has_all_once() {
    let world = World::agreeing(3).await;
    assert_eq!(world.tieout(&["migrate", "run"]).code, 0);
    for hours_ago in [30, 80, 130] {
        world.upstream(&nameless(hours_ago, hours_ago));
    }
    world.api.change(|shelf| shelf.pace = std::time::Duration::from_millis(200));
    let mut process = begun(&world, "1", 1);
    until_so("a slice with an entry is committed", async || {
        world.asked_of_state("SELECT CAST(count(*) AS TEXT) FROM quarantine").await != "0"
    })
    .await;
    process.kill().unwrap();
    process.wait().unwrap();
    let left = listed(&world, &[]);
    assert_eq!((left.len(), &left[0]["state"]), (1, &json!("open")), "{left:?}");
    world.api.change(|shelf| shelf.pace = std::time::Duration::ZERO);
    let next = world.run();
    assert_eq!((next.code, quarantine(&next)), (3, (json!(3), json!(0))), "{next:?}");
    let entries = listed(&world, &[]);
    let same = entries.iter().find(|entry| entry["id"] == left[0]["id"]).unwrap();
    assert_eq!((entries.len(), &same["first_run"]), (3, &left[0]["first_run"]), "{entries:?}");
    assert_eq!(drop_all(&world).code, 0);
    let last = world.run();
    assert_eq!((last.code, quarantine(&last), holes(&world)), (0, (json!(0), json!(3)), 0), "{last:?}");
}

#[tokio::test]
async fn a_row_without_a_key_makes_runs_partial_until_somebody_drops_it() {
    let world = World::agreeing(3).await;
    world.sql("INSERT INTO charges SELECT NULL, 7, 'USD', 'PAID', strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-30 hours'), strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-30 hours')").await;
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    let items = &outcome.domain()["items"];
    assert_eq!(
        (&items["local"], &items["unreadable"]["local"]),
        (&json!(4), &json!(1)),
        "it is there: {items}"
    );
    assert_eq!(only(&world, &[]).1, "row key open");
    assert_eq!(drop_all(&world).code, 0);
    let again = world.tieout(&["quarantine", "retry", "--all", "--yes"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(world.run().code, 3, "what is retried is open again");
    drop_all(&world);
    let since = (chrono::Utc::now() - chrono::TimeDelta::days(3)).format("%Y-%m-%d").to_string();
    let outcome = world.tieout(&["run", "--since", &since, "--format", "json"]);
    assert_eq!((outcome.code, quarantine(&outcome)), (0, (json!(0), json!(1))), "{outcome:?}");
}

#[tokio::test]
async fn a_broken_page_is_in_quarantine_until_it_can_be_read_and_cannot_be_dropped() {
    let world = World::agreeing(3).await;
    let broken = Fault::Says(200, "application/json", "{\"data\": [{\"card\": \"4242\"".to_owned());
    world.api.change(|shelf| shelf.faults = [Some(broken)].into());
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    let (id, stands) = only(&world, &[]);
    assert_eq!(stands, "page shape open");
    let refused = world.tieout(&["quarantine", "drop", &id, "--yes", "--reason", "never mind"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.stderr.contains("a page cannot be dropped") && refused.stderr.contains("policy"),
        "{refused:?}"
    );
    assert_eq!(only(&world, &[]).1, "page shape open");
    let kept = world.asked_of_state("SELECT reason FROM quarantine").await;
    assert!(!kept.contains("4242"), "{kept}");
    let next = world.run();
    assert_eq!((next.code, holes(&world)), (0, 0), "{next:?}");
    assert_eq!(only(&world, &["--gone"]).1, "page shape gone");
}

#[tokio::test]
async fn what_does_not_name_an_entry_is_refused_and_changes_nothing() {
    let world = World::agreeing(3).await;
    world.upstream(&nameless(30, 5));
    world.run();
    let drop = |args: &[&str]| {
        let outcome = world.tieout(&[&["quarantine", "drop", "--reason", "no"], args].concat());
        assert_eq!(outcome.code, 2, "{args:?}: {outcome:?}");
        outcome.stderr
    };
    assert!(drop(&["--yes"]).contains("say which"));
    assert!(drop(&["ffffffffffffffff", "--yes"]).contains("nothing in quarantine"));
    assert!(drop(&["xyz", "--yes"]).contains("expected the id of an entry"));
    assert!(drop(&["ffff", "--kind", "item", "--yes"]).contains("not by both"));
    assert!(drop(&["--all"]).contains("--yes"));
    assert!(drop(&["--all", "--kind", "picture", "--yes"]).contains("possible values"));
    let unreasoned = world.tieout(&["quarantine", "drop", "--all", "--yes"]);
    assert!(unreasoned.code == 2 && unreasoned.stderr.contains("--reason"), "{unreasoned:?}");
    let nothing = world.tieout(&["quarantine", "drop", "--kind", "row", "--yes", "--reason", "no"]);
    assert_eq!(nothing.code, 0, "filters that nothing matches are no mistake: {nothing:?}");
    assert_eq!(only(&world, &[]).1, "item key open");
}

#[tokio::test]
async fn entries_are_exported_without_what_was_sent() {
    let world = World::agreeing(3).await;
    world.upstream(&nameless(30, 4_242));
    world.run();
    let exported = world.tieout(&["quarantine", "export", "--to", "bad.ndjson"]);
    assert_eq!(exported.code, 0, "{exported:?}");
    let text = std::fs::read_to_string(world.path().join("bad.ndjson")).unwrap();
    let line: Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!((&line["type"], &line["kind"]), (&json!("quarantine_entry"), &json!("item")));
    assert!(!text.contains("4242"), "{text}");
    assert_eq!(
        world.tieout(&["quarantine", "export", "--to", "bad.ndjson"]).code,
        2,
        "it is not written over"
    );
}

#[tokio::test]
async fn all_of_it_works_in_either_state_store() {
    on_both(async |world, _| {
        world.upstream(&nameless(30, 5));
        assert_eq!(world.run().code, 3);
        assert_eq!(only(world, &[]).1, "item key open");
        assert_eq!(drop_all(world).code, 0);
        assert_eq!((world.run().code, holes(world)), (0, 0));
        assert_eq!(only(world, &["--dropped"]).1, "item key accepted");
        assert_eq!(world.tieout(&["quarantine", "retry", "--all", "--yes"]).code, 0);
        assert_eq!((world.run().code, only(world, &[]).1), (3, "item key open".to_owned()));
    })
    .await;
}

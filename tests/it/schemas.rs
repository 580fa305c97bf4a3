//! Events that break their schema are dead letters from the beginning, and go out once the schema is mended; old events are carried over.

use serde_json::{Value, json};

use crate::both::{State, on_both};
use crate::world::{Outcome, World, charge};

const STRICT: &str = r#"{"type": "object", "required": ["id", "amount"], "properties": {"amount": {"type": "integer", "maximum": 400}}}"#;
const MENDED: &str =
    r#"{"type": "object", "required": ["id", "amount"], "properties": {"amount": {"type": "integer"}}}"#;

fn name(world: &World, from: &str, to: &str) {
    for kind in ["created", "updated"] {
        world.edit("charges.yaml", &format!("charge.{kind}{from}"), &format!("charge.{kind}{to}"));
    }
}

fn json(world: &World, args: &[&str]) -> Outcome {
    world.tieout(&[args, &["--format", "json"]].concat())
}

#[tokio::test]
async fn an_event_that_breaks_its_schema_is_dead_at_its_commit_and_goes_out_once_the_schema_is_mended() {
    on_both(async |world, state: &State| {
        world.schema("charge/v1.json", STRICT);
        name(world, "", ", schema: charge/v1");
        world.upstream(&charge("ch_fits", 5, 300));
        world.upstream(&charge("ch_unfit", 5, 500));
        let plan = json(world, &["plan"]);
        assert_eq!(plan.domain()["events"]["dead"], 1, "{plan:?}");
        let run = world.run();
        let events = &run.domain()["events"];
        assert_eq!(run.code, 3, "{run:?}");
        assert_eq!(
            (&events["planned"], &events["emitted"], &events["dead"]),
            (&json!(2), &json!(1), &json!(1))
        );
        let sent = world.events().await;
        assert_eq!(sent.len(), 1);
        assert_eq!(
            (&sent[0]["dataschema"], &sent[0]["dataversion"]),
            (&json!("urn:tieout:schema:charge:v1"), &json!(1))
        );

        let listed = json(world, &["dlq", "list", "--flat"]).json();
        let letter = &listed["events"][0];
        assert_eq!((&letter["key"], &letter["class"]), (&json!("ch_unfit"), &json!("schema")));
        assert_eq!(letter["reason"], "the data breaks charge/v1 at /amount: maximum");
        // Long enough ago for the retry job, if it were its business, and not for the purge.
        let died = chrono::Utc::now() - chrono::TimeDelta::days(2);
        let died = died.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        state.sql(world, &format!("UPDATE outbox SET finished_at = '{died}' WHERE state = 'dead'")).await;
        let again = world.run();
        assert_eq!(again.domain()["events"]["retried"], 0, "only a person sends it: {again:?}");
        let still = json(world, &["dlq", "retry", "--all", "--yes"]);
        assert_eq!(
            (still.code, &still.json()["unfit"], &still.json()["sent"]),
            (3, &json!(1), &json!(0)),
            "{still:?}"
        );

        world.schema("charge/v1.json", MENDED);
        let counted = json(world, &["dlq", "retry", "--all", "--dry-run"]);
        assert_eq!(counted.json()["eligible"], 1, "{counted:?}");
        let mended = json(world, &["dlq", "retry", "--all", "--yes"]);
        assert_eq!((mended.code, &mended.json()["sent"]), (0, &json!(1)), "{mended:?}");
        assert_eq!(world.stands("ch_unfit"), ("emitted".to_owned(), 1));
        world.consume().await;
        assert_eq!(world.run().domain()["follow_up"]["repaired"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_limit_and_an_approval_let_nothing_go_that_breaks_its_schema() {
    on_both(async |world, _| {
        world.schema("charge/v1.json", STRICT);
        name(world, "", ", schema: charge/v1");
        world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 100%, max_emits: 1");
        for (key, amount) in [("ch_a", 300), ("ch_b", 300), ("ch_unfit", 500)] {
            world.upstream(&charge(key, 5, amount));
        }
        let held = world.run();
        assert_eq!((held.code, &held.domain()["events"]["held"]), (3, &json!(2)), "{held:?}");
        assert!(held.json()["exit"]["reasons"].to_string().contains("limit_tripped"), "{held:?}");
        let approved = json(world, &["approve", "latest", "--expect", "2"]);
        assert_eq!((approved.code, &approved.json()["emitted"]), (0, &json!(2)), "{approved:?}");
        assert_eq!(world.stands("ch_unfit"), ("open".to_owned(), 1));
        assert_eq!(world.events().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_replay_carries_an_old_event_to_the_version_of_today() {
    let world = World::agreeing(2).await;
    world.schema("charge/v1.json", r#"{"required": ["amount"]}"#);
    name(&world, "", ", schema: charge/v1");
    world.upstream(&charge("ch_lost", 5, 500));
    world.upstream(&charge("ch_odd", 5, 700));
    assert_eq!(world.run().domain()["events"]["emitted"], 2);
    let before = world.events().await;
    let sent = before.iter().find(|event| event["subject"] == "ch_lost").unwrap();
    world.schema("charge/v2.json", r#"{"required": ["total"], "properties": {"total": {"maximum": 600}}}"#);
    world.schema("charge/v1.to-v2.jq", "{id, total: .amount}\n");
    name(&world, ", schema: charge/v1", ", schema: charge/v2, data: {jq: \"{id, total: .amount}\"}");
    world.edit("tieout.yaml", "queues: {", "queues: {refill: {ndjson: {path: refill.ndjson}}, ");
    let replayed =
        json(&world, &["replay", "--domain", "shop.charges", "--to", "refill", "--force", "--yes"]);
    assert_eq!((replayed.code, &replayed.json()["sent"]), (3, &json!(1)), "{replayed:?}");
    assert_eq!(replayed.json()["unfit"], json!({ "the data breaks charge/v2 at /total: maximum": 1 }));
    let refill = std::fs::read_to_string(world.path().join("refill.ndjson")).unwrap();
    let event: Value = serde_json::from_str(refill.trim()).unwrap();
    assert_eq!((&event["id"], &event["dataversion"]), (&sent["id"], &json!(2)), "the same drift");
    assert_eq!(event["data"], json!({ "id": "ch_lost", "total": 500 }));
}

#[tokio::test]
async fn mapped_data_is_what_the_expression_makes_and_an_item_without_it_is_reported() {
    let world = World::agreeing(1).await;
    name(&world, "", ", data: {jq: \"if .amount > 600 then error else {id, total: .amount} end\"}");
    world.upstream(&charge("ch_lost", 5, 500));
    world.upstream(&charge("ch_odd", 5, 700));
    let run = world.run();
    assert_eq!(run.domain()["events"]["emitted"], 1, "{run:?}");
    assert_eq!(world.events().await[0]["data"], json!({ "id": "ch_lost", "total": 500 }));
    let odd = world.tieout(&["explain", "shop.charges/ch_odd"]);
    assert!(odd.stdout.contains("an expression that fails on this item"), "{odd:?}");
    let sizes = world.tieout(&["schemas", "sizes", "shop.charges"]);
    assert!(sizes.stdout.contains("mapped") && sizes.stdout.contains("thin"), "{sizes:?}");
}

#[tokio::test]
async fn the_commands_tell_what_there_is_and_their_exit_codes_what_breaks() {
    let world = World::agreeing(1).await;
    assert!(world.tieout(&["schemas", "list"]).stdout.starts_with("No schemas"));
    world.schema("charge/v1.json", r#"{"properties": {"amount": {"type": ["integer", "string"]}}}"#);
    world.schema("charge/v2.json", r#"{"properties": {"amount": {"type": "integer"}}}"#);
    name(&world, "", ", schema: charge/v2");
    let listed = json(&world, &["schemas", "list"]).json();
    assert_eq!(listed["schemas"][0]["used_by"], json!(["shop.charges (v2)"]));
    let broken = world.tieout(&["schemas", "check"]);
    assert_eq!(broken.code, 4, "{broken:?}");
    assert!(broken.stdout.contains("/properties/amount/type  no longer allowed here: string"), "{broken:?}");
    world.schema("charge/compat.yaml", "mode: forward\n");
    assert_eq!(world.tieout(&["schemas", "check"]).code, 0);
    let published = world.path().join("published/charge");
    std::fs::create_dir_all(&published).unwrap();
    std::fs::write(published.join("v3.json"), "{}").unwrap();
    let gone =
        world.tieout(&["schemas", "check", "--against", published.parent().unwrap().to_str().unwrap()]);
    assert!(gone.code == 4 && gone.stdout.contains("was published and is gone"), "{gone:?}");
    let nowhere = world.tieout(&["schemas", "check", "--against", "nowhere"]);
    assert_eq!(nowhere.code, 2, "{nowhere:?}");
    world.schema("charge/v2.json", "{");
    let wrong = world.tieout(&["schemas", "check"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("charge/v2.json"), "{wrong:?}");
    assert_eq!(world.tieout(&["check"]).code, 2);
}

//! Domains whose truth is the local side: the API is read back, and what it lacks or holds wrongly is sent again.

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::docs::blocks;
use crate::postgres::Postgres;
use crate::stores::on_postgres;
use crate::world::{World, charge, set};

/// The usual world with the roles swapped.
pub(crate) async fn outbound(n: i64) -> World {
    let world = World::agreeing(n).await;
    world.edit("charges.yaml", "feed: api/charges", "feed: api/charges\ndirection: outbound");
    world.edit("charges.yaml", "com.example.charge.created", "com.example.charge.resend");
    world.edit("charges.yaml", "com.example.charge.updated", "com.example.charge.resend");
    world
}

/// `difference missing mismatched orphaned unexplained` of the one currency.
fn money(domain: &Value) -> String {
    let line = &domain["amounts"][0];
    ["difference", "missing", "mismatched", "orphaned", "unexplained"]
        .map(|word| line[word].as_str().unwrap())
        .join(" ")
}

#[tokio::test]
async fn what_the_api_lacks_is_sent_again_as_its_row() {
    let world = outbound(3).await;
    let lost = charge("ch_lost", 5, 500);
    world.local(&lost).await;
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.findings(), set(["missing ch_lost"]));
    let domain = outcome.domain();
    let counts = |word: &str| domain["items"][word].as_u64().unwrap();
    assert_eq!((counts("upstream"), counts("local"), counts("missing"), counts("orphaned")), (3, 4, 1, 0));
    assert_eq!(
        (domain["direction"].as_str(), money(&domain).as_str()),
        (Some("outbound"), "5.00 5.00 0.00 0.00 0.00")
    );
    let events = world.events().await;
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(
        (event["type"].as_str(), event["subject"].as_str()),
        (Some("com.example.charge.resend"), Some("ch_lost"))
    );
    assert_eq!(
        (event["source"].as_str(), event["tieoutkind"].as_str()),
        (Some("/tieout/shop.charges"), Some("missing"))
    );
    let at = chrono::DateTime::from_timestamp(lost["created"].as_i64().unwrap(), 0).unwrap();
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let row = json!({
        "id": "ch_lost", "amount_minor": 500, "currency": "USD", "status": "PAID", "created_at": at, "updated_at": at,
    });
    assert_eq!(event["data"], row);
}

#[tokio::test]
async fn what_the_api_holds_wrongly_is_sent_again_and_repaired_when_the_api_shows_it() {
    let world = outbound(3).await;
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(400));
    let first = world.run();
    assert_eq!(first.findings(), set(["mismatched ch_001"]), "{first:?}");
    assert_eq!(money(&first.domain()), "6.01 0.00 6.01 0.00 0.00");
    assert_eq!(world.events().await[0]["data"]["amount_minor"], 1_001);
    let second = world.run();
    assert_eq!(second.domain()["events"]["planned"], 0, "{second:?}");
    assert_eq!(second.domain()["follow_up"]["emitted_not_repaired"], 1);
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(1_001));
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 1);
}

#[tokio::test]
async fn a_truth_that_changes_again_is_another_drift_and_another_event() {
    let world = outbound(3).await;
    world.local(&charge("ch_lost", 5, 500)).await;
    world.run();
    world.sql("UPDATE charges SET amount_minor = 501 WHERE id = 'ch_lost'").await;
    world.run();
    let events = world.events().await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_ne!(events[0]["id"], events[1]["id"]);
    assert_eq!(
        (&events[0]["data"]["amount_minor"], &events[1]["data"]["amount_minor"]),
        (&json!(500), &json!(501))
    );
}

#[tokio::test]
async fn what_only_the_api_has_is_reported_and_never_sent_unless_asked() {
    let world = outbound(3).await;
    world.upstream(&charge("ch_stray", 5, 500));
    let outcome = world.run();
    assert_eq!((outcome.code, outcome.findings()), (0, set(["orphaned ch_stray"])), "{outcome:?}");
    assert_eq!(money(&outcome.domain()), "-5.00 0.00 0.00 5.00 0.00");
    assert_eq!(world.events().await.len(), 0);
    world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 100%, orphans: emit");
    world.edit(
        "charges.yaml",
        "  mismatched:",
        "  orphaned: {type: com.example.charge.withdraw}\n  mismatched:",
    );
    world.run();
    let events = world.events().await;
    assert_eq!((events.len(), &events[0]["data"]), (1, &json!({ "key": "ch_stray" })), "{events:?}");
}

/// The provider takes every write with 200, and never shows some of them.
#[tokio::test]
async fn a_write_that_was_accepted_and_then_rejected_is_found_by_reading_back() {
    let world = outbound(3).await;
    Mock::given(method("POST"))
        .and(path("/v1/charges"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&world.api.server)
        .await;
    let client = reqwest::Client::new();
    let rejected = charge("ch_rejected", 6, 700);
    let accepted = charge("ch_accepted", 6, 800);
    for sent in [&rejected, &accepted] {
        let answer =
            client.post(format!("{}/v1/charges", world.api.server.uri())).json(sent).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        world.local(sent).await;
    }
    world.upstream(&accepted);
    let outcome = world.run();
    assert_eq!(outcome.findings(), set(["missing ch_rejected"]), "{outcome:?}");
    assert_eq!(outcome.domain()["items"]["matched"], 4);
    // Sent again, it is kept this time.
    world.upstream(&rejected);
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 1);
}

#[tokio::test]
async fn a_list_that_was_not_seen_whole_proves_nothing_missing() {
    let world = outbound(25).await;
    world.edit("provider.yaml", "span: 1d", "span: 40d");
    world.local(&charge("ch_lost", 5, 500)).await;
    world.api.change(|shelf| {
        let broken = crate::api::Fault::Says(400, "application/json", "{}".to_owned());
        shelf.faults = [None, Some(broken)].into();
    });
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.findings().is_empty(), "{outcome:?}");
    assert_eq!(world.events().await.len(), 0);
}

#[tokio::test]
async fn an_item_that_the_list_leaves_out_and_the_look_up_finds_is_not_missing() {
    let world = outbound(3).await;
    world.api.change(|shelf| {
        shelf.rewrite =
            Some(|body| body["data"].as_array_mut().unwrap().retain(|charge| charge["id"] != "ch_001"));
    });
    world.local(&charge("ch_lost", 5, 500)).await;
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert_eq!(
        world.events().await.len(),
        0,
        "the walk was not whole, so nothing follows from it: {outcome:?}"
    );
    let problems = outcome.domain()["problems"].to_string();
    assert!(problems.contains("the walk did not show 1 items that the look-up by id finds"), "{problems}");
}

#[tokio::test]
async fn a_row_that_was_just_written_may_still_be_on_its_way() {
    let world = outbound(3).await;
    world.edit("charges.yaml", "settle: 1s", "settle: 15m");
    world.local(&charge("ch_lost", 5, 500)).await;
    let now = chrono::Utc::now().to_rfc3339();
    world.sql(&format!("UPDATE charges SET updated_at = '{now}' WHERE id = 'ch_lost'")).await;
    let young = world.run();
    assert_eq!(young.domain()["findings"][0]["state"], "suspected", "{young:?}");
    assert_eq!((world.events().await.len(), &young.domain()["items"]["pending"]["local"]), (0, &json!(1)));
    let old = (chrono::Utc::now() - chrono::TimeDelta::minutes(16)).to_rfc3339();
    world.sql(&format!("UPDATE charges SET updated_at = '{old}' WHERE id = 'ch_lost'")).await;
    assert_eq!(world.run().findings(), set(["missing ch_lost"]));
    assert_eq!(world.events().await.len(), 1);
}

/// What the provider took is shown some time later, so that time comes on top of `settle`.
#[tokio::test]
async fn a_row_rests_for_settle_and_then_for_the_lag_of_the_provider() {
    let world = outbound(3).await;
    world.edit("charges.yaml", "settle: 1s", "settle: 10m");
    world.edit("provider.yaml", "lag: 0s", "lag: 10m");
    world.local(&charge("ch_lost", 5, 500)).await;
    let ago = |minutes| (chrono::Utc::now() - chrono::TimeDelta::minutes(minutes)).to_rfc3339();
    world.sql(&format!("UPDATE charges SET updated_at = '{}' WHERE id = 'ch_lost'", ago(15))).await;
    assert_eq!(world.run().domain()["findings"][0]["state"], "suspected");
    world.sql(&format!("UPDATE charges SET updated_at = '{}' WHERE id = 'ch_lost'", ago(21))).await;
    assert_eq!(world.run().domain()["findings"][0]["state"], "emitted");
}

#[tokio::test]
async fn without_a_time_of_change_a_difference_is_waited_for_and_check_says_so() {
    let world = outbound(3).await;
    world.edit("charges.yaml", "  changed: updated_at\n", "");
    let checked = world.tieout(&["check"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(checked.stdout.contains("nothing says when a row was written"), "{checked:?}");
    world.local(&charge("ch_lost", 5, 500)).await;
    let began = std::time::Instant::now();
    assert_eq!(world.run().findings(), set(["missing ch_lost"]));
    assert!(began.elapsed() >= std::time::Duration::from_secs(1), "it rests for `settle` first");
}

#[tokio::test]
async fn a_copy_that_is_ahead_is_never_set_back() {
    let world = outbound(3).await;
    world.sql("ALTER TABLE charges ADD COLUMN version INTEGER NOT NULL DEFAULT 3").await;
    world.edit("provider.yaml", "    id: id", "    id: id\n    version: version");
    for _ in 0..2 {
        world.edit("charges.yaml", "updated_at FROM", "updated_at, version FROM");
    }
    world.edit("charges.yaml", "  changed:", "  version: version\n  changed:");
    for (id, version) in [("ch_000", 2), ("ch_001", 3), ("ch_002", 4)] {
        world.change_upstream(id, |charge| {
            charge["amount"] = json!(5);
            charge["version"] = json!(version);
        });
    }
    let outcome = world.run();
    assert_eq!(outcome.findings(), set(["mismatched ch_000", "mismatched ch_001"]), "{outcome:?}");
    let domain = outcome.domain();
    let reasons: Vec<&Value> =
        domain["findings"].as_array().unwrap().iter().map(|found| &found["reason"]).collect();
    assert_eq!(reasons, [&Value::Null, &json!("conflict")]);
    assert_eq!(domain["amounts"][0]["unexplained"], "0.00");
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn a_local_side_that_looks_empty_withdraws_nothing() {
    let world = outbound(3).await;
    world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 100%, orphans: emit");
    world.edit(
        "charges.yaml",
        "  mismatched:",
        "  orphaned: {type: com.example.charge.withdraw}\n  mismatched:",
    );
    world.sql("DELETE FROM charges").await;
    let outcome = world.run();
    assert_eq!(outcome.code, 5, "{outcome:?}");
    let limit = outcome.domain()["limits"][0]["text"].as_str().unwrap().to_owned();
    assert_eq!(limit, "min_items: the local side has 0 items and upstream has 3");
    assert_eq!(world.events().await.len(), 0);
}

#[tokio::test]
async fn a_row_with_a_value_that_cannot_be_sent_is_not_sent_in_part() {
    let world = outbound(3).await;
    world.sql("ALTER TABLE charges ADD COLUMN receipt BLOB").await;
    world.edit(
        "charges.yaml",
        "updated_at FROM charges WHERE id",
        "updated_at, receipt FROM charges WHERE id",
    );
    world.local(&charge("ch_lost", 5, 500)).await;
    world.sql("UPDATE charges SET receipt = x'00ff' WHERE id = 'ch_lost'").await;
    let outcome = world.run();
    assert_eq!(world.events().await.len(), 0, "{outcome:?}");
    let reason = outcome.domain()["findings"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("a value of the local row cannot be sent"), "{reason}");
    world.sql("UPDATE charges SET receipt = NULL").await;
    world.run();
    assert_eq!(world.events().await[0]["data"]["receipt"], Value::Null);
}

#[tokio::test]
async fn what_an_outbound_domain_cannot_mean_is_refused_with_its_place() {
    let table = [
        ("direction: outbound", "direction: outbond", "charges.yaml:3:12", "did you mean `outbound`?"),
        (
            ".resend}",
            ".resend, data: original}",
            "charges.yaml",
            "the provider has no event about what only the local side knows",
        ),
    ];
    for (from, to, place, words) in table {
        let world = outbound(1).await;
        world.edit("charges.yaml", from, to);
        let outcome = world.tieout(&["check"]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.contains(place) && outcome.stderr.contains(words), "{outcome:?}");
    }
    let world = outbound(1).await;
    world.edit("charges.yaml", "max_ratio: 100%", "max_ratio: 100%, orphans: emit");
    world.edit("charges.yaml", "  mismatched:", "  orphaned: {type: a.b, data: full}\n  mismatched:");
    let outcome = world.tieout(&["check"]);
    assert!(outcome.stderr.contains("the local side holds nothing to send about an orphan"), "{outcome:?}");
}

#[tokio::test]
async fn a_feed_that_cannot_prove_what_it_lacks_is_warned_about() {
    let world = outbound(1).await;
    world.edit("provider.yaml", "order: created desc", "order: none");
    world.edit("provider.yaml", "mutable: false", "mutable: true");
    world.edit("provider.yaml", "clock: created,", "clock: created, \"on\": updated,");
    let outcome = world.tieout(&["check"]);
    assert!(outcome.stdout.contains("nothing that it lacks is ever found missing"), "{outcome:?}");
}

#[tokio::test]
async fn the_whole_job_runs_outbound_on_postgresql() {
    let postgres = Postgres::create().await;
    let world = outbound(5).await;
    world.local(&charge("ch_lost", 5, 500)).await;
    on_postgres(&world, &postgres).await;
    postgres.sql(crate::stores::QUEUE).await;
    world.change_upstream("ch_003", |charge| charge["amount"] = json!(5));
    let first = world.run();
    assert_eq!(first.findings(), set(["missing ch_lost", "mismatched ch_003"]), "{first:?}");
    let row = "SELECT count(*) FROM tieout_events WHERE event->'data'->>'currency' = 'USD' \
               AND event->'data'->>'created_at' = to_char(now() AT TIME ZONE 'UTC' - interval '5 hours', 'YYYY-MM-DD') \
               || substr(event->'data'->>'created_at', 11)";
    assert!(postgres.count(row).await >= 1);
    assert_eq!(world.run().domain()["events"]["planned"], 0);
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_003", |charge| charge["amount"] = json!(1_003));
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 2);
    postgres.sql("ALTER TABLE charges ADD COLUMN receipt bytea").await;
    world.edit(
        "charges.yaml",
        "updated_at FROM charges WHERE id",
        "updated_at, receipt FROM charges WHERE id",
    );
    let refused = world.run();
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.stdout.contains("column `receipt` has the type bytea, which cannot be sent"),
        "{refused:?}"
    );
    postgres.drop().await;
}

#[tokio::test]
async fn the_example_of_the_guide_finds_what_the_meter_rejected() {
    let guide = include_str!("../../docs/domains.md");
    let ([provider], [_, domain]) = (&blocks(guide, "provider:")[..], &blocks(guide, "domain:")[..]) else {
        panic!("a provider, and a second domain")
    };
    let world = World::agreeing(0).await;
    world.write("meter.yaml", provider);
    world.write("usage.yaml", &domain.replace("queue: meter-resend", "queue: shop"));
    let base = format!(
        "providers: {{meter: {{base: \"{}\", allow_private: true, secrets: {{meter_key: \"file:key\"}}}}, ",
        world.api.server.uri()
    );
    world.edit("tieout.yaml", "providers: {", &base);
    let outcome = world.tieout(&["check"]);
    assert!(outcome.stdout.ends_with("check: 0 failed, 0 warnings\n"), "{outcome:?}");
    world.sql("CREATE TABLE usage (request_id TEXT, customer TEXT, quantity INTEGER, used_at TEXT, written_at TEXT)").await;
    let at =
        (chrono::Utc::now() - chrono::TimeDelta::hours(5)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for request in ["kept", "rejected"] {
        world.sql(&format!("INSERT INTO usage VALUES ('{request}', 'c1', 7, '{at}', '{at}')")).await;
    }
    let kept = json!({ "request_id": "kept", "customer": "c1", "quantity": 7, "timestamp": at });
    let list = json!({ "records": [kept.clone()], "next": null });
    Mock::given(path("/v1/usage"))
        .respond_with(ResponseTemplate::new(200).set_body_json(list))
        .mount(&world.api.server)
        .await;
    Mock::given(path("/v1/usage/kept"))
        .respond_with(ResponseTemplate::new(200).set_body_json(kept))
        .mount(&world.api.server)
        .await;
    Mock::given(path("/v1/usage/rejected"))
        .respond_with(ResponseTemplate::new(404).set_body_json(json!({ "error": "not found" })))
        .mount(&world.api.server)
        .await;
    let outcome = world.tieout(&["run", "meter.usage", "--format", "json"]);
    assert_eq!((outcome.code, outcome.findings()), (0, set(["missing rejected"])), "{outcome:?}");
    assert_eq!(world.events().await[0]["data"]["quantity"], 7);
}

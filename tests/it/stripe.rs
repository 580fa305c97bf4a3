//! The shipped Stripe provider over HTTP, with the files that the README tells a newcomer to write.
//!
//! The pages are fixtures of the recorded shape with invented data, served by wiremock: no request leaves the machine.

use std::process::Command;

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tempfile::TempDir;
use wiremock::matchers::{header, method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::world::{World, charge, set};

const PAGE_1: &str = include_str!("../../reconcilers/stripe/fixtures/charges_page_1.json");
const PAGE_2: &str = include_str!("../../reconcilers/stripe/fixtures/charges_page_2.json");
const MISSING: &str = include_str!("../../reconcilers/stripe/fixtures/resource_missing.json");
const KEY: &str = "sk_test_canary";

/// The YAML blocks of the README, in order: `tieout.yaml`, then `charges.yaml`.
fn files_of_the_readme() -> Vec<String> {
    let blocks = include_str!("../../README.md").split("```yaml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

async fn stripe() -> MockServer {
    let server = MockServer::start().await;
    let list = || {
        Mock::given(method("GET"))
            .and(path("/v1/charges"))
            .and(header("authorization", format!("Bearer {KEY}").as_str()))
    };
    let json = |body: &str| ResponseTemplate::new(200).set_body_raw(body, "application/json");
    list().and(query_param_is_missing("starting_after")).respond_with(json(PAGE_1)).mount(&server).await;
    list()
        .and(query_param("starting_after", "ch_example0003"))
        .respond_with(json(PAGE_2))
        .mount(&server)
        .await;
    for page in [PAGE_1, PAGE_2] {
        let page: Value = serde_json::from_str(page).unwrap();
        for charge in page["data"].as_array().unwrap() {
            let one = Mock::given(method("GET"))
                .and(path(format!("/v1/charges/{}", charge["id"].as_str().unwrap())));
            one.respond_with(json(&charge.to_string())).mount(&server).await;
        }
    }
    let gone = ResponseTemplate::new(404).set_body_raw(MISSING, "application/json");
    Mock::given(method("GET")).respond_with(gone).with_priority(10).mount(&server).await;
    server
}

/// The local side: one charge is missing, one has another amount, one is unknown upstream, the others agree.
async fn shop(dir: &TempDir) {
    let options = SqliteConnectOptions::new().filename(dir.path().join("app.db")).create_if_missing(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    sqlx::query("CREATE TABLE charges (id TEXT PRIMARY KEY, amount_minor INTEGER, currency TEXT, status TEXT, created_at TEXT, updated_at TEXT)")
        .execute(&pool)
        .await
        .unwrap();
    let mut rows: Vec<Value> = Vec::new();
    for page in [PAGE_1, PAGE_2] {
        let page: Value = serde_json::from_str(page).unwrap();
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
    }
    rows.retain(|charge| charge["id"] != "ch_example0002");
    let mut invented = rows[0].clone();
    invented["id"] = "ch_example0099".into();
    rows.push(invented);
    for charge in rows {
        let status = match charge["status"].as_str().unwrap() {
            "succeeded" => "PAID",
            "failed" => "FAILED",
            _ => "PENDING",
        };
        let amount = charge["amount"].as_i64().unwrap() + i64::from(charge["id"] == "ch_example0004");
        let created = chrono::DateTime::from_timestamp(charge["created"].as_i64().unwrap(), 0).unwrap();
        sqlx::query("INSERT INTO charges VALUES ($1, $2, $3, $4, $5, $5)")
            .bind(charge["id"].as_str())
            .bind(amount)
            .bind(charge["currency"].as_str().map(str::to_uppercase))
            .bind(status)
            .bind(created.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
            .execute(&pool)
            .await
            .unwrap();
    }
    pool.close().await;
}

#[tokio::test]
async fn the_files_of_the_readme_reconcile_stripe_charges() {
    let (server, dir) = (stripe().await, TempDir::new().unwrap());
    shop(&dir).await;
    let [config, domain] = <[String; 2]>::try_from(files_of_the_readme()).unwrap();
    // Only what a test cannot wait for or reach is changed: the address, and how long a difference rests.
    let base = format!("stripe: {{base: \"{}/v1\", allow_private: true, secrets:", server.uri());
    std::fs::write(dir.path().join("tieout.yaml"), config.replace("stripe: {secrets:", &base)).unwrap();
    std::fs::write(dir.path().join("charges.yaml"), domain.replace("settle: 15m", "settle: 1s")).unwrap();
    let tieout = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieout"));
        command.args(args).current_dir(dir.path()).env("STRIPE_KEY", KEY).output().unwrap()
    };
    let check = tieout(&["check"]);
    assert!(check.status.success(), "{check:?}");

    let run = tieout(&["run", "--format", "json", "--since", "2025-11-21", "--until", "2025-11-22"]);
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    let findings: Vec<_> = report["domains"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (&f["kind"], &f["key"]))
        .collect();
    insta::assert_json_snapshot!(findings);
    let events = std::fs::read_to_string(dir.path().join("events.ndjson")).unwrap();
    assert_eq!(events.lines().count(), 2, "the orphan is reported and not emitted: {events}");
    assert!(!format!("{run:?}{events}").contains(KEY));
}

/// A world whose provider is the shipped Stripe, which has one charge of two months ago beside those of today.
async fn world() -> World {
    let world = World::agreeing(3).await;
    world.both(&charge("ch_old", 60 * 24, 700)).await;
    std::fs::remove_file(world.path().join("provider.yaml")).unwrap();
    world.edit("charges.yaml", "feed: api/charges", "feed: stripe/charges");
    world.edit("tieout.yaml", "providers: {api: {", "providers: {stripe: {");
    world.edit("tieout.yaml", "\", allow_private", "/v1\", allow_private");
    world.edit("tieout.yaml", "secrets: {key: ", "secrets: {stripe_key: ");
    world
}

#[tokio::test]
async fn a_charge_of_two_months_ago_that_changed_is_found_by_its_event() {
    let world = world().await;
    let created = chrono::Utc::now().timestamp() - 3_600;
    let event = json!({ "id": "evt_1", "object": "event", "type": "charge.refunded", "created": created,
        "data": { "object": { "id": "ch_old", "object": "charge" } } });
    Mock::given(method("GET"))
        .and(path("/v1/events"))
        .and(query_param("types[5]", "charge.succeeded"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({ "object": "list", "data": [event], "has_more": false })),
        )
        .mount(&world.api.server)
        .await;
    let first = world.run();
    assert_eq!((first.code, first.findings()), (0, set([])), "{first:?}");
    world.followed_until(1).await;
    world.change_upstream("ch_old", |charge| charge["amount"] = json!(9_999));
    let second = world.run();
    assert_eq!((second.code, second.findings()), (0, set(["mismatched ch_old"])), "{second:?}");
}

#[tokio::test]
async fn a_key_that_may_not_read_events_is_refused_with_what_it_lacks() {
    let world = world().await;
    assert_eq!(world.run().code, 0);
    world.followed_until(1).await;
    let refusal = json!({ "error": { "type": "invalid_request_error", "message": "This API call cannot be made with this key" } });
    Mock::given(method("GET"))
        .and(path("/v1/events"))
        .respond_with(ResponseTemplate::new(403).set_body_json(refusal))
        .mount(&world.api.server)
        .await;
    let outcome = world.tieout(&["run"]);
    assert_eq!(outcome.code, 7, "{outcome:?}");
    assert!(outcome.stdout.contains("/v1/events): the credentials are rejected (status 403)"), "{outcome:?}");
}

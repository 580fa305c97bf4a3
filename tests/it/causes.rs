//! Why a change is missing: the provider's events, the received webhooks and the local rows, joined.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::originals::{DELIVERIES, EVENTS, event};
use crate::postgres::Postgres;
use crate::stores::{QUEUE, on_postgres};
use crate::world::{Outcome, World, charge, set};

const RECEIVED: &str = "received:
  keys: SELECT charge_id, event_id, received_at, state FROM webhooks WHERE charge_id IN (:keys)
  key: charge_id
  at: received_at
  event: event_id
  status: {column: state, applied: [done]}
compare:";

/// A world that keeps its received webhooks, on a provider with an answer to `GET /v1/events`.
async fn world(answer: ResponseTemplate) -> World {
    let world = World::agreeing(3).await;
    world.edit("charges.yaml", "compare:", RECEIVED);
    world.sql("CREATE TABLE webhooks (charge_id TEXT, event_id TEXT, received_at TEXT, state TEXT)").await;
    world.edit(
        "provider.yaml",
        "    confirm:",
        "    events: {feed: events, object: data.object.id}\n    confirm:",
    );
    let provider = std::fs::read_to_string(world.path().join("provider.yaml")).unwrap();
    world.write("provider.yaml", &format!("{}\n{EVENTS}", provider.trim_end()));
    Mock::given(method("GET")).and(path("/v1/events")).respond_with(answer).mount(&world.api.server).await;
    world
}

fn listing(events: &[Value]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "data": events, "has_more": false }))
}

/// A webhook that arrived some hours ago.
async fn receive(world: &World, charge: &str, event: &str, hours_ago: i64, state: &str) {
    let at = (chrono::Utc::now() - chrono::TimeDelta::hours(hours_ago)).to_rfc3339();
    world.sql(&format!("INSERT INTO webhooks VALUES ('{charge}', '{event}', '{at}', '{state}')")).await;
}

/// The cause of each finding, by its key.
pub(crate) fn causes(outcome: &Outcome) -> BTreeMap<String, String> {
    let domain = outcome.domain();
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let findings = domain["findings"].as_array().unwrap().iter();
    findings.map(|finding| (text(&finding["key"]), text(&finding["cause"]))).collect()
}

fn told<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(key, cause)| (key.to_owned(), cause.to_owned())).collect()
}

/// Four charges that were lost at four places, and one that was changed and not sent.
pub(crate) async fn five_losses() -> World {
    let lost = |id| charge(id, 5, 500);
    let events =
        ["ch_unheard", "ch_unapplied", "ch_gone"].map(|id| event(&format!("evt_{id}"), 5, &lost(id)));
    let world = world(listing(&events)).await;
    for id in ["ch_unsent", "ch_unheard", "ch_unapplied", "ch_gone"] {
        world.upstream(&lost(id));
    }
    receive(&world, "ch_unapplied", "evt_ch_unapplied", 4, "failed").await;
    receive(&world, "ch_gone", "evt_ch_gone", 4, "done").await;
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    world
}

/// The causes of [`five_losses`].
pub(crate) fn where_they_were_lost() -> BTreeMap<String, String> {
    told([
        ("ch_unsent", "never_sent"),
        ("ch_unheard", "not_received"),
        ("ch_unapplied", "delivered_not_applied"),
        ("ch_gone", "regressed"),
        ("ch_001", "never_sent"),
    ])
}

#[tokio::test]
async fn a_cause_that_there_is_not_is_answered_with_those_that_there_are() {
    let world = World::agreeing(1).await;
    let refused = world.tieout(&["findings", "list", "--cause", "neversent"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    for words in ["a similar value exists: 'never_sent'", "delivery_failed", "unknown"] {
        assert!(refused.stderr.contains(words), "{words}: {refused:?}");
    }
    let help = world.tieout(&["findings", "list", "--help"]);
    assert!(help.stdout.contains("--cause") && help.stdout.contains("delivered_not_applied"), "{help:?}");
}

#[tokio::test]
async fn each_finding_says_where_its_change_was_lost() {
    let world = five_losses().await;
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(causes(&outcome), where_they_were_lost(), "{outcome:?}");
    let counts = json!({ "never_sent": 2, "not_received": 1, "delivered_not_applied": 1, "regressed": 1 });
    assert_eq!(outcome.domain()["causes"], counts);
    assert_eq!(world.events().await.len(), 5, "a cause changes nothing about the repair");

    let shown = world.tieout(&["findings", "show", "shop.charges/ch_unheard"]);
    assert!(
        shown.stdout.contains("not received, evt_ch_unheard is not among the received webhooks"),
        "{shown:?}"
    );
    let listed: Value =
        serde_json::from_str(&world.tieout(&["findings", "list", "--format", "json"]).stdout).unwrap();
    let of = |key: &str| {
        listed["findings"].as_array().unwrap().iter().find(|finding| finding["key"] == key).unwrap().clone()
    };
    assert_eq!(
        (of("ch_gone")["cause"].as_str(), of("ch_unsent")["cause_why"].as_str()),
        (Some("regressed"), None)
    );
    assert_eq!(world.keys_of(&["--cause", "regressed"]), set(["ch_gone"]));
    assert_eq!(
        world.keys_of(&["--cause", "never_sent,not_received", "--kind", "missing"]),
        set(["ch_unsent", "ch_unheard"])
    );
    assert_eq!(world.keys_of(&["--cause", "conflict"]), set([]));
    let report = world.tieout(&["report", "show"]);
    let line = "shop.charges  1 delivered not applied, 2 never sent, 1 not received, 1 regressed";
    assert!(report.stdout.contains(line), "{report:?}");
}

#[tokio::test]
async fn a_finding_is_explained_once_and_follow_ups_read_no_log() {
    let world = five_losses().await;
    world.run();
    let asked = || async {
        let requests = world.api.server.received_requests().await.unwrap();
        requests.iter().filter(|request| request.url.path() == "/v1/events").count()
    };
    let before = asked().await;
    assert!(before > 0);
    let second = world.run();
    assert_eq!(asked().await, before, "{second:?}");
    assert!(second.domain()["causes"].is_null());
    let listed = world.tieout(&["findings", "list", "--format", "json"]).stdout;
    assert!(listed.contains("\"cause\": \"not_received\""), "{listed}");
}

#[tokio::test]
async fn a_log_that_cannot_be_read_makes_the_cause_unknown_and_stops_no_repair() {
    let world = world(ResponseTemplate::new(400)).await;
    world.upstream(&charge("ch_lost", 5, 500));
    receive(&world, "ch_lost", "evt_1", 4, "failed").await;
    let outcome = world.run();
    assert_eq!((outcome.code, causes(&outcome)), (0, told([("ch_lost", "unknown")])), "{outcome:?}");
    let why = outcome.domain()["findings"][0]["cause_why"].as_str().unwrap().to_owned();
    assert!(why.starts_with("the provider's events were not read whole: "), "{why}");
    assert_eq!(world.events().await.len(), 1);
}

#[tokio::test]
async fn a_table_that_cannot_be_read_makes_the_cause_unknown_and_check_says_why() {
    let lost = charge("ch_lost", 5, 500);
    let world = world(listing(&[event("evt_1", 5, &lost)])).await;
    world.upstream(&lost);
    world.edit("charges.yaml", "at: received_at", "at: arrived_at");
    let outcome = world.run();
    assert_eq!((outcome.code, causes(&outcome)), (0, told([("ch_lost", "unknown")])), "{outcome:?}");
    assert_eq!(world.events().await.len(), 1);
    let checked = world.tieout(&["check", "--online"]);
    assert_eq!(checked.code, 2, "{checked:?}");
    assert!(checked.stdout.contains("the SQL gives no column `arrived_at`"), "{checked:?}");
    world.edit("charges.yaml", "FROM webhooks", "FROM wobhooks");
    assert!(world.tieout(&["check", "--online"]).stdout.contains("no such table: wobhooks"));
}

#[tokio::test]
async fn a_log_of_deliveries_tells_a_failed_delivery_from_one_that_was_lost_later() {
    let world = World::agreeing(3).await;
    world.edit("charges.yaml", "compare:", RECEIVED);
    world.sql("CREATE TABLE webhooks (charge_id TEXT, event_id TEXT, received_at TEXT, state TEXT)").await;
    let events =
        "    events: {feed: deliveries, object: charge, group: guid, ok_if: {status: OK}}\n    confirm:";
    world.edit("provider.yaml", "    confirm:", events);
    let provider = std::fs::read_to_string(world.path().join("provider.yaml")).unwrap();
    let deliveries = DELIVERIES.replace(", hydrate: true", "");
    world.write("provider.yaml", &format!("{}\n{deliveries}", provider.trim_end()));
    let at = chrono::Utc::now().timestamp() - 5 * 3_600;
    let entry = |id: i64, guid: &str, charge: &str, status: &str| json!({ "id": id, "guid": guid, "delivered_at": at + id, "status": status, "charge": charge });
    let log = [
        entry(4, "g2", "ch_answered", "OK"),
        entry(3, "g2", "ch_answered", "Bad Gateway"),
        entry(2, "g1", "ch_refused", "Bad Gateway"),
        entry(1, "g1", "ch_refused", "Service Unavailable"),
    ];
    Mock::given(path("/v1/deliveries")).respond_with(listing(&log)).mount(&world.api.server).await;
    for id in ["ch_refused", "ch_answered", "ch_unsent"] {
        world.upstream(&charge(id, 5, 500));
    }
    let outcome = world.run();
    let expected = told([
        ("ch_refused", "delivery_failed"),
        ("ch_answered", "delivered_not_applied"),
        ("ch_unsent", "never_sent"),
    ]);
    assert_eq!(causes(&outcome), expected, "{outcome:?}");
}

/// A world in which every run reads three days again.
async fn rereading() -> World {
    let world = world(ResponseTemplate::new(400)).await;
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1ms}");
    world
}

/// A state is repaired and goes back, and that is found.
async fn regresses(world: World) {
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(5));
    world.run();
    world.consume().await;
    assert_eq!(world.run().domain()["follow_up"]["repaired"], 1);
    world.sql("UPDATE charges SET amount_minor = 4 WHERE id = 'ch_001'").await;
    let third = world.run();
    assert_eq!(causes(&third), told([("ch_001", "regressed")]), "{third:?}");
}

#[tokio::test]
async fn a_state_that_was_repaired_and_went_back_has_regressed() {
    let world = rereading().await;
    world.edit("charges.yaml", "settle: 1s", "settle: 0s");
    regresses(world).await;
}

#[tokio::test]
async fn a_state_that_went_back_and_had_to_rest_has_regressed() {
    regresses(rereading().await).await;
}

#[tokio::test]
async fn events_that_the_provider_has_forgotten_prove_nothing_unsent() {
    let world = world(listing(&[])).await;
    world.edit("provider.yaml", "as: epoch, grain: 1s, edges: \"[)\", span: 1d, lag: 0s}\n    confirm: {one: \"GET /v1/events",
        "as: epoch, grain: 1s, edges: \"[)\", span: 1d, lag: 0s, keep: 2h}\n    confirm: {one: \"GET /v1/events");
    world.upstream(&charge("ch_old", 5, 500));
    world.upstream(&charge("ch_new", 1, 500));
    let outcome = world.run();
    assert_eq!(causes(&outcome), told([("ch_old", "unknown"), ("ch_new", "never_sent")]), "{outcome:?}");
}

#[tokio::test]
async fn causes_are_kept_in_postgresql_and_found_in_it() {
    let postgres = Postgres::create().await;
    let world = five_losses().await;
    on_postgres(&world, &postgres).await;
    postgres.sql(QUEUE).await;
    postgres
        .sql("CREATE TABLE webhooks (charge_id text, event_id text, received_at timestamptz, state text)")
        .await;
    postgres
        .sql("INSERT INTO webhooks VALUES ('ch_unapplied', 'evt_ch_unapplied', now() - interval '4 hours', 'failed'), \
              ('ch_gone', 'evt_ch_gone', now() - interval '4 hours', 'done')")
        .await;
    let outcome = world.run();
    assert_eq!(causes(&outcome), where_they_were_lost(), "{outcome:?}");
    assert_eq!(postgres.count("SELECT count(*) FROM tieout.findings WHERE cause = 'never_sent'").await, 2);
    let listed = world.tieout(&["findings", "list", "--format", "json"]).stdout;
    assert!(listed.contains("\"cause\": \"regressed\""), "{listed}");
    postgres.drop().await;
}

#[tokio::test]
async fn a_table_that_says_nothing_or_too_much_is_refused_with_its_place() {
    let table = [
        ("applied: [done]", "applied: []", "no value of the status says that a webhook was applied"),
        ("  key: charge_id", "  key: ''", "a column has a name"),
        ("  event: event_id", "  evant: event_id", "did you mean `event`?"),
        ("received:\n", "received:\n  database: ap\n", "there is no database `ap` in tieout.yaml"),
        (
            "feed: api/charges",
            "feed: api/charges\ndirection: outbound",
            "received webhooks say nothing about what was sent",
        ),
    ];
    for (from, to, words) in table {
        let world = world(listing(&[])).await;
        world.edit("charges.yaml", from, to);
        let outcome = world.tieout(&["check"]);
        assert_eq!(outcome.code, 2, "{to}: {outcome:?}");
        assert!(
            outcome.stderr.contains("charges.yaml:") && outcome.stderr.contains(words),
            "{to}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_feed_without_events_explains_only_what_was_received() {
    let world = World::agreeing(3).await;
    world.edit("charges.yaml", "compare:", RECEIVED);
    world.sql("CREATE TABLE webhooks (charge_id TEXT, event_id TEXT, received_at TEXT, state TEXT)").await;
    let checked = world.tieout(&["check"]);
    assert!(
        checked.stdout.contains("has no `events`, so the causes of most findings stay unknown"),
        "{checked:?}"
    );
    world.upstream(&charge("ch_lost", 5, 500));
    world.upstream(&charge("ch_received", 5, 500));
    receive(&world, "ch_received", "evt_9", 4, "failed").await;
    let outcome = world.run();
    assert_eq!(
        causes(&outcome),
        told([("ch_lost", "unknown"), ("ch_received", "delivered_not_applied")]),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_table_of_the_guide_loads() {
    let guide = include_str!("../../docs/domains.md");
    let [received] = crate::docs::blocks(guide, "received:")[..] else { panic!("one table") };
    let world = world(listing(&[])).await;
    world.edit("charges.yaml", RECEIVED, &format!("{received}compare:"));
    let checked = world.tieout(&["check"]);
    assert!(checked.stdout.ends_with("check: 0 failed, 0 warnings\n"), "{checked:?}");
}

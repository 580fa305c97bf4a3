//! Sending the provider's own events.

use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::world::{World, charge};

pub(crate) const EVENTS: &str = r#"  events:
    request: GET /v1/events
    query: {limit: "{size}", starting_after: "{cursor}", "created[gte]": "{from}", "created[lt]": "{to}"}
    rows: data
    id: id
    order: created desc
    mutable: false
    next: {cursor: "last:id", more: has_more, size: 10}
    window: {clock: created, as: epoch, grain: 1s, edges: "[)", span: 1d, lag: 0s}
    confirm: {one: "GET /v1/events/{id}", gone: 404}
"#;

/// A world whose provider also lists these events, newest first.
async fn with_events(events: Vec<Value>) -> World {
    let world = World::agreeing(3).await;
    world.edit(
        "provider.yaml",
        "    confirm:",
        "    events: {feed: events, object: data.object.id}\n    confirm:",
    );
    let provider = std::fs::read_to_string(world.path().join("provider.yaml")).unwrap();
    world.write("provider.yaml", &format!("{}\n{EVENTS}", provider.trim_end()));
    world.edit("charges.yaml", "com.example.charge.created", "com.example.charge.created, data: original");
    world.edit("charges.yaml", "com.example.charge.updated", "com.example.charge.updated, data: original");
    let list = json!({ "data": events, "has_more": false });
    Mock::given(method("GET"))
        .and(path("/v1/events"))
        .respond_with(ResponseTemplate::new(200).set_body_json(list))
        .mount(&world.api.server)
        .await;
    let one = move |request: &Request| {
        let id = request.url.path_segments().and_then(Iterator::last).unwrap_or_default();
        match events.iter().find(|event| event["id"] == id) {
            Some(event) => ResponseTemplate::new(200).set_body_json(event),
            None => ResponseTemplate::new(404).set_body_json(json!({})),
        }
    };
    Mock::given(method("GET"))
        .and(path_regex("^/v1/events/.+$"))
        .respond_with(one)
        .mount(&world.api.server)
        .await;
    world
}

pub(crate) fn event(id: &str, hours_ago: i64, about: &Value) -> Value {
    let created = chrono::Utc::now().timestamp() - hours_ago * 3_600;
    json!({ "id": id, "type": "charge.succeeded", "created": created, "data": { "object": about } })
}

#[tokio::test]
async fn the_newest_event_of_the_provider_is_sent_whole_and_named() {
    let lost = charge("ch_lost", 5, 500);
    let other = charge("ch_000", 2, 1_000);
    let world =
        with_events(vec![event("evt_3", 3, &lost), event("evt_2", 4, &other), event("evt_1", 5, &lost)])
            .await;
    world.upstream(&lost);
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let sent = world.events().await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(
        (sent[0]["data"]["id"].as_str(), sent[0]["tieoutorigin"].as_str()),
        (Some("evt_3"), Some("evt_3"))
    );
    assert_eq!((sent[0]["subject"].as_str(), &sent[0]["data"]["data"]["object"]), (Some("ch_lost"), &lost));
}

#[tokio::test]
async fn an_item_without_an_event_is_sent_itself_and_says_so() {
    let world = with_events(Vec::new()).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let sent = world.events().await;
    assert_eq!(
        (sent[0]["data"]["id"].as_str(), sent[0]["tieoutsynthetic"].as_bool()),
        (Some("ch_lost"), Some(true))
    );
}

#[tokio::test]
async fn a_feed_without_events_refuses_a_domain_that_wants_them() {
    let world = World::agreeing(1).await;
    world.edit("charges.yaml", "com.example.charge.created", "com.example.charge.created, data: original");
    let outcome = world.tieout(&["check"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("has no `events`"), "{outcome:?}");
}

pub(crate) const DELIVERIES: &str = r#"  deliveries:
    request: GET /v1/deliveries
    query: {limit: "{size}", starting_after: "{cursor}"}
    rows: data
    id: id
    order: created desc
    mutable: false
    next: {cursor: "last:id", more: has_more, size: 10, stop: [older]}
    window: {clock: delivered_at, as: epoch, filter: client}
    confirm: {one: "GET /v1/deliveries/{id}", gone: 404, hydrate: true}
"#;

#[tokio::test]
async fn a_log_of_deliveries_gives_the_payload_and_says_whether_it_arrived() {
    let world = World::agreeing(3).await;
    let events = "    events: {feed: deliveries, object: request.payload.charge.id, group: guid, ok_if: {status: OK}, unwrap: request.payload}\n    confirm:";
    world.edit("provider.yaml", "    confirm:", events);
    let provider = std::fs::read_to_string(world.path().join("provider.yaml")).unwrap();
    world.write("provider.yaml", &format!("{}\n{DELIVERIES}", provider.trim_end()));
    world.edit("charges.yaml", "com.example.charge.created", "com.example.charge.created, data: original");
    let lost = charge("ch_lost", 5, 500);
    world.upstream(&lost);
    let at = chrono::Utc::now().timestamp() - 3_600;
    let entry = json!({ "id": 7, "guid": "b1f0", "delivered_at": at, "status": "Service Unavailable" });
    Mock::given(path("/v1/deliveries"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "data": [entry], "has_more": false })))
        .mount(&world.api.server)
        .await;
    let mut detail = entry.clone();
    detail["request"] = json!({ "headers": {}, "payload": { "action": "created", "charge": lost } });
    Mock::given(path("/v1/deliveries/7"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&detail))
        .expect(1)
        .mount(&world.api.server)
        .await;
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let finding = outcome.domain()["findings"][0].clone();
    assert_eq!(finding["reason"], "the provider's log says that no delivery of its event arrived");
    let sent = world.events().await;
    assert_eq!(
        (&sent[0]["data"], sent[0]["tieoutorigin"].as_str()),
        (&detail["request"]["payload"], Some("b1f0"))
    );
}

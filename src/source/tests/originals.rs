//! Logs of deliveries as places where the provider keeps its events.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tieout_reconcilers::catalogue::Catalogue;
use tieout_reconcilers::define::definition::{Definition, Settings};
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::Reconciler as _;
use tieout_reconcilers::window::Window;
use wiremock::matchers::{path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::client;
use crate::source::{Asked, DetailBudget, Originals, originals};

const PROVIDER: &str = r#"provider: shop
base: https://api.example.com
feeds:
  orders:
    request: GET /orders
    rows: data
    id: id
    mutable: false
    next: none
    window: {clock: at, on: created, as: epoch, filter: client}
    confirm: {one: "GET /orders/{id}", gone: 404}
    events: {feed: deliveries, object: request.payload.order, group: guid, ok_if: {status: OK}, unwrap: request.payload}
  deliveries:
    request: GET /deliveries
    query: {cursor: "{cursor}"}
    rows: data
    id: id
    order: created desc
    mutable: false
    next: {cursor: "last:id", more: has_more, stop: [older]}
    window: {clock: delivered_at, as: epoch, filter: client}
    confirm: {one: "GET /deliveries/{id}", gone: 404, hydrate: true}
"#;

const DOMAIN: &str = "domain: shop.orders
feed: shop/orders
local: {database: app, rows: \"SELECT 1 WHERE :from < :to\", keys: \"SELECT 1 WHERE 1 IN (:keys)\", key: id, clock: at}
compare: {total: }
emit: {queue: out, missing: {type: a.b, data: original}}
";

fn definition() -> Definition {
    let mut catalogue = Catalogue::default();
    catalogue.put(ProviderDefinition::parse(&Document::new("p.yaml", PROVIDER)).unwrap());
    let domain = DomainDefinition::parse(&Document::new("d.yaml", DOMAIN)).unwrap();
    catalogue.define(domain, &Settings::default()).unwrap()
}

/// A delivery: its id, its event, when it was, what came of it, and the order that only its detail names.
fn delivery(id: i64, guid: &str, at: i64, status: &str, order: &str) -> Value {
    let payload = json!({ "order": order, "n": id });
    json!({ "id": id, "guid": guid, "delivered_at": at, "status": status, "request": { "payload": payload } })
}

/// A log that shows entries without their payloads, newest first.
async fn log(deliveries: Vec<Value>) -> MockServer {
    let server = MockServer::start().await;
    let short = |entry: &Value| {
        let mut short = entry.clone();
        short.as_object_mut().unwrap().remove("request");
        short
    };
    let list = json!({ "data": deliveries.iter().map(short).collect::<Vec<_>>(), "has_more": false });
    let page = ResponseTemplate::new(200).set_body_json(list);
    Mock::given(path("/deliveries")).respond_with(page).mount(&server).await;
    let one = move |request: &Request| {
        let id = request.url.path_segments().and_then(Iterator::last).unwrap_or_default();
        let found = deliveries.iter().find(|entry| entry["id"].as_i64() == id.parse().ok());
        found.map_or(ResponseTemplate::new(500), |entry| ResponseTemplate::new(200).set_body_json(entry))
    };
    Mock::given(path_regex("^/deliveries/.+")).respond_with(one).mount(&server).await;
    server
}

async fn found(server: &MockServer, wanted: &[&str], budget: &mut DetailBudget) -> Originals {
    let definition = definition();
    let wanted: BTreeMap<Key, Asked> =
        wanted.iter().map(|key| (Key::checked(key).unwrap(), Asked::Event)).collect();
    let at = |second: i64| Instant::from_micros(second * 1_000_000);
    let range = Window::new(at(100), at(1_000)).unwrap();
    let events = definition.events().unwrap();
    originals(&client(server), events, &Each::default(), range, &wanted, budget).await
}

/// The details that were looked up, in the order of their ids.
async fn looked_up(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let paths =
        requests.iter().filter_map(|one| one.url.path().strip_prefix("/deliveries/").map(str::to_owned));
    let mut paths: Vec<String> = paths.collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn deliveries_of_one_event_count_once_and_one_that_arrived_is_enough() {
    let server = log(vec![
        delivery(6, "g3", 700, "Timeout", "b"),
        delivery(5, "g1", 600, "Timeout", "a"),
        delivery(4, "g2", 500, "OK", "other"),
        delivery(3, "g1", 400, "OK", "a"),
        delivery(2, "g0", 300, "OK", "a"),
        delivery(1, "g9", 50, "OK", "c"),
    ])
    .await;
    let originals = found(&server, &["a", "b", "c"], &mut DetailBudget::default()).await;
    let of = |key: &str| originals.found.get(&Key::checked(key).unwrap());
    let a = of("a").unwrap();
    assert_eq!((a.id.as_str(), a.arrived, &*a.event), ("g1", Some(true), r#"{"n":5,"order":"a"}"#));
    assert_eq!(of("b").unwrap().arrived, Some(false));
    assert_eq!((of("c"), originals.gaps.len()), (None, 0), "it lies before the range");
    assert_eq!(looked_up(&server).await, ["2", "4", "5", "6"], "no event is looked up twice");
}

#[tokio::test]
async fn an_event_that_was_delivered_late_is_not_the_newest() {
    let server = log(vec![
        delivery(3, "old", 700, "OK", "a"),
        delivery(2, "new", 500, "Timeout", "a"),
        delivery(1, "old", 400, "Timeout", "a"),
    ])
    .await;
    let originals = found(&server, &["a"], &mut DetailBudget::default()).await;
    let trace = originals.traces.values().next().unwrap();
    assert_eq!((trace.event.as_str(), trace.arrived), ("new", Some(false)));
}

#[tokio::test]
async fn a_log_is_not_looked_through_further_than_the_budget_reaches_and_that_is_said() {
    let entries = (0..40).map(|n| delivery(900 - n, &format!("g{n}"), 900 - n, "OK", &format!("o{n}")));
    let server = log(entries.collect()).await;
    let mut budget = DetailBudget(20);
    let originals = found(&server, &["o3", "o39"], &mut budget).await;
    assert_eq!((originals.found.len(), budget), (1, DetailBudget(0)));
    let gap = "20 entries of the log of deliveries were not looked up, because a run looks at no more";
    assert_eq!(originals.gaps, [gap]);
    let none = found(&server, &["o3"], &mut budget).await;
    assert_eq!((none.found.len(), none.gaps.len()), (0, 1));
    assert_eq!(looked_up(&server).await.len(), 20);
}

#[tokio::test]
async fn nothing_is_looked_up_once_every_item_has_its_event() {
    let entries = (0..40).map(|n| delivery(900 - n, &format!("g{n}"), 900 - n, "OK", &format!("o{n}")));
    let server = log(entries.collect()).await;
    let originals = found(&server, &["o3"], &mut DetailBudget::default()).await;
    assert_eq!((originals.found.len(), originals.gaps.len()), (1, 0));
    assert_eq!(looked_up(&server).await.len(), 16);
}

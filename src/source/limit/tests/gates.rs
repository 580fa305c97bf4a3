//! Who waits for whom.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::limits::Limits;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tokio::time::{Instant, timeout};
use url::Url;

use super::super::{Ended, Gates, Permit};
use super::simulation::{FAILED, first};
use crate::going::{Going, WaitsFor};
use crate::source::SourceError;
use crate::source::provider::Caps;

const PROVIDER: &str = r#"provider: shop
base: https://api.example.com/v1
limits: LIMITS
feeds:
  orders:
    request: GET /orders
    query: {after: "{cursor}", from: "{from}", to: "{to}"}
    rows: data
    id: id
    order: created desc
    mutable: false
    next: {cursor: next_cursor}
    window: {clock: created_at, as: rfc3339, grain: 1s}
    confirm: {one: "GET /orders/{id}", gone: 404}
"#;

fn limits(yaml: &str) -> Limits {
    let document = Document::new("provider.yaml", &PROVIDER.replace("LIMITS", yaml));
    ProviderDefinition::parse(&document).unwrap().limits
}

fn gates(yaml: &str) -> Gates {
    Gates::new(&limits(yaml), &Caps::default(), None)
}

async fn enter<'g>(gates: &'g Gates, path: &str, end: Option<Instant>) -> Result<Permit<'g>, SourceError> {
    gates.enter(path, &url(path), end, &Going::default()).await
}

fn url(path: &str) -> Url {
    Url::parse(&format!("https://api.example.com/v1{path}")).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_provider_did_not_ask_for_is_not_said_to_be_its_wish() {
    let slow = gates("{rate: 1/1h}");
    drop(enter(&slow, "/orders", None).await.unwrap());
    let late = enter(&slow, "/orders", None).await.unwrap_err();
    assert!(matches!(late, SourceError::NotSoon { .. }), "{late}");

    let impatient =
        Gates::new(&Limits::default(), &Caps { max_wait: Duration::from_millis(1), ..Caps::default() }, None);
    let permit = enter(&impatient, "/orders", None).await.unwrap();
    permit.ended(Ended::OutOfService(None), first());
    drop(permit);
    let down = enter(&impatient, "/orders", None).await.unwrap_err();
    assert!(matches!(down, SourceError::NotSoon { .. }), "{down}");
}

#[tokio::test(start_paused = true)]
async fn a_class_has_a_budget_of_its_own() {
    let gates = gates("{rate: 1/s, classes: {single: {routes: [\"/orders/*\"], rate: 1/10s}}}");
    let started = Instant::now();
    for path in ["/orders/1", "/orders", "/orders/2", "/orders"] {
        drop(enter(&gates, path, None).await.unwrap());
    }
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(10) && took < Duration::from_secs(12), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn only_so_many_are_under_way_whatever_their_class() {
    let gates = gates(
        "{concurrent: 2, rate: 1000/s, burst: 100, classes: {single: {routes: [\"/orders/*\"], rate: 1000/s, burst: 100, concurrent: 5}}}",
    );
    let first = enter(&gates, "/orders", None).await.unwrap();
    let _second = enter(&gates, "/orders/1", None).await.unwrap();
    let soon = Duration::from_secs(5);
    assert!(timeout(soon, enter(&gates, "/orders/2", None)).await.is_err());
    drop(first);
    assert!(timeout(soon, enter(&gates, "/orders/2", None)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_given_up_request_gives_its_place_back() {
    let gates = gates("{concurrent: 1}");
    let permit = enter(&gates, "/orders", None).await.unwrap();
    assert!(timeout(Duration::from_secs(1), enter(&gates, "/orders", None)).await.is_err());
    drop(permit);
    assert!(timeout(Duration::from_secs(1), enter(&gates, "/orders", None)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_provider_is_asked_by_one_request_first() {
    let gates = gates("{}");
    let permit = enter(&gates, "/orders", None).await.unwrap();
    assert!(timeout(Duration::from_secs(5), enter(&gates, "/orders", None)).await.is_err());
    permit.see(None);
    permit.ended(Ended::Answered, first());
    drop(permit);
    let mut all = Vec::new();
    for _ in 0..32 {
        all.push(timeout(Duration::from_secs(1), enter(&gates, "/orders", None)).await.unwrap().unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_listens_hears_how_long_a_request_waits_and_whether_that_is_a_limit_or_an_outage() {
    let heard_after = async |ended: Ended| {
        let gates = gates("{rate: 10/s}");
        let permit = enter(&gates, "/orders", None).await.unwrap();
        permit.ended(ended, first());
        drop(permit);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let going = Going::default().heard_by(move |left, what| ear.lock().unwrap().push((left, what)));
        drop(gates.enter("/orders", &url("/orders"), None, &going).await.unwrap());
        heard.lock().unwrap().first().copied()
    };
    let asked = Duration::from_secs(30);
    for (ended, what) in [
        (Ended::Throttled(Some(asked)), WaitsFor::Limit),
        (Ended::OutOfService(Some(asked)), WaitsFor::Outage),
        (Ended::Failed(Some(asked)), WaitsFor::Outage),
    ] {
        let (left, heard) = heard_after(ended).await.unwrap();
        assert_eq!(heard, what);
        assert!(left >= asked, "{left:?}");
    }
    assert_eq!(heard_after(Ended::Answered).await, None, "a pace is nothing to tell");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_wakes_and_holds_those_who_wait() {
    let gates = gates("{rate: 10/s, burst: 1}");
    let permit = enter(&gates, "/orders", None).await.unwrap();
    let waits = enter(&gates, "/orders", None);
    let refused = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        permit.see(None);
        permit.ended(Ended::Throttled(Some(Duration::from_secs(30))), first());
        drop(permit);
    };
    let started = Instant::now();
    let (entered, ()) = tokio::join!(waits, refused);
    entered.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(30), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_beyond_the_end_of_the_run() {
    let gates = gates("{rate: 1/min}");
    let end = Instant::now() + Duration::from_secs(5);
    enter(&gates, "/orders", Some(end)).await.unwrap().ended(FAILED, first());
    assert_eq!(enter(&gates, "/orders", Some(end)).await.unwrap_err(), SourceError::OutOfTime);
}

#[tokio::test(start_paused = true)]
async fn an_address_is_polled_no_sooner_than_its_provider_says() {
    let gates = gates("{rate: 100/s}");
    let (polled, other) = (url("/events?since=1"), url("/events?since=2"));
    gates.poll_again_after(&polled, Duration::from_mins(1));
    let started = Instant::now();
    gates.enter("/events", &other, None, &Going::default()).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(1));
    gates.enter("/events", &polled, None, &Going::default()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_mins(1));

    gates.poll_again_after(&polled, Duration::from_secs(u64::MAX));
    gates.poll_again_after(&polled, Duration::from_hours(1));
    let refused = gates.enter("/events", &polled, None, &Going::default()).await.unwrap_err();
    assert!(matches!(refused, SourceError::Throttled { .. }), "{refused}");
}

#[test]
fn a_definition_says_all_that_is_permitted() {
    let limits = limits("{rate: 1/60s, burst: 3, concurrent: 4, reserve: 20%, max_wait: 1h}");
    let everywhere = limits.everywhere;
    assert_eq!(everywhere.per_second, Some(1.0 / 60.0));
    assert_eq!((everywhere.burst, everywhere.concurrent), (NonZeroU32::new(3), NonZeroU32::new(4)));
    assert_eq!(limits.max_wait, Some(Duration::from_hours(1)));
}

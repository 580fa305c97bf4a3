//! What a handler of webhooks is promised: requests that it can verify, one outcome for each event in its order, and peace when it asks
//! for that.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::event;
use crate::clock::Clock;
use crate::queue::webhook::{Allow, Scheme, Signer, Target, WebhookQueue};
use crate::queue::{Delivery, Mode, Outcome, Queue as _, QueueFault, WebhookSettings};
use crate::source::tests::untrusted_server;
use crate::store::Outgoing;

/// `whsec_` and 24 bytes in base64.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// When the requests are signed that are compared as a whole.
const NOW: i64 = 1_764_000_000;
const EVENT: &str = r#"{"specversion":"1.0","id":"6f9619ff-8b86-5011-b42d-00cf4fc964ff","source":"/tieout/shop.orders","type":"orders/create","subject":"café 1","time":"2025-11-24T16:00:00Z","datacontenttype":"application/json","tieoutrun":"0198c2de-0000-7000-8000-000000000000","tieoutkind":"missing","tieoutepisode":1,"data":{"id": 1001, "total_price": "49.00"}}"#;

fn settings(url: &str, scheme: Scheme) -> WebhookSettings {
    WebhookSettings {
        target: Target::of(url, Allow::default()).unwrap(),
        signer: Signer::new(scheme, &SECRET.to_owned().into()).unwrap(),
        headers: Vec::new(),
        max_bytes: 1 << 20,
        parallel: 4,
        timeout: Duration::from_secs(10),
    }
}

fn structured(server: &MockServer) -> WebhookSettings {
    settings(&format!("{}/hooks", server.uri()), Scheme::Standard(Mode::Structured))
}

fn events(count: usize) -> Vec<Outgoing> {
    (0..count).map(|number| event(&format!("ch_{number}"), r#"{"amount":1250}"#)).collect()
}

async fn send(settings: &WebhookSettings, batch: &[Outgoing]) -> Delivery {
    WebhookQueue::new(settings).send(batch).await
}

/// A handler that answers as a function of the request.
async fn handler(answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    server
}

/// The same answer to everything.
async fn always(status: u16) -> MockServer {
    handler(move |_| ResponseTemplate::new(status)).await
}

/// The number of the event that a request is about.
fn number(request: &Request) -> usize {
    let id = request.headers["webhook-id"].to_str().unwrap();
    events(40).iter().position(|event| event.event_id.to_string() == id).unwrap()
}

async fn posts(server: &MockServer) -> usize {
    let received = server.received_requests().await.unwrap();
    received.iter().filter(|request| request.method.as_str() == "POST").count()
}

/// A request as it came, without the port of the test.
fn whole(request: &Request) -> String {
    let mut headers: Vec<String> = request
        .headers
        .iter()
        .filter(|(name, _)| name.as_str() != "host")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let path = &request.url[url::Position::BeforePath..];
    let body = String::from_utf8(request.body.clone()).unwrap();
    format!("{} {path}\n{}\n\n{body}\n", request.method, headers.join("\n"))
}

/// The signatures in the snapshot were computed from its bodies with the module `hmac` of Python, and these are what it said.
#[tokio::test]
async fn every_signature_has_its_request() {
    let at = Clock::still(Instant::from_micros(NOW * 1_000_000));
    let server = always(204).await;
    let mut event = event("ch_1", "{}");
    EVENT.clone_into(&mut event.payload);
    event.event_id = "6f9619ff-8b86-5011-b42d-00cf4fc964ff".parse().unwrap();
    "orders/create".clone_into(&mut event.event_type);
    let mut said = String::new();
    for (name, scheme) in [
        ("standard", Scheme::Standard(Mode::Structured)),
        ("standard, binary", Scheme::Standard(Mode::Binary)),
        ("stripe", Scheme::Stripe),
        ("shopify", Scheme::Shopify(None)),
        ("github", Scheme::Github(Some("issues".to_owned()))),
    ] {
        server.reset().await;
        Mock::given(path("/hooks")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
        let mut settings = settings(&format!("{}/hooks?key=x", server.uri()), scheme);
        settings.headers = vec![("x-shopify-shop-domain".to_owned(), "shop.example.com".to_owned())];
        let delivery =
            WebhookQueue::new(&settings).by_clock(at.clone()).send(std::slice::from_ref(&event)).await;
        assert_eq!((delivery.outcomes, delivery.fault), (vec![Outcome::Acknowledged], None), "{name}");
        let received = server.received_requests().await.unwrap();
        let [request] = received.as_slice() else { panic!("{name}: {received:?}") };
        let _ = writeln!(said, "## {name}\n{}", whole(request));
    }
    for computed in [
        "webhook-signature: v1,0iSJJ2S1VG1swDNVdW/RqejgSy/RpVOobjEJvUA9E/g=",
        "webhook-signature: v1,s2Ng5E7efiPWvSoxKaJ7h03W8L4mXYKfHoIim7/czE8=",
        "stripe-signature: t=1764000000,v1=7ce6ae82e736517c8badad78447148aa9d087e498ee73e27cf2cf4f2a5addbb7",
        "x-shopify-hmac-sha256: goMm+NPX5wben4B2Kj1ZzXq9W0QHW4DiOXachTBLAOk=",
        "x-hub-signature-256: sha256=828326f8d3d7e706de9f80762a3d59cd7abd5b44075b80e239769c85304b00e9",
    ] {
        assert!(said.contains(computed), "{computed} is not in\n{said}");
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn every_answer_has_its_consequence_and_what_it_says_is_not_repeated() {
    let mut said = String::new();
    for (status, retry_after) in [
        (200, None),
        (302, None),
        (400, None),
        (401, None),
        (404, None),
        (408, None),
        (410, None),
        (413, None),
        (422, None),
        (429, None),
        (429, Some("30")),
        (500, Some("30")),
        (503, None),
        (503, Some("30")),
        (503, Some("soon")),
    ] {
        let server = handler(move |_| {
            let answer = ResponseTemplate::new(status).set_body_string("jane@example.com is no customer");
            retry_after.into_iter().fold(answer, |answer, value| answer.insert_header("retry-after", value))
        })
        .await;
        let Delivery { outcomes, fault } = send(&structured(&server), &events(1)).await;
        let port = server.address().port().to_string();
        let what = format!("{outcomes:?} {}", fault.map(|fault| fault.to_string()).unwrap_or_default());
        let _ = writeln!(said, "{status} {retry_after:?}: {}", what.replace(&port, "PORT"));
    }
    assert!(!said.contains("jane"), "{said}");
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn outcomes_stand_in_the_order_of_the_batch_and_one_bad_event_holds_no_other() {
    let server = handler(|request| match number(request) {
        0 => ResponseTemplate::new(200).set_delay(Duration::from_millis(300)),
        1 => ResponseTemplate::new(500),
        2 => ResponseTemplate::new(422),
        _ => ResponseTemplate::new(200),
    })
    .await;
    let Delivery { outcomes, fault } = send(&structured(&server), &events(5)).await;
    assert_eq!(fault, None);
    insta::assert_debug_snapshot!(outcomes);
}

#[tokio::test]
async fn what_was_known_before_the_queue_broke_is_said_and_nothing_is_skipped() {
    let server = handler(|request| ResponseTemplate::new(if number(request) == 2 { 401 } else { 200 })).await;
    let Delivery { outcomes, fault } = send(&structured(&server), &events(30)).await;
    // Those that were on their way already came to their end: their outcomes are not those of the third, but none is out of its place.
    assert_eq!(outcomes, vec![Outcome::Acknowledged; 2]);
    assert!(matches!(fault, Some(QueueFault::Refused { .. })), "{fault:?}");
    assert!(posts(&server).await <= 6, "it went on sending");
}

/// Answers nobody before as many are there as are to be sent at once.
async fn crowd(at_once: usize, most: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (barrier, present) = (Arc::new(Barrier::new(at_once)), Arc::new(AtomicUsize::new(0)));
    let answer = move || {
        let (barrier, present, most) = (Arc::clone(&barrier), Arc::clone(&present), Arc::clone(&most));
        async move {
            most.fetch_max(present.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            barrier.wait().await;
            present.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let app = axum::Router::new().route("/", axum::routing::post(answer));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

#[tokio::test]
async fn as_many_as_are_allowed_are_on_their_way_and_no_more() {
    let most = Arc::new(AtomicUsize::new(0));
    let address = crowd(4, Arc::clone(&most)).await;
    let settings = settings(&format!("http://{address}/"), Scheme::Standard(Mode::Structured));
    let Delivery { outcomes, fault } = send(&settings, &events(12)).await;
    assert_eq!((outcomes, fault), (vec![Outcome::Acknowledged; 12], None));
    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_handler_that_is_down_costs_few_attempts_and_is_tried_with_one_event() {
    let is_up = Arc::new(AtomicUsize::new(0));
    let up = Arc::clone(&is_up);
    let server =
        handler(move |_| ResponseTemplate::new(if up.load(Ordering::SeqCst) == 1 { 200 } else { 502 })).await;
    let settings = WebhookSettings { parallel: 1, ..structured(&server) };
    let mut queue = WebhookQueue::new(&settings);
    let retry = Outcome::Retry("it answers with status 502".to_owned());
    let first = queue.send(&events(40)).await;
    assert_eq!(first.outcomes, vec![retry.clone(); 5]);
    let why = first.fault.unwrap().to_string();
    assert!(
        why.ends_with("it failed at 5 events in a row, at the last so: it answers with status 502"),
        "{why}"
    );
    assert_eq!(posts(&server).await, 5);
    let second = queue.send(&events(40)).await;
    assert_eq!((second.outcomes, posts(&server).await), (vec![retry], 6));
    assert!(matches!(second.fault, Some(QueueFault::Unreachable { .. })));
    is_up.store(1, Ordering::SeqCst);
    let third = queue.send(&events(40)).await;
    assert_eq!((third.outcomes, third.fault), (vec![Outcome::Acknowledged; 40], None));
}

#[tokio::test]
async fn failures_that_are_not_in_a_row_are_the_events_own() {
    let server =
        handler(|request| ResponseTemplate::new(if number(request).is_multiple_of(5) { 200 } else { 500 }))
            .await;
    let Delivery { outcomes, fault } = send(&structured(&server), &events(40)).await;
    assert_eq!((outcomes.len(), fault), (40, None));
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Acknowledged).count(), 8);
}

#[tokio::test]
async fn an_event_that_a_handler_hangs_on_is_tried_again_and_holds_no_other() {
    let server = handler(|request| {
        let answer = ResponseTemplate::new(200);
        if number(request) == 1 { answer.set_delay(Duration::from_mins(1)) } else { answer }
    })
    .await;
    let settings = WebhookSettings { timeout: Duration::from_millis(500), ..structured(&server) };
    let Delivery { outcomes, fault } = send(&settings, &events(3)).await;
    assert_eq!(fault, None);
    let late = Outcome::Retry("it gave no answer within 500ms".to_owned());
    assert_eq!(outcomes, [Outcome::Acknowledged, late, Outcome::Acknowledged]);
}

#[tokio::test]
async fn a_handler_that_asks_for_peace_has_it() {
    let server = handler(|_| ResponseTemplate::new(429).insert_header("retry-after", "3600")).await;
    let mut queue = WebhookQueue::new(&WebhookSettings { parallel: 1, ..structured(&server) });
    for _ in 0..3 {
        let Delivery { outcomes, fault } = queue.send(&events(3)).await;
        let why = fault.unwrap().to_string();
        assert!(outcomes.is_empty() && why.contains("asks for a pause, of which"), "{why}");
    }
    assert_eq!(posts(&server).await, 1);
}

#[tokio::test]
async fn what_is_too_large_is_not_sent() {
    let server = always(200).await;
    let mut batch = events(3);
    batch[1].payload.push_str(&" ".repeat(1_000));
    let settings = WebhookSettings { max_bytes: 1_000, ..structured(&server) };
    let Delivery { outcomes, fault } = send(&settings, &batch).await;
    assert_eq!(fault, None);
    let reason = format!("it has {} bytes, and at most 1000 are taken", batch[1].payload.len());
    let dead = Outcome::Dead { class: "too_large", reason };
    assert_eq!(outcomes, [Outcome::Acknowledged, dead, Outcome::Acknowledged]);
    assert_eq!(posts(&server).await, 2);
}

#[tokio::test]
async fn what_cannot_be_a_webhook_is_dead_alone() {
    let server = always(200).await;
    let mut batch = events(3);
    "not json".clone_into(&mut batch[0].payload);
    r#"{"id":"1"}"#.clone_into(&mut batch[1].payload);
    let settings = settings(&server.uri(), Scheme::Stripe);
    let Delivery { outcomes, fault } = send(&settings, &batch).await;
    assert_eq!((fault, posts(&server).await), (None, 1));
    insta::assert_debug_snapshot!(outcomes);
    batch[2].event_type = "café".to_owned();
    let settings = WebhookSettings {
        signer: Signer::new(Scheme::Shopify(None), &SECRET.to_owned().into()).unwrap(),
        ..settings
    };
    let Delivery { outcomes, .. } = send(&settings, &batch[2..]).await;
    assert!(matches!(&outcomes[..], [Outcome::Dead { class: "poison", .. }]), "{outcomes:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = always(200).await;
    let to = format!("{}/hooks", elsewhere.uri());
    for status in [301, 302, 303, 307, 308] {
        let to = to.clone();
        let server = handler(move |_| ResponseTemplate::new(status).insert_header("location", &*to)).await;
        let Delivery { outcomes, fault } = send(&structured(&server), &events(1)).await;
        assert!(
            outcomes.is_empty() && matches!(fault, Some(QueueFault::Refused { .. })),
            "{status}: {fault:?}"
        );
    }
    assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn asking_whether_a_handler_is_there_sends_no_event_and_does_not_ask_the_handler() {
    let server = MockServer::start().await;
    WebhookQueue::new(&structured(&server)).ready().await.unwrap();
    let received = server.received_requests().await.unwrap();
    let asked: BTreeSet<String> = received.iter().map(whole).collect();
    insta::assert_snapshot!(asked.into_iter().collect::<String>());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_another_attempt() {
    let settings = settings("http://127.0.0.1:1/hooks", Scheme::Stripe);
    let mut queue = WebhookQueue::new(&settings);
    let at_start = queue.ready().await.unwrap_err();
    assert!(matches!(at_start, QueueFault::Unreachable { .. }), "{at_start}");
    for _ in 0..10 {
        let Delivery { outcomes, fault } = queue.send(&events(3)).await;
        assert_eq!((outcomes, fault), (Vec::new(), Some(at_start.clone())));
    }
}

/// Whether it died of the event cannot be known, so it costs that one an attempt.
#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_held_against_the_event() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _some = stream.read(&mut [0; 64]).await;
        }
    });
    let settings = settings(&format!("http://{address}/"), Scheme::Stripe);
    let Delivery { outcomes, fault } = send(&settings, &events(2)).await;
    assert!(
        matches!(&outcomes[..], [Outcome::Retry(_), Outcome::Retry(_)]) && fault.is_none(),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent() {
    let plain = always(200).await;
    let untrusted = (untrusted_server().await, "look whether the server's certificate is good");
    let without = (plain.uri().replace("http:", "https:"), "look whether it speaks TLS");
    for (url, advice) in [untrusted, without] {
        let mut queue = WebhookQueue::new(&settings(&url, Scheme::Stripe));
        let at_start = queue.ready().await.unwrap_err();
        let Delivery { outcomes, fault } = queue.send(&events(3)).await;
        assert!(matches!(at_start, QueueFault::Refused { .. }), "{at_start}");
        assert!(at_start.to_string().contains(advice), "{at_start}");
        assert_eq!((outcomes, fault), (Vec::new(), Some(at_start)));
    }
    assert_eq!(plain.received_requests().await.unwrap().len(), 0);
}

/// Claims lapse after a minute.
#[test]
fn no_more_is_taken_at_once_than_is_delivered_in_time() {
    let takes = |parallel, seconds| {
        let settings = settings("http://127.0.0.1:1/", Scheme::Stripe);
        let settings = WebhookSettings { parallel, timeout: Duration::from_secs(seconds), ..settings };
        WebhookQueue::new(&settings).takes_at_once()
    };
    assert_eq!((takes(8, 10), takes(8, 40), takes(1, 1)), (32, 8, 42));
}

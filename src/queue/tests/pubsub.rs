//! What Google Pub/Sub answers and its emulator never does, on a fake: a server that answers every call
//! of gRPC with one code, or with nothing, and one that does so over HTTP.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::Response;
use futures::future::join_all;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::event;
use crate::queue::{Mode, Outcome, PubsubLogin, PubsubSettings, Queue, QueueFault, QueueSettings, open};

const TOPIC: &str = "projects/shop/topics/billing";

/// Names and numbers (<https://grpc.io/docs/guides/status-codes/>).
const CODES: [(&str, &str); 12] = [
    ("CANCELLED", "1"),
    ("UNKNOWN", "2"),
    ("INVALID_ARGUMENT", "3"),
    ("DEADLINE_EXCEEDED", "4"),
    ("NOT_FOUND", "5"),
    ("PERMISSION_DENIED", "7"),
    ("RESOURCE_EXHAUSTED", "8"),
    ("FAILED_PRECONDITION", "9"),
    ("UNIMPLEMENTED", "12"),
    ("INTERNAL", "13"),
    ("UNAVAILABLE", "14"),
    ("UNAUTHENTICATED", "16"),
];

struct Fake {
    address: String,
    asked: Arc<AtomicUsize>,
}

impl Fake {
    async fn answering(code: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self { address: listener.local_addr().unwrap().to_string(), asked: Arc::default() };
        let asked = Arc::clone(&fake.asked);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(answer(client, code, Arc::clone(&asked)));
            }
        });
        fake
    }

    fn queue(&self, ordering: bool) -> Box<dyn Queue> {
        queue(&format!("http://{}", self.address), ordering)
    }
}

async fn answer(client: TcpStream, code: Option<&'static str>, asked: Arc<AtomicUsize>) {
    let mut connection = h2::server::handshake(client).await.unwrap();
    let mut unanswered = Vec::new();
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        asked.fetch_add(1, Ordering::SeqCst);
        let Some(code) = code else {
            unanswered.push(respond);
            continue;
        };
        let headers = Response::builder().header("content-type", "application/grpc");
        let answer = headers.header("grpc-status", code).header("grpc-message", "hunter2").body(()).unwrap();
        // The client may have gone.
        let _ = respond.send_response(answer, true);
    }
}

fn queue(endpoint: &str, ordering: bool) -> Box<dyn Queue> {
    open(&QueueSettings::Pubsub(PubsubSettings {
        topic: TOPIC.to_owned(),
        mode: Mode::Structured,
        ordering,
        login: PubsubLogin::Anonymous,
        endpoint: Some(endpoint.to_owned()),
    }))
}

/// What a code means for two events.
async fn meaning(name: &str, code: &'static str) -> String {
    let fake = Fake::answering(Some(code)).await;
    let mut said = format!("{name}\n");
    for ordering in [true, false] {
        fake.asked.store(0, Ordering::SeqCst);
        let delivery = fake.queue(ordering).send(&[event("ch_1", "{}"), event("ch_2", "{}")]).await;
        let asked = fake.asked.load(Ordering::SeqCst);
        assert!((1..=6).contains(&asked), "{name} was asked for {asked} times");
        let fault = delivery.fault.map(|fault| fault.to_string());
        let _ = writeln!(said, "    ordering {ordering}: {:?} {fault:?}", delivery.outcomes);
    }
    said.replace(&fake.address, "HOST")
}

#[tokio::test]
async fn every_code_has_its_consequence_and_what_it_says_is_not_repeated() {
    let said = join_all(CODES.map(|(name, code)| meaning(name, code))).await.concat();
    assert!(!said.contains("hunter2"), "{said}");
    insta::assert_snapshot!(said);
}

/// What is said of a look at the topic, which goes over HTTP.
async fn look(status: u16, code: &str) -> String {
    let server = MockServer::start().await;
    let error = json!({"error": {"code": status, "message": "hunter2", "status": code}});
    let answer = if status == 200 { json!({"name": TOPIC}) } else { error };
    Mock::given(method("GET"))
        .and(path(format!("/v1/{TOPIC}")))
        .respond_with(ResponseTemplate::new(status).set_body_json(answer))
        .expect(1..=3)
        .mount(&server)
        .await;
    let ready = queue(&server.uri(), true).ready().await;
    let said = ready.map_or_else(|fault| fault.to_string(), |()| "it is ready".to_owned());
    format!("{code}: {}\n", said.replace(&server.address().to_string(), "HOST"))
}

#[tokio::test]
async fn a_topic_is_there_or_may_not_be_looked_at_or_something_is_to_be_done() {
    let answers = [
        (200, "OK"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (429, "RESOURCE_EXHAUSTED"),
        (501, "UNIMPLEMENTED"),
        (503, "UNAVAILABLE"),
    ];
    let said = join_all(answers.map(|(status, code)| look(status, code))).await.concat();
    assert!(!said.contains("hunter2"), "{said}");
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn what_follows_an_event_that_is_put_off_is_not_sent_before_it() {
    let fake = Fake::answering(Some("8")).await;
    // Each is a request of its own for its size.
    let large = format!("\"{}\"", "x".repeat(3_000_000));
    let delivery = fake.queue(true).send(&[event("ch_1", &large), event("ch_1", &large)]).await;
    let put_off = Outcome::NotNow("a quota is used up (RESOURCE_EXHAUSTED)".to_owned());
    assert_eq!((delivery.outcomes, delivery.fault), (vec![put_off.clone(), put_off], None));
    assert!(fake.asked.load(Ordering::SeqCst) <= 3, "the second was sent");
}

#[tokio::test]
async fn a_service_that_says_nothing_is_given_up_before_a_claim_on_its_events_lapses() {
    let fake = Fake::answering(None).await;
    let started = Instant::now();
    let delivery = fake.queue(true).send(&[event("ch_1", "{}")]).await;
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert!(delivery.outcomes.is_empty(), "{:?}", delivery.outcomes);
    match delivery.fault {
        Some(QueueFault::Unreachable { why, .. }) => assert_eq!(why, "it did not answer in time"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn pubsub_that_is_not_there_is_worth_another_attempt() {
    let mut queue = queue("http://127.0.0.1:1", true);
    let ready = queue.ready().await;
    assert!(matches!(ready, Err(QueueFault::Unreachable { .. })), "{ready:?}");
    let delivery = queue.send(&[event("ch_1", "{}")]).await;
    assert!(delivery.outcomes.is_empty(), "{:?}", delivery.outcomes);
    let fault = delivery.fault.unwrap().to_string();
    assert_eq!(fault, "the queue at Pub/Sub 127.0.0.1:1 cannot be reached: nobody can be connected to");
}

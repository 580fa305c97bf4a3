//! Deliveries to a handler of webhooks, verified by the libraries that providers give to those who write one.

use std::collections::BTreeMap;

use jsonschema::Draft;
use serde_json::{Value, json};
use wiremock::http::{HeaderName, HeaderValue};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::node::judge;
use crate::world::{World, charge};

const LIBRARIES: &str = include_str!("../node/signatures.mjs");

/// 24 bytes in base64 behind the prefix of Standard Webhooks, which the others take as a text like any other.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ANOTHER: &str = "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==";

/// What came to a handler: the headers by their names in small letters, and the body as it was sent.
struct Delivery {
    headers: BTreeMap<String, String>,
    body: String,
}

/// A world whose queue is a handler, and the one event that it delivers there.
async fn delivered(settings: &str) -> (World, Delivery) {
    let handler = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204)).mount(&handler).await;
    let world = World::agreeing(3).await;
    let mut lost = charge("ch_lost", 5, 500);
    lost["description"] = json!("café \u{1f600} \\ \"x\"");
    world.upstream(&lost);
    let queue = format!("webhook: {{url: \"{}/hooks\", secret: \"file:hook\", {settings}}}", handler.uri());
    world.edit("tieout.yaml", "sqlite: {path: queue.db, table: tieout_events}", &queue);
    world.write("hook", SECRET);
    let outcome = world.run();
    assert_eq!((outcome.code, &outcome.domain()["events"]["emitted"]), (0, &json!(1)), "{outcome:?}");
    let came = handler.received_requests().await.unwrap();
    let posted: Vec<_> = came.into_iter().filter(|request| request.method.as_str() == "POST").collect();
    let [request] = &posted[..] else { panic!("{} deliveries", posted.len()) };
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
    };
    let headers = request.headers.iter().map(header).collect();
    (world, Delivery { headers, body: String::from_utf8(request.body.clone()).unwrap() })
}

/// What is wrong with a delivery, as the document of the world describes it.
fn faults(world: &World, delivery: &Delivery) -> Vec<String> {
    let written = world.tieout(&["asyncapi", "--format", "json"]);
    let faults_of = |part: &str, value: &Value| -> Vec<String> {
        let mut document = written.json();
        document["$ref"] = json!(format!("#/channels/shop/messages/com.example.charge.created/{part}"));
        let schema = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&document);
        schema.unwrap().iter_errors(value).map(|fault| format!("{part}: {fault}")).collect()
    };
    let body = serde_json::from_str(&delivery.body).unwrap();
    [faults_of("headers", &json!(delivery.headers)), faults_of("payload", &body)].concat()
}

/// Delivers an event, lets a library verify it, and compares it with the document.
async fn is_verified(whose: &str, settings: &str) {
    let (world, delivery) = delivered(settings).await;
    let Delivery { headers, body } = &delivery;
    let asked =
        json!({ "whose": whose, "secret": SECRET, "other": ANOTHER, "headers": headers, "body": body });
    let verdict = judge(LIBRARIES, &[], &asked.to_string());
    assert!(verdict.is_good && verdict.said == "verified\n", "{whose}: {}", verdict.said);
    assert_eq!(faults(&world, &delivery), Vec::<String>::new(), "{headers:?}\n{body}");
}

#[tokio::test]
async fn the_library_of_standard_webhooks_verifies_whole_events_and_data_alone() {
    is_verified("standard", "signature: standard").await;
    is_verified("standard", "signature: standard, mode: binary, headers: {x-team: billing}").await;
}

#[tokio::test]
async fn the_library_of_stripe_verifies_what_is_signed_as_stripe_does() {
    is_verified("stripe", "signature: stripe").await;
}

#[tokio::test]
async fn the_library_of_github_verifies_what_is_signed_as_github_does() {
    is_verified("github", "signature: github, topic: issues").await;
}

/// Its library looks for two headers that say nothing about the event, before it looks at the signature.
#[tokio::test]
async fn the_library_of_shopify_verifies_what_is_signed_as_shopify_does_once_the_shop_is_named() {
    let shop = "x-shopify-shop-domain: shop.example.com, x-shopify-api-version: \"2025-01\"";
    is_verified("shopify", &format!("signature: shopify, topic: orders/create, headers: {{{shop}}}")).await;
    let (_, Delivery { headers, body }) = delivered("signature: shopify").await;
    let asked =
        json!({ "whose": "shopify", "secret": SECRET, "other": ANOTHER, "headers": headers, "body": body });
    let verdict = judge(LIBRARIES, &[], &asked.to_string());
    assert!(!verdict.is_good && verdict.said.contains("missing_headers"), "{}", verdict.said);
}

/// A delivery whose parts no longer belong together is what the libraries are there for.
#[tokio::test]
async fn a_delivery_that_was_tampered_with_is_refused_by_every_library() {
    for (whose, settings) in [
        ("standard", "signature: standard"),
        ("stripe", "signature: stripe"),
        ("github", "signature: github"),
        (
            "shopify",
            "signature: shopify, headers: {x-shopify-shop-domain: a, x-shopify-api-version: \"2025-01\"}",
        ),
    ] {
        let (_, Delivery { headers, body }) = delivered(settings).await;
        let tampered = body.replace("500", "5000000");
        assert_ne!(tampered, body);
        let asked = json!({ "whose": whose, "secret": SECRET, "other": ANOTHER, "headers": headers, "body": tampered });
        let verdict = judge(LIBRARIES, &[], &asked.to_string());
        assert!(!verdict.is_good && !verdict.said.contains("verified"), "{whose}: {}", verdict.said);
    }
}

//! A provider that can be asked how much is left.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::provider::ProviderDefinition;
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::double::{Double, Paging, request, usual};
use super::{reason, settings, walk};
use crate::source::{Client, Coverage, Reason, SourceError};

const PROVIDER: &str = r#"provider: example
base: https://api.example.com
limits: {quota: {request: "GET /rate_limit", left: core.remaining, reset: core.reset, as: epoch}}
feeds:
  charges:
    request: GET /charges
    query: {after: "{cursor}", from: "{from}", to: "{to}"}
    rows: data
    id: id
    order: created desc
    mutable: false
    next: {cursor: next_cursor}
    window: {clock: created_at, as: rfc3339, grain: 1s}
    confirm: {one: "GET /charges/{id}", gone: 404}
"#;

fn client(server: &MockServer) -> Client {
    let mut settings = settings(&server.uri());
    settings.headers = vec![("x-key".to_owned(), "k".to_owned())];
    settings.limits = ProviderDefinition::parse(&Document::new("provider.yaml", PROVIDER)).unwrap().limits;
    Client::new(&settings).unwrap()
}

async fn answers(quota: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/rate_limit"))
        .and(header("x-key", "k"))
        .respond_with(quota)
        .expect(1)
        .mount(&server)
        .await;
    let page = ResponseTemplate::new(200).set_body_string(r#"{"data":[{"id":1}]}"#);
    Mock::given(path("/charges")).respond_with(page).mount(&server).await;
    server
}

fn remaining(left: u32, reset_in: u64) -> ResponseTemplate {
    let reset = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + reset_in;
    ResponseTemplate::new(200).set_body_json(json!({ "core": { "remaining": left, "reset": reset } }))
}

async fn paths(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|request| request.url.path().to_owned()).collect()
}

#[tokio::test]
async fn it_is_asked_once_and_before_everything_else() {
    let server = answers(remaining(4_000, 3_600)).await;
    let client = client(&server);
    let asked = request("/charges", &[]);
    let at_once = (0..8).map(|_| client.fetch(&asked, None, usual));
    for answered in futures::future::join_all(at_once).await {
        answered.unwrap();
    }
    assert_eq!(walk(client.clone(), Double::new(Paging::Cursor)).await.1, Coverage::Complete);
    let paths = paths(&server).await;
    assert_eq!((paths[0].as_str(), paths.len()), ("/rate_limit", 10));
    assert_eq!(client.sent().ok, 10);
}

#[tokio::test]
async fn where_nothing_is_left_nothing_else_is_asked() {
    let server = answers(remaining(0, 3_600)).await;
    let (_, reason) = reason(client(&server), Double::new(Paging::Cursor)).await;
    let Reason::Unread { error: SourceError::Throttled { asked, .. }, .. } = reason else {
        panic!("{reason}")
    };
    assert!(asked > Duration::from_secs(3_500) && asked <= Duration::from_secs(3_602), "{asked:?}");
    assert_eq!(paths(&server).await, ["/rate_limit"]);
}

#[tokio::test]
async fn a_quota_that_tells_nothing_costs_nothing_else() {
    for broken in [
        ResponseTemplate::new(404),
        ResponseTemplate::new(500)
            .set_body_json(json!({ "core": { "remaining": 0, "reset": 9_999_999_999_u64 } })),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(json!({ "core": {} })),
        ResponseTemplate::new(302).insert_header("location", "/charges"),
    ] {
        let server = answers(broken).await;
        let client = client(&server);
        assert_eq!(walk(client.clone(), Double::new(Paging::Cursor)).await.1, Coverage::Complete);
        assert_eq!(walk(client.clone(), Double::new(Paging::Cursor)).await.1, Coverage::Complete);
        assert_eq!((client.sent().ok, client.sent().failed), (2, 1));
    }
}

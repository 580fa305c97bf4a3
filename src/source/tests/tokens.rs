//! Tokens are fetched once for all, shown as declared, renewed when they end or are refused, and printed nowhere.

use std::time::Duration;

use serde_json::json;
use tieout_reconcilers::define::auth::{Auth, AuthFile};
use tieout_reconcilers::define::checked::{Ordered, Placed};
use tieout_reconcilers::define::document::{Document, Problems};
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::{Answer, Response};
use wiremock::matchers::{any, body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockBuilder, MockServer, ResponseTemplate};

use super::double::{Double, Paging, request};
use super::{settings, untrusted_server, walk};
use crate::source::{Client, Coverage, NextStep, ProviderSettings, SourceError};

/// What a test's `auth` block makes of the settings; every `{secret.X}` is `CANARY-X`.
pub(super) fn authorised(base: &str, auth: &str) -> ProviderSettings {
    let document = Document::new("a.yaml", &format!("auth: {}", auth.replace("BASE", base)));
    let block = document.read::<Ordered<Placed<AuthFile>>>().unwrap().0.remove(0).value;
    let mut problems = Problems::of(&document);
    let auth = Auth::compile(block, &mut problems);
    let (auth, _) = problems.finish(auth).unwrap();
    let auth = auth.try_map(|template| {
        let text = template.to_string();
        Ok::<_, ()>(text.replace("{secret.", "CANARY-").replace('}', "").into())
    });
    let mut settings = settings(base);
    settings.auth = Some(auth.unwrap());
    settings
}

/// What HTTP says: 401 asks for a new token.
pub(super) fn by_status(response: &Response<'_>) -> Answer {
    match response.status {
        200 => Answer::Read,
        401 => Answer::Refresh("status 401".to_owned()),
        500.. => Answer::Retry("later".to_owned()),
        _ => Answer::Fail("unexpected".to_owned()),
    }
}

const OAUTH: &str = "{oauth: {grant: client_credentials, token_url: \"/token\", client_auth: basic, \
                     client: \"{secret.id}\", secret: \"{secret.key}\", scope: read, params: {audience: us}}}";

pub(super) fn token_endpoint() -> MockBuilder {
    Mock::given(method("POST")).and(path("/token"))
}

pub(super) fn token(text: &str, seconds: u64) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"access_token": text, "expires_in": seconds}))
}

async fn accepts(server: &MockServer, token: &str) {
    Mock::given(path("/a"))
        .and(header("authorization", format!("Bearer {token}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_string("{}"))
        .mount(server)
        .await;
}

async fn get(client: &Client) -> Result<(), SourceError> {
    client.fetch(&request("/a", &[]), None, by_status).await.map(drop)
}

#[tokio::test]
async fn client_credentials_are_exchanged_once_and_the_token_is_shown_until_it_ends() {
    let server = MockServer::start().await;
    token_endpoint()
        // CANARY-id:CANARY-key
        .and(header("authorization", "Basic Q0FOQVJZLWlkOkNBTkFSWS1rZXk="))
        .and(body_string_contains("grant_type=client_credentials&scope=read&audience=us"))
        .respond_with(token("one", 3600))
        .expect(1)
        .mount(&server)
        .await;
    accepts(&server, "one").await;
    let client = Client::new(&authorised(&server.uri(), OAUTH)).unwrap();
    for _ in 0..3 {
        get(&client).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_can_say_who_it_is_in_a_form_or_in_json() {
    for (way, sent) in [
        ("post", "grant_type=client_credentials&client_id=CANARY-id&client_secret=CANARY-key"),
        (
            "json",
            r#"{"client_id":"CANARY-id","client_secret":"CANARY-key","grant_type":"client_credentials"}"#,
        ),
    ] {
        let server = MockServer::start().await;
        token_endpoint()
            .and(body_string_contains(sent))
            .respond_with(token("one", 60))
            .expect(1)
            .mount(&server)
            .await;
        accepts(&server, "one").await;
        let auth = format!(
            "{{oauth: {{grant: client_credentials, token_url: /token, client_auth: {way}, client: \"{{secret.id}}:{{secret.key}}\"}}}}"
        );
        get(&Client::new(&authorised(&server.uri(), &auth)).unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn a_storm_of_refusals_renews_the_token_once() {
    let server = MockServer::start().await;
    token_endpoint().respond_with(token("old", 3600)).up_to_n_times(1).expect(1).mount(&server).await;
    token_endpoint().respond_with(token("new", 3600)).expect(1).mount(&server).await;
    accepts(&server, "new").await;
    Mock::given(path("/a")).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let client = Client::new(&authorised(&server.uri(), OAUTH)).unwrap();
    let asked = futures::future::join_all((0..32).map(|_| get(&client))).await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
}

#[tokio::test]
async fn an_endpoint_with_a_certificate_that_nobody_vouches_for_is_asked_once() {
    let client = Client::new(&authorised(&untrusted_server().await, OAUTH)).unwrap();
    let refused = get(&client).await.unwrap_err();
    assert!(matches!(refused, SourceError::Untrusted { .. }), "{refused}");
}

#[tokio::test]
async fn a_token_that_is_refused_though_it_is_new_is_not_renewed_again() {
    let server = MockServer::start().await;
    token_endpoint().respond_with(token("any", 3600)).expect(2).mount(&server).await;
    Mock::given(path("/a")).respond_with(ResponseTemplate::new(401)).expect(2).mount(&server).await;
    let failed = get(&Client::new(&authorised(&server.uri(), OAUTH)).unwrap()).await.unwrap_err();
    assert_eq!(failed.next_step(), NextStep::FixCredentials, "{failed}");
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_of_a_walk_is_renewed_without_a_gap() {
    let server = MockServer::start().await;
    for (token_now, page, next) in [("one", 1, r#","next":"2""#), ("two", 2, "")] {
        // A token of no seconds is over at once.
        token_endpoint().respond_with(token(token_now, 0)).up_to_n_times(1).expect(1).mount(&server).await;
        let body = format!(r#"{{"data":[{{"id":{page}}}]{next}}}"#);
        Mock::given(path("/charges"))
            .and(header("authorization", format!("Bearer {token_now}").as_str()))
            .respond_with(ResponseTemplate::new(200).set_body_string(body))
            .expect(1)
            .mount(&server)
            .await;
    }
    let client = Client::new(&authorised(&server.uri(), OAUTH)).unwrap();
    let (pages, coverage) = walk(client, Double::new(Paging::Cursor)).await;
    assert!(matches!(coverage, Coverage::Complete), "{coverage:?}");
    assert_eq!(pages.len(), 2);
}

#[tokio::test]
async fn a_token_endpoint_that_recovers_is_asked_again_and_one_that_stays_down_is_given_up() {
    let server = MockServer::start().await;
    token_endpoint().respond_with(ResponseTemplate::new(503)).up_to_n_times(2).mount(&server).await;
    token_endpoint().respond_with(token("one", 3600)).mount(&server).await;
    accepts(&server, "one").await;
    get(&Client::new(&authorised(&server.uri(), OAUTH)).unwrap()).await.unwrap();

    let down = MockServer::start().await;
    token_endpoint()
        .respond_with(ResponseTemplate::new(503).set_body_string("CANARY"))
        .expect(4)
        .mount(&down)
        .await;
    let client = Client::new(&authorised(&down.uri(), OAUTH)).unwrap();
    // Those who wait share the failure of the one who asks.
    let failed = futures::future::join_all((0..8).map(|_| get(&client))).await;
    for failed in failed {
        let failed = failed.unwrap_err();
        assert!(matches!(failed, SourceError::GaveUp { attempts: 4, .. }), "{failed}");
        assert!(!format!("{failed} {failed:?}").contains("CANARY"));
    }
}

#[tokio::test]
async fn answers_that_hold_no_token_are_said_to_without_repeating_them() {
    let error = |code: &str| json!({"error": code, "error_description": "CANARY"}).to_string();
    for (status, body, says, step) in [
        (400, error("invalid_client"), "`invalid_client`", NextStep::FixCredentials),
        (401, "CANARY".to_owned(), "gives no token out", NextStep::FixCredentials),
        (200, error("bad_refresh_token"), "`bad_refresh_token`", NextStep::FixCredentials),
        (200, "<html>CANARY".to_owned(), "is no JSON", NextStep::EndWalk),
        (200, r#"{"token":"CANARY"}"#.to_owned(), "holds no token", NextStep::EndWalk),
        (
            200,
            r#"{"access_token":"t","expires_in":"CANARY"}"#.to_owned(),
            "how long the token is good",
            NextStep::EndWalk,
        ),
        (302, String::new(), "gives no token out", NextStep::EndWalk),
        (200, "x".repeat(300 * 1024), "larger than", NextStep::EndWalk),
    ] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status)
            .set_body_string(body)
            .insert_header("location", "https://evil.example/");
        token_endpoint().respond_with(answer).expect(1).mount(&server).await;
        let failed = get(&Client::new(&authorised(&server.uri(), OAUTH)).unwrap()).await.unwrap_err();
        assert!(failed.to_string().contains(says), "{failed}");
        assert_eq!(failed.next_step(), step, "{failed}");
        assert!(!format!("{failed} {failed:?}").contains("CANARY"), "{failed:?}");
    }
}

#[tokio::test]
async fn a_login_in_two_steps_hands_the_token_of_the_first_on() {
    let server = MockServer::start().await;
    Mock::given(path("/challenge"))
        .and(body_string_contains(r#"{"user":{"name":"CANARY-user"}}"#))
        .respond_with(ResponseTemplate::new(200).insert_header("x-challenge", "c1"))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/session"))
        .and(header("x-answer", "c1-CANARY-password"))
        .and(body_string_contains("remember=no"))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"session": {"id": "s1"}})))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/a"))
        .and(query_param("sid", "s1"))
        .respond_with(ResponseTemplate::new(200))
        .expect(2)
        .mount(&server)
        .await;
    let auth = "{login: {steps: [{request: POST /challenge, body: {user: {name: \"{secret.user}\"}}, token: \"header:X-Challenge\"}, \
                {request: POST /session, form: {remember: \"no\"}, headers: {X-Answer: \"{token}-{secret.password}\"}, token: session.id}], \
                ttl: 50m, then: {query: sid, value: \"{token}\"}}}";
    let client = Client::new(&authorised(&server.uri(), auth)).unwrap();
    get(&client).await.unwrap();
    get(&client).await.unwrap();
}

#[tokio::test]
async fn a_query_key_goes_along_and_is_part_of_no_url_that_is_kept() {
    let server = MockServer::start().await;
    Mock::given(path("/a"))
        .and(query_param("api_key", "CANARY-k&y"))
        .respond_with(ResponseTemplate::new(200))
        .expect(2)
        .mount(&server)
        .await;
    let auth = "{key: {query: api_key, value: \"{secret.k&y}\"}}".replace("{secret.k&y}", "{secret.k}&y");
    let client = Client::new(&authorised(&server.uri(), &auth)).unwrap();
    let fetched = client.send(&request("/a", &[("x", "1")]), None).await.unwrap();
    assert_eq!(fetched.url.query(), Some("x=1"));
    // A provider that repeats the key in its links cannot make it stay.
    let link = super::double::link("/a?api_key=CANARY-k%26y&page=2%2B#x");
    let fetched = client.send(&link, Some(&fetched.url)).await.unwrap();
    assert_eq!(fetched.url.query(), Some("page=2%2B"));
    let without_keys = |link: &str| client.without_keys(&Each::default(), link).unwrap();
    assert_eq!(without_keys("https://a.example/x?api%5Fkey=CANARY#y"), "https://a.example/x#y");
    assert_eq!(without_keys("?a=1&api_key=CANARY&b"), "?a=1&b");
}

#[tokio::test]
async fn body_keys_are_added_to_what_is_posted() {
    use tieout_reconcilers::page::{Body, Method};
    let auth = "{key: {body: {client_id: \"{secret.id}\", secret: \"{secret.s}\"}}}";
    for (content_type, text, sent) in [
        ("application/json", r#"{"n":1.0}"#, r#"{"client_id":"CANARY-id","secret":"CANARY-s","n":1.0}"#),
        ("application/x-www-form-urlencoded", "n=1", "n=1&client_id=CANARY-id&secret=CANARY-s"),
    ] {
        let server = MockServer::start().await;
        Mock::given(path("/a"))
            .and(wiremock::matchers::body_string(sent))
            .respond_with(ResponseTemplate::new(200))
            .expect(1)
            .mount(&server)
            .await;
        let client = Client::new(&authorised(&server.uri(), auth)).unwrap();
        let mut asked = request("/a", &[]);
        asked.method = Method::Post;
        asked.body = Some(Body { content_type, text: text.to_owned() });
        assert_eq!(client.send(&asked, None).await.unwrap().status, 200);
        let refused = client.send(&request("/a", &[]), None).await.unwrap_err();
        assert_eq!(refused.next_step(), NextStep::FixSettings, "{refused}");
    }
}

#[tokio::test]
async fn signed_requests_are_signed_at_the_providers_time() {
    let server = MockServer::start().await;
    let skewed = ResponseTemplate::new(200).insert_header("date", "Fri, 21 Nov 2036 00:00:00 GMT");
    Mock::given(any()).respond_with(skewed).expect(2).mount(&server).await;
    let auth = "{sign: {kind: sigv4, region: eu-west-1, service: execute-api, access_key: \"{secret.a}\", secret_key: \"{secret.b}\"}}";
    let client = Client::new(&authorised(&server.uri(), auth)).unwrap();
    for _ in 0..2 {
        client.send(&request("/a", &[]), None).await.unwrap();
    }
    let asked = server.received_requests().await.unwrap();
    assert!(asked[1].headers["x-amz-date"].to_str().unwrap().starts_with("203611"));
    let value = asked[1].headers["authorization"].to_str().unwrap();
    assert!(
        value.contains("Credential=CANARY-a/203611") && value.contains("SignedHeaders=host;x-amz-date"),
        "{value}"
    );
}

#[test]
fn an_address_for_tokens_that_is_not_https_is_refused() {
    let mut settings =
        authorised("http://127.0.0.1:1", &OAUTH.replace("/token", "http://login.example.com/token"));
    settings.base = "https://api.example.com".parse::<url::Url>().unwrap().into();
    settings.allow_private = false;
    let refused = Client::new(&settings).unwrap_err();
    assert_eq!(refused.to_string(), "the address of the token request must be https");
}

#[tokio::test]
async fn the_time_of_a_run_bounds_the_wait_for_a_token() {
    let server = MockServer::start().await;
    token_endpoint().respond_with(token("one", 60).set_delay(Duration::from_mins(1))).mount(&server).await;
    let client = Client::new(&authorised(&server.uri(), OAUTH)).unwrap();
    let client = client.for_run(Some(tokio::time::Instant::now() + Duration::from_millis(50)));
    assert_eq!(get(&client).await.unwrap_err(), SourceError::OutOfTime);
}

#[tokio::test]
async fn a_message_that_repeats_the_credential_is_printed_without_it() {
    let server = MockServer::start().await;
    token_endpoint().respond_with(token("CANARY-token", 3600)).mount(&server).await;
    Mock::given(path("/a")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    for auth in [
        OAUTH,
        "{bearer: \"{secret.a}\"}",
        "{basic: {user: \"{secret.a}\", password: \"{secret.b}\"}}",
        "{key: {query: q, value: \"{secret.a}\"}}",
    ] {
        let client = Client::new(&authorised(&server.uri(), auth)).unwrap();
        for answer in [Answer::Fail, Answer::Rejected, Answer::Refresh, Answer::Restart, Answer::Skip] {
            let says = |_: &Response<'_>| answer("no access for CANARY-token CANARY-a CANARY-b!".to_owned());
            let failed = client.fetch(&request("/a", &[]), None, says).await.unwrap_err();
            let shown = format!("{failed} {failed:?}");
            assert!(shown.contains("no access for") && shown.contains("***"), "{shown}");
            for used in match auth {
                OAUTH => ["CANARY-token"].as_slice(),
                auth if auth.contains("basic") => &["CANARY-a", "CANARY-b"],
                _ => &["CANARY-a"],
            } {
                assert!(!shown.contains(used), "{shown}");
            }
        }
    }
}

/// Everything that is logged, down to the last detail of every library.
#[derive(Clone, Default)]
struct Everything(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Everything {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_that_is_logged_at_any_level_holds_a_secret() {
    let everything = Everything::default();
    let writer = everything.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for auth in [
        OAUTH,
        "{key: {query: api_key, value: \"{secret.a}\"}}",
        "{key: {header: X-Key, value: \"{secret.a}\"}}",
        "{jwt: {alg: HS256, key: \"{secret.a}\", claims: {iss: \"{secret.b}\"}, exchange: {url: /token, as: assertion}}}",
        "{login: {request: POST /token, body: {p: \"{secret.a}\"}, token: access_token}}",
        "{oauth: {grant: refresh_token, token_url: /token, client: \"{secret.a}\", refresh: \"{secret.b}\"}}",
        "{sign: {kind: sigv4, region: r, service: s, access_key: \"{secret.a}\", secret_key: \"{secret.b}\"}}",
        "{sign: {kind: oauth1, consumer_key: \"{secret.a}\", consumer_secret: \"{secret.b}\"}}",
        "{sign: {kind: hmac, key: \"{secret.a}\", text: \"{body}\", headers: {X: \"{signature}\"}}}",
    ] {
        let server = MockServer::start().await;
        let refresh = json!({"access_token": "CANARY-t", "refresh_token": "CANARY-r", "expires_in": 3600});
        token_endpoint()
            .respond_with(ResponseTemplate::new(503).set_body_string("CANARY"))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        token_endpoint().respond_with(ResponseTemplate::new(200).set_body_json(refresh)).mount(&server).await;
        for status in [401, 503] {
            let answer = ResponseTemplate::new(status).set_body_string("CANARY");
            Mock::given(path("/a")).respond_with(answer).up_to_n_times(1).mount(&server).await;
        }
        Mock::given(path("/a"))
            .respond_with(ResponseTemplate::new(200).set_body_string("CANARY"))
            .mount(&server)
            .await;
        let client = Client::new(&authorised(&server.uri(), auth)).unwrap();
        let _refused_or_read = get(&client).await;
        get(&client).await.unwrap();
    }
    // The mock server runs on this thread too, and it is not us who it prints.
    let logged = String::from_utf8(everything.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<&str> = logged.lines().filter(|line| !line.contains("wiremock")).collect();
    assert!(ours.iter().any(|line| line.contains("got a token")), "{logged}");
    assert!(ours.iter().any(|line| line.contains("TRACE")), "the libraries log nothing: {logged}");
    for line in ours {
        assert!(!line.contains("CANARY"), "{line}");
    }
}

#[test]
fn no_kind_of_credential_prints_its_secrets() {
    let kinds = [
        OAUTH,
        "{oauth: {grant: refresh_token, token_url: /t, client: \"{secret.a}\", refresh: \"{secret.b}\"}}",
        "{jwt: {alg: HS256, key: \"{secret.a}\", claims: {iss: \"{secret.b}\", aud: [\"{secret.c}\"]}}}",
        "{login: {request: POST /t, body: {p: [\"{secret.a}\"]}, headers: {X: \"{secret.b}\"}, token: t, then: {header: X, value: \"{secret.c} {token}\"}}}",
        "{login: {request: POST /t, form: {p: \"{secret.a}\"}, token: t}}",
        "{key: {headers: {X-A: \"{secret.a}\", X-B: \"{secret.b}\"}, body: {c: \"{secret.c}\"}}}",
        "{sign: {kind: oauth1, consumer_key: \"{secret.a}\", consumer_secret: \"{secret.b}\", token: \"{secret.c}\", token_secret: \"{secret.d}\"}}",
        "{sign: {kind: hmac, key: \"{secret.a}\", text: \"{secret.b}{body}\", headers: {X: \"{secret.c}{signature}\"}}}",
    ];
    for kind in kinds {
        let settings = authorised("http://127.0.0.1:1", kind);
        let client = Client::new(&settings).unwrap();
        let shown = format!(
            "{settings:?} {settings:#?} {client:?} {:?}",
            client.line(&Each::default()).unwrap().shared.origin
        );
        assert!(!shown.contains("CANARY"), "{shown}");
        assert!(!matches!(settings.auth, Some(Auth::Bearer(_))));
    }
}

//! Credentials are sent as configured, refused loudly, and printed nowhere.

use std::time::Duration;

use chrono::Utc;
use secrecy::SecretString;
use tieout_reconcilers::define::auth::{Auth, Key};
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::PageRequest;
use tokio::time::Instant;
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::double::{Double, Paging, request};
use super::{client, reason, settings};
use crate::source::{Budgets, Caps, Client, NextStep, ProviderSettings, Reason, SourceError};

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

#[tokio::test]
async fn each_kind_of_credential_is_sent_in_its_own_way() {
    let table = [
        (Auth::Bearer(secret("t0ken")), "authorization", "Bearer t0ken"),
        (Auth::Basic { user: secret("me"), password: None }, "authorization", "Basic bWU6"),
        (Auth::Key(Key::header("X-Api-Key", secret("k3y"))), "x-api-key", "k3y"),
    ];
    for (auth, name, value) in table {
        let server = MockServer::start().await;
        Mock::given(header(name, value))
            .and(header("api-version", "2025-11-21"))
            .and(header("x-own", "1"))
            .respond_with(ResponseTemplate::new(200))
            .mount(&server)
            .await;
        let mut settings = settings(&server.uri());
        settings.auth = Some(auth);
        settings.headers = vec![("Api-Version".to_owned(), "2025-11-21".to_owned())];
        let mut asked = request("/charges", &[]);
        // A definition can add headers of its own and cannot replace the credential.
        asked.headers = vec![("x-own".to_owned(), "1".to_owned()), (name.to_owned(), "forged".to_owned())];
        assert_eq!(Client::new(&settings).unwrap().send(&asked, None).await.unwrap().status, 200, "{name}");
    }
}

#[tokio::test]
async fn refused_credentials_are_a_reason_of_their_own_and_are_not_tried_again() {
    for status in [401, 403] {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(status)).expect(1).mount(&server).await;
        let (_, reason) = reason(client(&server), Double::new(Paging::Cursor)).await;
        assert!(reason.is_rejected());
        assert!(matches!(&reason, Reason::Rejected { error: SourceError::Rejected { .. }, .. }), "{reason}");
        assert!(reason.to_string().ends_with("check the secret and its scopes"), "{reason}");
    }
}

#[test]
fn a_secret_that_no_header_can_hold_is_refused_without_being_shown() {
    let mut settings = settings("http://127.0.0.1:1");
    settings.auth = Some(Auth::Bearer(secret("CANARY\n")));
    let refused = Client::new(&settings).unwrap_err();
    assert_eq!(refused.next_step(), NextStep::FixSettings);
    assert!(!format!("{refused} {refused:?}").contains("CANARY"));
}

#[tokio::test]
async fn nothing_that_can_be_printed_holds_a_secret() {
    let mut settings = ProviderSettings::new(
        "example".parse().unwrap(),
        "http://CANARY:CANARY@127.0.0.1:1/v1?key=CANARY".parse::<url::Url>().unwrap(),
    );
    settings.headers = vec![("x-tenant".to_owned(), "CANARY".to_owned())];
    let auths = [
        Auth::Bearer(secret("CANARY")),
        Auth::Basic { user: secret("CANARY"), password: Some(secret("CANARY")) },
        Auth::Key(Key::header("x-api-key", secret("CANARY"))),
    ];
    for auth in auths {
        settings.auth = Some(auth);
        assert!(!format!("{settings:?} {settings:#?}").contains("CANARY"));
        let mut usable = settings.clone();
        usable.allow_private = true;
        usable.base = "http://127.0.0.1:1/v1".parse::<url::Url>().unwrap().into();
        usable.caps.attempts = 1;
        let origin = crate::source::origin::Origin::new(&usable, None).unwrap();
        let client = Client::new(&usable).unwrap();
        let asked = request("/charges", &[("key", "CANARY")]);
        let failed = client.send(&asked, None).await.unwrap_err();
        let asked = request("/x", &[]);
        let (to, pass) =
            (origin.resolve(&asked.target, None).unwrap(), origin.pass(Utc::now()).await.unwrap());
        let sent = origin.request(&to, &asked, &pass, Utc::now()).unwrap();
        let shown = format!(
            "{client:?} {origin:?} {pass:?} {sent:?} {failed} {failed:?} {}",
            client.describe(&asked, None)
        );
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}

#[tokio::test]
async fn each_credential_has_one_budget_whoever_shows_it_and_no_other_stands_in_for_it() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let budgets = Budgets::default();
    let with = |token: &str| {
        let mut settings = settings(&server.uri());
        settings.auth = Some(Auth::Bearer(secret(token)));
        settings.limits.everywhere.per_second = Some(0.01);
        Client::within(&settings, None, &budgets)
    };
    let bare = |host: &str| {
        let mut settings = settings(&server.uri().replace("127.0.0.1", host));
        settings.limits.everywhere.per_second = Some(0.01);
        Client::within(&settings, None, &budgets)
    };
    let each = Each::stored;
    let members = [
        (each("red"), with("red")),
        (each("blue"), with("blue")),
        (each("azure"), with("blue")),
        (each("open"), bare("localhost")),
        (each("wide"), bare("127.0.0.1")),
        (each("grey"), Err(SourceError::Settings("no key".to_owned()))),
    ];
    let client =
        Client::of_members("example".parse().unwrap(), Caps::default(), with("common"), members.into());
    let client = client.for_run(Some(Instant::now() + Duration::from_secs(20)));
    let about = |member: &str| PageRequest { each: each(member), ..request("/charges", &[]) };
    for member in ["red", "blue", "somebody else", "open", "wide"] {
        assert_eq!(client.send(&about(member), None).await.unwrap().status, 200, "{member}");
        let again = client.send(&about(member), None).await.unwrap_err();
        assert!(matches!(again, SourceError::OutOfTime), "{member}: {again}");
    }
    let shares = client.send(&about("azure"), None).await.unwrap_err();
    assert!(matches!(shares, SourceError::OutOfTime), "blue has used up what both have: {shares}");
    let lost = client.send(&about("grey"), None).await.unwrap_err();
    assert_eq!((lost.to_string().as_str(), client.serves(&each("grey")).is_err()), ("no key", true));
    let received = server.received_requests().await.unwrap();
    let of = |one: &wiremock::Request| {
        one.headers.get("authorization").map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let shown: Vec<String> = received.iter().map(of).collect();
    assert_eq!(shown, ["Bearer red", "Bearer blue", "Bearer common", "", ""]);
}

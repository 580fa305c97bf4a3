//! Other origins: which ones may be gone to, what they get, and which bases a token may name.

use serde_json::json;
use tieout_reconcilers::define::auth::host::HostPattern;
use tieout_reconcilers::define::checked::FromText as _;
use tieout_reconcilers::define::reader::Reader;
use wiremock::matchers::{any, header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::double::{Double, Paging, link, request};
use super::tokens::{authorised, token_endpoint};
use super::walk;
use crate::source::{Base, Client, Coverage, NextStep, ProviderSettings};

fn host(text: &str) -> HostPattern {
    HostPattern::from_text(text).unwrap()
}

const OAUTH: &str =
    "{oauth: {grant: client_credentials, token_url: \"BASE/token\", client: \"{secret.id}\"}}";

#[tokio::test]
async fn another_origin_that_hosts_admits_gets_neither_credential_nor_headers() {
    let (provider, files) = (MockServer::start().await, MockServer::start().await);
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string("there"))
        .expect(2)
        .mount(&files)
        .await;
    let away = ResponseTemplate::new(302).insert_header("location", format!("{}/file?sig=1", files.uri()));
    Mock::given(path("/download")).respond_with(away).mount(&provider).await;
    let mut settings = authorised(&provider.uri(), "{key: {headers: {X-Key: \"{secret.key}\"}, body: {}}}");
    settings.headers = vec![("x-tenant".to_owned(), "acme".to_owned())];
    settings.hosts = vec![host(&files.uri())];
    let client = Client::new(&settings).unwrap();
    client.send(&request("/download", &[]), None).await.unwrap();
    let fetched = client.send(&link(&format!("{}/file?sig=2", files.uri())), None).await.unwrap();
    assert_eq!(&fetched.body[..], b"there");
    for asked in files.received_requests().await.unwrap() {
        for name in ["x-key", "x-tenant", "authorization", "x-own"] {
            assert!(!asked.headers.contains_key(name), "{name}");
        }
        assert!(asked.url.query().unwrap().starts_with("sig="));
    }
}

#[tokio::test]
async fn nothing_is_posted_to_another_origin() {
    let (provider, files) = (MockServer::start().await, MockServer::start().await);
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&files).await;
    let away = ResponseTemplate::new(307).insert_header("location", format!("{}/file", files.uri()));
    Mock::given(any()).respond_with(away).mount(&provider).await;
    let mut settings = authorised(&provider.uri(), "{bearer: \"{secret.key}\"}");
    settings.hosts = vec![host(&files.uri())];
    let mut asked = request("/search", &[]);
    asked.body =
        Some(tieout_reconcilers::page::Body { content_type: "application/json", text: "{}".to_owned() });
    let refused = Client::new(&settings).unwrap().send(&asked, None).await.unwrap_err();
    assert!(refused.to_string().contains("goes only to the base"), "{refused}");
}

/// A provider whose base is named by the answer of a login on another server.
fn based_on_token(login: &MockServer, hosts: &[&str]) -> ProviderSettings {
    let mut settings = authorised(&login.uri(), OAUTH);
    settings.base =
        Base::FromToken { member: Reader::from_text("instance_url").unwrap(), path: "/v1".to_owned() };
    settings.hosts = hosts.iter().map(|text| host(text)).collect();
    settings
}

fn naming(base: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"access_token": "one", "instance_url": base}))
}

#[tokio::test]
async fn a_base_that_the_token_names_is_walked_where_hosts_admits_it() {
    let (login, instance) = (MockServer::start().await, MockServer::start().await);
    token_endpoint().respond_with(naming(&format!("{}/", instance.uri()))).expect(1).mount(&login).await;
    Mock::given(path("/v1/charges"))
        .and(header("authorization", "Bearer one"))
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"data":[{"id":1}]}"#))
        .expect(1)
        .mount(&instance)
        .await;
    let client = Client::new(&based_on_token(&login, &[&instance.uri()])).unwrap();
    let (pages, coverage) = walk(client, Double::new(Paging::Cursor)).await;
    assert!(matches!(coverage, Coverage::Complete), "{coverage:?}");
    assert_eq!(pages.len(), 1);
}

#[tokio::test]
async fn a_base_that_hosts_does_not_admit_gets_nothing() {
    let (login, evil) = (MockServer::start().await, MockServer::start().await);
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&evil).await;
    for named in [
        evil.uri(),
        "https://evilmy.example.com".to_owned(),
        "https://my.example.com.evil.example".to_owned(),
        "https://a.my.example.com@evil.example".to_owned(),
        "https://a.my.example.com/?CANARY".to_owned(),
        "not a url CANARY".to_owned(),
    ] {
        let login_once = token_endpoint().respond_with(naming(&named)).mount_as_scoped(&login).await;
        let client = Client::new(&based_on_token(&login, &["*.my.example.com"])).unwrap();
        let refused = client.send(&request("/charges", &[]), None).await.unwrap_err();
        assert_eq!(refused.next_step(), NextStep::FixSettings, "{refused}");
        assert!(!refused.to_string().contains("CANARY"), "{refused}");
        drop(login_once);
    }
}

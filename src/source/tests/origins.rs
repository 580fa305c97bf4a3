//! Nothing leaves for another host: not by link, not by redirect, not by path.

use secrecy::SecretString;
use tieout_reconcilers::define::auth::{Auth, Key};
use tieout_reconcilers::page::Target;
use url::Url;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::double::{Double, Paging, link, request};
use super::{reason, settings};
use crate::source::error::Lead;
use crate::source::origin::Origin;
use crate::source::{Client, NextStep, ProviderSettings, Reason, SourceError};

fn origin(base: &str) -> Origin {
    let base = base.parse::<Url>().unwrap();
    Origin::new(&ProviderSettings::new("example".parse().unwrap(), base), None).unwrap()
}

fn resolve(origin: &Origin, target: &Target, page: Option<&str>) -> Result<String, SourceError> {
    let page = page.map(|page| page.parse::<Url>().unwrap());
    origin.resolve(target, page.as_ref()).map(|bound| bound.into_url().into())
}

#[test]
fn links_that_leave_the_origin_are_refused_and_both_origins_are_named() {
    let origin = origin("https://api.example.com/v1");
    let table = [
        ("https://evil.example/v1/charges?secret=CANARY", "https://evil.example"),
        ("http://api.example.com/v1/charges", "http://api.example.com"),
        ("https://api.example.com:8443/v1/charges", "https://api.example.com:8443"),
        ("https://api.example.com.evil.example/v1", "https://api.example.com.evil.example"),
        ("https://evilapi.example.com/", "https://evilapi.example.com"),
        ("https://api.example.com@evil.example/", "https://evil.example"),
        ("//evil.example/v1", "https://evil.example"),
        (r"\\evil.example\v1", "https://evil.example"),
        (r"/\evil.example/v1", "https://evil.example"),
        ("https:\\\\evil.example", "https://evil.example"),
        ("https://api.example.com./v1", "https://api.example.com."),
        ("https://[::1]/v1", "https://[::1]"),
        ("file:///etc/passwd", "file:"),
        ("javascript:alert(1)", "javascript:"),
        ("data:application/json,{}", "data:"),
    ];
    for (to, other) in table {
        let refused = resolve(&origin, &Target::Link(to.to_owned()), None).unwrap_err();
        let expected = SourceError::LeftOrigin {
            lead: Lead::Link,
            origin: "https://api.example.com".to_owned(),
            other: other.to_owned(),
        };
        assert_eq!(refused, expected, "{to}");
        assert!(!refused.to_string().contains("CANARY"));
    }
}

#[test]
fn links_that_hold_a_user_or_no_url_are_refused() {
    let origin = origin("https://api.example.com/v1");
    for to in [
        "https://user@api.example.com/v1",
        "https://:pw@api.example.com/v1",
        "https://[",
        "https://api.example.com:99999/",
    ] {
        let refused = resolve(&origin, &Target::Link(to.to_owned()), None).unwrap_err();
        assert!(matches!(refused, SourceError::BadLink { .. }), "{to}: {refused}");
    }
}

#[test]
fn links_on_the_origin_are_resolved_against_their_page() {
    let origin = origin("https://api.example.com/v1");
    let page = Some("https://api.example.com/v1/charges?limit=2");
    let table = [
        ("https://API.example.com:443/v1/charges?cursor=x#f", "https://api.example.com/v1/charges?cursor=x"),
        ("?cursor=y", "https://api.example.com/v1/charges?cursor=y"),
        ("refunds", "https://api.example.com/v1/refunds"),
        ("/v2/charges", "https://api.example.com/v2/charges"),
        ("../v3", "https://api.example.com/v3"),
    ];
    for (to, expected) in table {
        assert_eq!(resolve(&origin, &Target::Link(to.to_owned()), page).unwrap(), expected);
    }
}

#[test]
fn paths_lie_below_the_base_and_keys_in_them_cannot_climb() {
    for base in ["https://api.example.com/v1", "https://api.example.com/v1/"] {
        let origin = origin(base);
        let below = |path: &str, query: &[(&str, &str)]| resolve(&origin, &request(path, query).target, None);
        assert_eq!(below("/charges", &[]).unwrap(), "https://api.example.com/v1/charges");
        assert_eq!(below("/charges/a?b#c", &[]).unwrap(), "https://api.example.com/v1/charges/a%3Fb%23c");
        assert_eq!(below("//evil.example", &[]).unwrap(), "https://api.example.com/v1/evil.example");
        assert_eq!(
            below("/charges", &[("created[gte]", "1"), ("q", "a&b=c d")]).unwrap(),
            "https://api.example.com/v1/charges?created%5Bgte%5D=1&q=a%26b%3Dc+d"
        );
        for climbing in [
            "/charges/..",
            "/charges/.",
            "/charges/%2e%2E",
            "/charges/.%2e/x",
            r"/charges\..\x",
            "/charges/.\t.",
        ] {
            assert!(matches!(below(climbing, &[]), Err(SourceError::BadLink { .. })), "{climbing}");
        }
    }
}

#[test]
fn a_base_that_hides_something_is_refused() {
    for base in
        ["https://user:pw@api.example.com", "https://api.example.com/?key=1", "https://api.example.com/#x"]
    {
        let refused = Client::new(&ProviderSettings::new(
            "example".parse().unwrap(),
            base.parse::<url::Url>().unwrap(),
        ))
        .unwrap_err();
        assert_eq!(refused.next_step(), NextStep::FixSettings, "{base}");
        assert!(!refused.to_string().contains("pw"), "{refused}");
    }
}

/// A provider with a secret, and a sink that must never hear of it.
async fn provider_and_sink() -> (MockServer, MockServer, Client) {
    let (provider, sink) = (MockServer::start().await, MockServer::start().await);
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&sink).await;
    let mut settings = settings(&provider.uri());
    settings.auth = Some(Auth::Key(Key::header("x-api-key", SecretString::from("CANARY"))));
    (provider, sink, Client::new(&settings).unwrap())
}

#[tokio::test]
async fn a_next_link_to_another_host_ends_the_walk_before_anything_is_sent_there() {
    let (provider, sink, client) = provider_and_sink().await;
    let body = format!(r#"{{"data":[{{"id":1}}],"next":"{}/charges?token=CANARY"}}"#, sink.uri());
    Mock::given(path("/charges"))
        .respond_with(ResponseTemplate::new(200).set_body_string(body))
        .mount(&provider)
        .await;
    let (pages, reason) = reason(client, Double::new(Paging::Link)).await;
    assert_eq!(pages, 1, "what was read stays valid");
    let expected = format!(
        "example.charges, page 2 of example (a request that was not sent): a link in the page leads from {} to {}, and \
         requests stay on the configured origin",
        provider.uri(),
        sink.uri()
    );
    assert_eq!(reason.to_string(), expected);
    assert!(matches!(reason, Reason::Unread { error: SourceError::LeftOrigin { lead: Lead::Link, .. }, .. }));
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused_before_anything_is_sent_there() {
    for status in [301, 302, 303, 307, 308] {
        let (provider, sink, client) = provider_and_sink().await;
        let away = ResponseTemplate::new(status).insert_header("location", format!("{}/steal", sink.uri()));
        Mock::given(any()).respond_with(away).expect(1).mount(&provider).await;
        let refused = client.send(&request("/charges", &[]), None).await.unwrap_err();
        assert!(matches!(refused, SourceError::LeftOrigin { lead: Lead::Redirect, .. }), "{refused}");
    }
}

#[tokio::test]
async fn redirects_on_the_origin_are_followed_three_times_with_the_credential() {
    let (provider, _sink, client) = provider_and_sink().await;
    for n in 1..=3 {
        let on = ResponseTemplate::new(302).insert_header("location", format!("/r{}", n + 1));
        Mock::given(path(format!("/r{n}"))).respond_with(on).mount(&provider).await;
    }
    Mock::given(path("/r4"))
        .respond_with(ResponseTemplate::new(200).set_body_string("there"))
        .mount(&provider)
        .await;
    let fetched = client.send(&request("/r1", &[]), None).await.unwrap();
    assert_eq!((&fetched.body[..], fetched.url.path()), (&b"there"[..], "/r4"));
    for asked in provider.received_requests().await.unwrap() {
        assert_eq!(asked.headers.get("x-api-key").unwrap(), "CANARY");
        assert!(!asked.headers.contains_key("referer"));
    }

    let circle = ResponseTemplate::new(302).insert_header("location", "/circle");
    Mock::given(path("/circle")).respond_with(circle).expect(4).mount(&provider).await;
    let refused = client.send(&request("/circle", &[]), None).await.unwrap_err();
    assert_eq!(refused, SourceError::TooManyRedirects(3));
}

#[tokio::test]
async fn a_link_from_elsewhere_is_held_to_the_origin_even_if_its_page_is_not() {
    let (_provider, sink, client) = provider_and_sink().await;
    let page = sink.uri().parse::<Url>().unwrap();
    let refused = client.send(&link("two"), Some(&page)).await.unwrap_err();
    assert!(matches!(refused, SourceError::LeftOrigin { .. }), "{refused}");
}

/// Where a child process finds the provider, when this test runs itself again with proxies in its environment.
const PROVIDER: &str = "TIEOUT_TEST_PROVIDER";

#[tokio::test]
async fn a_proxy_from_the_environment_is_not_used() {
    if let Ok(provider) = std::env::var(PROVIDER) {
        let fetched = Client::new(&settings(&provider)).unwrap().send(&request("/charges", &[]), None).await;
        assert_eq!(fetched.unwrap().status, 200);
        return;
    }
    let (provider, sink, _client) = provider_and_sink().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(1).mount(&provider).await;
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "source::tests::origins::a_proxy_from_the_environment_is_not_used"]);
    child.env(PROVIDER, provider.uri()).env_remove("no_proxy").env_remove("NO_PROXY");
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, sink.uri());
    }
    let ended = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
}

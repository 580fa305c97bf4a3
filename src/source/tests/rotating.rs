//! Refresh tokens that are good once: kept before they are used, refreshed by one at a time, and lost by nobody's haste.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::{BoxFuture, FutureExt as _};
use secrecy::ExposeSecret as _;
use serde_json::json;
use wiremock::matchers::{body_string_contains, header, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::double::request;
use super::tokens::{authorised, by_status, token_endpoint};
use crate::source::auth::{Claim, Kept, Vault, VaultFault};
use crate::source::{Client, NextStep, SourceError};

const ROTATING: &str = "{oauth: {grant: refresh_token, token_url: /token, client: \"{secret.id}\", \
                        refresh: \"{secret.r0}\", rotate: true}}";

/// A vault in memory that can be made to fail.
#[derive(Debug, Default)]
struct Chest {
    state: Mutex<(i64, bool, Option<Kept>)>,
    failures: AtomicU32,
}

impl Vault for Chest {
    fn read<'v>(&'v self, _: &'v str) -> BoxFuture<'v, Result<Option<Kept>, VaultFault>> {
        let kept = self.state.lock().unwrap().2.clone();
        async move { Ok(kept) }.boxed()
    }

    fn claim<'v>(&'v self, _: &'v str) -> BoxFuture<'v, Result<Claim, VaultFault>> {
        let mut state = self.state.lock().unwrap();
        let claim = if state.1 {
            Claim::Busy
        } else {
            (state.0, state.1) = (state.0 + 1, true);
            Claim::Ours(state.0, state.2.clone())
        };
        async move { Ok(claim) }.boxed()
    }

    fn keep<'v>(&'v self, _: &'v str, claim: i64, kept: &'v Kept) -> BoxFuture<'v, Result<(), VaultFault>> {
        let fails =
            self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let mut state = self.state.lock().unwrap();
        let kept = if fails.is_ok() || state.0 != claim {
            Err(VaultFault("the disk is full".to_owned()))
        } else {
            (state.1, state.2) = (false, Some(kept.clone()));
            Ok(())
        };
        async move { kept }.boxed()
    }

    fn release<'v>(&'v self, _: &'v str, _: i64) -> BoxFuture<'v, Result<(), VaultFault>> {
        self.state.lock().unwrap().1 = false;
        async move { Ok(()) }.boxed()
    }
}

/// Takes each refresh token once: `r0` brings `a1` and `r1`, and so on; any other is refused.
struct Rotation(AtomicU32);

impl Respond for Rotation {
    fn respond(&self, asked: &Request) -> ResponseTemplate {
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let used = self.0.load(Ordering::SeqCst);
        if !body.contains(&format!("refresh_token=CANARY-r{used}&")) {
            return ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_grant"}));
        }
        let next = used + 1;
        self.0.store(next, Ordering::SeqCst);
        ResponseTemplate::new(200).set_body_json(json!({
            "access_token": format!("a{next}"), "refresh_token": format!("CANARY-r{next}"), "expires_in": 3600,
        }))
    }
}

async fn provider(refreshes: u64) -> MockServer {
    let server = MockServer::start().await;
    token_endpoint().respond_with(Rotation(AtomicU32::new(0))).expect(refreshes).mount(&server).await;
    Mock::given(path("/a"))
        .and(header("authorization", "Bearer a1"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    server
}

fn client(server: &MockServer, chest: &Arc<Chest>) -> Client {
    let vault = Arc::clone(chest) as Arc<dyn Vault>;
    Client::with_vault(&authorised(&server.uri(), ROTATING), Some(vault)).unwrap()
}

async fn get(client: &Client) -> Result<(), SourceError> {
    client.fetch(&request("/a", &[]), None, by_status).await.map(drop)
}

#[tokio::test]
async fn the_next_refresh_token_is_kept_before_the_access_token_is_used() {
    let (server, chest) = (provider(1).await, Arc::new(Chest::default()));
    let seen = Arc::clone(&chest);
    let kept_first = move |_: &Request| {
        assert!(seen.state.lock().unwrap().2.is_some(), "used before it was kept");
        ResponseTemplate::new(200)
    };
    Mock::given(path("/a")).respond_with(kept_first).with_priority(1).expect(1).mount(&server).await;
    get(&client(&server, &chest)).await.unwrap();
    let state = chest.state.lock().unwrap();
    let kept = state.2.as_ref().unwrap();
    assert_eq!((kept.refresh.expose_secret(), kept.access.expose_secret()), ("CANARY-r1", "a1"));
}

#[tokio::test]
async fn a_restart_uses_what_was_kept_and_refreshes_nothing() {
    let (server, chest) = (provider(1).await, Arc::new(Chest::default()));
    get(&client(&server, &chest)).await.unwrap();
    get(&client(&server, &chest)).await.unwrap();
}

#[tokio::test]
async fn two_clients_over_one_vault_refresh_once() {
    let (server, chest) = (provider(1).await, Arc::new(Chest::default()));
    let (one, other) = (client(&server, &chest), client(&server, &chest));
    let both = (0..16).map(|n| get(if n % 2 == 0 { &one } else { &other }));
    let asked = futures::future::join_all(both).await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
}

#[tokio::test]
async fn a_kept_token_that_is_refused_is_refreshed_with_the_kept_refresh_token() {
    let (server, chest) = (provider(2).await, Arc::new(Chest::default()));
    get(&client(&server, &chest)).await.unwrap();
    let refused = Mock::given(header("authorization", "Bearer a1")).respond_with(ResponseTemplate::new(401));
    refused.with_priority(1).mount(&server).await;
    Mock::given(header("authorization", "Bearer a2"))
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    get(&client(&server, &chest)).await.unwrap();
}

#[tokio::test]
async fn another_configured_refresh_token_begins_anew() {
    let (server, chest) = (provider(1).await, Arc::new(Chest::default()));
    let stale = Kept {
        origin: "of an older authorisation".to_owned(),
        refresh: "gone".into(),
        access: "gone".into(),
        until: None,
        base: None,
    };
    chest.state.lock().unwrap().2 = Some(stale);
    get(&client(&server, &chest)).await.unwrap();
}

#[tokio::test]
async fn keeping_is_tried_again_before_the_token_is_given_up() {
    let (server, chest) = (provider(1).await, Arc::new(Chest::default()));
    chest.failures.store(1, Ordering::SeqCst);
    get(&client(&server, &chest)).await.unwrap();
}

#[tokio::test]
async fn a_token_that_cannot_be_kept_is_not_used() {
    let server = MockServer::start().await;
    token_endpoint().respond_with(Rotation(AtomicU32::new(0))).mount(&server).await;
    Mock::given(path("/a")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let chest = Arc::new(Chest::default());
    chest.failures.store(u32::MAX, Ordering::SeqCst);
    let failed = get(&client(&server, &chest)).await.unwrap_err();
    assert_eq!(failed.next_step(), NextStep::FixSettings);
    assert_eq!(failed.to_string(), "the refresh token cannot be kept: the disk is full");
}

#[tokio::test]
async fn a_refused_refresh_token_gives_the_claim_back() {
    let server = MockServer::start().await;
    token_endpoint()
        .and(body_string_contains("grant_type=refresh_token"))
        .respond_with(ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_grant"})))
        .mount(&server)
        .await;
    let chest = Arc::new(Chest::default());
    let failed = get(&client(&server, &chest)).await.unwrap_err();
    assert_eq!(failed.next_step(), NextStep::FixCredentials, "{failed}");
    assert!(!chest.state.lock().unwrap().1, "the claim is still held");
}

#[tokio::test]
async fn a_rotation_that_nobody_waits_for_any_more_is_finished_all_the_same() {
    let server = MockServer::start().await;
    let slow = std::time::Duration::from_millis(100);
    let rotated = json!({"access_token": "a1", "refresh_token": "CANARY-r1", "expires_in": 3600});
    token_endpoint()
        .respond_with(ResponseTemplate::new(200).set_body_json(rotated).set_delay(slow))
        .expect(1)
        .mount(&server)
        .await;
    let chest = Arc::new(Chest::default());
    let client = client(&server, &chest);
    let given_up = client.for_run(Some(tokio::time::Instant::now() + slow / 10));
    assert_eq!(get(&given_up).await.unwrap_err(), SourceError::OutOfTime);
    while chest.state.lock().unwrap().2.is_none() {
        tokio::task::yield_now().await;
    }
}

/// Two processes with a vault each, which lead to one place, ask at the same time with a token that is good once.
pub(crate) async fn two_processes_refresh_once(vaults: [Arc<dyn Vault>; 2]) {
    let server = provider(1).await;
    let settings = authorised(&server.uri(), ROTATING);
    let clients = vaults.map(|vault| Client::with_vault(&settings, Some(vault)).unwrap());
    let asked = futures::future::join_all((0..16).map(|n| get(&clients[n % 2]))).await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
}

#[test]
fn a_rotating_token_without_a_vault_is_refused() {
    let refused = Client::new(&authorised("http://127.0.0.1:1", ROTATING)).unwrap_err();
    assert_eq!(refused.to_string(), "a refresh token that rotates needs a state store with a key");
}

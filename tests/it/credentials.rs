//! The real binary with credentials that are fetched, renewed and kept.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, Respond, ResponseTemplate};

use crate::world::{CANARY, World};

/// The key of the state store, which must never appear either.
const KEY: &str = "a-key-of-at-least-thirty-two-characters";

/// Takes each refresh token once, the configured one first.
struct Rotation(AtomicU32);

impl Respond for Rotation {
    fn respond(&self, asked: &Request) -> ResponseTemplate {
        let used = self.0.fetch_add(1, Ordering::SeqCst);
        let wanted = if used == 0 { CANARY.to_owned() } else { format!("{CANARY}-{used}") };
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        if !body.split('&').any(|pair| pair == format!("refresh_token={wanted}")) {
            return ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_grant"}));
        }
        // Over at once, so that every run has to refresh.
        ResponseTemplate::new(200).set_body_json(json!({
            "access_token": format!("{CANARY}-access"), "refresh_token": format!("{CANARY}-{}", used + 1), "expires_in": 4,
        }))
    }
}

async fn rotating() -> World {
    let world = World::agreeing(3).await;
    let oauth = "{oauth: {grant: refresh_token, token_url: /token, client: shop, refresh: \"{secret.key}\", rotate: true}}";
    world.edit("provider.yaml", "{bearer: \"{secret.key}\"}", oauth);
    world.edit("tieout.yaml", "state: {", "state: {key: \"file:state.key\", ");
    world.write("state.key", KEY);
    let rotation = Rotation(AtomicU32::new(0));
    Mock::given(method("POST")).and(path("/token")).respond_with(rotation).mount(&world.api.server).await;
    world
}

#[tokio::test]
async fn each_run_goes_on_from_the_refresh_token_that_the_last_one_kept() {
    let world = rotating().await;
    for _ in 0..3 {
        let run = world.run();
        assert_eq!(run.code, 0, "{run:?}");
    }
    let state = std::fs::read(world.path().join("state.db")).unwrap();
    let holds = |text: &str| state.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds(CANARY) && !holds(KEY), "the state store holds a secret in the clear");
}

#[tokio::test]
async fn a_refresh_token_that_is_refused_ends_with_the_code_for_credentials() {
    let world = rotating().await;
    world.write("key", "another, which was never good");
    let run = world.run();
    assert_eq!(run.code, 7, "{run:?}");
    assert!(run.stdout.contains("invalid_grant"), "{run:?}");
}

#[tokio::test]
async fn a_key_that_is_too_short_or_missing_is_said_before_anything_is_sent() {
    let world = rotating().await;
    world.write("state.key", "short");
    let run = world.run();
    assert!(run.code != 0 && format!("{run:?}").contains("must be at least 32 characters"), "{run:?}");
    world.edit("tieout.yaml", "key: \"file:state.key\", ", "");
    let checked = world.tieout(&["check"]);
    assert_eq!(checked.code, 2, "{checked:?}");
    assert!(format!("{checked:?}").contains("add `state: {key: env:TIEOUT_STATE_KEY}`"), "{checked:?}");
    assert_eq!(world.api.requests(), 0);
}

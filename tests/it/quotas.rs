//! A provider that tells how much is left when it is asked.

use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use crate::world::{World, charge, set};

/// A world with a lost charge, whose provider is asked for its quota and answers so.
async fn told(body: Value) -> World {
    let world = World::agreeing(3).await;
    world.upstream(&charge("ch_lost", 3, 500));
    let quota = "limits: {quota: {request: \"GET /rate_limit\", left: core.remaining, reset: core.reset, as: epoch}}\nfeeds:";
    world.edit("provider.yaml", "feeds:", quota);
    let answer = ResponseTemplate::new(200).set_body_json(body);
    Mock::given(path("/rate_limit")).respond_with(answer).expect(1).mount(&world.api.server).await;
    world
}

fn in_two_hours() -> i64 {
    chrono::Utc::now().timestamp() + 7_200
}

#[tokio::test]
async fn where_nothing_is_left_a_run_ends_politely_before_it_asks_for_anything() {
    let world = told(json!({ "core": { "remaining": 0, "reset": in_two_hours() } })).await;
    let outcome = world.run();
    assert_eq!((outcome.code, outcome.findings()), (3, set([])), "{outcome:?}");
    assert_eq!(world.api.requests(), 0);
    let problems = outcome.domain()["problems"].to_string();
    assert!(problems.contains("the provider asks for a pause of 7"), "{problems}");
}

#[tokio::test]
async fn a_quota_is_asked_once_and_one_that_tells_nothing_changes_nothing() {
    for body in
        [json!({ "core": { "remaining": 900, "reset": in_two_hours() } }), json!({ "message": "moved" })]
    {
        let world = told(body).await;
        let outcome = world.run();
        assert_eq!((outcome.code, outcome.findings()), (0, set(["missing ch_lost"])), "{outcome:?}");
    }
}

//! What a provider can send, and what tieout says about it. Nothing is concluded from any of it.

use serde_json::json;

use crate::api::Fault;
use crate::world::{Outcome, World, charge, set};

/// Runs against an API that answers every list request in one way.
async fn against(fault: Fault) -> Outcome {
    let world = World::agreeing(3).await;
    world.api.change(|shelf| shelf.always = Some(fault));
    let outcome = world.run();
    assert_eq!(outcome.findings(), set([]), "{outcome:?}");
    assert!(outcome.domain()["verified_through"].is_null(), "{outcome:?}");
    assert_eq!(world.events().await.len(), 0);
    outcome
}

fn says(status: u16, kind: &'static str, body: &str) -> Fault {
    Fault::Says(status, kind, body.to_owned())
}

fn problem(outcome: &Outcome) -> String {
    outcome.domain()["problems"][0].as_str().unwrap_or_else(|| panic!("no problem: {outcome:?}")).to_owned()
}

#[tokio::test]
async fn a_login_page_with_status_200_is_not_an_empty_list() {
    let outcome = against(says(200, "text/html", "<html>please log in</html>")).await;
    assert_ne!(outcome.code, 0);
    let problem = problem(&outcome);
    assert!(problem.contains("text/html") && !problem.contains("please log in"), "{problem}");
}

#[tokio::test]
async fn a_page_that_is_not_json_is_refused() {
    let outcome = against(says(200, "application/json", "{\"data\": [")).await;
    assert!(problem(&outcome).contains("not JSON"), "{outcome:?}");
}

#[tokio::test]
async fn a_page_without_its_rows_is_refused() {
    let outcome = against(says(200, "application/json", "{\"items\": []}")).await;
    assert!(problem(&outcome).contains("`data`"), "{outcome:?}");
}

#[tokio::test]
async fn rejected_credentials_are_exit_7() {
    let outcome = against(says(401, "application/json", "{}")).await;
    assert_eq!(outcome.code, 7, "{outcome:?}");
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused() {
    let huge = format!("{{\"data\": [], \"junk\": \"{}\"}}", "x".repeat(9 << 20));
    let outcome = against(says(200, "application/json", &huge)).await;
    assert!(problem(&outcome).contains("larger than"), "{outcome:?}");
}

#[tokio::test]
async fn a_cursor_that_leads_back_ends_the_walk() {
    let world = World::agreeing(3).await;
    world.edit("provider.yaml", "span: 1d", "span: 40d");
    world.api.change(|shelf| shelf.rewrite = Some(|body| body["has_more"] = json!(true)));
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(world.api.requests() < 10, "the walk went in circles");
}

#[tokio::test]
async fn a_link_to_another_host_is_never_followed() {
    let world = World::agreeing(3).await;
    let elsewhere = wiremock::MockServer::start().await;
    world.edit(
        "provider.yaml",
        "next: {cursor: \"last:id\", more: has_more, size: 10}",
        "next: {url: next_page, size: 10}",
    );
    world.edit("provider.yaml", "starting_after: \"{cursor}\", ", "");
    let body = json!({ "data": [], "next_page": format!("{}/v1/charges", elsewhere.uri()) });
    world.api.change(|shelf| shelf.always = Some(Fault::Says(200, "application/json", body.to_string())));
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_item_without_a_key_makes_the_walk_partial_and_the_rest_is_judged() {
    let world = World::agreeing(3).await;
    let mut nameless = charge("x", 3, 5);
    nameless.as_object_mut().unwrap().remove("id");
    world.upstream(&nameless);
    world.upstream(&charge("ch_lost", 5, 500));
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert_eq!(outcome.findings(), set(["missing ch_lost"]));
    assert_eq!(outcome.domain()["items"]["unreadable"]["upstream"], 1);
}

#[tokio::test]
async fn two_items_with_one_key_are_judged_by_what_the_look_up_says() {
    let world = World::agreeing(3).await;
    let mut twin = charge("ch_001", 3, 5);
    world.change_upstream("ch_001", |charge| twin["created"] = charge["created"].clone());
    world.upstream(&twin);
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(problem(&outcome).contains("one key"), "{outcome:?}");
    assert_eq!(outcome.findings(), set([]), "the look-up agrees with the local side");
}

#[tokio::test]
async fn a_value_that_its_rule_cannot_read_is_unreadable_and_not_emitted() {
    let world = World::agreeing(3).await;
    world.change_upstream("ch_001", |charge| charge["status"] = json!("on_hold"));
    let outcome = world.run();
    assert_eq!(outcome.findings(), set(["unreadable ch_001"]), "{outcome:?}");
    assert_eq!(world.events().await.len(), 0);
}

#[tokio::test]
async fn a_null_character_survives_to_the_queue() {
    let world = World::agreeing(3).await;
    let mut lost = charge("ch_lost", 5, 500);
    lost["metadata"]["note"] = json!("a\u{0}b");
    world.upstream(&lost);
    assert_eq!(world.run().code, 0);
    assert_eq!(world.events().await[0]["data"]["metadata"]["note"], "a\u{0}b");
}

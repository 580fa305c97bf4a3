//! Looking at a feed by itself: what `preview` shows and what `probe` proves.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_preview_shows_the_page_the_rows_and_the_next_request() {
    let world = World::agreeing(12).await;
    let human = world.tieout(&["preview", "api/charges"]);
    assert_eq!(human.code, 0, "{human:?}");
    for expected in ["asked    GET /v1/charges?", "status 200", "\"ch_000\"", "next     GET /v1/charges?"] {
        assert!(human.stdout.contains(expected), "{expected}: {}", human.stdout);
    }
    let shown = world.tieout(&["preview", "api/charges", "--format", "json"]).json();
    assert_eq!((shown["status"].as_u64(), shown["unreadable"].clone()), (Some(200), json!([])));
    assert_eq!(shown["rows"][0]["key"], "\"ch_000\"");
    world.api.change(|shelf| assert_eq!((shelf.lists.len(), shelf.look_ups.len()), (2, 0)));
}

#[tokio::test]
async fn a_preview_shows_an_answer_that_is_no_page_as_an_error_with_its_place() {
    let world = World::agreeing(2).await;
    world.api.change(|shelf| shelf.rewrite = Some(|body| *body = json!({ "items": [] })));
    let outcome = world.tieout(&["preview", "api/charges"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("there is no `data` in the page"), "{}", outcome.stderr);
}

#[tokio::test]
async fn a_probe_proves_an_honest_feed_in_a_few_requests() {
    let world = World::agreeing(25).await;
    let outcome = world.tieout(&["probe", "api/charges", "--format", "json"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let tests = outcome.json()["tests"].as_array().unwrap().clone();
    let held = tests.iter().filter(|test| test["result"] == "ok").count();
    assert!(held >= 7, "{tests:#?}");
    assert!(world.api.requests() <= 5);
}

#[tokio::test]
async fn a_probe_catches_a_list_that_repeats_itself() {
    let world = World::agreeing(25).await;
    world.edit("provider.yaml", "starting_after: \"{cursor}\"", "ending_nowhere: \"{cursor}\"");
    let outcome = world.tieout(&["probe", "api/charges"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stdout.contains("the second page is the first page again"), "{}", outcome.stdout);
}

#[tokio::test]
async fn a_feed_that_does_not_exist_is_answered_with_its_neighbour() {
    let world = World::agreeing(1).await;
    let outcome = world.tieout(&["probe", "api/charge"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("did you mean `charges`"), "{}", outcome.stderr);
    let domain = world.tieout(&["preview", "shop.charges"]);
    assert_eq!(domain.code, 2);
    assert!(domain.stderr.contains("provider/feed"), "{}", domain.stderr);
    assert_eq!(world.api.requests(), 0);
}

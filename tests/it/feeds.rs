//! Looking at a feed by itself: what `preview` shows and what `probe` proves.

use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::world::World;

/// A world whose feed is read for each of several accounts, which `each` names.
async fn fanned_out(each: &str) -> World {
    let world = World::agreeing(12).await;
    world.edit("provider.yaml", "    rows: data", &format!("    each: {each}\n    rows: data"));
    world.edit("provider.yaml", "query: {", "query: {account: \"{each.account}\", ");
    world.edit("charges.yaml", "created_at < :to", "created_at < :to AND :each.account <> ''");
    world.edit("charges.yaml", "id IN (:keys)", "id IN (:keys) AND :each.account <> ''");
    world
}

/// A feed of accounts, which names the members of the other one.
const ACCOUNTS: &str = r#"
  accounts:
    request: GET /v1/accounts
    query: {limit: "{size}", after: "{cursor}"}
    rows: data
    id: id
    mutable: false
    next: {cursor: "last:id", more: has_more, size: 10}
    window: {clock: created, on: created, as: epoch, filter: client}
    confirm: {one: "GET /v1/accounts/{id}", gone: 404}
"#;

/// The accounts that the list requests asked for, in order.
fn asked_for(world: &World) -> Vec<String> {
    let mut accounts = Vec::new();
    world.api.change(|shelf| {
        let account = |query: &String| {
            query.split('&').find_map(|pair| pair.strip_prefix("account=").map(str::to_owned))
        };
        accounts = shelf.lists.iter().filter_map(account).collect();
    });
    accounts
}

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
async fn a_page_that_is_only_a_part_is_shown_as_such_and_proves_no_rows() {
    let world = World::agreeing(3).await;
    let rule = "rules: [{when: {body: {incomplete: \"true\"}}, do: partial}]\nfeeds:";
    world.edit("provider.yaml", "feeds:", rule);
    world.api.change(|shelf| shelf.rewrite = Some(|body| body["incomplete"] = json!(true)));
    let human = world.tieout(&["preview", "api/charges"]);
    assert!(
        human.stdout.contains("! only a part: status 200, by a rule of the provider"),
        "{}",
        human.stdout
    );
    let probed = world.tieout(&["probe", "api/charges", "--format", "json"]).json();
    let rows =
        probed["tests"].as_array().unwrap().iter().find(|test| test["what"] == "rows").unwrap().clone();
    assert!(rows["result"] != "ok" && rows.to_string().contains("only a part"), "{rows}");
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

#[tokio::test]
async fn a_feed_of_several_is_shown_for_the_first_member_or_for_the_one_that_is_named() {
    let world = fanned_out("{account: [red, blue]}").await;
    let first = world.tieout(&["preview", "api/charges"]);
    assert_eq!(first.code, 0, "{first:?}");
    assert!(
        first.stdout.starts_with("for      red\nasked    GET /v1/charges?account=red&"),
        "{}",
        first.stdout
    );
    let named = world.tieout(&["preview", "api/charges", "--each", "account=blue", "--format", "json"]);
    assert_eq!(named.json()["member"], "blue");
    let stray = world.tieout(&["preview", "api/charges", "--each", "account=green"]);
    assert_eq!(stray.code, 2, "{stray:?}");
    assert!(stray.stderr.contains("known members: red, blue"), "{}", stray.stderr);
    assert_eq!(asked_for(&world), ["red", "blue"]);
}

#[tokio::test]
async fn every_request_of_a_probe_is_about_one_member() {
    let world = fanned_out("{account: [red, blue]}").await;
    let outcome = world.tieout(&["probe", "api/charges", "--each", "account=blue", "--since", "2020-01-01"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("the feed was asked for `blue`"), "{}", outcome.stdout);
    let asked = asked_for(&world);
    assert!(asked.len() >= 3 && asked.iter().all(|account| account == "blue"), "{asked:?}");
}

#[tokio::test]
async fn members_that_are_the_items_of_another_feed_are_looked_up_there_first() {
    let world = fanned_out("{feed: accounts, field: id, as: account}").await;
    let provider = std::fs::read_to_string(world.path().join("provider.yaml")).unwrap();
    world.write("provider.yaml", &format!("{}{ACCOUNTS}", provider.trim_end()));
    let list = json!({ "data": [{ "id": "acct_7", "created": 1_700_000_000 }], "has_more": false });
    Mock::given(method("GET"))
        .and(path("/v1/accounts"))
        .respond_with(ResponseTemplate::new(200).set_body_json(list))
        .expect(2)
        .mount(&world.api.server)
        .await;
    let shown = world.tieout(&["preview", "api/charges", "--format", "json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert_eq!(shown.json()["member"], "acct_7");
    let online = world.tieout(&["check", "--online"]);
    assert_eq!(online.code, 0, "{online:?}");
    assert_eq!(
        asked_for(&world),
        ["acct_7", "acct_7"],
        "each of them reads one page, although there are more"
    );
    world.tieout(&["probe", "api/charges", "--each", "account=acct_9"]);
    let asked = asked_for(&world).split_off(2);
    assert!(!asked.is_empty() && asked.iter().all(|account| account == "acct_9"), "{asked:?}");
}

#[tokio::test]
async fn a_feed_that_is_read_once_has_no_member_to_choose() {
    let world = World::agreeing(1).await;
    let outcome = world.tieout(&["preview", "api/charges", "--each", "account=red"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("the feed is read once"), "{}", outcome.stderr);
    assert_eq!(world.api.requests(), 0);
}

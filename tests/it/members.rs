//! A feed that is read for every item of another feed, where one of them cannot be read.

use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::world::{Outcome, World, charge};

const ACCOUNTS: &str = "  accounts:
    request: GET /v1/accounts
    query: {after: \"{cursor}\"}
    rows: data
    id: id
    next: {cursor: next}
    window: {clock: created, as: epoch, filter: client, \"on\": created}
    confirm: {one: \"GET /v1/accounts/{id}\", gone: 404}
";

/// What `:each.account` makes of the local query: the account is the first part of an id.
const OF_ACCOUNT: &str = "substr(id, 1, instr(id, '_') - 1) = :each.account AND";

/// A world of three accounts, two on the first page of their list and one on the second, each with a charge that was
/// lost. What the account `red` is asked for its charges is answered with a status.
async fn accounts(red: u16) -> World {
    let world = World::agreeing(0).await;
    world.edit(
        "provider.yaml",
        "GET /v1/charges\n",
        "\"GET /v1/accounts/{each.account}/charges\"\n    each: {feed: accounts, field: name, as: account}\n",
    );
    world.edit("provider.yaml", "GET /v1/charges/{id}", "GET /v1/accounts/{each.account}/charges/{id}");
    let provider = std::fs::read_to_string(world.path().join("provider.yaml")).unwrap();
    world.write("provider.yaml", &format!("{}\n{ACCOUNTS}", provider.trim_end()));
    world.edit("charges.yaml", "WHERE created_at", &format!("WHERE {OF_ACCOUNT} created_at"));
    world.edit("charges.yaml", "WHERE id IN", &format!("WHERE {OF_ACCOUNT} id IN"));
    let mut charges = Vec::new();
    for account in ["blue", "green", "red"] {
        for at in 0..4 {
            let one = charge(&format!("{account}_{at}"), 2 + at, 1_000);
            world.local(&one).await;
            charges.push(one);
        }
        charges.push(charge(&format!("{account}_lost"), 9, 500));
    }
    mount(&world, charges, red).await;
    world
}

async fn mount(world: &World, charges: Vec<Value>, red: u16) {
    let names = |request: &Request| {
        let is_second = request.url.query_pairs().any(|(name, value)| (&*name, &*value) == ("after", "2"));
        let account = |name: &str| json!({ "id": format!("acct_{name}"), "name": name, "created": 1 });
        let body = if is_second {
            json!({ "data": [account("red")], "next": null })
        } else {
            json!({ "data": [account("blue"), account("green")], "next": "2" })
        };
        ResponseTemplate::new(200).set_body_json(body)
    };
    let held = charges.clone();
    let list = move |request: &Request| {
        let account = request.url.path_segments().unwrap().nth(2).unwrap().to_owned();
        if account == "red" && red != 200 {
            return ResponseTemplate::new(red).set_body_json(json!({ "error": "no" }));
        }
        let bound = |name: &str| {
            let pair = request.url.query_pairs().find(|(key, _)| key == name);
            pair.map(|(_, value)| value.parse::<i64>().unwrap()).unwrap()
        };
        let range = bound("created[gte]")..bound("created[lt]");
        let is_its = |charge: &&Value| {
            let id = charge["id"].as_str().unwrap();
            id.split('_').next() == Some(&*account) && range.contains(&charge["created"].as_i64().unwrap())
        };
        let data: Vec<&Value> = held.iter().filter(is_its).collect();
        ResponseTemplate::new(200).set_body_json(json!({ "data": data, "has_more": false }))
    };
    let one = move |request: &Request| {
        let id = request.url.path_segments().unwrap().next_back().unwrap().to_owned();
        match charges.iter().find(|charge| charge["id"] == id.as_str()) {
            Some(charge) => ResponseTemplate::new(200).set_body_json(charge),
            None => ResponseTemplate::new(404),
        }
    };
    let get = || Mock::given(method("GET"));
    get().and(path("/v1/accounts")).respond_with(names).mount(&world.api.server).await;
    get().and(path_regex("^/v1/accounts/[^/]+/charges$")).respond_with(list).mount(&world.api.server).await;
    get().and(path_regex("^/v1/accounts/[^/]+/charges/.+$")).respond_with(one).mount(&world.api.server).await;
}

/// `each key` of every finding.
fn found(outcome: &Outcome) -> Vec<String> {
    let domain = outcome.domain();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = domain["findings"].as_array().unwrap().iter();
    let mut found: Vec<String> =
        findings.map(|f| format!("{} {} {}", text(&f["each"]), text(&f["kind"]), text(&f["key"]))).collect();
    found.sort();
    found
}

#[tokio::test]
async fn every_item_of_the_other_feed_is_a_member_with_findings_of_its_own() {
    let world = accounts(200).await;
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(
        found(&outcome),
        ["blue missing blue_lost", "green missing green_lost", "red missing red_lost"]
    );
    assert_eq!(outcome.domain()["members"]["all"], 3, "{outcome:?}");
    assert_eq!(outcome.domain()["items"]["matched"], 12, "{outcome:?}");
}

#[tokio::test]
async fn a_member_that_cannot_be_read_is_named_and_the_others_are_judged() {
    let world = accounts(400).await;
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert_eq!(found(&outcome), ["blue missing blue_lost", "green missing green_lost"]);
    let domain = outcome.domain();
    assert!(domain["verified_through"].is_null(), "a domain is verified as far as its last member: {domain}");
    let problems: Vec<&str> =
        domain["problems"].as_array().unwrap().iter().map(|problem| problem.as_str().unwrap()).collect();
    assert!(
        !problems.is_empty() && problems.iter().all(|problem| problem.starts_with("red: ")),
        "{problems:?}"
    );
    assert!(problems[0].contains("refuses the request (status 400)"), "{problems:?}");
    let human = world.tieout(&["plan"]);
    assert!(human.stdout.contains("red: "), "{human:?}");
}

#[tokio::test]
async fn a_saved_plan_is_carried_out_for_the_members_that_it_names() {
    let world = accounts(200).await;
    let plan = world.tieout(&["plan", "--out", "plan.json", "--format", "json"]);
    assert_eq!(plan.code, 4, "{plan:?}");
    world.local(&charge("green_lost", 9, 500)).await;
    let run = world.tieout(&["run", "--plan", "plan.json", "--format", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let items = run.domain()["carried_out"]["items"].as_array().unwrap().clone();
    let told = items.iter().map(|item| {
        [&item["each"], &item["key"], &item["outcome"]]
            .map(|text| text.as_str().unwrap().to_owned())
            .join(" ")
    });
    let expected = ["blue blue_lost emitted", "green green_lost already_repaired", "red red_lost emitted"];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(world.events().await.len(), 2);
}

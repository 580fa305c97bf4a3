//! Feeds that are read for several members, each with credentials of its own.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use wiremock::matchers::{header, path, path_regex};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::world::{CANARY, World, charge};

/// Two accounts with a key each, and no key of the provider's own.
const TWO: &str = "each: [{account: red, secrets: {key: \"file:red.key\"}}, {account: blue, secrets: {key: \"file:blue.key\"}}]";

/// A world with a charge that only upstream has, read for the accounts that `each` names.
async fn accounts(each: &str) -> World {
    let world = World::agreeing(3).await;
    world.edit("tieout.yaml", "secrets: {key: \"file:key\"}", each);
    for account in ["red", "blue"] {
        world.write(&format!("{account}.key"), &format!("{CANARY}-{account}"));
    }
    world.edit("charges.yaml", "created_at < :to", "created_at < :to AND :each.account <> ''");
    world.edit("charges.yaml", "id IN (:keys)", "id IN (:keys) AND :each.account <> ''");
    world.upstream(&charge("ch_lost", 5, 500));
    world
}

/// The tokens that requests to a path showed.
async fn shown(world: &World, is_its: impl Fn(&Request) -> bool) -> BTreeSet<String> {
    let requests = world.api.server.received_requests().await.unwrap();
    let token = |request: &Request| {
        let shown = request.headers.get("authorization").unwrap().to_str().unwrap();
        shown.trim_start_matches("Bearer ").to_owned()
    };
    requests.iter().filter(|request| is_its(request)).map(token).collect()
}

fn tokens<const N: usize>(accounts: [&str; N]) -> BTreeSet<String> {
    accounts.map(|account| format!("{CANARY}-{account}")).into()
}

fn is_look_up(request: &Request) -> bool {
    request.url.path().ends_with("/ch_lost")
}

#[tokio::test]
async fn every_member_is_read_with_its_own_credential_in_lists_and_look_ups() {
    let world = accounts(TWO).await;
    world.edit("provider.yaml", "query: {", "query: {account: \"{each.account}\", ");
    let run = world.run();
    assert_eq!(run.code, 0, "{run:?}");
    for account in ["red", "blue"] {
        let asked = format!("account={account}");
        let is_its = |request: &Request| request.url.query().is_some_and(|query| query.contains(&asked));
        assert_eq!(shown(&world, is_its).await, tokens([account]));
    }
    assert_eq!(shown(&world, is_look_up).await, tokens(["red", "blue"]));
    let events = world.events().await;
    let sources: BTreeSet<&str> = events.iter().filter_map(|event| event["source"].as_str()).collect();
    assert_eq!(sources, ["/tieout/shop.charges/red", "/tieout/shop.charges/blue"].into());
}

#[tokio::test]
async fn members_that_differ_in_their_secrets_alone_are_told_apart_and_no_secret_is_kept() {
    let world = accounts(TWO).await;
    let run = world.run();
    assert_eq!((run.code, run.domain()["findings"].as_array().unwrap().len()), (0, 2), "{run:?}");
    assert_eq!(shown(&world, |_| true).await, tokens(["red", "blue"]));
    for kept in ["state.db", "queue.db"] {
        let bytes = std::fs::read(world.path().join(kept)).unwrap();
        assert!(
            !bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()),
            "{kept} holds a secret"
        );
    }
}

#[tokio::test]
async fn a_member_whose_secret_is_missing_fails_alone_and_is_asked_nothing() {
    let world = accounts(TWO).await;
    std::fs::remove_file(world.path().join("blue.key")).unwrap();
    let run = world.run();
    assert_eq!(run.code, 3, "{run:?}");
    let domain = run.domain();
    assert_eq!(domain["members"]["troubled"], serde_json::json!(["blue"]), "{domain}");
    assert!(
        domain["problems"].to_string().contains("providers.api.each[blue].secrets.key: cannot read the file"),
        "{domain}"
    );
    assert_eq!(shown(&world, |_| true).await, tokens(["red"]));
    let vars = world.tieout(&["check", "--vars"]);
    assert_eq!(vars.code, 2, "{vars:?}");
    assert!(vars.stdout.contains("each[blue].secrets.key"), "{vars:?}");
}

#[tokio::test]
async fn a_member_without_secrets_of_its_own_is_read_with_those_of_the_provider() {
    let world = accounts("secrets: {key: \"file:key\"}, each: [{account: red, secrets: {key: \"file:red.key\"}}, {account: blue}]").await;
    let run = world.run();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(shown(&world, |_| true).await, [CANARY.to_owned(), format!("{CANARY}-red")].into());
}

#[tokio::test]
async fn members_may_have_a_base_of_their_own_and_credentials_that_name_them() {
    let world = accounts("each: {account: [red, blue]}, secrets: {key: \"file:key\"}").await;
    let uri = world.api.server.uri();
    world.edit("tieout.yaml", &format!("base: \"{uri}\", "), "");
    world.edit("provider.yaml", "http://127.0.0.1:1", &format!("\"{uri}/{{each.account}}\""));
    world.edit("provider.yaml", "{bearer: \"{secret.key}\"}", "{bearer: \"{secret.key}-{each.account}\"}");
    let page = serde_json::json!({ "data": [], "has_more": false });
    Mock::given(path("/blue/v1/charges"))
        .and(header("authorization", format!("Bearer {CANARY}-blue").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .expect(1)
        .mount(&world.api.server)
        .await;
    let shown = world.tieout(&["preview", "api/charges", "--each", "account=blue"]);
    assert_eq!(shown.code, 0, "{shown:?}");
}

#[tokio::test]
async fn members_that_show_one_credential_share_its_budget_wherever_their_bases_are() {
    let world = accounts("each: {account: [red, blue]}, secrets: {key: \"file:key\"}").await;
    let uri = world.api.server.uri();
    world.edit("tieout.yaml", &format!("base: \"{uri}\", "), "");
    world.edit("provider.yaml", "http://127.0.0.1:1", &format!("\"{uri}/{{each.account}}\""));
    world.edit("provider.yaml", "feeds:", "limits: {rate: 20/s}\nfeeds:");
    let arrivals: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let seen = Arc::clone(&arrivals);
    let page = move |_: &Request| {
        seen.lock().unwrap().push(Instant::now());
        ResponseTemplate::new(200).set_body_json(json!({ "data": [], "has_more": false }))
    };
    Mock::given(path_regex("^/(red|blue)/v1/charges$")).respond_with(page).mount(&world.api.server).await;
    let planned = world.plan();
    let arrivals = arrivals.lock().unwrap();
    let (Some(first), Some(last)) = (arrivals.first(), arrivals.last()) else { panic!("{planned:?}") };
    let intervals = u32::try_from(arrivals.len()).unwrap() - 1;
    assert!(intervals >= 20, "both were read for a month: {planned:?}");
    let permitted = Duration::from_millis(50) * intervals;
    assert!(
        *last - *first >= permitted.mul_f64(0.9),
        "{intervals} after the first within {:?}",
        *last - *first
    );
}

#[tokio::test]
async fn credentials_that_name_members_need_some() {
    let world = accounts("secrets: {key: \"file:key\"}").await;
    world.edit("provider.yaml", "{bearer: \"{secret.key}\"}", "{bearer: \"{secret.key}-{each.account}\"}");
    let checked = world.tieout(&["check"]);
    assert_eq!(checked.code, 2, "{checked:?}");
    assert!(checked.stderr.contains("needs `{each.account}`, which is not set"), "{checked:?}");
    assert_eq!(world.api.requests(), 0);
}

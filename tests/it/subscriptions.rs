//! `tieout doctor` on what a provider says about the endpoints of its webhooks and the scopes of the credentials.

use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, ResponseTemplate};

use crate::doctor::{doctor, told};
use crate::world::{CANARY, World};

const WEBHOOKS: &str = "    webhooks: {list: endpoints, url: url, on_if: {status: enabled}, ok_if: {last: ok}, topics: events, all: \"*\", \
     expect: [charge.created, charge.updated]}\n";
const LISTS: &str = "lists:\n  endpoints:\n    request: GET /v1/endpoints\n    query: {after: \"{cursor}\"}\n    rows: data\n    \
     id: id\n    next: {cursor: \"last:id\", more: has_more}\n  grants:\n    request: GET /v1/grants\n    rows: grants\n    id: handle\n    \
     next: none\n";
const OURS: &str = "https://hooks.shop.example/in/s3cr3t-t0ken?key=s3cr3t-key";

/// A world whose provider lists endpoints; the domain's own is at `hooks.shop.example`.
async fn world() -> World {
    let world = World::agreeing(1).await;
    let provider = include_str!("world/provider.yaml");
    world.write("provider.yaml", &format!("{provider}{WEBHOOKS}{LISTS}"));
    let domain = include_str!("world/charges.yaml");
    world.write("charges.yaml", &format!("{domain}webhooks: {{url: https://hooks.shop.example/in}}\n"));
    world
}

fn endpoint(id: &str, url: &str, status: &str, events: &[&str]) -> Value {
    json!({"id": id, "url": url, "status": status, "last": "ok", "events": events, "secret": "whsec_s3cr3t"})
}

async fn serve(world: &World, from: &str, answer: ResponseTemplate) {
    let one = Mock::given(method("GET")).and(path(from)).respond_with(answer).with_priority(1);
    one.mount(&world.api.server).await;
}

async fn list(world: &World, endpoints: &[Value]) {
    let page = json!({"data": endpoints, "has_more": false});
    serve(world, "/v1/endpoints", ResponseTemplate::new(200).set_body_json(page)).await;
}

/// The one line about the webhooks of the domain: its result and its words.
fn said(world: &World) -> (String, String) {
    let outcome = doctor(world);
    assert_eq!(outcome.code, 0, "a run repairs what webhooks leave out: {outcome:?}");
    for secret in ["s3cr3t", CANARY] {
        assert!(!format!("{outcome:?}").contains(secret), "{outcome:?}");
    }
    let document = outcome.json();
    let tests = document["tests"].as_array().unwrap();
    let its: Vec<&Value> = tests.iter().filter(|test| test["what"] == "webhooks of shop.charges").collect();
    let [only] = its[..] else { panic!("{its:?}") };
    let text = |name: &str| only[name].as_str().unwrap().to_owned();
    (text("result"), text("detail"))
}

#[tokio::test]
async fn an_endpoint_that_is_on_and_is_sent_every_topic_is_well() {
    let world = world().await;
    let other = endpoint("we_0", "https://other.example/", "disabled", &[]);
    list(&world, &[other, endpoint("we_1", OURS, "enabled", &["charge.updated", "charge.created", "x"])])
        .await;
    let (result, detail) = said(&world);
    assert_eq!(result, "ok", "{detail}");
    assert_eq!(
        detail,
        "https://hooks.shop.example (we_1) is on and is sent `charge.created`, `charge.updated`"
    );
}

#[tokio::test]
async fn an_endpoint_on_a_later_page_is_found_and_may_be_sent_everything() {
    let world = world().await;
    let page = |endpoint: Value, more: bool| {
        ResponseTemplate::new(200).set_body_json(json!({"data": [endpoint], "has_more": more}))
    };
    let asked = || Mock::given(method("GET")).and(path("/v1/endpoints"));
    let first = page(endpoint("we_0", "https://other.example/", "enabled", &["*"]), true);
    let second = page(endpoint("we_1", OURS, "enabled", &["*"]), false);
    let first = asked().and(query_param_is_missing("after")).respond_with(first).with_priority(1);
    first.mount(&world.api.server).await;
    let second = asked().and(query_param("after", "we_0")).respond_with(second).with_priority(1);
    second.mount(&world.api.server).await;
    let (result, detail) = said(&world);
    assert!(result == "ok" && detail.contains("(we_1)"), "{result} {detail}");
}

#[tokio::test]
async fn an_endpoint_that_is_off_lacks_topics_or_fails_is_named_with_its_cure() {
    for (status, last, events, words) in [
        ("disabled", "ok", &["*"][..], "is off: the provider sends it nothing; enable it"),
        ("enabled", "ok", &["charge.created"], "is not sent `charge.updated`; add this topic"),
        ("enabled", "ok", &[], "is not sent `charge.created`, `charge.updated`; add these topics"),
        ("enabled", "timeout", &["*"], "the last delivery to https://hooks.shop.example (we_1) failed"),
    ] {
        let world = world().await;
        let mut ours = endpoint("we_1", OURS, status, events);
        ours["last"] = last.into();
        list(&world, &[ours]).await;
        let (result, detail) = said(&world);
        assert!(result == "warning" && detail.contains(words), "{result} {detail}");
    }
}

#[tokio::test]
async fn a_list_without_our_endpoint_says_whether_it_has_others() {
    let empty = world().await;
    list(&empty, &[]).await;
    let (result, detail) = said(&empty);
    assert!(result == "warning" && detail.starts_with("the provider sends webhooks to nobody"), "{detail}");
    let others = world().await;
    list(&others, &[endpoint("we_0", "https://hooks.shop.example.evil.example/in", "enabled", &["*"])]).await;
    let (result, detail) = said(&others);
    assert_eq!(result, "warning");
    assert!(detail.starts_with("none of the provider's 1 endpoint leads to"), "{detail}");
    assert!(detail.contains("those of another account"), "{detail}");
}

#[tokio::test]
async fn a_list_that_is_refused_or_no_list_is_not_told_and_never_well() {
    for (answer, words) in [
        (ResponseTemplate::new(403), "give the credentials the right to read this list"),
        (ResponseTemplate::new(404), "status 404"),
        (ResponseTemplate::new(200).set_body_string("<html>hello</html>"), "compare the feed's definition"),
        (ResponseTemplate::new(200).set_body_json(json!({"objects": []})), "compare the feed's definition"),
    ] {
        let world = world().await;
        serve(&world, "/v1/endpoints", answer).await;
        let (result, detail) = said(&world);
        assert!(result == "not_told" && detail.contains(words), "{result} {detail}");
        let page = world.tieout(&["doctor"]);
        assert!(page.stdout.contains("not told  webhooks of shop.charges"), "{page:?}");
    }
}

#[tokio::test]
async fn an_entry_that_does_not_say_whether_it_is_on_or_what_it_is_sent_is_not_told() {
    for (member, words) in [("status", "does not say whether"), ("events", "does not say which topics")] {
        let world = world().await;
        let mut ours = endpoint("we_1", OURS, "enabled", &["*"]);
        ours.as_object_mut().unwrap().remove(member);
        list(&world, &[ours]).await;
        let (result, detail) = said(&world);
        assert!(result == "not_told" && detail.contains(words), "{result} {detail}");
    }
}

#[tokio::test]
async fn a_domain_says_which_topics_it_needs_or_that_it_lives_without() {
    let world = world().await;
    list(&world, &[endpoint("we_1", OURS, "enabled", &["charge.created"])]).await;
    world.edit("charges.yaml", "/in}", "/in, expect: [charge.created]}");
    assert_eq!(said(&world).0, "ok");
    world.edit("charges.yaml", "expect: [charge.created]", "expect: []");
    let outcome = doctor(&world);
    assert!(!outcome.stdout.contains("webhooks of"), "{outcome:?}");
    // Without a `url`, the endpoint that lacks the least is meant.
    world.edit("charges.yaml", "url: https://hooks.shop.example/in, expect: []", "expect: [charge.created]");
    let (result, detail) = said(&world);
    assert!(result == "ok" && detail.contains("(we_1)"), "{result} {detail}");
}

#[tokio::test]
async fn a_definition_that_says_nothing_of_webhooks_is_not_told_once() {
    let world = World::agreeing(1).await;
    let outcome = doctor(&world);
    assert_eq!(told(&outcome, "webhooks of api/charges", "not_told").len(), 1, "{outcome:?}");
    world.edit("charges.yaml", "compare:", "webhooks: {url: https://hooks.shop.example/in}\ncompare:");
    let refused = world.tieout(&["check"]);
    assert!(
        refused.code == 2 && refused.stderr.contains("does not say how endpoints of webhooks are listed"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn scopes_that_a_list_does_not_have_are_named() {
    let scopes = "    scopes: {list: grants, at: handle, need: [read_charges|write_charges, read_all]}\n";
    for (grants, result, words) in [
        (json!([{"handle": "write_charges"}, {"handle": "read_all"}]), "ok", "`read_all`, `write_charges`"),
        (json!([{"handle": "read_all"}]), "failed", "lacks `read_charges` or `write_charges`; grant it"),
        (json!([]), "failed", "lacks `read_charges` or `write_charges`, `read_all`; grant it"),
        (json!("none"), "not_told", "compare the feed's definition"),
    ] {
        let world = World::agreeing(1).await;
        let provider = include_str!("world/provider.yaml");
        world.write("provider.yaml", &format!("{provider}{scopes}{LISTS}"));
        serve(&world, "/v1/grants", ResponseTemplate::new(200).set_body_json(json!({"grants": grants})))
            .await;
        let outcome = doctor(&world);
        let told = told(&outcome, "scopes for shop.charges", result);
        assert!(told.len() == 1 && told[0].contains(words), "{outcome:?}");
        assert_eq!(outcome.code, if result == "failed" { 7 } else { 0 }, "{outcome:?}");
    }
}

#[tokio::test]
async fn scopes_are_read_from_the_headers_of_an_answer_refused_or_not() {
    let scopes = "    scopes: {header: X-OAuth-Scopes, accepted: X-Accepted-OAuth-Scopes}\n";
    let page = json!({"data": [], "has_more": false});
    for (status, has, accepted, result, words) in [
        (200, Some("repo, user"), "repo, public_repo", "ok", "`repo`, `user`"),
        (403, Some("user"), "repo, public_repo", "failed", "lacks `repo` or `public_repo`"),
        (200, Some(""), "", "ok", "none is needed"),
        (200, None, "repo", "not_told", "no answer has the header `x-oauth-scopes`"),
    ] {
        let world = World::agreeing(1).await;
        let provider = include_str!("world/provider.yaml");
        world.write("provider.yaml", &format!("{provider}{scopes}"));
        let mut answer = ResponseTemplate::new(status).set_body_json(&page);
        answer = answer.insert_header("X-Accepted-OAuth-Scopes", accepted);
        if let Some(has) = has {
            answer = answer.insert_header("X-OAuth-Scopes", has);
        }
        serve(&world, "/v1/charges", answer).await;
        let outcome = doctor(&world);
        let told = told(&outcome, "scopes for shop.charges", result);
        assert!(told.len() == 1 && told[0].contains(words), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_permission_that_the_provider_names_is_said_and_its_masked_key_does_not_hide_it() {
    let world = World::agreeing(1).await;
    world.edit(
        "provider.yaml",
        "feeds:",
        "rules:\n  - {when: {status: 403}, do: reject, message: error.message}\nfeeds:",
    );
    let stars = "*".repeat(150);
    let message = format!(
        "The key 'rk_test_{stars}abcd' lacks a right. Having the 'rak_charge_read' permission would help."
    );
    let refused = ResponseTemplate::new(403).set_body_json(json!({"error": {"message": message}}));
    serve(&world, "/v1/charges", refused).await;
    let outcome = doctor(&world);
    assert_eq!(outcome.code, 7, "{outcome:?}");
    let told = told(&outcome, "feed of shop.charges", "failed");
    assert!(told[0].contains("'rk_test_***abcd'") && told[0].contains("'rak_charge_read'"), "{told:?}");
}

#[tokio::test]
async fn endpoints_of_one_host_count_together_where_each_topic_has_its_own() {
    let world = world().await;
    world.edit("charges.yaml", "webhooks: {url: https://hooks.shop.example/in}\n", "");
    let at = |id: &str, path: &str, topic: &str| {
        endpoint(id, &format!("https://hooks.shop.example/{path}"), "enabled", &[topic])
    };
    list(&world, &[at("we_1", "created", "charge.created"), at("we_2", "updated", "charge.updated")]).await;
    let (result, detail) = said(&world);
    assert!(result == "ok" && detail.contains("(we_1, we_2)"), "{result} {detail}");
}

#[tokio::test]
async fn a_list_that_breaks_off_proves_what_it_showed_and_nothing_that_it_did_not() {
    for (events, result) in [(["*"], "ok"), (["charge.created"], "not_told")] {
        let world = world().await;
        let page = json!({"data": [endpoint("we_1", OURS, "enabled", &events)], "has_more": true});
        let asked = || Mock::given(method("GET")).and(path("/v1/endpoints"));
        let first = asked()
            .and(query_param_is_missing("after"))
            .respond_with(ResponseTemplate::new(200).set_body_json(page));
        first.with_priority(1).mount(&world.api.server).await;
        let second = asked().and(query_param("after", "we_1")).respond_with(ResponseTemplate::new(403));
        second.with_priority(1).mount(&world.api.server).await;
        let (told, detail) = said(&world);
        assert_eq!(told, result, "{detail}");
    }
}

//! What definitions ask for when a request is more than a path and a query: bodies, forms, GraphQL, languages, members.

use serde_json::{Value, json};

use super::{DOMAIN, PROVIDER, day, definition, line, ok, on_feed, provider};
use crate::define::definition::{Definition, Settings};
use crate::define::template::Slot;
use crate::fan_out::{FanOut, Member};
use crate::name::Each;
use crate::page::{Answer, Method, Next, PageRequest, Position};
use crate::reconciler::Reconciler;
use crate::window::Slice;

const PLAIN: &str = "    request: GET /orders
    query: {limit: \"{size}\", after: \"{cursor}\", from: \"{from}\", to: \"{to}\"}\n";

/// The feed of this module with another request.
fn feed(request: &str) -> Definition {
    definition(&[(PLAIN, request)])
}

fn body(request: &PageRequest) -> Value {
    let body = request.body.as_ref().unwrap();
    assert_eq!(body.content_type, "application/json");
    serde_json::from_str(&body.text).unwrap()
}

fn next(definition: &Definition, request: &PageRequest, page: &str) -> PageRequest {
    match definition.read_page(&day(), request, &ok(page.as_bytes())).unwrap().next {
        Next::Page(next) => next,
        Next::End => panic!("the walk ended"),
    }
}

const SEARCH: &str = r#"    request: POST /orders/search
    body:
      limit: "{size}"
      after: "{cursor}"
      filters:
        - {field: at, operator: GTE, value: "{from:epoch_ms}"}
        - {field: at, operator: LT, value: "{to:text}"}
        - {field: key, operator: GT, value: "{cursor}"}
"#;

#[test]
fn a_search_is_posted_and_its_cursor_sent_in_the_body() {
    let definition = feed(SEARCH);
    let first = definition.first_page(&day());
    assert_eq!((first.method, line(&first)), (Method::Post, "/orders/search?".to_owned()));
    let from = json!({"field": "at", "operator": "GTE", "value": 1_763_683_200_000_u64});
    let to = json!({"field": "at", "operator": "LT", "value": "2025-11-22T00:00:00Z"});
    assert_eq!(body(&first), json!({"limit": 100, "filters": [from, to]}));
    let second = next(&definition, &first, r#"{"data":[],"next_cursor":"c"}"#);
    let key = json!({"field": "key", "operator": "GT", "value": "c"});
    assert_eq!(body(&second), json!({"limit": 100, "after": "c", "filters": [from, to, key]}));
}

#[test]
fn a_form_is_encoded_as_forms_are() {
    let definition = feed(
        "    request: POST /orders\n    encode: form\n    body: {limit: \"{size}\", after: \"{cursor}\", from: \"{from}\", to: \"{to}\", all: true}\n",
    );
    let body = definition.first_page(&day()).body.unwrap();
    assert_eq!(body.content_type, "application/x-www-form-urlencoded");
    assert_eq!(body.text, "limit=100&from=2025-11-21T00%3A00%3A00Z&to=2025-11-22T00%3A00%3A00Z&all=true");
}

#[test]
fn graphql_is_sent_with_its_variables() {
    let definition = feed(
        r#"    request: POST /graphql.json
    graphql: |
      query($n: Int!) { orders(first: $n) { nodes{id} } }
    vars: {n: "{size}", at: "{cursor}", q: "at:>='{from}' AND at:<'{to}'[[ AND id:>'{cursor}']]"}
    lang: graphql
"#,
    );
    let first = definition.first_page(&day());
    let document = "query($n: Int!) { orders(first: $n) { nodes{id} } }\n";
    let q = "at:>='2025-11-21T00:00:00Z' AND at:<'2025-11-22T00:00:00Z'";
    assert_eq!(body(&first), json!({"query": document, "variables": {"n": 100, "q": q}}));
    let second = next(&definition, &first, r#"{"data":[],"next_cursor":"it's"}"#);
    let q = format!("{q} AND id:>'it\\'s'");
    assert_eq!(body(&second), json!({"query": document, "variables": {"n": 100, "at": "it's", "q": q}}));
}

#[test]
fn half_a_graphql_answer_fails_the_page_unless_a_rule_says_what_it_is() {
    let half = ok(br#"{"data":[{"id":"a"}],"errors":[{"message":"timeout"}]}"#);
    let asked = "    request: POST /graphql\n    graphql: \"query { orders { id } }\"\n    vars: {at: \"{cursor}\", n: \"{size}\", q: \"{from} {to}\"}\n";
    let unruled = feed(asked);
    let why = "status 200: GraphQL errors, the first of 1: timeout".to_owned();
    assert_eq!(unruled.answer(&unruled.first_page(&day()), &half), Answer::Fail(why));
    let ruled = definition(&[
        ("rules:\n", "rules:\n  - {when: {body: {errors: present}}, do: partial}\n"),
        (PLAIN, asked),
    ]);
    assert!(matches!(ruled.answer(&ruled.first_page(&day()), &half), Answer::Partly(_)));
}

#[test]
fn paging_words_and_the_window_may_stand_in_a_query_language_and_in_the_path() {
    let definition = definition(&[
        ("{cursor: next_cursor, size: 100}", "{offset: 1, size: 100}"),
        (
            "    request: GET /orders\n    query: {limit: \"{size}\", after: \"{cursor}\", from: \"{from}\", to: \"{to}\"}\n",
            "    request: \"GET /v3/{from:epoch}/query\"\n    query: {q: \"SELECT * FROM O WHERE at >= '{from}' AND at < '{to}' STARTPOSITION {offset} MAXRESULTS {size}\"}\n    lang: qbo\n",
        ),
    ]);
    let first = definition.first_page(&day());
    assert_eq!(
        line(&first),
        "/v3/1763683200/query?q=SELECT * FROM O WHERE at >= '2025-11-21T00:00:00Z' AND at < '2025-11-22T00:00:00Z' STARTPOSITION 1 MAXRESULTS 100"
    );
}

#[test]
fn only_what_is_kept_travels_with_a_cursor() {
    let definition = definition(&[("size: 100}", "size: 100, keep: [limit]}")]);
    let first = definition.first_page(&day());
    assert!(line(&first).contains("from=2025-11-21"));
    let second = next(&definition, &first, r#"{"data":[],"next_cursor":"c"}"#);
    assert_eq!(line(&second), "/orders?limit=100&after=c");
    let posted = feed(SEARCH);
    let first = posted.first_page(&day());
    assert_eq!(body(&next(&posted, &first, r#"{"data":[],"next_cursor":"c"}"#))["limit"], json!(100));
}

#[test]
fn what_is_kept_is_added_to_a_link_that_lacks_it() {
    let url = ("{cursor: next_cursor, size: 100}", "{url: next_cursor, size: 100, keep: [limit]}");
    let definition = definition(&[url, ("after: \"{cursor}\", ", "")]);
    let first = definition.first_page(&day());
    let second = next(&definition, &first, r#"{"data":[],"next_cursor":"/orders?page_info=x"}"#);
    assert_eq!(line(&second), "-> /orders?page_info=x&limit=100");
    assert_eq!(second.position, Position { page: 1, ..Position::default() });
}

fn slice_of(member: &Member) -> Slice {
    Slice { each: member.each.clone(), ..day() }
}

fn text_of_each(each: &str) -> String {
    PROVIDER
        .replace("GET /orders\n", "GET /repos/{each.repo}/orders\n")
        .replace("    rows: data\n", &format!("    each: {each}\n    rows: data\n"))
}

#[test]
fn a_feed_is_read_for_each_of_its_members_and_looked_up_there() {
    let text = text_of_each("{repo: [acme/web, acme/api]}")
        .replace("GET /orders/{id}", "GET /repos/{each.repo}/orders/{id}")
        .replace("auth:", "headers: {X-Repo: \"{each.repo}\", X-Version: \"1\"}\nauth:");
    let provider = provider(&text);
    assert_eq!(provider.headers.len(), 1, "what differs between members is no header of the provider");
    let definition = on_feed(&provider, DOMAIN, &Settings::default());
    let FanOut::Members(members) = definition.fan_out() else { panic!("no members") };
    assert_eq!(
        members.iter().map(|member| member.each.as_str()).collect::<Vec<_>>(),
        ["acme/web", "acme/api"]
    );
    let request = definition.first_page(&slice_of(&members[1]));
    assert!(line(&request).starts_with("/repos/acme%2Fapi/orders?limit=100"), "{}", line(&request));
    assert_eq!(request.headers, [("x-repo".to_owned(), "acme/api".to_owned())]);
    assert_eq!(request.each, members[1].each);
    let keys = [crate::key::Key::checked("7").unwrap().into()];
    let asked = definition.confirm(&members[0].each, &keys).remove(0).request;
    assert_eq!(line(&asked), "/repos/acme%2Fweb/orders/7?");
    assert_eq!((asked.each, asked.headers.len()), (members[0].each.clone(), 1));
}

#[test]
fn the_configuration_may_name_the_members() {
    let provider = provider(&text_of_each("{repo: [a]}"));
    let member = |name: &str| Member::new([(name.into(), "b".into())].into()).unwrap();
    let with = |name| Settings { each: vec![member(name)], ..Settings::default() };
    let FanOut::Members(members) = on_feed(&provider, DOMAIN, &with("repo")).fan_out() else {
        panic!("no members")
    };
    assert_eq!(members, [member("repo")]);
    let FanOut::Members(members) = on_feed(&provider, DOMAIN, &with("account")).fan_out() else {
        panic!("no members")
    };
    assert_eq!(members[0].each.as_str(), "a", "those of another name are not meant");
}

#[test]
fn a_member_that_nobody_names_takes_its_key_along_or_is_missed() {
    let optional = PROVIDER.replace("from: \"{from}\"", "from: \"{from}\", account: \"{each.account}\"");
    let definition = on_feed(&provider(&optional), DOMAIN, &Settings::default());
    assert!(matches!(definition.fan_out(), FanOut::None));
    assert!(!line(&definition.first_page(&day())).contains("account"));
    let needed = PROVIDER.replace("GET /orders\n", "GET /{each.account}/orders\n");
    let (provider, domain) = (provider(&needed), super::domain(DOMAIN));
    let missing =
        Definition::new(&provider, &provider.feeds[&domain.feed.feed], domain.clone(), &Settings::default());
    assert_eq!(missing.unwrap_err(), Slot::Each("account".into()));
}

#[test]
fn the_items_of_another_feed_may_be_the_members() {
    let repos = r#"  repos:
    request: GET /repos
    query: {after: "{cursor}"}
    rows: data
    id: id
    next: {cursor: next_cursor}
    window: {clock: created_at, as: rfc3339, filter: client, on: created}
    confirm: {one: "GET /repos/{id}", gone: 404}
"#;
    let text = text_of_each("{feed: repos, field: full_name, as: repo}") + repos;
    let definition = on_feed(&provider(&text), DOMAIN, &Settings::default());
    let FanOut::Feed(parents) = definition.fan_out() else { panic!("no other feed") };
    let request = parents.feed.first_page(&day());
    assert_eq!(line(&request), "/repos?");
    let page = r#"{"data":[{"id":1,"full_name":"acme/web"},{"id":2}]}"#;
    let page = parents.feed.read_page(&day(), &request, &ok(page.as_bytes())).unwrap();
    let members: Vec<Option<Member>> = page.items.iter().map(|item| parents.member(item)).collect();
    assert_eq!(members.len(), 2);
    assert_eq!(members[0].as_ref().unwrap().each, Each::stored("acme/web"));
    assert_eq!(members[1], None);
    let request = definition.first_page(&slice_of(members[0].as_ref().unwrap()));
    assert!(line(&request).starts_with("/repos/acme%2Fweb/orders?"));
}

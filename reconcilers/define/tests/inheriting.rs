//! Feeds that take over words: of another feed, or of a family of APIs.

use super::{DOMAIN, PROVIDER, day, line, on_feed, parse_provider, printed, provider, table};
use crate::define::definition::{Definition, Settings};
use crate::define::document::Document;
use crate::reconciler::Reconciler;

const ARCHIVED: &str = r#"  archived:
    like: orders
    request: GET /archive
    query: {archived: "true", from: null, to: null}
    window: {filter: client, grain: 1.5s, span: 2d}
    mutable: null
"#;

fn define(text: &str, feed: &str) -> Definition {
    let domain = DOMAIN.replace("shop/orders", &format!("shop/{feed}"));
    on_feed(&provider(text), &domain, &Settings::default())
}

#[test]
fn a_feed_like_another_changes_some_words_and_loses_those_that_are_null() {
    let text = PROVIDER.to_owned() + ARCHIVED;
    let archived = define(&text, "archived");
    assert_eq!(line(&archived.first_page(&day())), "/archive?limit=100&archived=true");
    assert!(archived.feed().mutable, "the word that was removed has its default again");
    assert_eq!(archived.feed().span, std::time::Duration::from_hours(48));
    assert_eq!(archived.feed().clock, "created_at", "a mapping is changed word by word");
    let orders = define(&text, "orders");
    assert!(line(&orders.first_page(&day())).starts_with("/orders?limit=100&from=2025-11-21"));
    assert!(!orders.feed().mutable, "the other feed stays as it is");
}

#[test]
fn presets_bring_the_words_of_their_family_and_the_feeds_own_words_win() {
    let rest = "    order: created desc\n    mutable: false\n    window: {clock: created_at, as: rfc3339, filter: client}\n    confirm: {one: \"GET /orders/{id}\", gone: 404}\n";
    let first_of = |words: &str| {
        let head = &PROVIDER[..PROVIDER.find("    request:").unwrap()];
        let definition = define(&format!("{head}{words}{rest}"), "orders");
        let first = definition.first_page(&day());
        let body = first.body.as_ref().map(|body| body.text.clone()).unwrap_or_default();
        format!("{} {}{body}", first.method.as_str(), line(&first))
    };
    assert_eq!(
        first_of("    preset: scim\n    request: GET /Users\n    next: {size: 50}\n"),
        "GET /Users?startIndex=1&count=50"
    );
    for preset in ["odata", "jsonapi", "rfc8288"] {
        assert_eq!(
            first_of(&format!("    preset: {preset}\n    request: GET /x\n    id: id\n")),
            "GET /x?",
            "{preset}"
        );
    }
    let relay = "    preset: relay\n    request: POST /graphql\n    graphql: \"query($first: Int!, $after: String) { page: orders(first: $first, after: $after) { edges { node { id } } } }\"\n";
    assert!(first_of(relay).contains(r#""variables":{"first":100}"#), "{}", first_of(relay));
}

#[test]
fn what_cannot_be_taken_over_is_refused_where_it_stands() {
    let good = PROVIDER.to_owned() + ARCHIVED;
    let said = table(
        &good,
        &[
            ("like no feed", "like: orders", "like: order"),
            ("like itself", "like: orders", "like: archived"),
            ("like each other", "    rows: data\n", "    like: archived\n    rows: data\n"),
            ("like two feeds", "like: orders", "like: [orders, archived]"),
            ("no preset", "like: orders", "preset: odate"),
            ("a word that is wrong in both", "rows: data", "rows: data[*].lines[*].x"),
            ("a word that is wrong in one", "span: 2d", "span: two days"),
            ("a key that is unknown in one", "like: orders", "like: orders\n    rosw: data"),
            ("a word that is missing", "like: orders", "like: orders\n    id: null"),
            ("a preset that lacks something", "like: orders", "preset: scim"),
        ],
        parse_provider,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn numbers_and_quotes_survive_being_put_together() {
    let text = PROVIDER.to_owned()
        + ARCHIVED
        + "    version: \"4.10\"\n    headers: {x-version: 4.10, x-text: \"true\", x-long: \"a: [b] # c\"}\n";
    let archived = define(&text, "archived");
    let headers = archived.first_page(&day()).headers;
    let values: Vec<&str> = headers.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(values, ["4.10", "true", "a: [b] # c"]);
}

#[test]
fn a_file_that_is_broken_is_refused_as_it_always_is() {
    let text = PROVIDER.to_owned() + ARCHIVED + "    like: orders\n";
    let problems = parse_provider(&Document::new("file.yaml", &text)).unwrap_err();
    assert!(printed(&problems).contains("`like` is given twice"), "{}", printed(&problems));
}

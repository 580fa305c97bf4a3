//! Provider files that are refused, or accepted with a doubt, and what is said about them.

use std::fmt::Write as _;

use super::{PROVIDER, parse_provider, printed, table};
use crate::define::document::{Document, Kind};

#[test]
fn wrong_provider_files_are_refused_with_place_excerpt_and_advice() {
    let said = table(
        PROVIDER,
        &[
            ("unknown key", "limits:", "limit:"),
            ("unknown key in a feed", "    rows:", "    row:"),
            ("missing key", "    id: id\n", ""),
            ("key given twice", "    id: id\n", "    id: id\n    id: key\n"),
            ("wrong type", "rows: data", "rows: [data]"),
            ("number wanted", "size: 100", "size: many"),
            ("a mapping wanted", "limits: {rate: 10/s, burst: 5}", "limits: fast"),
            ("a value left out", "base: https://api.example.com/v1", "base:"),
            ("known word: each", "    rows:", "    each: {repo: [a]}\n    rows:"),
            ("known word: like", "    rows:", "    like: other\n    rows:"),
            ("known word: body", "    rows:", "    body: {a: b}\n    rows:"),
            ("known word: events", "    rows:", "    events: {request: GET /events}\n    rows:"),
            ("known word: cursor by row", "{one: \"GET /orders/{id}\"", "{one: \"GET /orders/{row.number}\""),
            ("the old first word", "provider: shop", "api: shop"),
            ("not a name", "provider: shop", "provider: My Shop"),
            ("base without scheme", "https://api.example.com/v1", "api.example.com"),
            ("base with a secret", "https://api.example.com/v1", "https://{secret.key}@api.example.com"),
            ("unknown placeholder", "from: \"{from}\"", "from: \"since {form}\""),
            ("placeholder never set", "after: \"{cursor}\"", "after: \"{cursor}\", page: \"{page}\""),
            ("cursor not sent", "after: \"{cursor}\", ", ""),
            ("window not sent", "from: \"{from}\", ", ""),
            ("upper bound not sent", ", to: \"{to}\"", ""),
            ("set and unset in one text", "after: \"{cursor}\"", "after: \"{cursor},{size}\""),
            ("optional fragment", "from: \"{from}\"", "from: \"[[x {from}]]\""),
            ("secret in a query", "after: \"{cursor}\"", "after: \"{cursor}\", key: \"{secret.key}\""),
            ("post", "GET /orders\n", "POST /orders\n"),
            ("no method", "request: GET /orders", "request: /orders"),
            ("composite key", "id: id\n", "id: [id, line]\n"),
            ("optional path", "rows: data", "rows: data?"),
            ("path with an index", "id: id\n", "id: ids[0]\n"),
            ("unknown order", "created desc", "creation desc"),
            ("unknown format", "as: rfc3339", "as: rfc3393"),
            ("unknown action", "do: empty", "do: skipp"),
            ("a pause beside no wait", "do: empty", "do: retry, at_least: 5s"),
            ("array without a choice", "{status: 404}", "{body: {\"errors[].code\": x}}"),
            ("pattern that loses the year", "as: rfc3339", "as: \"%m-%d %H:%M\""),
            ("no pattern", "as: rfc3339", "as: \"%Q\""),
            ("unknown zone", "as: rfc3339", "as: date, zone: Europe/Londn"),
            ("zone beside a format with offsets", "as: rfc3339", "as: rfc3339, zone: Europe/London"),
            ("zone beside a pattern with offsets", "as: rfc3339", "as: \"%Y-%m-%dT%H:%M:%S%z\", zone: Europe/London"),
            ("grain finer than the format", "as: rfc3339, grain: 1s", "as: epoch, grain: 1ms"),
            ("span over its maximum", "grain: 1s}", "grain: 1s, span: {prefer: 7d, max: 1d}}"),
            ("minimum over the span", "grain: 1s}", "grain: 1s, span: {prefer: 1m, min: 1h}}"),
            ("span below the grain", "grain: 1s}", "grain: 1h, span: 1m}"),
            ("mistyped span", "grain: 1s}", "grain: 1s, span: {maximum: 1d}}"),
            ("keep of no time", "grain: 1s}", "grain: 1s, keep: 0s}"),
            ("cap without a cure", "grain: 1s}", "grain: 1s, cap: {rows: 10}}"),
            ("cap with an unknown cure", "grain: 1s}", "grain: 1s, cap: {rows: 10, then: quarter}}"),
            ("cap of no rows", "grain: 1s}", "grain: 1s, cap: {rows: 0, then: halve}}"),
            ("rekey out of order", "grain: 1s}", "grain: 1s, cap: {rows: 10, then: rekey}}"),
            ("key beside halves", "grain: 1s}", "grain: 1s, cap: {rows: 10, then: halve, key: id}}"),
            ("open beside our own filter", "grain: 1s}", "grain: 1s, filter: client, open: true}"),
            ("stop at a status that is none", "size: 100}", "size: 100, stop: [99]}"),
            ("stop at every page", "size: 100}", "size: 100, stop: [200]}"),
            (
                "stop at older rows of no order",
                "created desc\n    mutable: false\n    next: {cursor: next_cursor, size: 100}",
                "none\n    mutable: false\n    next: {cursor: next_cursor, size: 100, stop: [older]}",
            ),
            ("first token of many parts", "size: 100}", "size: 100, first: \"{to}x\"}"),
            ("save beside counted pages", "cursor: next_cursor, size: 100}", "page: 1, size: 100, save: token}"),
            ("save that never ends", "size: 100}", "size: 100, save: next_cursor}"),
            ("save beside a window", "size: 100}", "size: 100, save: token}"),
            ("unknown edges", "grain: 1s}", "grain: 1s, edges: \"[[\"}"),
            ("not a duration", "grain: 1s", "grain: 1"),
            ("not a rate", "10/s", "fast"),
            ("burst of none", "burst: 5", "burst: 0"),
            ("two ways on", "size: 100}", "size: 100, link: next}"),
            ("no way on", "next: {cursor: next_cursor, size: 100}", "next: {size: 100}"),
            ("no paging word", "next: {cursor: next_cursor, size: 100}", "next: nowhere"),
            ("more and done", "size: 100}", "size: 100, more: a, done: b}"),
            ("unknown way on", "next: {cursor: next_cursor,", "next: {cursr: next_cursor,"),
            ("keep beside a cursor", "size: 100}", "size: 100, keep: [limit]}"),
            ("missing confirm", "    confirm: {one: \"GET /orders/{id}\", gone: 404}\n", ""),
            ("confirm without a look-up", "{one: \"GET /orders/{id}\", gone: 404}", "{gone: 404}"),
            ("confirm without the key", "GET /orders/{id}", "GET /orders/last"),
            ("search", "{one: \"GET /orders/{id}\", gone: 404}", "{search: {within: window}, gone: 404}"),
            ("gone by a word", "gone: 404", "gone: null-slot"),
            ("gone by no status", "gone: 404", "gone: 40"),
            ("empty condition", "{status: 404}", "{}"),
            ("bad pattern", "{status: 404}", "{body: {message: /(/}}"),
            (
                "two credentials",
                "{bearer: \"{secret.key}\"}",
                "{bearer: \"{secret.key}\", basic: {user: \"{secret.key}\"}}",
            ),
            ("bad header name", "auth:", "headers: {\"X Y\": z}\nauth:"),
            ("secret in a header", "auth:", "headers: {X-Key: \"{secret.key}\"}\nauth:"),
            ("no feed", "feeds:\n  orders:", "feeds: {}\nfeed:\n  orders:"),
        ],
        parse_provider,
    );
    insta::assert_snapshot!(said);
}

/// Part of the provider that pages by cursor, and what it says when it counts pages over a list without order.
const CURSOR: &str = r#"after: "{cursor}", from: "{from}", to: "{to}"}
    rows: data
    id: id
    version: updated_at
    order: created desc
    mutable: false
    next: {cursor: next_cursor, size: 100}
    window: {clock: created_at,"#;
const COUNTED: &str = r#"page: "{page}", from: "{from}", to: "{to}"}
    rows: data
    id: id
    version: updated_at
    mutable: false
    next: {page: 1, size: 100}
    window: {on: created, clock: created_at,"#;

#[test]
fn doubtful_provider_files_load_and_say_so() {
    let said = table(
        PROVIDER,
        &[
            ("mutable items on a creation clock", "mutable: false", "mutable: true"),
            ("newest change first", "created desc", "updated desc"),
            ("a clock of no known kind", "order: created desc", "order: none"),
            (
                "an upper bound on a clock that moves",
                "created desc\n    mutable: false",
                "updated asc\n    mutable: true",
            ),
            ("counted pages of no fixed order", CURSOR, COUNTED),
        ],
        parse_provider,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn every_bad_value_of_a_file_is_reported_at_once() {
    let text =
        PROVIDER.replace("10/s", "fast").replace("created desc", "sideways").replace("grain: 1s", "grain: x");
    let problems = parse_provider(&Document::new("file.yaml", &text)).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [4, 14, 17]);
}

#[test]
fn a_file_that_is_not_a_definition_says_what_one_looks_like() {
    let mut said = String::new();
    for text in [
        "",
        "# nothing\n\n",
        "api: stripe\nbase: x\n",
        "hello\n",
        "- a\n",
        "provider: 'a\nb: c\n",
        "provider: a\n  b: c\n",
        "provider: a\n---\nprovider: b\n",
        "provider: *nowhere\n",
    ] {
        let problem = Document::new("file.yaml", text).kind().map(|kind| format!("{kind:?}"));
        let problem = problem.unwrap_or_else(|problem| printed(&[problem]));
        let _ = writeln!(said, "## {text:?}\n{problem}");
    }
    insta::assert_snapshot!(said);
    assert_eq!(Document::new("a", PROVIDER).kind().unwrap(), Kind::Provider);
    assert_eq!(Document::new("a", super::DOMAIN).kind().unwrap(), Kind::Domain);
}

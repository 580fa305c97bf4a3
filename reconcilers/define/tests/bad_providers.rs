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
            ("a currency that nobody knows", "limits:", "currencies: {XXZ: 2}\nlimits:"),
            ("a currency without minor units", "limits:", "currencies: {XAU: 2}\nlimits:"),
            ("places that are none", "limits:", "currencies: {ISK: two}\nlimits:"),
            ("too many places", "    rows:", "    currencies: {ISK: 9}\n    rows:"),
            ("places below none", "    rows:", "    currencies: {ISK: -1}\n    rows:"),
            ("key given twice", "    id: id\n", "    id: id\n    id: key\n"),
            ("wrong type", "rows: data", "rows: [data]"),
            ("number wanted", "size: 100", "size: many"),
            ("a mapping wanted", "limits: {rate: 10/s, burst: 5}", "limits: fast"),
            ("a value left out", "base: https://api.example.com/v1", "base:"),
            ("events of no feed", "    rows:", "    events: {feed: happenings, object: data.id}\n    rows:"),
            (
                "secrets of a member",
                "    rows:",
                "    each: [{account: a, secrets: {key: env:KEY}}]\n    rows:",
            ),
            (
                "events that arrive in any case",
                "    rows:",
                "    events: {feed: orders, object: id, ok_if: {}}\n    rows:",
            ),
            (
                "events that are delivered again",
                "    rows:",
                "    events: {feed: orders, object: id, redeliver: \"POST /x\"}\n    rows:",
            ),
            ("events of another key", "    rows:", "    events: {feed: orders, object: [a, b]}\n    rows:"),
            (
                "webhooks of no list",
                "    rows:",
                "    webhooks: {list: endpoints, url: url, expect: [order.created]}\n    rows:",
            ),
            (
                "webhooks without topics",
                "    rows:",
                "    webhooks: {list: endpoints, url: url, expect: []}\n    rows:",
            ),
            (
                "a topic for all that is read nowhere",
                "    rows:",
                "    webhooks: {list: endpoints, url: url, all: \"*\", expect: [order.created]}\n    rows:",
            ),
            (
                "webhooks that are on in any case",
                "    rows:",
                "    webhooks: {list: endpoints, url: url, on_if: {}, expect: [order.created]}\n    rows:",
            ),
            ("scopes that nobody needs", "    rows:", "    scopes: {header: X-Scopes}\n    rows:"),
            (
                "scopes in two places",
                "    rows:",
                "    scopes: {header: X-Scopes, list: grants, need: [read]}\n    rows:",
            ),
            (
                "scopes of no list",
                "    rows:",
                "    scopes: {list: grants, at: handle, need: [read]}\n    rows:",
            ),
            (
                "a list with a window",
                "feeds:",
                "lists:\n  grants: {request: GET /grants, rows: grants, id: id, next: none, window: {clock: none}}\nfeeds:",
            ),
            (
                "a list that is asked for a range",
                "feeds:",
                "lists:\n  grants: {request: GET /grants, query: {from: \"{from}\"}, rows: grants, id: id, next: none}\nfeeds:",
            ),
            ("the old first word", "provider: shop", "api: shop"),
            ("not a name", "provider: shop", "provider: My Shop"),
            ("base without scheme", "https://api.example.com/v1", "api.example.com"),
            ("base with a secret", "https://api.example.com/v1", "https://{secret.key}@api.example.com"),
        ],
        parse_provider,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn wrong_feeds_are_refused_with_place_excerpt_and_advice() {
    let said = table(
        PROVIDER,
        &[
            ("key of no parts", "id: id\n", "id: []\n"),
            ("key with one part twice", "id: id\n", "id: [id, id]\n"),
            ("no rows", "    rows: data\n", ""),
            ("a page that may be absent", "rows: data", "rows: \"[*]?\""),
            ("a list in a list", "rows: data", "rows: data[*].lines[*].x"),
            ("rows in two ways", "rows: data", "rows: {map: a, one: b}"),
            ("rows in no way", "rows: data", "rows: {}"),
            ("unknown place of rows", "rows: data", "rows: {list: data}"),
            ("two things of a row are the row", "rows: data", "rows: data[*].node\n    unwrap: node"),
            ("unknown format of a body", "rows: data", "rows: data\n    format: yaml"),
            ("unknown packing", "rows: data", "rows: data\n    unpack: rar"),
            ("a table with a path to its rows", "rows: data", "rows: data\n    format: csv"),
            ("a table that says what follows", "    rows: data\n", "    format: csv\n"),
            ("a table with lists", "    rows: data\n", "    format: csv\n    explode: lines\n"),
            ("children of a page", "rows: data", "rows: data\n    children: drop"),
            ("unknown word for children", "    rows: data\n", "    format: jsonl\n    children: keep\n"),
            ("gone if nothing", "rows: data", "rows: data\n    gone_if: {}"),
            ("gone by another word", "rows: data", "rows: data\n    gone_if: never"),
            ("a list that nothing is said about", "rows: data", "rows: data\n    nested: [{rows: lines}]"),
            ("the key of no map", "id: id\n", "id: ^key\n"),
            ("the outside of rows that lie in no other row", "id: id\n", "id: [^.id, id]\n"),
            ("an operation that nobody tells", "    version: updated_at", "    version: ^op"),
            (
                "a look-up of one item without its name",
                "    rows: data\n    id: id\n",
                "    rows: {map: data}\n    id: ^key\n",
            ),
            ("path with an index", "id: id\n", "id: ids[0]\n"),
            ("unknown order", "created desc", "creation desc"),
            ("unknown format", "as: rfc3339", "as: rfc3393"),
            ("unknown edges", "grain: 1s}", "grain: 1s, edges: \"[[\"}"),
            ("not a duration", "grain: 1s", "grain: 1"),
            ("two ways on", "size: 100}", "size: 100, link: next}"),
            ("no way on", "next: {cursor: next_cursor, size: 100}", "next: {size: 100}"),
            ("no paging word", "next: {cursor: next_cursor, size: 100}", "next: nowhere"),
            ("more and done", "size: 100}", "size: 100, more: a, done: b}"),
            ("unknown way on", "next: {cursor: next_cursor,", "next: {cursr: next_cursor,"),
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

#[test]
fn wrong_limits_are_refused_with_place_excerpt_and_advice() {
    let said = table(
        PROVIDER,
        &[
            ("not a rate", "10/s", "fast"),
            ("burst of none", "burst: 5", "burst: 0"),
            ("burst without a rate", "{rate: 10/s, burst: 5}", "{burst: 5}"),
            ("no request under way", "burst: 5", "concurrent: 0"),
            ("all of it reserved", "burst: 5", "reserve: 100%"),
            ("reserve of no share", "burst: 5", "reserve: 20"),
            ("two gauges", "burst: 5", "left: \"header:A\", used: \"header:B\""),
            ("reset of nothing", "burst: 5", "reset: \"header:A\""),
            ("format of no reset", "burst: 5", "left: \"header:A\", as: epoch"),
            ("unknown format of a reset", "burst: 5", "left: \"header:A\", reset: \"header:B\", as: epoc"),
            ("cost without its rest", "burst: 5", "cost: {ask: cost}"),
            ("unknown key of a cost", "burst: 5", "cost: {left: a, refil: b}"),
            ("quota without its request", "burst: 5", "quota: {left: a}"),
            ("quota that tells nothing", "burst: 5", "quota: {request: GET /rate_limit, reset: a}"),
            ("quota by post", "burst: 5", "quota: {request: POST /rate_limit, left: a}"),
            (
                "quota of somebody",
                "burst: 5",
                "quota: {request: \"GET /rate_limit/{each.account}\", left: a}",
            ),
            ("quota with two gauges", "burst: 5", "quota: {request: GET /rate_limit, left: a, used: b}"),
            ("unknown key of a quota", "burst: 5", "quota: {request: GET /rate_limit, lft: a}"),
            ("class without routes", "burst: 5", "classes: {search: {rate: 1/s}}"),
            ("class of no routes", "burst: 5", "classes: {search: {routes: [], rate: 1/s}}"),
            ("class of a route that is none", "burst: 5", "classes: {search: {routes: [orders], rate: 1/s}}"),
            ("class that nothing asks", "burst: 5", "classes: {search: {routes: [/order], rate: 1/s}}"),
            ("class without a limit", "burst: 5", "classes: {search: {routes: [/orders]}}"),
        ],
        parse_provider,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn doubtful_provider_files_load_and_say_so() {
    let said = table(
        PROVIDER,
        &[
            ("mutable items on a creation clock", "mutable: false", "mutable: true"),
            ("newest change first", "created desc", "updated desc"),
            ("a clock of no known kind", "order: created desc", "order: none"),
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

//! Requests and look-ups that are refused, or accepted with a doubt, and what is said about them.

use super::{PROVIDER, parse_provider, table};

#[test]
fn wrong_requests_and_look_ups_are_refused_with_place_excerpt_and_advice() {
    let said = table(
        PROVIDER,
        &[
            ("body of a get", "    rows:", "    body: {a: b}\n    rows:"),
            ("look-up by row", "{one: \"GET /orders/{id}\"", "{one: \"GET /orders/{row.number}\""),
            ("unknown placeholder", "from: \"{from}\"", "from: \"since {form}\""),
            ("placeholder never set", "after: \"{cursor}\"", "after: \"{cursor}\", page: \"{page}\""),
            ("cursor not sent", "after: \"{cursor}\", ", ""),
            ("window not sent", "from: \"{from}\", ", ""),
            ("upper bound not sent", ", to: \"{to}\"", ""),
            ("set and unset in one text", "after: \"{cursor}\"", "after: \"{cursor},{size}\""),
            ("fragment that is not closed", "from: \"{from}\"", "from: \"[[x {from}\""),
            ("fragment without a placeholder", "from: \"{from}\"", "from: \"{from} [[x]]\""),
            ("unknown time format of a bound", "from: \"{from}\"", "from: \"{from:fortnight}\""),
            ("a placeholder without quotes", "limit: \"{size}\"", "limit: {size}"),
            ("a list in the place of a text", "limit: \"{size}\"", "limit: [size]"),
            ("format of another kind", "after: \"{cursor}\"", "after: \"{cursor:csv}\""),
            ("rekey without a cap", "after: \"{cursor}\"", "after: \"{cursor}\", min: \"{rekey}\""),
            ("part of a plain key", "GET /orders/{id}", "GET /orders/{id[0]}"),
            ("unknown language", "    id: id\n", "    id: id\n    lang: sql\n"),
            (
                "value outside of quotes",
                "after: \"{cursor}\"",
                "q: \"a > {cursor}\"}\n    lang: soql\n    headers: {x: y",
            ),
            ("quotes of no language", "after: \"{cursor}\"", "q: \"a > '{cursor}'\""),
            ("form with a list", "GET /orders\n", "POST /orders\n    encode: form\n    body: {a: [b]}\n"),
            ("encode without a body", "    rows:", "    encode: form\n    rows:"),
            ("vars without graphql", "    rows:", "    vars: {a: b}\n    rows:"),
            ("each of nobody", "    rows:", "    each: {repo: []}\n    rows:"),
            ("each with two names", "    rows:", "    each: {repo: [a], team: [b]}\n    rows:"),
            ("each with uneven members", "    rows:", "    each: [{a: x}, {b: y}]\n    rows:"),
            ("each with a member twice", "    rows:", "    each: {repo: [a, a]}\n    rows:"),
            ("each that is not used", "    rows:", "    each: {repo: [a]}\n    rows:"),
            (
                "each of another name",
                "from: \"{from}\"",
                "from: \"{from}\", repo: \"{each.repo}\"}\n    each: {ripo: [a]}\n    headers: {x: y",
            ),
            ("each of no feed", "    rows:", "    each: {feed: repos, field: name}\n    rows:"),
            ("each of itself", "    rows:", "    each: {feed: orders, field: name}\n    rows:"),
            ("secret in a query", "after: \"{cursor}\"", "after: \"{cursor}\", key: \"{secret.key}\""),
            ("put", "GET /orders\n", "PUT /orders\n"),
            ("no method", "request: GET /orders", "request: /orders"),
            ("keep of what is not sent", "size: 100}", "size: 100, keep: [limits]}"),
            ("keep without a way on", "{cursor: next_cursor, size: 100}", "{page: 1, size: 100, keep: all}"),
            ("keep by a word", "size: 100}", "size: 100, keep: some}"),
            ("missing confirm", "    confirm: {one: \"GET /orders/{id}\", gone: 404}\n", ""),
            ("confirm without a look-up", "{one: \"GET /orders/{id}\", gone: 404}", "{gone: 404}"),
            ("confirm without the key", "GET /orders/{id}", "GET /orders/last"),
            ("search in a range of nothing", "gone: 404}", "search: {query: {key: \"{id}\"}, within: 0s}}"),
            ("search in no range", "gone: 404}", "search: {query: {key: \"{id}\"}, within: year}}"),
            (
                "search in a range that is not sent",
                "gone: 404}",
                "search: {query: {key: \"{id}\", to: now}, within: 1h}}",
            ),
            (
                "search around a clock that moves",
                "mutable: false\n    next: {cursor: next_cursor, size: 100}\n    window: {clock: created_at, as: rfc3339, grain: 1s}\n    confirm: {one: \"GET /orders/{id}\", gone: 404}",
                "next: {cursor: next_cursor, size: 100}\n    window: {clock: updated_at, on: updated, as: rfc3339, grain: 1s}\n    confirm: {search: {query: {key: \"{id}\"}, within: window}}",
            ),
            ("keys of the gone without `many`", "gone: 404}", "gone: {keys: \"errors[*].id\"}}"),
            ("search for no key", "gone: 404}", "search: {query: {key: x}}}"),
            ("gone by a word", "gone: 404", "gone: nullslot"),
            ("many without keys", "gone: 404}", "many: {request: GET /orders, rows: data}}"),
            (
                "mapping in a text",
                "gone: 404}",
                "many: {request: GET /orders, query: {i: \"{ids:csv}\"}, ids_as: {id: \"{id}\"}, rows: data}}",
            ),
            (
                "unwrap without one",
                "{one: \"GET /orders/{id}\", gone: 404}",
                "{search: {query: {key: \"{id}\"}}, unwrap: a}",
            ),
            ("gone by no status", "gone: 404", "gone: 40"),
        ],
        parse_provider,
    );
    insta::assert_snapshot!(said);
}

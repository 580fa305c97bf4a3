//! Rules, times, windows and ways on that are refused, or accepted with a doubt, and what is said about them.

use super::{PROVIDER, parse_provider, table};

#[test]
fn wrong_windows_and_ways_on_are_refused_with_place_excerpt_and_advice() {
    let said = table(
        PROVIDER,
        &[
            ("unknown action", "do: empty", "do: skipp"),
            ("a pause beside no wait", "do: empty", "do: retry, at_least: 5s"),
            ("array without a choice", "{status: 404}", "{body: {\"errors[].code\": x}}"),
            ("pattern that loses the year", "as: rfc3339", "as: \"%m-%d %H:%M\""),
            ("no pattern", "as: rfc3339", "as: \"%Q\""),
            ("unknown zone", "as: rfc3339", "as: date, zone: Europe/Londn"),
            ("zone beside a format with offsets", "as: rfc3339", "as: rfc3339, zone: Europe/London"),
            (
                "zone beside a pattern with offsets",
                "as: rfc3339",
                "as: \"%Y-%m-%dT%H:%M:%S%z\", zone: Europe/London",
            ),
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
            ("stop at a status that is none", "size: 100}", "size: 100, stop: [99]}"),
            ("stop at every page", "size: 100}", "size: 100, stop: [200]}"),
            (
                "stop at older rows of no order",
                "created desc\n    mutable: false\n    next: {cursor: next_cursor, size: 100}",
                "none\n    mutable: false\n    next: {cursor: next_cursor, size: 100, stop: [older]}",
            ),
            ("life of no token", "cursor: next_cursor, size: 100}", "page: 1, size: 100, ttl: 1m}"),
            ("life of a key", "cursor: next_cursor, size", "cursor: \"last:id\", ttl: 1m, size"),
            ("no life", "size: 100}", "size: 100, ttl: 0s}"),
            ("life of no length", "size: 100}", "size: 100, ttl: soon}"),
            ("first token of many parts", "size: 100}", "size: 100, first: \"{to}x\"}"),
            (
                "save beside counted pages",
                "cursor: next_cursor, size: 100}",
                "page: 1, size: 100, save: token}",
            ),
            ("save that never ends", "size: 100}", "size: 100, save: next_cursor}"),
            ("token that nothing saves", "after: \"{cursor}\"", "after: \"{cursor}\", sync: \"{token}\""),
            ("no format of the clock", "as: rfc3339, ", ""),
            (
                "words of a window without a clock",
                "clock: created_at, as: rfc3339, grain: 1s",
                "clock: none, as: rfc3339, span: 1d, filter: client, on: created",
            ),
            ("save beside a window", "size: 100}", "size: 100, save: token}"),
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
fn doubtful_windows_and_ways_on_load_and_say_so() {
    let said = table(
        PROVIDER,
        &[
            (
                "an upper bound on a clock that moves",
                "created desc\n    mutable: false",
                "updated asc\n    mutable: true",
            ),
            ("counted pages of no fixed order", CURSOR, COUNTED),
            (
                "a life too short for the pace",
                "{rate: 10/s, burst: 5}\nrules:\n  - {when: {status: 404}, do: empty}\nfeeds:\n  orders:\n    request: GET /orders\n    query: {limit: \"{size}\", after: \"{cursor}\", from: \"{from}\", to: \"{to}\"}\n    rows: data\n    id: id\n    version: updated_at\n    order: created desc\n    mutable: false\n    next: {cursor: next_cursor, size: 100}",
                "{rate: 1/30s}\nfeeds:\n  orders:\n    request: GET /orders\n    query: {limit: \"{size}\", after: \"{cursor}\", from: \"{from}\", to: \"{to}\"}\n    rows: data\n    id: id\n    order: created desc\n    mutable: false\n    next: {cursor: next_cursor, size: 100, ttl: 1m}",
            ),
            (
                "an upper bound beside our own filter",
                ", from: \"{from}\", to: \"{to}\"}\n    rows: data\n    id: id\n    version: updated_at\n    order: created desc\n    mutable: false\n    next: {cursor: next_cursor, size: 100}\n    window: {",
                "}\n    rows: data\n    id: id\n    version: updated_at\n    order: created desc\n    mutable: false\n    next: {cursor: next_cursor, size: 100}\n    window: {filter: client, open: true, span: 1d, ",
            ),
        ],
        parse_provider,
    );
    insta::assert_snapshot!(said);
}

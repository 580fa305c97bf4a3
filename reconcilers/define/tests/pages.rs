//! What a definition asks for, page by page, and how it reads the answers.

use super::{PROVIDER, day, definition, line, ok, on_feed, provider, slice};
use crate::compare::{CLOCK, FIELDS, KEY, VERSION};
use crate::define::definition::{Definition, Settings};
use crate::define::template::Slot;
use crate::page::{Answer, Next, Page, PageFault, PageRequest, Response};
use crate::projection::ShapeFault;
use crate::reconciler::Reconciler;
use crate::window::Slice;

/// The requests of a walk over some bodies, and how it ended.
fn walk(definition: &Definition, bodies: &[&str]) -> Vec<String> {
    let slice = day();
    let mut request = definition.first_page(&slice);
    let mut lines = Vec::new();
    for body in bodies {
        lines.push(line(&request));
        match definition.read_page(&slice, &request, &ok(body.as_bytes())) {
            Ok(Page { next: Next::Page(next), .. }) => request = next,
            Ok(_) => {
                lines.push("end".to_owned());
                return lines;
            }
            Err(fault) => {
                lines.push(fault.to_string());
                return lines;
            }
        }
    }
    lines.push(line(&request));
    lines
}

const FIRST: &str = "/orders?limit=100&from=2025-11-21T00:00:00Z&to=2025-11-22T00:00:00Z";

#[test]
fn a_cursor_is_sent_back_beside_everything_else_until_it_is_gone() {
    let definition = definition(&[]);
    let lines = walk(
        &definition,
        &[
            r#"{"data":[{"id":1}],"next_cursor":"a&b"}"#,
            r#"{"data":[],"next_cursor":"c"}"#,
            r#"{"data":[{"id":2}],"next_cursor":null}"#,
        ],
    );
    let with = |cursor: &str| {
        format!("/orders?limit=100&after={cursor}&from=2025-11-21T00:00:00Z&to=2025-11-22T00:00:00Z")
    };
    assert_eq!(lines, [FIRST.to_owned(), with("a&b"), with("c"), "end".to_owned()]);
}

#[test]
fn a_first_cursor_is_sent_with_the_first_page() {
    let definition = definition(&[
        ("{cursor: next_cursor, size: 100}", "{cursor: next_cursor, first: \"*\"}"),
        ("limit: \"{size}\", ", ""),
    ]);
    let lines = walk(&definition, &[r#"{"data":[]}"#]);
    assert_eq!(lines[0], "/orders?after=*&from=2025-11-21T00:00:00Z&to=2025-11-22T00:00:00Z");
}

#[test]
fn links_are_followed_as_they_were_given() {
    let next = ("{cursor: next_cursor, size: 100}", "{url: \"['@odata.nextLink']\", size: 100, keep: []}");
    let definition = definition(&[next, ("after: \"{cursor}\", ", "")]);
    let lines = walk(
        &definition,
        &[r#"{"data":[],"@odata.nextLink":"/orders?page=2"}"#, r#"{"data":[{"id":1}],"@odata.nextLink":""}"#],
    );
    assert_eq!(lines, [FIRST, "-> /orders?page=2", "end"]);
}

#[test]
fn a_link_header_leads_on() {
    let next = ("{cursor: next_cursor, size: 100}", "{link: next, size: 100}");
    let definition = definition(&[next, ("after: \"{cursor}\", ", "")]);
    let headers = [
        ("link".to_owned(), "<https://api.example.com/v1/orders?page=9>; rel=\"last\"".to_owned()),
        ("link".to_owned(), "<orders?page=2>; rel=\"next\"".to_owned()),
    ];
    let response = Response { status: 200, headers: &headers, body: br#"{"data":[]}"# };
    let request = definition.first_page(&day());
    let page = definition.read_page(&day(), &request, &response).unwrap();
    let Next::Page(next) = page.next else { panic!("the walk ended") };
    assert_eq!(line(&next), "-> orders?page=2");
    assert_eq!((next.position.page, next.position.rows), (1, 0));
}

#[test]
fn pages_and_offsets_are_counted() {
    let pages =
        ("{cursor: next_cursor, size: 100}", "{page: 1, size: 2, pages: meta.pages, total: meta.total}");
    let pages = definition(&[pages, ("after: \"{cursor}\"", "page: \"{page}\"")]);
    let lines = walk(
        &pages,
        &[
            r#"{"data":[{"id":1}],"meta":{"pages":"2","total":3}}"#,
            r#"{"data":[{"id":2},{"id":3}],"meta":{"pages":2,"total":3}}"#,
        ],
    );
    assert!(lines[0].contains("page=1") && lines[1].contains("page=2"), "{lines:?}");
    assert_eq!(lines[2], "end");
    let offsets = ("{cursor: next_cursor, size: 100}", "{offset: 0, step: rows, size: 2}");
    let offsets = definition(&[offsets, ("after: \"{cursor}\"", "skip: \"{offset}\"")]);
    let lines = walk(&offsets, &[r#"{"data":[{"id":1}]}"#, r#"{"data":[{"id":2}]}"#, r#"{"data":[]}"#]);
    assert!(lines[1].contains("skip=1") && lines[2].contains("skip=2"), "{lines:?}");
    assert_eq!(lines[3], "end");
}

#[test]
fn the_total_of_a_page_is_handed_on() {
    let next =
        ("{cursor: next_cursor, size: 100}", "{cursor: next_cursor, total: \"header:X-Total\", size: 100}");
    let definition = definition(&[next]);
    let headers = [("x-total".to_owned(), "41".to_owned())];
    let response = Response { status: 200, headers: &headers, body: br#"{"data":[]}"# };
    let page = definition.read_page(&day(), &definition.first_page(&day()), &response).unwrap();
    assert_eq!(page.total_rows, Some(41));
}

#[test]
fn the_last_row_gives_the_cursor_and_more_without_one_is_a_fault() {
    let definition = definition(&[("next_cursor,", "\"last:id\", more: has_more,")]);
    let lines = walk(
        &definition,
        &[r#"{"data":[{"id":"a"},{"id":"b"}],"has_more":true}"#, r#"{"data":[],"has_more":true}"#],
    );
    assert!(lines[1].contains("after=b&"), "{lines:?}");
    assert_eq!(lines[2], PageFault::NoWayOn("last:id".to_owned()).to_string());
}

#[test]
fn a_page_without_its_rows_or_without_json_is_a_fault() {
    let definition = definition(&[]);
    let request = definition.first_page(&day());
    let read = |body: &[u8]| definition.read_page(&day(), &request, &ok(body)).unwrap_err();
    assert_eq!(read(b"{}"), PageFault::Shape(ShapeFault::NoRows("data".to_owned())));
    assert!(matches!(read(b"<html>please log in</html>"), PageFault::Shape(ShapeFault::NotJson(_))));
}

#[test]
fn items_hold_key_clock_version_and_the_compared_fields_in_order() {
    let body =
        br#"{"data":[{"id":7,"created_at":"c","updated_at":"u","amount":1.50,"currency":"eur","junk":[]}]}"#;
    let definition = definition(&[]);
    let page = definition.read_page(&day(), &definition.first_page(&day()), &ok(body)).unwrap();
    let item = page.items.get(0).unwrap();
    let slots: Vec<Option<&str>> =
        [KEY, CLOCK, VERSION, FIELDS, FIELDS + 1, FIELDS + 2].map(|s| item.slot(s)).into();
    assert_eq!(slots, [Some("7"), Some("\"c\""), Some("\"u\""), Some("1.50"), Some("\"eur\""), None]);
}

#[test]
fn a_feed_that_cannot_filter_is_asked_for_everything() {
    let window = ("grain: 1s}", "grain: 1s, filter: client}");
    let definition = definition(&[window, (", from: \"{from}\", to: \"{to}\"", "")]);
    assert_eq!(line(&definition.first_page(&day())), "/orders?limit=100");
    assert!(definition.feed().absence_is_evidence());
}

#[test]
fn bounds_follow_the_edges_and_the_newest_open_window_has_no_upper_one() {
    let inclusive = definition(&[("grain: 1s}", "grain: 1s, edges: \"(]\"}")]);
    let slice = slice("2025-11-21T00:00:00.5Z", "2025-11-22T00:00:00Z");
    let expected = "/orders?limit=100&from=2025-11-20T23:59:59Z&to=2025-11-21T23:59:59Z";
    assert_eq!(line(&inclusive.first_page(&slice)), expected);
    let open = definition(&[("grain: 1s}", "grain: 1s, open: true}")]);
    let both = "/orders?limit=100&from=2025-11-21T00:00:00Z&to=2025-11-22T00:00:00Z";
    assert_eq!(line(&open.first_page(&slice)), both, "an older window keeps its upper bound");
    let newest = crate::window::Slice { newest: true, ..slice.clone() };
    assert_eq!(line(&open.first_page(&newest)), "/orders?limit=100&from=2025-11-21T00:00:00Z");
    let lower = definition(&[("grain: 1s}", "grain: 1s, edges: \"[\"}"), (", to: \"{to}\"", "")]);
    assert_eq!(line(&lower.first_page(&slice)), "/orders?limit=100&from=2025-11-21T00:00:00Z");
}

#[test]
fn variables_are_put_in_place_and_their_keys_dropped_where_they_are_unset() {
    let text = PROVIDER
        .replace("GET /orders\n", "GET /{var.shop}/orders\n")
        .replace("limit: \"{size}\"", "limit: \"{size}\", account: \"{var.account}\"");
    let provider = provider(&text);
    let set = Settings { vars: [("shop".to_owned(), "a b/c".to_owned())].into(), ..Settings::default() };
    let definition = on_feed(&provider, super::DOMAIN, &set);
    assert!(line(&definition.first_page(&day())).starts_with("/a%20b/c/orders?limit=100&from="));
    let domain = super::domain(super::DOMAIN);
    let missing =
        Definition::new(&provider, &provider.feeds[&domain.feed.feed], domain.clone(), &Settings::default());
    assert_eq!(missing.unwrap_err(), Slot::Var("shop".into()));
}

#[test]
fn rules_come_before_what_http_says() {
    let definition = definition(&[]);
    let answer = |status| {
        definition.answer(&definition.first_page(&day()), &Response { status, headers: &[], body: b"" })
    };
    assert_eq!(answer(404), Answer::Empty);
    assert_eq!(answer(403), Answer::Rejected("status 403".to_owned()));
}

#[test]
fn headers_of_a_feed_travel_with_every_page() {
    let header = ("    rows: data\n", "    headers: {If-Modified-Since: \"{from}\"}\n    rows: data\n");
    let definition = definition(&[header]);
    let expected = [("if-modified-since".to_owned(), "2025-11-21T00:00:00Z".to_owned())];
    let first: PageRequest = definition.first_page(&day());
    assert_eq!(first.headers, expected);
}

#[test]
fn a_saved_token_has_a_parameter_of_its_own_where_the_definition_names_one() {
    let window = ("grain: 1s}", "grain: 1s, filter: client}");
    let next = ("{cursor: next_cursor, size: 100}", "{cursor: next_cursor, save: sync, size: 100}");
    let query = (", from: \"{from}\", to: \"{to}\"", ", sync: \"{token}\"");
    let definition = definition(&[window, next, query]);
    let going_on = Slice { token: Some("t&1".into()), ..day() };
    assert_eq!(line(&definition.first_page(&day())), "/orders?limit=100");
    let first = definition.first_page(&going_on);
    assert_eq!(line(&first), "/orders?limit=100&sync=t&1");
    let body = ok(br#"{"data":[{"id":1,"created_at":"2025-11-21T08:00:00Z"}],"next_cursor":"c"}"#);
    let page = definition.read_page(&going_on, &first, &body).unwrap();
    let Next::Page(second) = page.next else { panic!("the walk ended") };
    assert_eq!(line(&second), "/orders?limit=100&after=c&sync=t&1");
}

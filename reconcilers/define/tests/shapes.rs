//! Pages of every shape and format, read by a definition.

use std::io::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{day, definition, ok};
use crate::compare::{FIELDS, KEY};
use crate::define::definition::Definition;
use crate::key::Key;
use crate::name::Each;
use crate::page::{Confirmed, Page, PageFault, Response, Seen, Wanted};
use crate::projection::ShapeFault;
use crate::reconciler::Reconciler;

/// What replaces the place of the rows in the definition.
fn with_rows(rows: &str) -> Definition {
    definition(&[("rows: data\n", rows)])
}

fn page(definition: &Definition, body: &[u8]) -> Page {
    try_page(definition, body).unwrap_or_else(|fault| panic!("{fault}"))
}

fn try_page(definition: &Definition, body: &[u8]) -> Result<Page, PageFault> {
    definition.read_page(&day(), &definition.first_page(&day()), &ok(body))
}

/// Key and first compared field of every item.
fn items(page: &Page) -> Vec<String> {
    let text = |slot: Option<&str>| slot.unwrap_or("-").trim_matches('"').to_owned();
    page.items.iter().map(|item| format!("{} {}", text(item.slot(KEY)), text(item.slot(FIELDS)))).collect()
}

fn read(rows: &str, body: &str) -> Vec<String> {
    items(&page(&with_rows(rows), body.as_bytes()))
}

fn fault(rows: &str, body: &str) -> String {
    try_page(&with_rows(rows), body.as_bytes()).map(|page| items(&page)).unwrap_err().to_string()
}

/// What a look-up of keys says, in words.
fn looked_up(definition: &Definition, keys: &[&str], body: &str) -> Vec<String> {
    let keys: Vec<Wanted> = keys.iter().map(|key| Key::checked(key).unwrap().into()).collect();
    let confirm = definition.confirm(&Each::default(), &keys).remove(0);
    let response = Response { status: 200, headers: &[], body: body.as_bytes() };
    let said = |one: Confirmed| match one.seen {
        Seen::Item(items, raw) => {
            let slot = |slot| items.get(0).unwrap().slot(slot).unwrap_or("-").trim_matches('"').to_owned();
            format!("{} {} of {raw}", slot(KEY), slot(FIELDS))
        }
        Seen::Gone => "gone".to_owned(),
        Seen::Unreadable(why) => why,
    };
    match definition.read_confirm(&confirm, &response) {
        Ok(confirmed) => confirmed.into_iter().map(said).collect(),
        Err(fault) => vec![fault.to_string()],
    }
}

#[test]
fn wrapped_rows_are_what_is_inside_the_wrapper() {
    let body =
        r#"{"o":{"edges":[{"cursor":"x","node":{"id":1,"amount":5}},{"node":null},{"node":{"id":2}}]}}"#;
    for rows in
        ["rows: o.edges[*].node\n", "rows: o.edges\n    unwrap: node\n", "rows: o.edges?\n    unwrap: node\n"]
    {
        assert_eq!(read(rows, body), ["1 5", "- -", "2 -"], "{rows}");
    }
    let confirm = (
        "{one: \"GET /orders/{id}\", gone: 404}",
        "{many: {request: GET /orders, query: {ids: \"{ids:csv}\"}, rows: \"o.edges[*].node\"}}",
    );
    let many = definition(&[("rows: data\n", "rows: o.edges[*].node\n"), confirm]);
    let body = r#"{"o":{"edges":[{"node": {"id":1,"amount":5} }]}}"#;
    assert_eq!(looked_up(&many, &["1", "7"], body), [r#"1 5 of {"id":1,"amount":5}"#, "gone"]);
}

#[test]
fn the_item_of_a_look_up_may_be_wrapped_and_alone_in_a_list() {
    let wrapped = definition(&[("gone: 404", "unwrap: invoices, gone: 404")]);
    let item = [r#"1 5 of {"id":1,"amount":5}"#];
    assert_eq!(looked_up(&wrapped, &["1"], r#"{"invoices":[{"id":1,"amount":5}]}"#), item);
    assert_eq!(looked_up(&wrapped, &["1"], r#"{"invoices":{"id":1,"amount":5}}"#), item);
    for body in [r#"{"invoices":[]}"#, r#"{"invoices":[{"id":1},{"id":2}]}"#] {
        assert_eq!(looked_up(&wrapped, &["1"], body), ["`invoices` does not hold exactly one item"]);
    }
    assert_eq!(looked_up(&wrapped, &["2"], r#"{"invoices":{"id":1}}"#), [PageFault::WrongItem.to_string()]);
    assert_eq!(looked_up(&wrapped, &["2"], r#"{"id":2}"#).len(), 1);
}

#[test]
fn a_key_of_several_parts_is_put_together() {
    let composite = definition(&[("    id: id\n", "    id: [team.id, id]\n")]);
    let body = br#"{"data":[{"id":18446744073709551615,"team":{"id":"T:1"},"amount":5},{"id":"x"},{"id":"","team":{"id":1}}]}"#;
    assert_eq!(items(&page(&composite, body)), ["T%3A1:18446744073709551615 5", "- -", "- -"]);
    let seen = looked_up(&composite, &["T1:7"], r#"{"id":7,"team":{"id":"T1"}}"#);
    assert_eq!(seen, [r#"T1:7 - of {"id":7,"team":{"id":"T1"}}"#]);
}

#[test]
fn the_elements_of_a_list_inside_a_row_are_rows_that_know_where_they_lie() {
    let exploding = |more: &str| {
        definition(&[
            ("rows: data\n", &format!("rows: data\n    explode: lines.data\n{more}")),
            ("    id: id\n", "    id: [^.id, id]\n"),
            ("created_at, as", "^.created_at, as"),
        ])
    };
    let body = br#"{"data":[
        {"id":"a","created_at":"c","lines":{"data":[{"id":1,"amount":5},{"id":2}]}},
        {"id":"b","lines":{"data":[]}}, {"id":"c"}, {"id":"d","lines":{"data":[{"id":1},7]}}
    ]}"#;
    let plain = page(&exploding(""), body);
    assert_eq!(items(&plain), ["a:1 5", "a:2 -", "d:1 -"]);
    assert_eq!(plain.items.get(1).unwrap().slot(crate::compare::CLOCK), Some("\"c\""));
    let faults: Vec<String> = plain.faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults, ["row 3: it has no list where its rows should be", "row 5: it is not an object"]);

    let watched = exploding("    nested: [{rows: lines.data, more: lines.has_more}]\n");
    let cut = br#"{"data":[{"id":"a","lines":{"data":[],"has_more":true}}]}"#;
    assert_eq!(page(&watched, cut).gaps, ["1 lists whose elements are the rows are cut off"]);
    let one = |body: &str| looked_up(&watched, &["a:1"], body).remove(0);
    assert_eq!(
        one(r#"{"id":"a","lines":{"data":[{"id":2},{"id":1,"amount":5}]}}"#),
        r#"a:1 5 of {"id":1,"amount":5}"#
    );
    assert_eq!(one(r#"{"id":"a","lines":{"data":[{"id":2}]}}"#), "gone");
    assert_eq!(one(r#"{"id":"a","lines":{"data":[]}}"#), "gone");
    let unknown = "the answer does not show the whole list that it lies in";
    for body in [
        r#"{"id":"a","lines":{"data":[{"id":2}],"has_more":true}}"#,
        r#"{"id":"b","lines":{"data":[]}}"#,
        r#"{"id":"a","lines":{"data":[7]}}"#,
        r#"{"id":"a"}"#,
    ] {
        assert_eq!(one(body), unknown, "{body}");
    }
}

#[test]
fn rows_lie_in_maps_alone_or_in_lists_that_say_what_happened() {
    let map = definition(&[
        ("rows: data\n", "rows: {map: users}\n"),
        ("    id: id\n", "    id: ^key\n"),
        (
            "{one: \"GET /orders/{id}\", gone: 404}",
            "{many: {request: GET /orders, query: {ids: \"{ids:csv}\"}, rows: {map: users}}}",
        ),
    ]);
    let body = r#"{"users":{"u\"1":{"amount":5},"u2":{"amount":6},"u3":null}}"#;
    let read_map = page(&map, body.as_bytes());
    assert_eq!(read_map.items.get(0).unwrap().slot(KEY), Some(r#""u\"1""#));
    assert_eq!(items(&read_map)[1], "u2 6");
    assert_eq!(read_map.faults.len(), 1);
    assert_eq!(looked_up(&map, &["u2"], r#"{"users":{"u2":{"amount":6}}}"#), [r#"u2 6 of {"amount":6}"#]);
    assert_eq!(read("rows: {one: \".\"}\n", r#"{"id":1,"amount":5}"#), ["1 5"]);
    assert_eq!(read("rows: {one: a.b}\n", r#"{"a":{"b":{"id":1}}}"#), ["1 -"]);
    assert_eq!(
        fault("rows: {map: users}\n", r#"{"users":[]}"#),
        "`users` is not an object with rows by their ids"
    );

    let tagged = with_rows("rows: {added: added, modified: modified, removed: removed?}\n");
    let body = br#"{"removed":[{"id":"r"},{"x":1}],"added":[{"id":"a","amount":1}],"modified":[{"id":"m"}]}"#;
    let read_tagged = page(&tagged, body);
    assert_eq!(items(&read_tagged), ["a 1", "m -"]);
    assert_eq!(read_tagged.gone, [Key::checked("r").unwrap()]);
    assert_eq!(read_tagged.faults[0].to_string(), "row 4: it names a deleted item, and the item has no key");
    assert_eq!(items(&page(&tagged, br#"{"added":[],"modified":[]}"#)), [""; 0]);
    let missing = try_page(&tagged, br#"{"added":[]}"#).unwrap_err();
    assert_eq!(missing, PageFault::Shape(ShapeFault::NoRows("modified".to_owned())));
}

#[test]
fn single_values_become_rows_with_a_name() {
    let scalars = "rows: members\n    scalar: id\n";
    let body = r#"{"members":["U1",18446744073709551615,{"id":1},null,[2],true]}"#;
    assert_eq!(read(scalars, body), ["U1 -", "18446744073709551615 -", "true -"]);
    let read = page(&with_rows(scalars), body.as_bytes());
    assert_eq!(read.faults.iter().map(|fault| fault.index).collect::<Vec<_>>(), [2, 3, 4]);
}

#[test]
fn rows_that_name_deleted_items_are_no_items() {
    let graph = "rows: data\n    gone_if: {\"['@removed']\": present, kind: /^u/}\n";
    let body = br#"{"data":[{"id":1},{"id":2,"@removed":{"reason":"x"},"kind":"user"},{"id":3,"@removed":null,"kind":"user"},{"id":4,"@removed":{},"kind":"group"}]}"#;
    let read = page(&with_rows(graph), body);
    assert_eq!(items(&read), ["1 -", "3 -", "4 -"]);
    assert_eq!(read.gone, [Key::checked("2").unwrap()]);

    let flag = with_rows("rows: data\n    gone_if: {deleted: true}\n");
    assert_eq!(looked_up(&flag, &["1"], r#"{"id":1,"deleted":true}"#), ["gone"]);
    assert_eq!(looked_up(&flag, &["2"], r#"{"id":1,"deleted":true}"#), [PageFault::WrongItem.to_string()]);
    assert_eq!(looked_up(&flag, &["1"], r#"{"id":1,"deleted":false}"#).len(), 1);

    let archive = definition(&[
        ("rows: data\n", "rows: data\n    gone_if: always\n"),
        ("next_cursor,", "\"last:id\", more: more,"),
    ]);
    let read = page(&archive, br#"{"data":[{"id":1},{"id":2}],"more":true}"#);
    assert!(read.items.is_empty());
    assert_eq!(read.gone.len(), 2);
    let crate::page::Next::Page(next) = read.next else { panic!("the walk ended") };
    assert_eq!(
        (next.position.cursor.as_deref(), next.position.rows),
        (Some("2"), 2),
        "the last row counts, deleted or not"
    );
}

#[test]
fn a_row_whose_list_is_cut_off_is_looked_up_and_unreadable_where_that_is_cut_off_too() {
    let compared = ("total: {upstream: amount}", "total: {upstream: lines.data}");
    let text = |nested: &str| {
        super::PROVIDER.replace("rows: data\n", &format!("rows: data\n    nested: [{nested}]\n"))
    };
    let on = |nested: &str, domain: &str| {
        super::on_feed(&super::provider(&text(nested)), domain, &super::Settings::default())
    };
    let domain = super::DOMAIN.replace(compared.0, compared.1);
    let more = on("{rows: lines.data, more: lines.has_more}", &domain);
    let body = br#"{"data":[
        {"id":0,"lines":{"data":[1],"has_more":false}},{"id":1,"lines":{"data":[1],"has_more":true}},{"id":2},
        {"id":3,"lines":{"data":[]}},{"id":4,"lines":{"data":[],"has_more":"perhaps"}},{"id":5,"lines":{"data":[],"has_more":false,"has_more":true}}
    ]}"#;
    let read = page(&more, body);
    assert_eq!((read.items.len(), read.partial), (6, vec![1, 2, 4, 5]));
    assert_eq!(
        looked_up(&more, &["1"], r#"{"id":1,"lines":{"data":[1],"has_more":true}}"#),
        ["the list `lines.data` is cut off, in the look-up too"]
    );
    assert_eq!(
        looked_up(&more, &["1"], r#"{"id":1}"#),
        ["there is no list `lines.data`, in the look-up too"]
    );
    assert!(
        looked_up(&more, &["1"], r#"{"id":1,"lines":{"data":[1,2],"has_more":false}}"#)[0].starts_with("1 ")
    );

    let total = on("{rows: lines.data?, total: lines.total}", &domain);
    let body = br#"{"data":[
        {"id":0,"lines":{"data":[1,2],"total":2}},{"id":1,"lines":{"data":[1,2],"total":"3"}},
        {"id":2},{"id":3,"lines":{"total":1}},{"id":4,"lines":{"data":[],"total":"many"}}
    ]}"#;
    assert_eq!(page(&total, body).partial, [1, 3, 4]);

    let elsewhere = on("{rows: lines.data, more: lines.has_more}", super::DOMAIN);
    let cut = br#"{"data":[{"id":1,"lines":{"data":[1],"has_more":true}}]}"#;
    assert!(page(&elsewhere, cut).partial.is_empty(), "nothing is compared that lies in the list");
}

#[test]
fn thin_rows_are_all_looked_up() {
    let thin = definition(&[("gone: 404", "gone: 404, hydrate: true")]);
    assert_eq!(page(&thin, br#"{"data":[{"id":1},7,{"id":2}]}"#).partial, [0, 1]);
}

const TABLE: (&str, &str) = ("    rows: data\n", "    format: csv\n");
const HEADER: (&str, &str) = ("cursor: next_cursor", "cursor: \"header:X-Next\"");

#[test]
fn tables_and_lines_are_pages_whose_way_on_is_in_a_header() {
    let table = definition(&[TABLE, HEADER]);
    let body = b"id,created_at,updated_at,amount,currency,state\n1,c,u,5.10,eur,paid\n2,c,u\n3,,,,,\n";
    let headers = [("x-next".to_owned(), "b".to_owned())];
    let response = Response { status: 200, headers: &headers, body };
    let read = table.read_page(&day(), &table.first_page(&day()), &response).unwrap();
    assert_eq!(items(&read), ["1 5.10", "3 null"]);
    assert_eq!(read.faults[0].to_string(), "row 2: line 3 has 3 columns where the header has 6");
    assert!(matches!(read.next, crate::page::Next::Page(next) if next.position.rows == 3));
    let missing = try_page(&table, b"id,created_at,updated_at,amount\n").unwrap_err();
    assert_eq!(missing.to_string(), "the header of the table has no column `currency`");
    assert_eq!(looked_up(&table, &["1"], r#"{"id":1,"amount":5}"#).len(), 1, "look-ups answer JSON");

    let lines = definition(&[
        ("    rows: data\n", "    format: jsonl\n    unwrap: node\n    unpack: gzip\n"),
        HEADER,
    ]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"{\"node\":{\"id\":1,\"amount\":5}}\n{\"x\":1}\n").unwrap();
    let read = page(&lines, &packed.finish().unwrap());
    assert_eq!(items(&read), ["1 5"]);
    assert_eq!(read.faults[0].to_string(), "row 2: it holds nothing where its row should be");
    assert!(try_page(&lines, b"\x1f\x8b{}").unwrap_err().to_string().contains("not gzip"));
}

#[test]
fn xml_is_read_by_the_same_paths() {
    let xml = definition(&[
        ("rows: data\n", "rows: r.orders.order\n    format: xml\n"),
        ("    id: id\n", "    id: \"@id\"\n"),
        ("gone: 404", "unwrap: r.order, gone: 404"),
        ("cursor: next_cursor", "cursor: r.@next"),
    ]);
    let read = |body: &str| page(&xml, body.as_bytes());
    let one = read(r#"<r next="n"><orders><order id="1"><amount>5</amount></order></orders></r>"#);
    assert_eq!(items(&one), ["1 5"]);
    assert!(
        matches!(one.next, crate::page::Next::Page(next) if next.position.cursor.as_deref() == Some("n"))
    );
    let two = read(r#"<r><orders><order id="1"/><order id="2"><amount/></order><order/></orders></r>"#);
    assert_eq!(items(&two), ["1 -", "2 ", "- -"]);
    let none = try_page(&xml, b"<r><orders/></r>").unwrap_err();
    assert_eq!(none, PageFault::Shape(ShapeFault::NoRows("r.orders.order".to_owned())));
    let seen = looked_up(&xml, &["1"], r#"<r><order id="1"><amount>5</amount></order></r>"#);
    assert_eq!(seen, [r#"1 5 of {"@id":"1","amount":"5"}"#]);
    assert!(try_page(&xml, b"<html>").unwrap_err().to_string().contains("not XML"));
}

/// What is changed in a definition.
type Words = Vec<(&'static str, &'static str)>;

/// How pages show rows, the words that read them, and the pages.
fn shown(rows: &[Value]) -> Vec<(&'static str, Words, Vec<u8>)> {
    let keyed = |(n, row): (usize, &Value)| (format!("k{n}"), row.clone());
    let map: serde_json::Map<String, Value> = rows.iter().enumerate().map(keyed).collect();
    let wrapped: Vec<Value> = rows.iter().map(|row| json!({ "node": row })).collect();
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let exploded: Vec<Value> = rows.chunks(2).map(|rows| json!({ "lines": rows })).collect();
    let (first, last) = rows.split_at(rows.len() / 2);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, part) in [("1", first), ("2", last)] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(json!({ "data": part }).to_string().as_bytes()).unwrap();
    }
    let bytes = |value: Value| value.to_string().into_bytes();
    let rows_are = |words| vec![("    rows: data\n", words)];
    let header = |words| vec![("    rows: data\n", words), HEADER];
    vec![
        ("plain", vec![], bytes(json!({ "data": rows }))),
        ("root", rows_are("    rows: \"[*]\"\n"), bytes(json!(rows))),
        ("wrapped", rows_are("    rows: data[*].node\n"), bytes(json!({ "data": wrapped }))),
        ("map", rows_are("    rows: {map: data}\n"), bytes(json!({ "data": map }))),
        ("tagged", rows_are("    rows: {added: a, modified: m}\n"), bytes(json!({ "m": last, "a": first }))),
        ("exploded", rows_are("    rows: data\n    explode: lines\n"), bytes(json!({ "data": exploded }))),
        ("lines", header("    format: jsonl\n"), lines.join("\n").into_bytes()),
        ("archive", rows_are("    rows: data\n    unpack: zip\n"), archive.finish().unwrap().into_inner()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_page_of_any_shape_gives_exactly_the_rows_that_were_put_in(
        rows in prop::collection::vec(("[ -~é\n]{1,8}", any::<i64>(), prop::option::of("[ -~]{0,5}")), 0..7)
    ) {
        let values: Vec<Value> = rows.iter().map(|(id, amount, note)| json!({
            "id": id, "amount": amount, "note": note, "junk": {"id": "no", "lines": [1]},
        })).collect();
        // Map keys come back sorted, which `k0` to `k6` are already.
        let expected: Vec<String> = rows.iter().map(|(id, amount, _)| format!("{} {amount}", json!(id))).collect();
        for (name, words, body) in shown(&values) {
            let read = page(&definition(&words), &body);
            let found: Vec<String> = read.items.iter()
                .map(|item| format!("{} {}", item.slot(KEY).unwrap(), item.slot(FIELDS).unwrap()))
                .collect();
            prop_assert_eq!(&found, &expected, "{}", name);
            prop_assert!(read.faults.is_empty() && read.gone.is_empty() && read.partial.is_empty() && read.gaps.is_empty());
        }
    }

    #[test]
    fn no_page_makes_a_reader_panic_or_invent_rows(body in "[\\[\\]{}\",:a-c0-9 ]{0,60}") {
        for (_, words, _) in shown(&[]) {
            if let Ok(read) = try_page(&definition(&words), body.as_bytes()) {
                prop_assert!(read.items.len() <= body.len());
            }
        }
    }
}

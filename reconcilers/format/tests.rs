//! Formats as providers write them, and as nobody should.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::path::Path;

fn decoded(format: &Format, body: &[u8]) -> Result<Decoded<'static>, FormatFault> {
    unpacked(format, None, Caps::default(), body)
}

fn unpacked(
    format: &Format,
    unpack: Option<Unpack>,
    caps: Caps,
    body: &[u8],
) -> Result<Decoded<'static>, FormatFault> {
    Ok(match decode(format, unpack, caps, body)? {
        Decoded::Rows(rows) => Decoded::Rows(rows),
        Decoded::Pages(pages) => {
            Decoded::Pages(pages.into_iter().map(|page| Cow::Owned(page.into_owned())).collect())
        }
    })
}

/// The rows in words: their JSON, or what is wrong.
fn rows(format: &Format, body: &str) -> Vec<String> {
    let Decoded::Rows(rows) = decoded(format, body.as_bytes()).unwrap() else { panic!("not rows") };
    rows.into_iter().map(|row| row.unwrap_or_else(|why| why)).collect()
}

fn csv() -> Format {
    Format::Table { separator: b',', columns: vec!["id".into()] }
}

fn xml(body: &str, lists: &[&str], objects: &[&str]) -> Result<Value, FormatFault> {
    let paths =
        |texts: &[&str]| texts.iter().map(|text| Path::try_from((*text).to_owned()).unwrap()).collect();
    let format = Format::Xml(Elements { lists: paths(lists), objects: paths(objects) });
    let Decoded::Pages(pages) = decoded(&format, body.as_bytes())? else { panic!("not a page") };
    Ok(serde_json::from_str(&pages[0]).unwrap())
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(body).unwrap();
    packed.finish().unwrap()
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, body) in files {
        let options = SimpleFileOptions::default();
        if name.ends_with('/') {
            archive.add_directory(*name, options).unwrap();
        } else {
            archive.start_file(*name, options).unwrap();
            archive.write_all(body).unwrap();
        }
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_table_has_text_in_its_cells_and_an_empty_one_is_null() {
    let body = "\u{feff}id,note,\"a \"\"b\"\"\"\r\n1,\"two\nlines, one cell\",x\r\n\r\n007,,0.10\n";
    assert_eq!(
        rows(&csv(), body),
        [
            r#"{"a \"b\"":"x","id":"1","note":"two\nlines, one cell"}"#,
            r#"{"a \"b\"":"0.10","id":"007","note":null}"#
        ]
    );
    let tsv = Format::Table { separator: b'\t', columns: Vec::new() };
    assert_eq!(rows(&tsv, "id\t\n1\t2,3"), [r##"{"#2":"2,3","id":"1"}"##]);
    assert!(rows(&csv(), "id,x\n").is_empty());
}

#[test]
fn a_bad_row_of_a_table_is_named_by_its_line_and_the_others_are_read() {
    let body = "id,x\n1\n2,b\n3,c,d\n4,\"open\n5,e\n";
    assert_eq!(
        rows(&csv(), body),
        [
            "line 2 has 1 columns where the header has 2",
            r#"{"id":"2","x":"b"}"#,
            "line 4 has 3 columns where the header has 2",
            "line 5 opens a quote that is never closed",
        ]
    );
    let Ok(Decoded::Rows(rows)) = decoded(&csv(), b"id\na\xff\nb\n") else { panic!("not rows") };
    assert_eq!(rows, [Err("line 2 is not UTF-8".to_owned()), Ok(r#"{"id":"b"}"#.to_owned())]);
}

#[test]
fn what_is_no_table_with_the_named_columns_is_never_an_empty_one() {
    assert_eq!(decoded(&csv(), b"").unwrap_err(), FormatFault::NoHeader);
    assert_eq!(decoded(&csv(), b"<html>log in</html>").unwrap_err(), FormatFault::NoColumn("id".into()));
    assert_eq!(decoded(&csv(), b"id,a,id\n").unwrap_err(), FormatFault::ColumnTwice(1, 3));
}

#[test]
fn lines_are_rows_and_a_bad_one_is_named() {
    let plain = Format::Lines(None);
    assert_eq!(
        rows(&plain, "{\"id\":1}\r\n\n  {\"id\":2} \n{\"id\":\n"),
        [r#"{"id":1}"#, r#"{"id":2}"#, "line 4 is not JSON"]
    );
    assert!(rows(&plain, "").is_empty());
    let said = rows(&plain, "{\"id\":1}\n{\"id\":2,\"__parentId\":1}");
    assert_eq!(
        said[1],
        "line 2 belongs to another by `__parentId`; say `children: drop` or `children: nest`"
    );
}

#[test]
fn lines_of_other_lines_are_dropped_or_put_into_them() {
    let body = r#"{"id":"a"}
{"id":"a1","__parentId":"a"}
{"id":"b","x":1}
{"id":"a2","__parentId":"a"}
{"sku":"deep","__parentId":"a1"}
{"id":"c1","__parentId":"nobody"}
"#;
    assert_eq!(rows(&Format::Lines(Some(Children::Drop)), body), [r#"{"id":"a"}"#, r#"{"id":"b","x":1}"#]);
    let nested = rows(&Format::Lines(Some(Children::Nest)), body);
    let a: Value = serde_json::from_str(&nested[0]).unwrap();
    assert_eq!(
        a,
        json!({"id": "a", "__children": [
            {"id": "a1", "__parentId": "a", "__children": [{"sku": "deep", "__parentId": "a1"}]},
            {"id": "a2", "__parentId": "a"}
        ]})
    );
    assert_eq!(
        nested[1..],
        [r#"{"id":"b","x":1}"#, "line 6 belongs to a line that does not stand before it"]
    );
}

#[test]
fn elements_attributes_and_text_have_paths() {
    let body = r#"<?xml version="1.0" encoding="UTF-8"?><!-- hi -->
<r xmlns="urn:x"><row id="1&amp;2"><n>a &lt; b&#33;</n><m/><t cur="EUR">5</t><c><![CDATA[<x>]]></c></row><x xmlns:xsi="u" xsi:nil="true"/></r>"#;
    assert_eq!(
        xml(body, &["r.row"], &["r.row.n"]).unwrap(),
        json!({"r": {"row": [{"@id": "1&2", "n": {"#text": "a < b!"}, "m": "", "t": {"@cur": "EUR", "#text": "5"}, "c": "<x>"}], "x": null}})
    );
    assert_eq!(
        xml("<r><a>1</a><b/><a>2</a></r>", &[], &[]).unwrap(),
        json!({"r": {"a": ["1", "2"], "b": ""}})
    );
    assert_eq!(xml("<r/>", &["r.row"], &[]).unwrap(), json!({"r": ""}));
    assert_eq!(xml("<r><row/></r>", &["r.row"], &[]).unwrap(), json!({"r": {"row": [""]}}));
}

#[test]
fn xml_that_is_dangerous_or_broken_is_refused() {
    let said = |body: &str| xml(body, &[], &[]).unwrap_err();
    assert_eq!(said(r#"<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>"#), FormatFault::DocumentType);
    assert_eq!(said("<r>&a;</r>"), FormatFault::UnknownEntity);
    assert_eq!(said(&"<a>".repeat(100)), FormatFault::TooDeep(64));
    for body in [
        "",
        "text",
        "<r>",
        "<r></s>",
        "<r/><r/>",
        "<r/><s/>",
        "<r a=1/>",
        "<r a=\"1\" a=\"2\"/>",
        "<r a=\"&x;\"/>",
        "<r/>x",
        "<r><",
    ] {
        assert!(matches!(said(body), FormatFault::NotXml { .. }), "{body}: {:?}", said(body));
    }
    assert!(matches!(decoded(&Format::Xml(Elements::default()), b"<r>\xff</r>"), Err(FormatFault::NotUtf8)));
}

#[test]
fn a_gzip_that_was_unpacked_on_the_way_is_read_as_it_is() {
    let body = b"{\"data\":[1,2,3]}";
    let read = |body: &[u8]| unpacked(&Format::Json, Some(Unpack::Gzip), Caps::default(), body).unwrap();
    assert_eq!(read(body), read(&gzip(body)));
}

#[test]
fn what_unpacks_into_too_much_is_refused() {
    let caps = Caps { bytes: 10_000, files: 3 };
    let bomb = vec![b' '; 10_001];
    let said = |unpack, body: &[u8]| unpacked(&Format::Json, Some(unpack), caps, body).unwrap_err();
    assert_eq!(said(Unpack::Gzip, &gzip(&bomb)), FormatFault::TooLarge(10_000));
    assert_eq!(said(Unpack::Zip, &zip_of(&[("a", &bomb)])), FormatFault::TooLarge(10_000));
    let halves: [(&str, &[u8]); 2] = [("a", &bomb[..6_000]), ("b", &bomb[..6_000])];
    assert_eq!(said(Unpack::Zip, &zip_of(&halves)), FormatFault::TooLarge(10_000));
    let many: [(&str, &[u8]); 4] = [("a", b"1"), ("b", b"1"), ("c", b"1"), ("d", b"1")];
    assert_eq!(said(Unpack::Zip, &zip_of(&many)), FormatFault::TooManyFiles(3));
}

#[test]
fn what_is_not_packed_or_is_cut_off_is_refused() {
    let said =
        |unpack, body: &[u8]| unpacked(&Format::Json, Some(unpack), Caps::default(), body).unwrap_err();
    let (packed, archive) = (gzip(b"{\"data\":[1,2,3]}"), zip_of(&[("a.json", b"{\"data\":[1,2,3]}")]));
    for end in 0..packed.len() {
        assert_eq!(said(Unpack::Gzip, &packed[..end]), FormatFault::NotPacked("gzip"), "{end}");
    }
    for end in 0..archive.len() {
        assert_eq!(said(Unpack::Zip, &archive[..end]), FormatFault::NotPacked("zip"), "{end}");
    }
}

#[test]
fn an_archive_that_names_one_file_twice_is_refused() {
    let mut archive = zip_of(&[("a.json", b"1"), ("b.json", b"2")]);
    for place in 0..archive.len() - 6 {
        if &archive[place..place + 6] == b"b.json" {
            archive[place] = b'a';
        }
    }
    let said = unpacked(&Format::Json, Some(Unpack::Zip), Caps::default(), &archive);
    assert_eq!(said.unwrap_err(), FormatFault::FileTwice);
}

#[test]
fn the_files_of_an_archive_are_read_in_their_order() {
    let files: [(&str, &[u8]); 4] =
        [("z.csv", b"id\n1\n2\n"), ("dir/", b""), ("dir/a.csv", b"x,id\n,3\n"), ("empty.csv", b"id\n")];
    let all = unpacked(&csv(), Some(Unpack::Zip), Caps::default(), &zip_of(&files)).unwrap();
    let row = |text: &str| Ok(text.to_owned());
    assert_eq!(
        all,
        Decoded::Rows(vec![row(r#"{"id":"1"}"#), row(r#"{"id":"2"}"#), row(r#"{"id":"3","x":null}"#)])
    );
}

/// As the writer of a table quotes a cell.
fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// As the writer of XML escapes text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

proptest! {
    #[test]
    fn a_table_gives_the_cells_that_were_written(
        table in (1_usize..5).prop_flat_map(|width| prop::collection::vec(prop::collection::vec("[ -~éß\n\t]{0,8}", width), 0..6))
    ) {
        let width = table.first().map_or(1, Vec::len);
        let header: Vec<String> = (0..width).map(|n| format!("c{n}")).collect();
        let mut body = header.join(",");
        for row in &table {
            body.push('\n');
            body.push_str(&row.iter().map(|text| cell(text)).collect::<Vec<_>>().join(","));
        }
        let format = Format::Table { separator: b',', columns: Vec::new() };
        let read: Vec<Value> = rows(&format, &body).iter().map(|row| serde_json::from_str(row).unwrap()).collect();
        let value = |text: &String| if text.is_empty() { Value::Null } else { Value::from(text.as_str()) };
        let written: Vec<Value> = table.iter().map(|row| header.iter().cloned().zip(row.iter().map(value)).collect()).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn xml_gives_the_text_that_was_written(texts in prop::collection::vec("[ -~éß]{0,12}", 0..5), attribute in "[ -~é]{0,8}") {
        let elements: Vec<String> = texts.iter().map(|text| format!("<v>{}</v>", escaped(text))).collect();
        let elements = elements.concat();
        let body = format!("<r><row a=\"{}\">{elements}</row></r>", escaped(&attribute));
        let page = xml(&body, &["r.row.v"], &["r.row"]).unwrap();
        prop_assert_eq!(&page["r"]["row"]["@a"], &Value::from(attribute));
        let read: Vec<&str> = page["r"]["row"]["v"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        prop_assert_eq!(read, texts);
    }

    #[test]
    fn lines_and_archives_give_back_what_was_written(values in prop::collection::vec("[ -~é]{0,10}", 0..6)) {
        let lines: Vec<String> = values.iter().map(|value| json!({ "id": value }).to_string()).collect();
        let body = lines.join("\n");
        let expected = Decoded::Rows(lines.into_iter().map(Ok).collect());
        for (how, packed) in [
            (None, body.clone().into_bytes()),
            (Some(Unpack::Gzip), gzip(body.as_bytes())),
            (Some(Unpack::Zip), zip_of(&[("a", body.as_bytes())])),
        ] {
            prop_assert_eq!(&unpacked(&Format::Lines(None), how, Caps::default(), &packed).unwrap(), &expected);
        }
    }

    #[test]
    fn no_body_makes_a_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200), text in "[<>&;!/ a=\"'\\[\\]\n,{}:0-9-]{0,80}") {
        for bytes in [&body[..], text.as_bytes()] {
            for format in [Format::Json, Format::Lines(None), Format::Lines(Some(Children::Nest)), csv(), Format::Xml(Elements::default())] {
                for unpack in [None, Some(Unpack::Gzip), Some(Unpack::Zip)] {
                    let _ = decoded(&format, bytes).is_ok() || unpacked(&format, unpack, Caps::default(), bytes).is_ok();
                }
            }
        }
    }
}

//! Pages as providers send them, and as nobody should.

use super::*;
use crate::path::Path;

fn paths(texts: &[&str]) -> Vec<Option<Path>> {
    texts.iter().map(|t| Path::try_from((*t).to_owned()).ok()).collect()
}

fn projection(rows: &str, slots: &[&str], signals: &[&str]) -> Projection {
    Projection::new(&at(rows), &paths(slots), &paths(signals), 1_000)
}

fn at(rows: &str) -> At {
    let (rows, absent) = rows.strip_suffix('?').map_or((rows, Absent::Fault), |rows| (rows, Absent::Empty));
    At { path: Path::of_rows(rows).unwrap(), absent }
}

/// The whole rows of a page.
fn whole(page: &str, rows: &str) -> Vec<Result<Box<str>, ShapeFault>> {
    let mut gathering = Gathering::default();
    RowShape::array(at(rows)).gather(page, &mut gathering).unwrap();
    gathering.rows.into_iter().map(|row| shallow(&row.unwrap().raw)).collect()
}

fn slots(projected: &Projected) -> Vec<Vec<Option<&str>>> {
    let width = projected.items.iter().next().map_or(0, |_| 3);
    projected.items.iter().map(|item| (0..width).map(|slot| item.slot(slot)).collect()).collect()
}

#[test]
fn named_values_are_kept_as_they_were_sent() {
    let page = br#"{"object":"list","data":[{"id":"a","n":1.50,"deep":{"er":[1,2]}},{"id":"b","deep":null}],"more":true}"#;
    let kept = projection("data", &["id", "n", "deep.er"], &["more", "next.cursor"]).read(page).unwrap();
    assert_eq!(slots(&kept), [[Some("\"a\""), Some("1.50"), Some("[1,2]")], [Some("\"b\""), None, None]]);
    assert_eq!(kept.signals, [Some("true".into()), None]);
}

#[test]
fn a_value_and_one_inside_it_may_both_be_kept() {
    let kept = projection("[*]", &["a", "a.b", "c"], &[]).read(br#"[{"a":{"b":7}}]"#).unwrap();
    assert_eq!(slots(&kept), [[Some(r#"{"b":7}"#), Some("7"), None]]);
}

#[test]
fn a_missing_rows_path_is_an_error_and_not_an_empty_page() {
    let read = |page: &str| projection("data", &["id"], &[]).read(page.as_bytes()).unwrap_err();
    assert_eq!(read(r#"{"dato":[]}"#), ShapeFault::NoRows("data".to_owned()));
    assert_eq!(read("[]"), ShapeFault::NoRows("data".to_owned()));
    assert_eq!(read(r#"{"data":null}"#), ShapeFault::RowsNotArray("data".to_owned()));
    assert_eq!(read(r#"{"data":{}}"#), ShapeFault::RowsNotArray("data".to_owned()));
}

#[test]
fn what_is_not_json_is_refused_without_repeating_it() {
    let read = |page: &[u8]| projection("data", &["id"], &[]).read(page).unwrap_err().to_string();
    assert_eq!(read(b"<html>secret</html>"), "the body is not JSON: unexpected text at line 1 column 1");
    assert_eq!(read(br#"{"data":[{"id":"#), "the body is not JSON: it ends too early at line 1 column 15");
    assert!(read(br#"{"data":[]} x"#).contains("unexpected text"));
    assert!(read(b"\xff").contains("UTF-8"));
}

#[test]
fn a_row_that_is_no_object_or_repeats_a_member_is_a_fault_of_that_row() {
    let kept = projection("[*]", &["id", "x", "y"], &[])
        .read(br#"[1,{"id":"a"},{"id":"b","id":"c"},null]"#)
        .unwrap();
    assert_eq!(kept.items.len(), 1);
    assert_eq!(kept.faults.iter().map(|f| f.index).collect::<Vec<_>>(), [0, 2, 3]);
}

#[test]
fn hostile_depth_is_skipped_where_nobody_asked_and_refused_where_it_would_be_kept() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let page = format!(r#"[{{"id":"a","junk":{deep}}}]"#);
    assert_eq!(projection("[*]", &["id"], &[]).read(page.as_bytes()).unwrap().items.len(), 1);
    assert_eq!(whole(&page, "[*]"), [Err(ShapeFault::TooDeep)]);
}

#[test]
fn a_page_over_the_item_cap_is_refused() {
    let page = format!("[{}]", vec!["{}"; 1_001].join(","));
    assert_eq!(
        projection("[*]", &["id"], &[]).read(page.as_bytes()).unwrap_err(),
        ShapeFault::TooManyItems(1_000)
    );
}

#[test]
fn a_signal_may_be_the_rows_themselves() {
    let kept = projection("data", &["id", "x", "y"], &["data"]).read(br#"{"data":[{"id":"a"}]}"#).unwrap();
    assert_eq!(kept.items.len(), 1);
    assert_eq!(kept.signals, [Some(r#"[{"id":"a"}]"#.into())]);
}

#[test]
fn rows_that_stand_there_twice_are_not_added_up() {
    let read = projection("data", &["id"], &[]).read(br#"{"data":[{"id":"a"}],"data":[{"id":"b"}]}"#);
    assert_eq!(read.unwrap_err(), ShapeFault::RowsTwice("data".to_owned()));
}

#[test]
fn names_with_escapes_are_names_like_others() {
    let page = r#"{"\u0061":1,"d\u0061ta":[{"\u0069d":"a"},{"id":"b"}]}"#;
    let kept = projection("data", &["id", "x", "y"], &[]).read(page.as_bytes()).unwrap();
    assert_eq!(slots(&kept), [[Some("\"a\""), None, None], [Some("\"b\""), None, None]]);
    assert_eq!(whole(page, "data")[1], Ok(r#"{"id":"b"}"#.into()));
}

#[test]
fn rows_that_may_be_absent_are_empty_only_where_their_parent_is_there() {
    let read = |page: &str| projection("a.rows?", &["id"], &["n"]).read(page.as_bytes());
    for page in [r#"{"a":{}}"#, r#"{"a":{"rows":null}}"#, r#"{"a":{"rows":[]}}"#] {
        assert!(read(page).unwrap().items.is_empty(), "{page}");
    }
    for page in ["{}", r#"{"a":null}"#, r#"{"a":[]}"#, r#"{"rows":[]}"#, "[]", "null"] {
        assert_eq!(read(page).unwrap_err(), ShapeFault::NoRows("a.rows".to_owned()), "{page}");
    }
    assert_eq!(read(r#"{"a":{"rows":{}}}"#).unwrap_err(), ShapeFault::RowsNotArray("a.rows".to_owned()));
}

//! Change markers of two sides.

use super::Versions::{Equal, LocalAhead, Unknown, UpstreamAhead};
use super::*;

fn stand(upstream: &str, local: Scalar<'static>) -> Versions {
    let pair = Pair::of(&format!(r#""version":{upstream}"#), local, vec![]);
    versions(pair.items.get(0).unwrap(), &pair.row)
}

#[test]
fn markers_are_ordered_where_both_sides_have_an_order() {
    let at = |seconds: i64| Scalar::Instant(crate::instant::Instant::from_micros(seconds * 1_000_000));
    let big = "18446744073709551616";
    let table = [
        ("7", Scalar::Int(8), LocalAhead),
        ("7", Scalar::Int(7), Equal),
        ("7", Scalar::Int(6), UpstreamAhead),
        ("10", text("9"), UpstreamAhead),
        (r#""10""#, text("9"), UpstreamAhead),
        ("7", number("7.0"), Equal),
        ("7", number("7.5"), LocalAhead),
        (big, number(big), Equal),
        (big, Scalar::Int(1), UpstreamAhead),
        ("1", number(big), LocalAhead),
        (r#""2023-11-14T22:13:20Z""#, at(1_700_000_000), Equal),
        (r#""2023-11-14T22:13:20Z""#, at(1_700_000_001), LocalAhead),
        (r#""2023-11-14T22:13:20Z""#, text("2023-11-14T22:13:20+01:00"), UpstreamAhead),
        (r#""W/abc""#, text("W/abc"), Equal),
        (r#""W/abc""#, text("W/abd"), Unknown),
        (r#""W/abc""#, Scalar::Int(7), Unknown),
        ("7", at(7), Unknown),
        ("null", Scalar::Int(7), Unknown),
        ("7", Scalar::Null, Unknown),
        ("7", Scalar::Absent, Unknown),
        (r#""""#, text(""), Unknown),
        ("{}", text("{}"), Unknown),
    ];
    for (upstream, local, expected) in table {
        assert_eq!(stand(upstream, local.clone()), expected, "{upstream} beside {local:?}");
    }
}

#[test]
fn a_feed_without_a_marker_knows_no_version() {
    let pair = Pair::of(r#""f0":1"#, Scalar::Int(7), vec![]);
    assert_eq!(versions(pair.items.get(0).unwrap(), &pair.row), Unknown);
}

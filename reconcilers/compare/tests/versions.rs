//! Change markers of two sides.

use super::Versions::{Equal, LocalAhead, Unknown, UpstreamAhead};
use super::*;
use proptest::prelude::*;

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

/// A marker as upstream writes it and as a column holds it.
fn markers() -> impl Strategy<Value = (String, Scalar<'static>)> {
    let at = |seconds: i64| crate::instant::Instant::from_micros(seconds * 1_000_000);
    prop_oneof![
        (-3_i64..3).prop_map(|whole| (whole.to_string(), Scalar::Int(whole))),
        (-30_i64..30).prop_map(|tenths| {
            let decimal = rust_decimal::Decimal::new(tenths, 1).to_string();
            (format!("\"{decimal}\""), text(&decimal))
        }),
        (0_i64..3).prop_map(move |seconds| (format!("\"{}\"", at(seconds)), Scalar::Instant(at(seconds)))),
        "[a-c]{1,2}".prop_map(|etag| (format!("\"{etag}\""), text(&etag))),
        Just(("null".to_owned(), Scalar::Null)),
    ]
}

proptest! {
    #[test]
    fn markers_stand_to_each_other_as_in_a_mirror((json_a, column_a) in markers(), (json_b, column_b) in markers()) {
        let mirrored = match stand(&json_b, column_a.clone()) {
            LocalAhead => UpstreamAhead,
            UpstreamAhead => LocalAhead,
            other => other,
        };
        prop_assert_eq!(stand(&json_a, column_b), mirrored);
        let same = stand(&json_a, column_a);
        prop_assert!(same == Equal || (same == Unknown && json_a == "null"));
    }

    #[test]
    fn markers_of_one_kind_have_one_order(a in -9_i64..9, b in -9_i64..9, c in -9_i64..9) {
        let ahead = |a: i64, b: i64| stand(&a.to_string(), Scalar::Int(b)) == LocalAhead;
        prop_assert!(!(ahead(a, b) && ahead(b, c)) || ahead(a, c));
        prop_assert_eq!(ahead(a, b), a < b);
    }

    #[test]
    fn a_version_decides_before_the_fields_and_names_a_conflict(up in 0_i64..3, down in proptest::option::of(0_i64..3), a in 0_i64..2, b in 0_i64..2) {
        let members = format!(r#""version":{up},"f0":{a}"#);
        let version = down.map_or(Scalar::Null, Scalar::Int);
        let found = Pair::of(&members, version, vec![Scalar::Int(b)]).judge(&one(Rule::Exact));
        let is_found = a != b && down.is_none_or(|down| down <= up);
        prop_assert_eq!(found.is_some(), is_found);
        if let Some(found) = found {
            prop_assert_eq!(found.kind, crate::discrepancy::Kind::Mismatched);
            prop_assert_eq!(found.reason.as_deref(), (down == Some(up)).then_some("conflict"));
        }
    }
}

//! Fields that are shown and never compared.

use super::*;
use crate::discrepancy::Kind;

fn fields() -> Fields {
    Fields::of(vec![field(0, Rule::Ignored), field(1, Rule::Exact)])
}

fn pair(ignored: &str, other: i64) -> Pair {
    Pair::of(&format!(r#""f0":{ignored},"f1":1"#), Scalar::Absent, vec![text("here"), Scalar::Int(other)])
}

#[test]
fn an_ignored_field_is_no_difference_and_makes_nothing_unreadable() {
    for value in ["1", "null", r#""x""#, "{}", "[1]"] {
        assert_eq!(pair(value, 1).agrees(&fields()), Ok(true), "{value}");
        assert_eq!(pair(value, 1).judge(&fields()), None, "{value}");
    }
    let found = pair("7", 2).judge(&fields()).unwrap();
    assert_eq!(found.kind, Kind::Mismatched);
    assert_eq!(found.fields.iter().map(|diff| &*diff.field).collect::<Vec<_>>(), ["f1"]);
}

#[test]
fn what_one_side_lacks_is_shown_with_its_ignored_fields() {
    let pair = pair(r#"{"a":1}"#, 1);
    let found =
        fields().judge(&Key::checked("k").unwrap(), Some((pair.items.get(0).unwrap(), &pair.raw)), None);
    let shown: Vec<_> =
        found.unwrap().fields.into_iter().map(|diff| (diff.field, diff.upstream.unwrap())).collect();
    assert_eq!(shown, [("f0".into(), r#"{"a":1}"#.into()), ("f1".into(), "1".into())]);
}

#[test]
fn an_ignored_field_does_not_change_the_digest() {
    assert_eq!(pair("1", 1).digest(&fields()), pair("2", 1).digest(&fields()));
    let alone = Fields::of(vec![Field { name: "f1".into(), ..field(0, Rule::Exact) }]);
    let same = Pair::of(r#""f0":1"#, Scalar::Absent, vec![]);
    assert_eq!(same.digest(&alone), pair("1", 1).digest(&fields()), "as if it were not there");
}

//! What the digest of a state depends on, and what it does not.

use super::*;
use proptest::prelude::*;

fn digest(fields: &Fields, members: &str) -> String {
    Pair::of(members, Scalar::Absent, vec![]).digest(fields)
}

fn two(first: Rule, second: Rule) -> Fields {
    Fields::of(vec![field(0, first), field(1, second)])
}

#[test]
fn the_digest_is_pinned_because_a_changed_digest_would_repeat_every_open_event() {
    // printf '%s' '{"f0":10.5,"f1":"usd"}' | sha256sum
    assert_eq!(
        digest(&two(Rule::Exact, Rule::fold_case()), r#""f0":10.50,"f1":"USD""#),
        "40e5d9c52e1b802274e5a8bc6ac4f0899cc1ec1e5f26215d702e2c7bb096cae1"
    );
}

#[test]
fn spelling_clock_and_version_do_not_change_the_digest() {
    let fields = two(Rule::Exact, Rule::fold_case());
    let expected = digest(&fields, r#""f0":10.5,"f1":"usd""#);
    for members in [
        r#""f0":10.50,"f1":"USD""#,
        r#""f1":"Usd","f0":1.05e1"#,
        r#""at":1,"version":7,"f0":10.500,"f1":"usd""#,
        r#""at":2,"version":8,"f0":10.500,"f1":"\u0075sd","extra":{}"#,
    ] {
        assert_eq!(digest(&fields, members), expected, "{members}");
    }
    assert_ne!(digest(&fields, r#""f0":10.6,"f1":"usd""#), expected);
    assert_ne!(digest(&fields, r#""f0":null,"f1":"usd""#), expected);
}

#[test]
fn the_order_of_the_definition_does_not_change_the_digest() {
    let fields = two(Rule::Exact, Rule::fold_case());
    let mut turned = fields.clone();
    turned.fields.reverse();
    // The slots turn with the fields.
    let there = digest(&fields, r#""f0":1,"f1":"x""#);
    assert_eq!(digest(&turned, r#""f1":1,"f0":"x""#), there);
}

#[test]
fn an_unreadable_value_that_changes_changes_the_digest() {
    let fields = one(words(&[("a", "A")]));
    let all =
        [r#""x""#, r#""y""#, "{}", "[1]", "7"].map(|value| digest(&fields, &format!(r#""f0":{value}"#)));
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

proptest! {
    #[test]
    fn equal_normal_forms_and_equal_digests_are_the_same(a in jsons(), b in jsons()) {
        for rule in [
            Rule::Exact,
            Rule::fold_case(),
            Rule::Words(Words::folded(Fold { case: true, space: true, unicode: true })),
            words(&[("a", "x"), ("b", "x"), ("1", "one")]),
            time(TimeFormat::Epoch, TimeFormat::Epoch, Duration::from_mins(1)),
            Rule::Unordered(Unordered::default()),
        ] {
            let fields = blank(&[Nothing::Absent, Nothing::Text], rule);
            let (a, b) = (Pair::field(&a, Scalar::Null), Pair::field(&b, Scalar::Null));
            let (one, other) = (a.items.get(0).unwrap(), b.items.get(0).unwrap());
            if let (Ok(one), Ok(other)) = (fields.normal(0, &one), fields.normal(0, &other)) {
                prop_assert_eq!(one == other, a.digest(&fields) == b.digest(&fields), "{:?}", fields.fields[0].rule);
            }
        }
    }

    #[test]
    fn texts_cannot_imitate_other_fields(a in "[a\",:{}f1]{0,6}", b in "[a\",:{}f1]{0,6}", c in "[a\",:{}f1]{0,6}", d in "[a\",:{}f1]{0,6}") {
        let fields = two(Rule::Exact, Rule::Exact);
        let members = |x: &str, y: &str| format!(r#""f0":{},"f1":{}"#, serde_json::Value::from(x), serde_json::Value::from(y));
        let equal = digest(&fields, &members(&a, &b)) == digest(&fields, &members(&c, &d));
        prop_assert_eq!(equal, a == c && b == d);
    }
}

/// JSON values of which many are another spelling of each other.
fn jsons() -> impl Strategy<Value = String> {
    prop_oneof![
        "null|true|false|1|1[.]0|1e0|0[.]10|0[.]1|61|59|1[.]50",
        "\"(a|A|b|a |  a|é|e\u{301}|1|1[.]0|)\"",
        "\\[(\"a\",\"b\"|\"b\",\"a\"|\"a\"|1|1[.]0)?\\]",
    ]
}

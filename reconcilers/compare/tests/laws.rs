//! Laws: whoever compares a thing with itself finds nothing, in either direction and however often it was normalised.

use super::*;
use crate::compare::same::same;
use crate::scalar::Canon;
use proptest::prelude::*;

/// A value as JSON text and as a column.
fn values() -> impl Strategy<Value = (String, Scalar<'static>)> {
    prop_oneof![
        Just(("null".to_owned(), Scalar::Null)),
        any::<bool>().prop_map(|flag| (flag.to_string(), Scalar::Bool(flag))),
        any::<i64>().prop_map(|whole| (whole.to_string(), Scalar::Int(whole))),
        (any::<i64>(), 1_u32..9).prop_map(|(digits, scale)| {
            let decimal = rust_decimal::Decimal::new(digits, scale).to_string();
            (decimal.clone(), number(&decimal))
        }),
        "[0-9]{30,40}".prop_map(|digits| (format!("1{digits}"), number(&format!("1{digits}")))),
        proptest::collection::vec("[a-c]{0,2}|[0-9]", 0..4).prop_map(|list| {
            let raw = serde_json::Value::from(list).to_string();
            (raw.clone(), Scalar::Json(raw.into()))
        }),
        "\\PC{0,9}".prop_map(|any| (serde_json::Value::from(any.as_str()).to_string(), text(&any))),
        "-?[0-9]{1,4}(\\.[0-9]{1,3})?".prop_map(|any| (format!("\"{any}\""), text(&any))),
        (0_i64..2_000_000_000).prop_map(|seconds| {
            let at = TimeFormat::Rfc3339.write(crate::instant::Instant::from_micros(seconds * 1_000_000));
            (format!("\"{at}\""), text(&at))
        }),
    ]
}

/// Every rule for which the two sides write values alike.
fn rules() -> Vec<Rule> {
    vec![
        Rule::Exact,
        Rule::fold_case(),
        time(TimeFormat::Epoch, TimeFormat::Epoch, Duration::from_secs(1)),
        time(TimeFormat::EpochMs, TimeFormat::EpochMs, Duration::from_millis(5)),
        time(TimeFormat::Rfc3339, TimeFormat::Rfc3339, Duration::from_hours(1)),
        money(Unit::Minor, Unit::Minor),
        money(Unit::Major, Unit::Major),
        Rule::Words(Words::folded(Fold { case: true, space: true, unicode: true })),
        Rule::Unordered(Unordered::default()),
        Rule::Ignored,
    ]
}

fn with_currency(rule: Rule) -> Fields {
    Fields::of(vec![field(0, rule), field(1, Rule::fold_case())])
}

/// What a side says after normalisation, as that side would have sent it.
fn said(canon: Canon<'_>) -> Scalar<'_> {
    match canon {
        Canon::Null => Scalar::Null,
        Canon::Bool(flag) => Scalar::Bool(flag),
        Canon::Int(whole) => Scalar::Int(whole),
        Canon::Decimal(decimal) => Scalar::Number(decimal.to_string().into()),
        Canon::Text(text) => Scalar::Text(text),
        Canon::Instant(at) => Scalar::Instant(at),
        Canon::Texts(texts) => Scalar::Json(serde_json::Value::from(texts).to_string().into()),
    }
}

proptest! {
    #[test]
    fn what_both_sides_hold_alike_is_equal_or_unreadable((json, column) in values()) {
        for rule in rules() {
            let fields = with_currency(rule.clone());
            let pair = Pair::of(&format!(r#""f0":{json},"f1":"USD""#), Scalar::Absent, vec![column.clone(), text("usd")]);
            let is_equal = pair.agrees(&fields) == Ok(true);
            let kind = pair.judge(&fields).map(|found| found.kind);
            prop_assert!(is_equal || kind == Some(crate::discrepancy::Kind::Unreadable), "{rule:?}");
        }
    }

    #[test]
    fn equality_has_no_direction((json_a, column_a) in values(), (json_b, column_b) in values()) {
        for rule in rules() {
            let fields = with_currency(rule.clone());
            let compare = |json: &str, column: &Scalar<'static>| {
                let row = vec![column.clone(), text("EUR")];
                Pair::of(&format!(r#""f0":{json},"f1":"EUR""#), Scalar::Absent, row).agrees(&fields)
            };
            let (there, back) = (compare(&json_a, &column_b), compare(&json_b, &column_a));
            prop_assert_eq!(there.is_ok(), back.is_ok());
            if let (Ok(there), Ok(back)) = (there, back) {
                prop_assert_eq!(there, back, "{:?}", rule);
            }
        }
    }

    #[test]
    fn a_normal_form_is_its_own_normal_form((_, column) in values()) {
        let mut rules = rules();
        // Major units become minor ones, so their normal form is not what its side would have sent.
        rules.retain(|rule| *rule != money(Unit::Major, Unit::Major));
        rules.push(words(&[("a", "b")]));
        rules.push(Rule::Near(Tolerance::new(Some(rust_decimal::Decimal::ONE), None).unwrap()));
        for rule in rules {
            let fields = with_currency(rule);
            let row = |value| Row {
                key: "k".into(), clock: None, changed: None, version: Scalar::Absent, fields: vec![value, text("USD")], whole: None,
            };
            let once = row(column.clone());
            let Ok(once) = fields.normal(0, &&once) else { continue };
            let twice = row(said(once.clone()));
            let twice = fields.normal(0, &&twice);
            prop_assert_eq!(twice.as_ref(), Ok(&once));
            prop_assert!(same(&once, &once));
        }
    }

    #[test]
    fn what_agrees_plainly_agrees_in_its_normal_form(
        word in "[aAbBß ]{0,2}|[\\\\\"é]{1,2}", local in "[aAbBß ]{0,2}|[\\\\\"é]{1,2}", whole in -2_i64..3, other in -2_i64..3,
    ) {
        let folds = [(true, false), (true, true), (false, true)]
            .map(|(case, rest)| Rule::Words(Words::folded(Fold { case, space: rest, unicode: rest })));
        let near = Tolerance::new(Some(rust_decimal::Decimal::ONE), None).unwrap();
        let rules = folds.into_iter().chain([
            Rule::Exact,
            Rule::Near(near),
            words(&[("a", "b"), ("B", "A"), ("", "a")]),
            Rule::Words(Words::mapped([("A", " b"), ("b", "")], Fold { case: true, space: true, unicode: true }).unwrap()),
        ]);
        let values = [(serde_json::Value::from(word).to_string(), text(&local)), (whole.to_string(), Scalar::Int(other))];
        for (rule, (json, column)) in rules.flat_map(|rule| values.clone().map(|value| (rule.clone(), value))) {
            for nothings in [vec![], vec![Nothing::Absent, Nothing::Text]] {
                let fields = blank(&nothings, rule.clone());
                let pair = Pair::field(&json, column.clone());
                let plainly = fields.fields[0].agrees_plainly(Some(&json), Some(&column));
                prop_assert!(!plainly || pair.judge(&fields).is_none(), "{rule:?} {json} {column:?}");
            }
        }
    }

    #[test]
    fn judging_and_agreeing_say_the_same((json_a, _) in values(), (_, column_b) in values(), version in 0_i64..3) {
        for rule in rules() {
            let fields = with_currency(rule);
            let upstream = format!(r#""version":1,"f0":{json_a},"f1":"USD""#);
            let pair = Pair::of(&upstream, Scalar::Int(version), vec![column_b.clone(), text("USD")]);
            let expected = version <= 1 && pair.agrees(&fields) != Ok(true);
            prop_assert_eq!(pair.judge(&fields).is_some(), expected);
        }
    }
}

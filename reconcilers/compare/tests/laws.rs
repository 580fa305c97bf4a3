//! Laws: whoever compares a thing with itself finds nothing, in either direction and however often it was normalised.

use super::*;
use crate::compare::normal::same;
use crate::compare::side::Values;
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
        Rule::FoldCase,
        time(TimeFormat::Epoch, TimeFormat::Epoch, Duration::from_secs(1)),
        time(TimeFormat::EpochMs, TimeFormat::EpochMs, Duration::from_millis(5)),
        time(TimeFormat::Rfc3339, TimeFormat::Rfc3339, Duration::from_hours(1)),
        Rule::Money { upstream: Unit::Minor, local: Unit::Minor, currency: 1 },
        Rule::Money { upstream: Unit::Major, local: Unit::Major, currency: 1 },
    ]
}

fn with_currency(rule: Rule) -> Fields {
    Fields {
        fields: vec![field(0, rule), field(1, Rule::FoldCase)],
        money: None,
        direction: Direction::Inbound,
    }
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
        rules.truncate(5);
        rules.push(words(&[("a", "b")]));
        rules.push(Rule::Money { upstream: Unit::Minor, local: Unit::Minor, currency: 1 });
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

#[test]
fn folding_knows_every_character() {
    let fields = one(Rule::FoldCase);
    let folded = |any: String| {
        let row = Row {
            key: "k".into(),
            clock: None,
            changed: None,
            version: Scalar::Absent,
            fields: vec![text(&any)],
            whole: None,
        };
        fields.normal(0, &&row).unwrap().json()
    };
    assert_eq!(<&Row<'_> as Values<'_>>::SIDE, Side::Local);
    for char in (0..=0x2_FFFF).filter_map(char::from_u32) {
        let once = folded(char.to_string());
        assert_eq!(folded(serde_json::from_str(&once).unwrap()), once, "{char:?} folds twice");
        assert_eq!(folded(char.to_uppercase().to_string()), once, "{char:?} and its capital");
        let is_capital = char.to_lowercase().to_string().to_uppercase() == char.to_string();
        assert!(
            !is_capital || folded(char.to_lowercase().to_string()) == once,
            "{char:?} and its small letter"
        );
    }
}

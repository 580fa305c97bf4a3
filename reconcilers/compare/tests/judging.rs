//! Whole discrepancies, as findings and events will carry them.

use super::*;
use crate::discrepancy::{Digest, Kind};

fn charge() -> Fields {
    let mut fields = amounts(Unit::Minor, Unit::Major);
    fields.fields[1].rule = Rule::fold_case();
    fields
}

#[test]
fn a_difference_names_its_fields_in_normal_form_and_what_it_moves() {
    let pair = Pair::of(r#""f0":1000,"f1":"USD""#, Scalar::Absent, vec![number("9.00"), text("usd")]);
    insta::assert_debug_snapshot!(pair.judge(&charge()));
}

#[test]
fn what_one_side_lacks_is_shown_from_the_other() {
    let pair = Pair::of(r#""f0":1000,"f1":"USD""#, Scalar::Absent, vec![number("9.00"), text("usd")]);
    let key = Key::checked("k").unwrap();
    let missing = charge().judge(&key, Some((pair.items.get(0).unwrap(), &pair.raw)), None).unwrap();
    let orphaned = charge().judge(&key, None, Some(&pair.row)).unwrap();
    assert_eq!((missing.kind, orphaned.kind), (Kind::Missing, Kind::Orphaned));
    let shown = |found: &Discrepancy| {
        found.fields.iter().map(|f| (f.upstream.clone(), f.local.clone())).collect::<Vec<_>>()
    };
    assert_eq!(shown(&missing), [(Some("1000".into()), None), (Some("\"usd\"".into()), None)]);
    assert_eq!(shown(&orphaned), [(None, Some("900".into())), (None, Some("\"usd\"".into()))]);
    assert_eq!(missing.amount.unwrap().to_string(), "10.00");
    assert_eq!(orphaned.amount.unwrap().to_string(), "9.00");
    assert_eq!(orphaned.digest, Digest::of(""), "upstream holds nothing");
    assert_eq!(charge().judge(&key, None, None), None);
}

#[test]
fn one_unreadable_field_makes_the_whole_item_unreadable_and_says_where() {
    let pair = Pair::of(r#""f0":10.5,"f1":"USD""#, Scalar::Absent, vec![number("9.00"), text("usd")]);
    let found = pair.judge(&charge()).unwrap();
    assert_eq!(found.kind, Kind::Unreadable);
    assert_eq!(
        found.reason.as_deref(),
        Some("upstream.f0: an amount without fractions of a minor unit, found a number")
    );
    assert!(found.fields.is_empty());
    assert!(charge().readable(pair.items.get(0).unwrap()).is_err());
}

#[test]
fn no_message_repeats_a_value() {
    let fields = one(words(&[]));
    let pair = Pair::field(r#""4111111111111111""#, text("x"));
    assert!(!format!("{:?}", pair.judge(&fields).unwrap().reason).contains("4111"));
}

#[test]
fn a_local_side_that_is_ahead_is_no_finding_even_where_upstream_is_unreadable() {
    for upstream in [r#""f0":1"#, r#""f0":{}"#] {
        let pair = Pair::of(&format!(r#""version":4,{upstream}"#), Scalar::Int(5), vec![Scalar::Int(2)]);
        assert_eq!(pair.judge(&one(Rule::Exact)), None);
    }
}

#[test]
fn equal_versions_with_different_fields_are_a_conflict() {
    let judge = |local: i64, value| {
        let pair = Pair::of(r#""version":4,"f0":1"#, Scalar::Int(local), vec![value]);
        pair.judge(&one(Rule::Exact))
    };
    let reason = |found: Option<Discrepancy>| found.unwrap().reason;
    assert_eq!(reason(judge(4, Scalar::Int(2))).as_deref(), Some("conflict"));
    assert_eq!(reason(judge(3, Scalar::Int(2))), None);
    assert_eq!(judge(4, Scalar::Int(1)), None);
}

/// What a person would say of two small items, field by field, without any of the code above.
fn by_hand(up: [&str; 3], down: [&str; 3]) -> Option<Kind> {
    let status = |word: &str| match word {
        "paid" => Some("PAID"),
        "open" => Some("OPEN"),
        _ => None,
    };
    let number = |word: &str| word.parse::<f64>().ok().map(|number| (number * 100.0).round());
    let Some(state) = status(up[0]) else { return Some(Kind::Unreadable) };
    let (Some(a), Some(b)) = (number(up[1]), number(down[1])) else { return Some(Kind::Unreadable) };
    let is_near = (a - b).abs() <= 5.0;
    let is_named = up[2].trim().to_lowercase() == down[2].trim().to_lowercase();
    (state != down[0] || !is_near || !is_named).then_some(Kind::Mismatched)
}

proptest::proptest! {
    #[test]
    fn a_judgement_is_what_a_person_would_say(
        up in ("paid|open|lost", "0[.]1|0[.]15|2|x", "Ada|ada | ADA|Bob"),
        down in ("PAID|OPEN|paid", "0[.]10|0[.]15|0[.]2|2[.]00|y", "ada|bob|Bob"),
    ) {
        let fields = Fields::of(vec![
            field(0, words(&[("paid", "PAID"), ("open", "OPEN")])),
            field(1, Rule::Near(Tolerance::new("0.05".parse().ok(), None).unwrap())),
            field(2, Rule::Words(Words::folded(Fold { case: true, space: true, unicode: false }))),
        ]);
        let members = format!(r#""f0":"{}","f1":"{}","f2":"{}""#, up.0, up.1, up.2);
        let row = vec![text(&down.0), text(&down.1), text(&down.2)];
        let found = Pair::of(&members, Scalar::Absent, row).judge(&fields).map(|found| found.kind);
        proptest::prop_assert_eq!(found, by_hand([&up.0, &up.1, &up.2], [&down.0, &down.1, &down.2]));
    }
}

//! What each rule is for, by example.

use super::*;

fn agrees(rule: Rule, upstream: &str, local: Scalar<'static>) -> Result<bool, String> {
    Pair::field(upstream, local).agrees(&one(rule))
}

#[test]
fn numbers_are_equal_by_value_whatever_their_spelling_and_type() {
    for local in [number("10.500"), number("10.5"), text("10.5"), text("10.50"), number("1.05e1")] {
        assert_eq!(agrees(Rule::Exact, "10.50", local.clone()), Ok(true), "{local:?}");
    }
    assert_eq!(agrees(Rule::Exact, r#""10.50""#, number("10.5")), Ok(true));
    assert_eq!(agrees(Rule::Exact, "10.50", number("10.51")), Ok(false));
    assert_eq!(agrees(Rule::Exact, "1000", text("1_000")), Ok(false), "this is no number");
    assert_eq!(agrees(Rule::Exact, "-0.0", Scalar::Int(0)), Ok(true));
    assert_eq!(agrees(Rule::Exact, "10.5", number("10.50000000000000000000000000000000")), Ok(true));
}

#[test]
fn two_texts_are_equal_only_by_letter() {
    assert_eq!(agrees(Rule::Exact, r#""10.50""#, text("10.5")), Ok(false));
    assert_eq!(agrees(Rule::Exact, r#""USD""#, text("usd")), Ok(false));
    assert_eq!(agrees(Rule::Exact, r#""\u0055SD""#, text("USD")), Ok(true), "an escape is a spelling");
}

#[test]
fn no_digit_of_a_long_number_is_lost() {
    assert_eq!(agrees(Rule::Exact, "9007199254740993", Scalar::Int(9_007_199_254_740_992)), Ok(false));
    assert_eq!(agrees(Rule::Exact, "18446744073709551615", number("18446744073709551615")), Ok(true));
    assert_eq!(agrees(Rule::Exact, "18446744073709551615", number("18446744073709551614")), Ok(false));
    let long = "0.12345678901234567890123456789";
    assert_eq!(agrees(Rule::Exact, &format!("{long}1"), number(&format!("{long}1"))), Ok(true));
    assert_eq!(agrees(Rule::Exact, &format!("{long}1"), number(&format!("{long}2"))), Ok(false));
}

#[test]
fn null_and_a_field_that_is_not_there_are_the_same() {
    let absent = Pair::of(r#""other":1"#, Scalar::Absent, vec![Scalar::Null]);
    assert_eq!(absent.agrees(&one(Rule::Exact)), Ok(true));
    for rule in [
        Rule::Exact,
        Rule::fold_case(),
        words(&[]),
        time(TimeFormat::Epoch, TimeFormat::Epoch, Duration::ZERO),
    ] {
        assert_eq!(agrees(rule.clone(), "null", Scalar::Absent), Ok(true));
        assert_eq!(agrees(rule, "null", Scalar::Null), Ok(true));
    }
    assert_eq!(agrees(Rule::Exact, "null", text("")), Ok(false), "an empty text is a value");
    assert_eq!(agrees(Rule::Exact, "null", Scalar::Int(0)), Ok(false));
}

#[test]
fn booleans_have_digits_and_words_where_a_database_or_a_map_has_no_booleans() {
    assert_eq!(agrees(Rule::Exact, "true", Scalar::Int(1)), Ok(true));
    assert_eq!(agrees(Rule::Exact, "false", Scalar::Int(0)), Ok(true));
    assert_eq!(agrees(Rule::Exact, "true", Scalar::Int(0)), Ok(false));
    assert_eq!(agrees(Rule::Exact, "true", Scalar::Int(2)), Ok(false));
    let paid = || words(&[("succeeded", "true"), ("failed", "false")]);
    assert_eq!(agrees(paid(), r#""succeeded""#, Scalar::Bool(true)), Ok(true));
    assert_eq!(agrees(paid(), r#""failed""#, Scalar::Bool(true)), Ok(false));
    assert_eq!(agrees(words(&[("true", "PAID")]), "true", text("PAID")), Ok(true));
}

#[test]
fn folding_ignores_case_and_nothing_else() {
    assert_eq!(agrees(Rule::fold_case(), r#""USD""#, text("usd")), Ok(true));
    assert_eq!(agrees(Rule::fold_case(), r#""ΌΔΟΣ""#, text("όδος")), Ok(true), "either small sigma");
    assert_eq!(agrees(Rule::fold_case(), r#""straße""#, text("STRASSE")), Ok(true));
    assert_eq!(agrees(Rule::fold_case(), r#""USD ""#, text("usd")), Ok(false));
    assert_eq!(
        agrees(Rule::fold_case(), "1", text("1")),
        Err("upstream.f0: text, found a number".to_owned())
    );
}

#[test]
fn a_word_that_the_map_does_not_name_is_unreadable_and_not_different() {
    let status = || words(&[("succeeded", "PAID"), ("1", "ONE")]);
    assert_eq!(agrees(status(), r#""succeeded""#, text("PAID")), Ok(true));
    assert_eq!(agrees(status(), r#""succeeded""#, text("succeeded")), Ok(false));
    assert_eq!(agrees(status(), "1", text("ONE")), Ok(true));
    assert_eq!(
        agrees(status(), r#""disputed""#, text("PAID")),
        Err("upstream.f0: a value that the map names, found text".to_owned())
    );
}

#[test]
fn times_are_compared_at_the_precision_that_both_sides_hold() {
    let seconds = || time(TimeFormat::EpochMs, TimeFormat::Sql, Duration::from_secs(1));
    assert_eq!(agrees(seconds(), "1700000000999", text("2023-11-14 22:13:20")), Ok(true));
    assert_eq!(agrees(seconds(), "1700000001000", text("2023-11-14 22:13:20")), Ok(false));
    let typed = Scalar::Instant(crate::instant::Instant::from_micros(1_700_000_000_123_456));
    assert_eq!(agrees(seconds(), "1700000000999", typed), Ok(true));
    let zones = || time(TimeFormat::Rfc3339, TimeFormat::Rfc3339, Duration::from_micros(1));
    assert_eq!(agrees(zones(), r#""2023-11-14T23:13:20+01:00""#, text("2023-11-14T22:13:20Z")), Ok(true));
    assert!(agrees(zones(), "1700000000", text("2023-11-14T22:13:20Z")).is_err(), "another format");
}

#[test]
fn an_exact_text_equals_the_instant_it_writes() {
    let at = || Scalar::Instant(crate::instant::Instant::from_micros(1_700_000_000_000_000));
    assert_eq!(agrees(Rule::Exact, r#""2023-11-14T22:13:20Z""#, at()), Ok(true));
    assert_eq!(agrees(Rule::Exact, r#""2023-11-14T22:13:21Z""#, at()), Ok(false));
}

#[test]
fn an_object_is_not_a_single_value() {
    for rule in [Rule::Exact, Rule::fold_case(), words(&[])] {
        assert!(agrees(rule.clone(), "{}", text("x")).is_err());
        assert!(agrees(rule, "[1]", text("x")).is_err());
    }
}

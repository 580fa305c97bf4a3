//! Numbers that may be a little apart.

use super::*;
use proptest::prelude::*;
use rust_decimal::Decimal;

fn near(absolute: Option<&str>, relative: Option<&str>) -> Rule {
    let number = |text: &str| text.parse::<Decimal>().unwrap();
    Rule::Near(Tolerance::new(absolute.map(number), relative.map(number)).unwrap())
}

fn agrees(rule: &Rule, upstream: &str, local: &str) -> bool {
    Pair::field(upstream, number(local)).agrees(&one(rule.clone())).unwrap()
}

#[test]
fn an_amount_or_a_share_of_the_larger_number_is_allowed() {
    let cent = near(Some("0.01"), None);
    assert!(agrees(&cent, "10.00", "10.01"));
    assert!(agrees(&cent, "-0.005", "0.005"));
    assert!(!agrees(&cent, "10.00", "10.0100000000000000001"));
    let percent = near(None, Some("0.01"));
    assert!(agrees(&percent, "100", "99"));
    assert!(agrees(&percent, "99", "100"));
    assert!(!agrees(&percent, "100", "98.99"));
    assert!(!agrees(&percent, "0", "0.0001"), "nothing is a share of nothing");
    assert!(agrees(&percent, "0", "0.00"));
    let either = near(Some("0.01"), Some("0.01"));
    assert!(agrees(&either, "0", "0.01"));
    assert!(agrees(&either, "1000", "990"));
    assert!(!agrees(&either, "1000", "989"));
}

#[test]
fn no_float_decides() {
    let tenth = near(Some("0.1"), None);
    assert!(agrees(&tenth, "0.3", "0.2"), "0.3 - 0.2 is more than 0.1 in floating point");
    assert!(!agrees(&near(Some("1"), None), "9007199254740993", "9007199254740995"));
}

#[test]
fn a_tolerance_is_not_transitive_so_nothing_is_made_equal_by_it() {
    let cent = near(Some("0.01"), None);
    assert!(agrees(&cent, "1.00", "1.01") && agrees(&cent, "1.01", "1.02"));
    assert!(!agrees(&cent, "1.00", "1.02"));
    let fields = one(cent);
    let digest = |upstream: &str| Pair::field(upstream, number("1.00")).digest(&fields);
    assert_ne!(digest("1.00"), digest("1.01"), "a number that moved is another state");
    assert_eq!(digest("1.00"), digest("1.0"));
}

#[test]
fn what_is_no_number_is_unreadable_and_null_is_near_nothing() {
    let fields = one(near(Some("1"), None));
    let said = |upstream: &str, local| Pair::field(upstream, local).agrees(&fields);
    assert_eq!(said(r#""10.5""#, text("11")), Ok(true), "a text of digits is a number");
    assert_eq!(said("null", Scalar::Null), Ok(true));
    assert_eq!(said("null", Scalar::Int(0)), Ok(false));
    for bad in [r#""ten""#, "true", "{}", "[1]", "1e99"] {
        assert!(said(bad, Scalar::Int(1)).is_err(), "{bad}");
    }
}

#[test]
fn a_tolerance_of_nothing_or_of_everything_is_none() {
    let number = |text: &str| text.parse::<Decimal>().ok();
    for bad in [
        (None, None),
        (number("0"), None),
        (number("-1"), None),
        (None, number("0")),
        (number("1"), number("-0.1")),
    ] {
        assert_eq!(Tolerance::new(bad.0, bad.1), Err(BadTolerance::Nothing), "{bad:?}");
    }
    assert_eq!(Tolerance::new(None, number("1")), Err(BadTolerance::Everything));
}

fn decimals() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (any::<i64>(), 0_u32..12).prop_map(|(digits, scale)| Decimal::new(digits, scale)),
        (-200_i64..200, 0_u32..3).prop_map(|(digits, scale)| Decimal::new(digits, scale)),
    ]
}

proptest! {
    #[test]
    fn being_near_is_reflexive_symmetric_and_what_the_definition_says(a in decimals(), b in decimals(), absolute in 1_i64..500, relative in 1_i64..999) {
        let (absolute, relative) = (Decimal::new(absolute, 2), Decimal::new(relative, 3));
        for (by, share) in [(Some(absolute), None), (None, Some(relative)), (Some(absolute), Some(relative))] {
            let rule = Rule::Near(Tolerance::new(by, share).unwrap());
            let says = |a: Decimal, b: Decimal| agrees(&rule, &a.to_string(), &b.to_string());
            prop_assert!(says(a, a));
            prop_assert_eq!(says(a, b), says(b, a));
            // The same by whole numbers: all of them have at most 15 places.
            let whole = |number: Decimal| number.mantissa() * 10_i128.pow(15 - number.scale());
            let apart = (whole(a) - whole(b)).abs();
            let by = by.map_or(0, whole);
            let share = share.map_or(0, |share| share.mantissa() * whole(a).abs().max(whole(b).abs()));
            prop_assert_eq!(says(a, b), apart <= by || apart * 1_000 <= share);
        }
    }

    #[test]
    fn a_wider_tolerance_lets_no_less_pass(a in decimals(), b in decimals(), narrow in 1_i64..500, more in 0_i64..500) {
        let rule = |by: i64| Rule::Near(Tolerance::new(Some(Decimal::new(by, 2)), None).unwrap());
        let says = |rule: &Rule| agrees(rule, &a.to_string(), &b.to_string());
        prop_assert!(!says(&rule(narrow)) || says(&rule(narrow + more)));
    }
}

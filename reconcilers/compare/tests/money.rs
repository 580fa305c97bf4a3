//! Amounts: minor and major units, and the totals that they sum to.

use super::*;
use crate::money::Totals;
use proptest::prelude::*;

fn agrees(
    units: (Unit, Unit),
    upstream: (&str, &str),
    local: (Scalar<'static>, &str),
) -> Result<bool, String> {
    let members = format!(r#""f0":{},"f1":"{}""#, upstream.0, upstream.1);
    Pair::of(&members, Scalar::Absent, vec![local.0, text(local.1)]).agrees(&amounts(units.0, units.1))
}

#[test]
fn the_currency_says_how_many_minor_units_a_major_one_has() {
    let minor_and_major = (Unit::Minor, Unit::Major);
    for (currency, minor, major) in
        [("USD", "12050", "120.50"), ("JPY", "500", "500"), ("KWD", "1234", "1.234")]
    {
        assert_eq!(
            agrees(minor_and_major, (minor, currency), (number(major), currency)),
            Ok(true),
            "{currency}"
        );
        assert_eq!(
            agrees((Unit::Major, Unit::Minor), (major, currency), (number(minor), currency)),
            Ok(true)
        );
        assert_eq!(agrees(minor_and_major, (minor, currency), (number("1"), currency)), Ok(false));
    }
    assert_eq!(
        agrees(minor_and_major, ("50000", "JPY"), (number("500"), "JPY")),
        Ok(false),
        "yen have no cents"
    );
}

#[test]
fn an_amount_may_be_text_and_have_an_exponent() {
    assert_eq!(
        agrees((Unit::Major, Unit::Minor), (r#""120.50""#, "usd"), (Scalar::Int(12_050), "USD")),
        Ok(true)
    );
    assert_eq!(agrees((Unit::Major, Unit::Minor), ("1.205e2", "usd"), (text("12050"), "USD")), Ok(true));
}

#[test]
fn an_amount_that_cannot_be_paid_is_unreadable() {
    let both = (Unit::Major, Unit::Major);
    assert!(agrees(both, ("1.005", "USD"), (number("1.00"), "USD")).is_err(), "half a cent");
    assert!(agrees(both, ("1", "XYZ"), (number("1"), "XYZ")).is_err(), "no such currency");
    assert!(agrees(both, (r#""1_0""#, "USD"), (number("10"), "USD")).is_err(), "no such number");
    assert!(agrees(both, ("true", "USD"), (number("1"), "USD")).is_err());
    let no_currency = Pair::of(r#""f0":1,"f1":null"#, Scalar::Absent, vec![Scalar::Int(1), Scalar::Null]);
    assert!(no_currency.agrees(&amounts(Unit::Minor, Unit::Minor)).is_err());
    let no_amount = Pair::of(r#""f0":null,"f1":null"#, Scalar::Absent, vec![Scalar::Null, Scalar::Null]);
    assert_eq!(no_amount.agrees(&amounts(Unit::Major, Unit::Major)), Ok(true), "nothing was paid");
}

#[test]
fn a_mapped_currency_counts_under_the_local_word_on_both_sides() {
    let mut fields = amounts(Unit::Major, Unit::Major);
    fields.fields[1].rule = words(&[("us", "USD")]);
    let pair = Pair::of(r#""f0":1.5,"f1":"us""#, Scalar::Absent, vec![number("1.50"), text("USD")]);
    assert_eq!(pair.agrees(&fields), Ok(true));
    assert_eq!(fields.money_upstream(pair.items.get(0).unwrap()), Some(("USD".into(), 150)));
    assert_eq!(fields.money_local(&pair.row), Some(("USD".into(), 150)));
}

#[test]
fn two_currencies_are_not_subtracted_from_each_other() {
    let pair = Pair::of(r#""f0":100,"f1":"EUR""#, Scalar::Absent, vec![Scalar::Int(90), text("USD")]);
    let amount = pair.judge(&amounts(Unit::Minor, Unit::Minor)).unwrap().amount.unwrap();
    assert_eq!((amount.currency.as_ref(), amount.minor), ("EUR", 100));
}

proptest! {
    #[test]
    fn minor_and_major_units_of_one_amount_agree(minor in -1_000_000_000_i64..1_000_000_000, currency in "USD|JPY|KWD|CLF") {
        let places = crate::money::exponent(&currency).unwrap();
        let major = rust_decimal::Decimal::new(minor, places).to_string();
        let upstream = (minor.to_string(), currency.as_str());
        let local = (number(&major), currency.as_str());
        prop_assert_eq!(agrees((Unit::Minor, Unit::Major), (&upstream.0, upstream.1), local), Ok(true));
    }

    #[test]
    fn totals_do_not_depend_on_order_grouping_or_case(amounts in proptest::collection::vec(("USD|usd|EUR", any::<i64>()), 0..20), cut in 0_usize..20) {
        let sum = |part: &[(String, i64)]| {
            let mut totals = Totals::default();
            for (currency, minor) in part {
                totals.add(currency, *minor);
            }
            totals
        };
        let (head, tail) = amounts.split_at(cut.min(amounts.len()));
        let mut grouped = sum(tail);
        grouped.add_all(&sum(head));
        prop_assert_eq!(&grouped, &sum(&amounts));
        let by_hand = |code: &str| amounts.iter().filter(|(c, _)| c.to_uppercase() == code).map(|(_, m)| i128::from(*m)).sum::<i128>();
        prop_assert_eq!((grouped.minor("USD"), grouped.minor("EUR")), (by_hand("USD"), by_hand("EUR")));
    }
}

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

/// Stripe sends 500 for five krónur and five for five ariary, and ISO 4217 has no part of the one and hundredths of the other.
fn as_stripe(mut fields: Fields) -> Fields {
    fields.currencies =
        Currencies::iso().with("ISK", 2).unwrap().with("UGX", 2).unwrap().with("MGA", 0).unwrap();
    fields
}

#[test]
fn a_provider_may_count_minor_units_otherwise_than_iso_4217() {
    let fields = as_stripe(amounts(Unit::Minor, Unit::Minor));
    let agrees = |upstream: i64, currency: &str, local: Scalar<'static>| {
        let members = format!(r#""f0":{upstream},"f1":"{currency}""#);
        Pair::of(&members, Scalar::Absent, vec![local, text(currency)]).agrees(&fields)
    };
    assert_eq!(agrees(500, "isk", Scalar::Int(5)), Ok(true));
    assert_eq!(agrees(5, "MGA", Scalar::Int(500)), Ok(true));
    assert_eq!(agrees(500, "USD", Scalar::Int(500)), Ok(true), "the others are as they were");
    assert_eq!(
        agrees(505, "ISK", Scalar::Int(5)),
        Err("upstream.f0: an amount without fractions of a minor unit, found a number".to_owned()),
        "nothing is rounded"
    );
    let fields = as_stripe(amounts(Unit::Minor, Unit::Major));
    let pair = Pair::of(r#""f0":500,"f1":"isk""#, Scalar::Absent, vec![number("5"), text("ISK")]);
    assert_eq!(pair.agrees(&fields), Ok(true));
    assert_eq!(fields.money_upstream(pair.items.get(0).unwrap()), Some(("isk".into(), 5)));
    assert_eq!(fields.money_local(&pair.row), Some(("ISK".into(), 5)));
}

#[test]
fn totals_of_both_sides_are_in_minor_units_of_iso_4217_whatever_the_rule_of_the_amount() {
    let mut exact = as_stripe(amounts(Unit::Minor, Unit::Minor));
    exact.fields[0].rule = Rule::Exact;
    let pair = Pair::of(r#""f0":500,"f1":"ISK""#, Scalar::Absent, vec![Scalar::Int(500), text("ISK")]);
    assert_eq!(pair.agrees(&exact), Ok(true), "the column holds what Stripe sends");
    assert_eq!(exact.money_upstream(pair.items.get(0).unwrap()), Some(("ISK".into(), 5)));
    assert_eq!(exact.money_local(&pair.row), Some(("ISK".into(), 5)));
    let found =
        Pair::of(r#""f0":500,"f1":"ISK""#, Scalar::Absent, vec![Scalar::Int(400), text("ISK")]).judge(&exact);
    assert_eq!(found.unwrap().amount.unwrap().minor, 1);
}

#[test]
fn two_currencies_are_not_subtracted_from_each_other() {
    let pair = Pair::of(r#""f0":100,"f1":"EUR""#, Scalar::Absent, vec![Scalar::Int(90), text("USD")]);
    let amount = pair.judge(&amounts(Unit::Minor, Unit::Minor)).unwrap().amount.unwrap();
    assert_eq!((amount.currency.as_ref(), amount.minor), ("EUR", 100));
}

proptest! {
    #[test]
    fn an_amount_means_the_same_however_its_provider_counts_it(minor in -1_000_000_i64..1_000_000, places in 0_u32..=8, currency in "USD|JPY|KWD|CLF|ISK") {
        let mut fields = amounts(Unit::Minor, Unit::Minor);
        fields.currencies = Currencies::iso().with(&currency, places).unwrap();
        let iso = crate::money::exponent(&currency).unwrap();
        let (own, lost) = match places.checked_sub(iso) {
            Some(more) => (minor * 10_i64.pow(more), 1),
            None => (minor / 10_i64.pow(iso - places), 10_i64.pow(iso - places)),
        };
        let members = format!(r#""f0":{own},"f1":"{currency}""#);
        let pair = Pair::of(&members, Scalar::Absent, vec![Scalar::Int(minor), text(&currency)]);
        prop_assert_eq!(pair.agrees(&fields), Ok(minor % lost == 0));
        if places > iso {
            let members = format!(r#""f0":{},"f1":"{currency}""#, own + 1);
            let pair = Pair::of(&members, Scalar::Absent, vec![Scalar::Int(minor), text(&currency)]);
            prop_assert!(pair.agrees(&fields).is_err(), "a fraction of a minor unit is lost");
        }
    }

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

//! Amounts of money in minor units, and their sums.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::arithmetic::shifted;
pub use crate::currencies::{Currencies, exponent};
use crate::number::decimal;
use crate::scalar::{Scalar, Unreadable};

/// An amount in the minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Money {
    /// ISO 4217 code in capitals.
    pub currency: Box<str>,
    /// Minor units: cents for USD, yen for JPY.
    pub minor: i128,
}

impl fmt::Display for Money {
    /// A decimal string in major units, never a float.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&major(&self.currency, self.minor))
    }
}

/// Minor units as a decimal string in major units; an unknown currency stays in minor units.
#[must_use]
pub fn major(currency: &str, minor: i128) -> String {
    Decimal::try_from_i128_with_scale(minor, exponent(currency).unwrap_or(0))
        .map_or_else(|_| minor.to_string(), |amount| amount.to_string())
}

/// Which unit a side keeps an amount in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Whole cents, yen and so on.
    #[default]
    Minor,
    /// Dollars with a fraction.
    Major,
}

/// Brings an amount into the minor units of `currency` that ISO 4217 knows. `currencies` is how its side counts them.
///
/// Nothing is rounded: an amount that would lose a fraction is unreadable.
pub fn minor_units(
    amount: &Scalar<'_>,
    unit: Unit,
    currency: &str,
    currencies: &Currencies,
) -> Result<i64, Unreadable> {
    let unknown = Unreadable { expected: "a currency of ISO 4217", found: "another text" };
    let iso = || exponent(currency).map(i64::from).ok_or(unknown);
    let places = match (unit, currencies.places(currency)) {
        (Unit::Major, _) => iso()?,
        (Unit::Minor, Some(own)) => iso()? - i64::from(own),
        (Unit::Minor, None) => 0,
    };
    if let (Scalar::Int(whole), 0) = (amount, places) {
        return Ok(*whole);
    }
    let number = match amount {
        Scalar::Int(whole) => Decimal::from(*whole),
        Scalar::Number(text) | Scalar::Text(text) => {
            decimal(text).ok_or_else(|| amount.unreadable("an amount"))?
        }
        _ => return Err(amount.unreadable("an amount")),
    };
    shifted(number, places)
        .filter(|minor| minor.scale() == 0)
        .and_then(|minor| i64::try_from(minor.mantissa()).ok())
        .ok_or_else(|| amount.unreadable("an amount without fractions of a minor unit"))
}

/// Sums per currency; currencies are never added to each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Totals(BTreeMap<Box<str>, i128>);

impl Totals {
    /// Adds an amount.
    pub fn add(&mut self, currency: &str, minor: impl Into<i128>) {
        let minor = minor.into();
        let code = currency.as_bytes();
        // Codes arrive in one spelling nearly always, so the common case copies nothing.
        if let Some(sum) = self.0.get_mut(currency).filter(|_| !code.iter().any(u8::is_ascii_lowercase)) {
            *sum += minor;
        } else {
            *self.0.entry(currency.to_ascii_uppercase().into_boxed_str()).or_default() += minor;
        }
    }

    /// Adds all sums of another.
    pub fn add_all(&mut self, other: &Self) {
        for (currency, minor) in &other.0 {
            *self.0.entry(currency.clone()).or_default() += minor;
        }
    }

    /// The sum in one currency, in minor units.
    #[must_use]
    pub fn minor(&self, currency: &str) -> i128 {
        self.0.get(currency).copied().unwrap_or_default()
    }

    /// The currencies that occur.
    pub fn currencies(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(amount: &Scalar<'_>, unit: Unit, currency: &str) -> Result<i64, Unreadable> {
        minor_units(amount, unit, currency, &Currencies::iso())
    }

    #[test]
    fn major_units_follow_the_currency() {
        assert_eq!(major("USD", 12_000), "120.00");
        assert_eq!(major("JPY", 500), "500");
        assert_eq!(major("KWD", 1_230), "1.230");
        assert_eq!(iso(&Scalar::Number("120.00".into()), Unit::Major, "usd"), Ok(12_000));
        assert_eq!(iso(&Scalar::Text("500".into()), Unit::Major, "JPY"), Ok(500));
    }

    #[test]
    fn an_amount_that_does_not_fit_its_currency_is_unreadable() {
        assert!(iso(&Scalar::Number("1.005".into()), Unit::Major, "USD").is_err());
        assert!(iso(&Scalar::Number("0.5".into()), Unit::Minor, "USD").is_err());
        assert!(iso(&Scalar::Text("ten".into()), Unit::Minor, "USD").is_err());
        assert!(iso(&Scalar::Int(1), Unit::Major, "dollars").is_err());
    }

    #[test]
    fn currencies_are_never_added_to_each_other() {
        let mut totals = Totals::default();
        totals.add("usd", 1_i64);
        totals.add("USD", 2_i64);
        totals.add("EUR", 4_i64);
        assert_eq!((totals.minor("USD"), totals.minor("EUR")), (3, 4));
    }
}

//! Amounts in minor units of their currency, as ISO 4217 counts them.

use crate::compare::Side;
use crate::compare::side::of;
use crate::money::{Currencies, Unit, minor_units};
use crate::scalar::{Canon, Scalar, Unreadable};

/// How amounts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyRule {
    /// Upstream's unit.
    pub upstream: Unit,
    /// The local unit.
    pub local: Unit,
    /// The compared field that holds the currency.
    pub currency: usize,
}

impl MoneyRule {
    /// The minor units of an amount. Nothing was paid where there is no amount; an amount without a currency is
    /// unreadable, and so is one that would lose a fraction. `currencies` is how upstream counts its minor units.
    pub(in crate::compare) fn normal<'a>(
        &self,
        value: &Scalar<'_>,
        side: Side,
        currencies: &Currencies,
        currency: Option<&str>,
    ) -> Result<Canon<'a>, Unreadable> {
        let iso = Currencies::iso();
        match (value, currency) {
            (Scalar::Absent | Scalar::Null, _) => Ok(Canon::Null),
            (amount, Some(code)) => {
                let (unit, currencies) = of(side, (self.upstream, currencies), (self.local, &iso));
                minor_units(amount, unit, code, currencies).map(Canon::Int)
            }
            (_, None) => {
                Err(Unreadable { expected: "an amount with a currency", found: "an amount without one" })
            }
        }
    }
}

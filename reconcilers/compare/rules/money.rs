//! Amounts in minor units of their currency.

use crate::money::{Unit, minor_units};
use crate::scalar::{Canon, Scalar, Unreadable};

/// The minor units of an amount. Nothing was paid where there is no amount; an amount without a currency is unreadable.
pub(in crate::compare) fn money<'a>(
    value: &Scalar<'a>,
    unit: Unit,
    currency: Option<&str>,
) -> Result<Canon<'a>, Unreadable> {
    match (value, currency) {
        (Scalar::Absent | Scalar::Null, _) => Ok(Canon::Null),
        (amount, Some(code)) => minor_units(amount, unit, code).map(Canon::Int),
        (_, None) => {
            Err(Unreadable { expected: "an amount with a currency", found: "an amount without one" })
        }
    }
}

//! `currencies`: how many decimal places the minor units of an API have where ISO 4217 has another number, such as
//! `{ISK: 2}` for one that sends 500 for five krónur.

use super::checked::{Checked, Fault, FromText, Ordered};
use super::document::Problems;
use crate::money::{Currencies, exponent};

/// Decimal places of a minor unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places(u32);

impl FromText for Places {
    const WHAT: &'static str = "number of decimals";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let places = text.parse().ok().filter(|places| *places <= Currencies::MAX_PLACES);
        places.map(Self).ok_or_else(|| {
            Fault::new(format!("`{text}` is not a number of decimal places")).with_help(format!(
                "write how many digits of an amount are its fraction, from 0 to {}",
                Currencies::MAX_PLACES
            ))
        })
    }
}

/// Compiles a `currencies` block.
pub(super) fn compile(written: Ordered<Checked<Places>>, problems: &mut Problems<'_>) -> Currencies {
    let mut currencies = Currencies::iso();
    for entry in written.0 {
        if exponent(&entry.key).is_none() {
            let fault = Fault::new(format!("unknown currency `{}`", entry.key))
                .with_help("currencies are written as ISO 4217 codes that have minor units, such as `ISK`");
            problems.add(entry.spot, fault);
        }
        if let Some(places) = problems.take(entry.value) {
            currencies = currencies.clone().with(&entry.key, places.0).unwrap_or(currencies);
        }
    }
    currencies
}

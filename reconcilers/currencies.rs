//! How many decimal places the minor unit of a currency has: by ISO 4217, and by a provider that counts otherwise.

/// A currency code in capitals.
type Code = [u8; 3];

/// How many decimal places the major unit of a currency has, from ISO 4217 data.
#[must_use]
pub fn exponent(currency: &str) -> Option<u32> {
    let code = code(currency)?;
    let currency = iso_currency::Currency::from_code(std::str::from_utf8(&code).ok()?)?;
    currency.exponent().map(u32::from)
}

fn code(currency: &str) -> Option<Code> {
    let code: Code = currency.as_bytes().try_into().ok()?;
    Some(code.map(|letter| letter.to_ascii_uppercase()))
}

/// The currencies whose minor units somebody counts otherwise than ISO 4217 does. There are few, where there are any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Currencies(Vec<(Code, u32)>);

impl Currencies {
    /// The most decimal places that an amount may have.
    pub const MAX_PLACES: u32 = 8;

    /// All as in ISO 4217.
    #[must_use]
    pub const fn iso() -> Self {
        Self(Vec::new())
    }

    /// The same, with another number of decimal places for one currency; nothing where ISO 4217 does not know it.
    #[must_use]
    pub fn with(mut self, currency: &str, places: u32) -> Option<Self> {
        let code = code(currency)?;
        exponent(currency)?;
        self.0.retain(|(known, _)| *known != code);
        self.0.push((code, places));
        Some(self)
    }

    /// These, and those of another before them.
    #[must_use]
    pub fn changed_by(&self, other: &Self) -> Self {
        let kept = self.0.iter().filter(|(code, _)| !other.0.iter().any(|(known, _)| known == code));
        Self(kept.chain(&other.0).copied().collect())
    }

    /// How many decimal places a minor unit has, where it is not as many as in ISO 4217.
    #[must_use]
    pub fn places(&self, currency: &str) -> Option<u32> {
        if self.0.is_empty() {
            return None;
        }
        let code = code(currency)?;
        self.0.iter().find(|(known, _)| *known == code).map(|(_, places)| *places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_may_count_a_currency_otherwise_than_iso_4217() {
        let provider = Currencies::iso().with("isk", 2).unwrap().with("MGA", 0).unwrap();
        let feed = Currencies::iso().with("ISK", 0).unwrap();
        assert_eq!(
            (provider.places("ISK"), provider.places("mga"), provider.places("USD")),
            (Some(2), Some(0), None)
        );
        assert_eq!(provider.changed_by(&feed).places("ISK"), Some(0));
        assert_eq!(provider.changed_by(&feed).places("MGA"), Some(0));
        assert_eq!((exponent("isk"), exponent("KWD"), exponent("MGA")), (Some(0), Some(3), Some(2)));
    }

    #[test]
    fn what_is_no_currency_has_no_places() {
        for word in ["", "XX", "dollars", "ZZZ", "IS€"] {
            assert_eq!(exponent(word), None, "{word}");
            assert_eq!(Currencies::iso().with(word, 2), None, "{word}");
        }
    }
}

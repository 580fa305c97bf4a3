//! What findings move, summed: one amount for each currency, and each counts as it is large, whatever its sign.

use serde::{Serialize, Serializer};
use tieout_reconcilers::money::Money;

/// The money at stake, in the order of its currencies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stake(Vec<Money>);

impl Stake {
    /// Adds what a finding moves.
    pub fn add(&mut self, amount: &Money) {
        let size = amount.minor.saturating_abs();
        match self.0.binary_search_by(|known| known.currency.cmp(&amount.currency)) {
            Ok(at) => self.0[at].minor = self.0[at].minor.saturating_add(size),
            Err(at) => self.0.insert(at, Money { minor: size, ..amount.clone() }),
        }
    }

    /// The amounts.
    #[must_use]
    pub fn amounts(&self) -> &[Money] {
        &self.0
    }
}

impl<'a> FromIterator<&'a Money> for Stake {
    fn from_iter<I: IntoIterator<Item = &'a Money>>(amounts: I) -> Self {
        let mut stake = Self::default();
        amounts.into_iter().for_each(|amount| stake.add(amount));
        stake
    }
}

/// Money as a decimal string with its currency.
#[derive(Serialize)]
struct AmountView<'a> {
    currency: &'a str,
    amount: String,
}

impl Serialize for Stake {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            self.0.iter().map(|money| AmountView { currency: &money.currency, amount: money.to_string() }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_either_sign_add_up_in_their_own_currency() {
        let money = |currency: &str, minor| Money { currency: currency.into(), minor };
        let stake: Stake = [money("USD", -500), money("JPY", 7), money("USD", 250)].iter().collect();
        let json = serde_json::to_string(&stake).unwrap();
        assert_eq!(json, r#"[{"currency":"JPY","amount":"7"},{"currency":"USD","amount":"7.50"}]"#);
        let most: Stake = [money("USD", i128::MIN), money("USD", 1)].iter().collect();
        assert_eq!(most.amounts(), [money("USD", i128::MAX)]);
        assert_eq!(serde_json::to_string(&Stake::default()).unwrap(), "[]");
    }
}

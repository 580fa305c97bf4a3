//! What a run has judged to be wrong and that still is at its end, by kind and by the money it moves: what a gate looks at.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::money::{Money, Totals};

/// What is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// How many findings of each kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// What they move, per currency, each amount without its sign: decimal strings in JSON.
    #[serde(with = "decimals")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub at_stake: Totals,
}

impl Found {
    /// Adds a finding.
    pub fn add(&mut self, kind: Kind, amount: Option<&Money>) {
        *self.kinds.entry(kind).or_default() += 1;
        self.move_by(amount, 1);
    }

    /// Takes a finding away that was added.
    pub fn take_away(&mut self, kind: Kind, amount: Option<&Money>) {
        if let Some(number) = self.kinds.get_mut(&kind).filter(|number| **number > 0) {
            *number -= 1;
            self.move_by(amount, -1);
        }
        self.kinds.retain(|_, number| *number > 0);
    }

    /// Adds what was found elsewhere.
    pub fn absorb(&mut self, other: Self) {
        for (kind, number) in other.kinds {
            *self.kinds.entry(kind).or_default() += number;
        }
        self.at_stake.add_all(&other.at_stake);
    }

    /// How many findings there are.
    #[must_use]
    pub fn findings(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.kinds.is_empty()
    }

    fn move_by(&mut self, amount: Option<&Money>, sign: i128) {
        if let Some(Money { currency, minor }) = amount {
            self.at_stake.add(currency, minor.saturating_abs() * sign);
        }
    }
}

/// Sums as decimal strings in major units.
mod decimals {
    use std::collections::BTreeMap;

    use rust_decimal::Decimal;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use tieout_reconcilers::money::{Totals, exponent, major};

    pub(super) fn serialize<S: Serializer>(totals: &Totals, to: S) -> Result<S::Ok, S::Error> {
        let sums = totals.currencies().map(|currency| (currency, totals.minor(currency)));
        let sums = sums.filter(|(_, minor)| *minor != 0);
        sums.map(|(currency, minor)| (currency, major(currency, minor)))
            .collect::<BTreeMap<_, _>>()
            .serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Totals, D::Error> {
        let mut totals = Totals::default();
        for (currency, text) in BTreeMap::<String, String>::deserialize(from)? {
            let mut amount: Decimal = text.parse().map_err(D::Error::custom)?;
            amount.rescale(exponent(&currency).unwrap_or(0));
            totals.add(&currency, amount.mantissa());
        }
        Ok(totals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(currency: &str, minor: i128) -> Money {
        Money { currency: currency.into(), minor }
    }

    #[test]
    fn amounts_are_summed_without_their_signs_and_in_their_own_currency() {
        let mut found = Found::default();
        found.add(Kind::Missing, Some(&money("USD", 12_000)));
        found.add(Kind::Mismatched, Some(&money("USD", -1_000)));
        found.add(Kind::Mismatched, Some(&money("KWD", 1)));
        found.add(Kind::Unreadable, None);
        let json = serde_json::to_string(&found).unwrap();
        let text = r#"{"kinds":{"missing":1,"mismatched":2,"unreadable":1},"at_stake":{"KWD":"0.001","USD":"130.00"}}"#;
        assert_eq!(json, text);
        assert_eq!(serde_json::from_str::<Found>(text).unwrap(), found);
        assert_eq!(found.findings(), 4);
        found.take_away(Kind::Missing, Some(&money("USD", 12_000)));
        found.take_away(Kind::Missing, Some(&money("USD", 12_000)));
        assert_eq!(
            (found.findings(), found.at_stake.minor("USD")),
            (3, 1_000),
            "once added, once taken away"
        );
    }
}

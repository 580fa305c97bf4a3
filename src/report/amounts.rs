//! The money of a domain per currency: what both sides sum to and what explains the difference.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tieout_reconcilers::direction::{Direction, Roles};
use tieout_reconcilers::money::{Totals, major};

/// The sums that a run collects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Money {
    /// Which side is the truth.
    pub direction: Direction,
    /// Everything judged upstream.
    pub upstream: Totals,
    /// Everything judged locally.
    pub local: Totals,
    /// What the truth has and the copy lacks.
    pub missing: Totals,
    /// The truth minus the copy, over pairs that differ.
    pub mismatched: Totals,
    /// What the copy has and the truth lacks.
    pub orphaned: Totals,
}

/// The tie-out of one currency, in decimal strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Amount {
    /// ISO 4217.
    pub currency: String,
    /// The sum upstream.
    pub upstream: String,
    /// The local sum.
    pub local: String,
    /// The truth minus the copy: upstream minus local, and the other way round where the domain is outbound.
    pub difference: String,
    /// Explained by missing items.
    pub missing: String,
    /// Explained by items that differ.
    pub mismatched: String,
    /// Explained by orphans, which lower the difference.
    pub orphaned: String,
    /// What nothing explains; it must be zero.
    pub unexplained: String,
}

impl Money {
    /// No money of a domain.
    #[must_use]
    pub fn of(direction: Direction) -> Self {
        Self { direction, ..Self::default() }
    }

    /// Adds the sums of another part of the same domain.
    pub fn add(&mut self, other: &Self) {
        self.upstream.add_all(&other.upstream);
        self.local.add_all(&other.local);
        self.missing.add_all(&other.missing);
        self.mismatched.add_all(&other.mismatched);
        self.orphaned.add_all(&other.orphaned);
    }

    /// One line per currency: `difference = missing + mismatched - orphaned + unexplained`.
    #[must_use]
    pub fn tie_out(&self) -> Vec<Amount> {
        let all = [&self.upstream, &self.local, &self.missing, &self.mismatched, &self.orphaned];
        let currencies: BTreeSet<&str> = all.into_iter().flat_map(Totals::currencies).collect();
        currencies.into_iter().map(|currency| self.line(currency)).collect()
    }

    fn line(&self, currency: &str) -> Amount {
        let [upstream, local, missing, mismatched, orphaned] =
            [&self.upstream, &self.local, &self.missing, &self.mismatched, &self.orphaned]
                .map(|totals| totals.minor(currency));
        let Roles { truth, copy } = self.direction.roles(upstream, local);
        let difference = truth - copy;
        let decimal = |minor| major(currency, minor);
        Amount {
            currency: currency.to_owned(),
            upstream: decimal(upstream),
            local: decimal(local),
            difference: decimal(difference),
            missing: decimal(missing),
            mismatched: decimal(mismatched),
            orphaned: decimal(orphaned),
            unexplained: decimal(difference - missing - mismatched + orphaned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_currency_stands_on_a_line_of_its_own_in_its_own_places() {
        let mut money = Money::default();
        money.upstream.add("jpy", 500_i64);
        money.local.add("KWD", 1_500_i64);
        money.missing.add("JPY", 500_i64);
        let lines = money.tie_out();
        let shown: Vec<_> = lines
            .iter()
            .map(|line| [&line.currency, &line.difference, &line.unexplained].map(String::as_str))
            .collect();
        assert_eq!(shown, [["JPY", "500", "0"], ["KWD", "-1.500", "-1.500"]]);
        assert!(Money::default().tie_out().is_empty());
    }

    #[test]
    fn the_difference_is_explained_item_by_item() {
        let mut money = Money::default();
        money.upstream.add("USD", 30_000_i64);
        money.local.add("USD", 18_500_i64);
        money.missing.add("USD", 12_000_i64);
        money.mismatched.add("USD", 1_000_i64);
        money.orphaned.add("USD", 1_500_i64);
        insta::assert_json_snapshot!(money.tie_out());
    }
}

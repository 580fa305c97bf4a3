//! The money of a domain per currency: what both sides sum to and what explains the difference.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tieout_reconcilers::money::{Totals, major};

/// The sums that a run collects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Money {
    /// Everything judged upstream.
    pub upstream: Totals,
    /// Everything judged locally.
    pub local: Totals,
    /// Upstream items that the local side lacks.
    pub missing: Totals,
    /// Upstream minus local, over pairs that differ.
    pub mismatched: Totals,
    /// Local rows that upstream lacks.
    pub orphaned: Totals,
}

/// The tie-out of one currency, in decimal strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// ISO 4217.
    pub currency: String,
    /// The sum upstream.
    pub upstream: String,
    /// The local sum.
    pub local: String,
    /// Upstream minus local.
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
        let difference = upstream - local;
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
        money.upstream.add("jpy", 500);
        money.local.add("KWD", 1_500);
        money.missing.add("JPY", 500);
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
        money.upstream.add("USD", 30_000);
        money.local.add("USD", 18_500);
        money.missing.add("USD", 12_000);
        money.mismatched.add("USD", 1_000);
        money.orphaned.add("USD", 1_500);
        insta::assert_json_snapshot!(money.tie_out());
    }
}

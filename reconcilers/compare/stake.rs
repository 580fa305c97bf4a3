//! The money of an item on each side and what a discrepancy moves. Sums are kept elsewhere.

use std::borrow::Cow;

use super::fields::Fields;
use super::rules::Rule;
use super::side::{Side, Values, of};
use crate::direction::Roles;
use crate::items::ItemView;
use crate::money::{Currencies, Money, exponent, minor_units};
use crate::row::Row;

impl Fields {
    /// The money that upstream holds for an item, in minor units.
    #[must_use]
    pub fn money_upstream<'a>(&'a self, item: ItemView<'a>) -> Option<(Cow<'a, str>, i64)> {
        self.money_of(&item)
    }

    /// The money that the local side holds for an item, in minor units.
    #[must_use]
    pub fn money_local<'a>(&'a self, row: &'a Row<'_>) -> Option<(Cow<'a, str>, i64)> {
        self.money_of(&row)
    }

    /// The minor units of ISO 4217, so that the sums of both sides can be compared.
    fn money_of<'a, V: Values<'a>>(&'a self, side: &V) -> Option<(Cow<'a, str>, i64)> {
        let money = self.money?;
        let currency = self.currency(money.currency, side)?;
        let unit = of(V::SIDE, money.upstream, money.local);
        let iso = Currencies::iso();
        let currencies = if self.counts_as_upstream(V::SIDE, money.amount) { &self.currencies } else { &iso };
        let minor = minor_units(&side.value(money.amount), unit, &currency, currencies).ok()?;
        Some((currency, minor))
    }

    /// Whether a side counts minor units as upstream does. So does a local column that is compared with upstream's number
    /// as it is.
    fn counts_as_upstream(&self, side: Side, amount: usize) -> bool {
        let rule = self.fields.get(amount).map(|field| &field.rule);
        side == Side::Upstream || !matches!(rule, Some(Rule::Money(_)))
    }

    /// What a discrepancy moves: the truth minus the copy where both have the currency, else what is on the one side.
    pub(super) fn at_stake(&self, item: Option<ItemView<'_>>, row: Option<&Row<'_>>) -> Option<Money> {
        let upstream = item.and_then(|item| self.money_of(&item));
        let local = row.and_then(|row| self.money_of(&row));
        let Roles { truth, copy } = self.direction.roles(upstream, local);
        let (currency, minor) = match (truth, copy) {
            (Some((of_truth, a)), Some((of_copy, b))) if of_truth.eq_ignore_ascii_case(&of_copy) => {
                (of_truth, i128::from(a) - i128::from(b))
            }
            (Some((currency, minor)), _) | (None, Some((currency, minor))) => (currency, i128::from(minor)),
            (None, None) => return None,
        };
        exponent(&currency)?;
        Some(Money { currency: currency.to_ascii_uppercase().into(), minor })
    }
}

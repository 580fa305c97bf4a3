//! The `money` block of a domain file: which compared fields hold the amounts that reports add up.

use schemars::JsonSchema;
use serde::Deserialize;

use super::field::index_of;
use crate::compare::{Field, MoneyFields, Rule};
use crate::define::checked::{Checked, Fault, Placed, Word};
use crate::define::document::Problems;
use crate::money::Unit;

/// Which fields are amounts whose differences reports add up.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::define) struct MoneyFile {
    /// The field that holds the amount.
    amount: Checked<String>,
    /// The field that holds the currency.
    pub(super) currency: Checked<String>,
    /// Whether amounts are in minor units; not said where the field has a `money` rule.
    minor_units: Option<bool>,
}

impl Word for Unit {
    const WHAT: &'static str = "unit";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("minor", Self::Minor), ("major", Self::Major)]
    }
}

pub(super) fn money_fields(
    money: Placed<MoneyFile>,
    fields: &[Field],
    problems: &mut Problems<'_>,
) -> Option<MoneyFields> {
    let spot = money.spot;
    let MoneyFile { amount, currency, minor_units } = money.value;
    let mut index = |checked: Checked<String>| {
        let spot = checked.spot;
        let name = problems.take(checked)?;
        index_of(&name, fields.iter().map(|field| &*field.name), spot, problems)
    };
    let (amount, currency) = (index(amount), index(currency));
    let (amount, currency) = (amount?, currency?);
    let said = minor_units.map(|minor| if minor { Unit::Minor } else { Unit::Major });
    let (upstream, local) = match fields.get(amount).map(|field| &field.rule) {
        Some(Rule::Money(rule)) => (rule.upstream, rule.local),
        _ => (said.unwrap_or_default(), said.unwrap_or_default()),
    };
    if said.is_some_and(|said| said != upstream || said != local) {
        let fault =
            Fault::new("`minor_units` contradicts the money rule of the amount").with_help("leave it out");
        problems.add(spot, fault);
    }
    Some(MoneyFields { amount, currency, upstream, local })
}

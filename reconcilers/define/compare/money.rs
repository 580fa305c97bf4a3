//! The `money` block of a domain file: which compared fields hold the amounts that reports add up.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::field::index_of;
use crate::compare::{Field, MoneyFields, Rule};
use crate::define::checked::{Checked, Fault, FromText};
use crate::define::document::Problems;
use crate::define::problem::Spot;
use crate::define::words;
use crate::money::Unit;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::define) struct MoneyFile {
    amount: Checked<String>,
    pub(super) currency: Checked<String>,
    minor_units: Option<bool>,
}

impl FromText for Unit {
    fn from_text(text: &str) -> Result<Self, Fault> {
        words::choose("unit", text, &[("minor", Self::Minor), ("major", Self::Major)])
    }
}

pub(super) fn money_fields(
    money: Spanned<MoneyFile>,
    fields: &[Field],
    problems: &mut Problems<'_>,
) -> Option<MoneyFields> {
    let spot = Spot::from(money.referenced);
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

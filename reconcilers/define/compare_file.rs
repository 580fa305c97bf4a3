//! The `compare` and `money` blocks of a domain file, as written and as meant.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::Tz;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::checked::{Checked, Entry, Fault, FromText, Ordered};
use super::clock_file::{FormatWord, clock_format};
use super::document::Problems;
use super::problem::Spot;
use super::value::Length;
use super::words;
use crate::compare::{Field, Fields, MoneyFields, Rule};
use crate::direction::Direction;
use crate::instant::TimeFormat;
use crate::money::Unit;
use crate::path::Path;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldFile {
    upstream: Option<Checked<Path>>,
    local: Option<Checked<String>>,
    map: Option<Ordered<Checked<String>>>,
    fold: Option<Checked<Fold>>,
    time: Option<TimeFile>,
    money: Option<MoneyRuleFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimeFile {
    #[serde(rename = "as")]
    format: Checked<FormatWord>,
    zone: Option<Checked<Tz>>,
    local: Option<Checked<TimeFormat>>,
    precision: Option<Checked<Length>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyRuleFile {
    upstream: Option<Checked<Unit>>,
    local: Option<Checked<Unit>>,
    currency: Option<Checked<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MoneyFile {
    amount: Checked<String>,
    currency: Checked<String>,
    minor_units: Option<bool>,
}

/// The one way of folding that is supported: by case.
#[derive(Debug, Clone, Copy)]
struct Fold;

impl FromText for Fold {
    fn from_text(text: &str) -> Result<Self, Fault> {
        words::choose("folding", text, &[("case", Self)])
    }
}

impl FromText for Unit {
    fn from_text(text: &str) -> Result<Self, Fault> {
        words::choose("unit", text, &[("minor", Self::Minor), ("major", Self::Major)])
    }
}

/// Compiles the compared fields. `local_time` is how the local database writes instants.
pub(super) fn compile(
    written: Ordered<Option<FieldFile>>,
    money: Option<Spanned<MoneyFile>>,
    local_time: TimeFormat,
    direction: Direction,
    problems: &mut Problems<'_>,
) -> Option<Fields> {
    let names: Vec<String> = written.0.iter().map(|entry| entry.key.clone()).collect();
    let currency = money.as_ref().and_then(|money| money.value.currency.outcome.clone().ok());
    let context = Context { names: &names, currency, local_time };
    let mut fields = Vec::new();
    for entry in written.0 {
        fields.push(context.field(entry, problems));
    }
    let fields: Vec<Field> = fields.into_iter().collect::<Option<_>>()?;
    let money = money.and_then(|money| money_fields(money, &fields, problems));
    Some(Fields { fields, money, direction })
}

/// What the fields of a domain know of each other.
struct Context<'c> {
    names: &'c [String],
    currency: Option<String>,
    local_time: TimeFormat,
}

impl Context<'_> {
    fn field(&self, entry: Entry<Option<FieldFile>>, problems: &mut Problems<'_>) -> Option<Field> {
        let file = entry.value.unwrap_or_default();
        let name: Box<str> = entry.key.into();
        let given = [file.map.is_some(), file.fold.is_some(), file.time.is_some(), file.money.is_some()];
        if given.iter().filter(|given| **given).count() > 1 {
            let fault = Fault::new(format!("`{name}` has several rules"))
                .with_help("a field has at most one of `map`, `fold`, `time` and `money`");
            problems.add(entry.spot, fault);
        }
        let upstream = match file.upstream {
            Some(path) => problems.take(path),
            None => Path::from_text(&name).map_err(|fault| problems.add(entry.spot, fault)).ok(),
        };
        let local = problems.take_option(file.local).map_or_else(|| name.clone(), Into::into);
        let rule = match (file.map, file.fold, file.time, file.money) {
            (Some(map), ..) => Some(Rule::Map(words_of(map, problems))),
            (_, Some(fold), ..) => problems.take(fold).map(|Fold| Rule::FoldCase),
            (_, _, Some(time), _) => self.time(time, problems),
            (.., Some(money)) => self.money(money, entry.spot, problems),
            _ => Some(Rule::Exact),
        };
        Some(Field { name, upstream: upstream?, local, rule: rule? })
    }

    fn time(&self, file: TimeFile, problems: &mut Problems<'_>) -> Option<Rule> {
        let upstream = clock_format(file.format, file.zone, problems)?;
        let local = problems.take_option(file.local).unwrap_or(self.local_time);
        let coarser = upstream.resolution().max(local.resolution());
        let precision: Duration = problems.take_option(file.precision).map_or(coarser, |length| length.0);
        Some(Rule::Time { upstream, local, precision })
    }

    fn money(&self, file: MoneyRuleFile, spot: Spot, problems: &mut Problems<'_>) -> Option<Rule> {
        let upstream = problems.take_option(file.upstream).unwrap_or_default();
        let local = problems.take_option(file.local).unwrap_or_default();
        let spot = file.currency.as_ref().map_or(spot, |currency| currency.spot);
        let currency = problems.take_option(file.currency).or_else(|| self.currency.clone());
        let Some(currency) = currency else {
            let help = "say `currency: FIELD`, one of the compared fields";
            problems
                .add(spot, Fault::new("the money rule does not say where the currency is").with_help(help));
            return None;
        };
        Some(Rule::Money { upstream, local, currency: self.index(&currency, spot, problems)? })
    }

    fn index(&self, name: &str, spot: Spot, problems: &mut Problems<'_>) -> Option<usize> {
        index_of(name, self.names.iter().map(String::as_str), spot, problems)
    }
}

fn index_of<'n>(
    name: &str,
    names: impl Iterator<Item = &'n str>,
    spot: Spot,
    problems: &mut Problems<'_>,
) -> Option<usize> {
    let names: Vec<&str> = names.collect();
    let found = names.iter().position(|known| *known == name);
    if found.is_none() {
        let fault =
            Fault::new(format!("`{name}` is not a compared field")).with_help(words::advice(name, &names));
        problems.add(spot, fault);
    }
    found
}

fn words_of(map: Ordered<Checked<String>>, problems: &mut Problems<'_>) -> BTreeMap<Box<str>, Box<str>> {
    let mut words = BTreeMap::new();
    for entry in map.0 {
        if let Some(value) = problems.take(entry.value) {
            words.insert(entry.key.into(), value.into());
        }
    }
    words
}

fn money_fields(
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
        Some(Rule::Money { upstream, local, .. }) => (*upstream, *local),
        _ => (said.unwrap_or_default(), said.unwrap_or_default()),
    };
    if said.is_some_and(|said| said != upstream || said != local) {
        let fault =
            Fault::new("`minor_units` contradicts the money rule of the amount").with_help("leave it out");
        problems.add(spot, fault);
    }
    Some(MoneyFields { amount, currency, upstream, local })
}

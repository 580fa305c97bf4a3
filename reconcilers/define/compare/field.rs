//! The fields of a domain file: where each side holds them, and how they are compared.

use schemars::JsonSchema;
use serde::Deserialize;

use super::money::{MoneyFile, money_fields};
use super::rule::{MoneyRuleFile, RuleFile, TimeFile};
use super::several::Several;
use super::source::{SourceFile, source};
use super::unordered::UnorderedFile;
use super::words::{BlankWord, FoldWord, blank};
use crate::compare::{Field, Fields, Rule, Source, Tolerance};
use crate::define::checked::{Checked, Entry, Fault, FromText, Ordered, Placed};
use crate::define::document::Problems;
use crate::define::problem::Spot;
use crate::define::words;
use crate::direction::Direction;
use crate::instant::TimeFormat;
use crate::money::Currencies;
use crate::path::Path;

/// How a field is compared; without another word as it is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::define) struct FieldFile {
    /// Its path in the item, or an expression over it; the field's own name where this is left out.
    upstream: Option<Placed<SourceFile>>,
    /// Its column; the field's own name where this is left out.
    local: Option<Checked<String>>,
    /// What says nothing, beside `null`.
    blank: Option<Several<BlankWord>>,
    /// Upstream's words with yours.
    map: Option<Ordered<Checked<String>>>,
    /// What does not count in how texts are written.
    fold: Option<Several<FoldWord>>,
    /// Whether the order of a list does not count.
    unordered: Option<Placed<UnorderedFile>>,
    /// The values are instants.
    time: Option<TimeFile>,
    /// The values are amounts.
    money: Option<MoneyRuleFile>,
    /// How far numbers may be apart: `0.01`, `0.5%`, `0.01 or 0.5%`.
    tolerance: Option<Checked<Tolerance>>,
    /// Whether the field is shown and never compared.
    #[schemars(extend("default" = false))]
    ignore: Option<Placed<bool>>,
}

/// Compiles the compared fields. `local_time` is how the local database writes instants.
pub(in crate::define) fn compile(
    written: Ordered<Option<FieldFile>>,
    money: Option<Placed<MoneyFile>>,
    local_time: TimeFormat,
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
    Some(Fields { fields, money, direction: Direction::Inbound, currencies: Currencies::iso() })
}

/// What the fields of a domain know of each other.
pub(super) struct Context<'c> {
    names: &'c [String],
    /// The field that holds the currency, where the domain says.
    pub currency: Option<String>,
    /// How the local database writes instants.
    pub local_time: TimeFormat,
}

impl Context<'_> {
    fn field(&self, entry: Entry<Option<FieldFile>>, problems: &mut Problems<'_>) -> Option<Field> {
        let FieldFile {
            upstream,
            local,
            blank: blanks,
            map,
            fold,
            unordered,
            time,
            money,
            tolerance,
            ignore,
        } = entry.value.unwrap_or_default();
        let name: Box<str> = entry.key.into();
        let upstream = if let Some(written) = upstream {
            source(written, problems)
        } else {
            let path = Path::from_text(&name).map_err(|fault| problems.add(entry.spot, fault));
            path.ok().map(Source::Member)
        };
        let local = problems.take_option(local).map_or_else(|| name.clone(), Into::into);
        let blank_spot = blanks.as_ref().map(|blanks| blanks.spot);
        let blank = blank(blanks, problems);
        let rule = RuleFile { map, fold, unordered, time, money, tolerance, ignore }
            .compile(&name, entry.spot, self, problems);
        if let (Some(spot), Some(Rule::Ignored)) = (blank_spot, &rule) {
            let fault = Fault::new("`blank` means nothing beside `ignore`").with_help("leave it out");
            problems.add(spot, fault);
        }
        Some(Field { name, upstream: upstream?, local, blank: blank?, rule: rule?, hidden: None })
    }

    pub(super) fn index(&self, name: &str, spot: Spot, problems: &mut Problems<'_>) -> Option<usize> {
        index_of(name, self.names.iter().map(String::as_str), spot, problems)
    }
}

/// The place of a field among others.
pub(in crate::define) fn index_of<'n>(
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

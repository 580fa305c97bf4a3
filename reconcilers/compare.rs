//! How two sides of an item are compared: a rule per field brings both values into one normal form, then `==` decides.
//!
//! No rule compares with a hidden tolerance, and no rule turns a number into a float.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::discrepancy::{Digest, Discrepancy, FieldDiff, Kind};
use crate::instant::TimeFormat;
use crate::items::ItemView;
use crate::key::Key;
use crate::money::{Money, Unit, exponent, minor_units};
use crate::path::Path;
use crate::row::Row;
use crate::scalar::{Canon, Scalar, Unreadable};

/// The slots that every projected item has; the compared fields follow from [`FIELDS`] on.
pub const KEY: usize = 0;
/// The slot of the window's clock.
pub const CLOCK: usize = 1;
/// The slot of the provider's change marker.
pub const VERSION: usize = 2;
/// The first slot of the compared fields.
pub const FIELDS: usize = 3;

/// A side of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The provider.
    Upstream,
    /// The team's database.
    Local,
}

/// How the values of a field are brought into normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// As they are. Numbers compare by value, and a numeric text equals its number.
    Exact,
    /// Text without regard to case.
    FoldCase,
    /// Upstream's words stand for local words.
    Map(BTreeMap<Box<str>, Box<str>>),
    /// Instants, cut off to a precision that both sides can hold.
    Time {
        /// How upstream writes them.
        upstream: TimeFormat,
        /// How the local side writes them, where its column has no time type.
        local: TimeFormat,
        /// What both are cut off to.
        precision: Duration,
    },
    /// Amounts in minor units of a currency.
    Money {
        /// Upstream's unit.
        upstream: Unit,
        /// The local unit.
        local: Unit,
        /// The compared field that holds the currency.
        currency: usize,
    },
}

/// One compared field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in the domain.
    pub name: Box<str>,
    /// Where upstream holds it.
    pub upstream: Path,
    /// The local column.
    pub local: Box<str>,
    /// How values are compared.
    pub rule: Rule,
}

/// Which compared fields hold the money of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyFields {
    /// The amount.
    pub amount: usize,
    /// Its currency.
    pub currency: usize,
    /// Upstream's unit, after the amount's own rule.
    pub upstream: Unit,
    /// The local unit, after the amount's own rule.
    pub local: Unit,
}

/// All compared fields of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// In the order of the definition.
    pub fields: Vec<Field>,
    /// Where the money is, if the domain says.
    pub money: Option<MoneyFields>,
}

/// A field that could not be brought into its form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{side}.{field}: {fault}")]
pub struct UnreadableField {
    side: &'static str,
    field: Box<str>,
    fault: Unreadable,
}

/// How the provider's change markers of the two sides stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// One side has none, or they cannot be ordered.
    Unknown,
    /// The local side is newer than the item as it was read.
    LocalAhead,
    /// Both are the same.
    Equal,
    /// Upstream is newer.
    UpstreamAhead,
}

/// Looks up a value of one side by the index of its field.
trait Values<'a> {
    const SIDE: Side;

    fn value(&self, field: usize) -> Scalar<'a>;
}

impl<'a> Values<'a> for ItemView<'a> {
    const SIDE: Side = Side::Upstream;

    fn value(&self, field: usize) -> Scalar<'a> {
        Scalar::from_json(self.slot(FIELDS + field))
    }
}

impl<'a> Values<'a> for &'a Row<'_> {
    const SIDE: Side = Side::Local;

    fn value(&self, field: usize) -> Scalar<'a> {
        match self.fields.get(field) {
            None | Some(Scalar::Absent) => Scalar::Absent,
            Some(Scalar::Null) => Scalar::Null,
            Some(Scalar::Bool(value)) => Scalar::Bool(*value),
            Some(Scalar::Int(value)) => Scalar::Int(*value),
            Some(Scalar::Instant(at)) => Scalar::Instant(*at),
            Some(Scalar::Number(text)) => Scalar::Number(Cow::Borrowed(text)),
            Some(Scalar::Text(text)) => Scalar::Text(Cow::Borrowed(text)),
            Some(Scalar::Json(text)) => Scalar::Json(Cow::Borrowed(text)),
        }
    }
}

impl Fields {
    /// Whether both sides agree on every field.
    pub fn agree(&self, item: ItemView<'_>, row: &Row<'_>) -> Result<bool, UnreadableField> {
        for index in 0..self.fields.len() {
            let upstream = self.normal(index, &item)?;
            let local = self.normal(index, &row)?;
            if !same(&upstream, &local) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether every compared field of an item can be read.
    pub fn readable(&self, item: ItemView<'_>) -> Result<(), UnreadableField> {
        (0..self.fields.len()).try_for_each(|index| self.normal(index, &item).map(drop))
    }

    /// Judges a pair from scratch: the discrepancy between what the two sides hold now, or nothing where they agree.
    ///
    /// `upstream` is the item with the whole JSON text it came from.
    #[must_use]
    pub fn judge(
        &self,
        key: &Key,
        upstream: Option<(ItemView<'_>, &str)>,
        local: Option<&Row<'_>>,
    ) -> Option<Discrepancy> {
        let item = upstream.map(|(item, _)| item);
        let raw = upstream.map(|(_, raw)| raw);
        let outcome = match (item, local) {
            (None, None) => return None,
            (Some(item), None) => self.one_side(&item, Kind::Missing),
            (None, Some(row)) => self.one_side(&row, Kind::Orphaned),
            (Some(item), Some(row)) => self.both_sides(item, row),
        };
        let (kind, fields, reason) = match outcome {
            Ok((Kind::Mismatched, fields)) if fields.is_empty() => return None,
            Ok((kind, fields)) => (kind, fields, self.conflict(kind, item, local)),
            Err(fault) => (Kind::Unreadable, Vec::new(), Some(fault.to_string())),
        };
        Some(Discrepancy {
            key: key.clone(),
            kind,
            fields,
            digest: self.digest(item),
            reason,
            amount: self.at_stake(item, local),
            upstream: raw.map(Into::into),
        })
    }

    /// The digest of the state that upstream holds; of nothing where it holds nothing.
    #[must_use]
    pub fn digest(&self, item: Option<ItemView<'_>>) -> Digest {
        let Some(item) = item else { return Digest::of("") };
        let members = self.fields.iter().enumerate().map(|(index, field)| {
            let value =
                self.normal(index, &item).map_or_else(|_| raw_json(&item.value(index)), |canon| canon.json());
            (field.name.as_ref(), value)
        });
        // A BTreeMap sorts the names, so the order of the definition does not matter.
        let sorted: BTreeMap<&str, String> = members.collect();
        let body: Vec<String> = sorted
            .iter()
            .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(*name)))
            .collect();
        Digest::of(&format!("{{{}}}", body.join(",")))
    }

    /// The money that a side holds for an item, in minor units.
    #[must_use]
    pub fn money_upstream<'a>(&self, item: ItemView<'a>) -> Option<(Cow<'a, str>, i64)> {
        self.money(&item)
    }

    /// The money that the local side holds for an item, in minor units.
    #[must_use]
    pub fn money_local<'a>(&self, row: &'a Row<'_>) -> Option<(Cow<'a, str>, i64)> {
        self.money(&row)
    }

    fn money<'a, V: Values<'a>>(&self, side: &V) -> Option<(Cow<'a, str>, i64)> {
        let money = self.money?;
        let Scalar::Text(currency) = side.value(money.currency) else { return None };
        let unit = match V::SIDE {
            Side::Upstream => money.upstream,
            Side::Local => money.local,
        };
        let minor = minor_units(&side.value(money.amount), unit, &currency).ok()?;
        Some((currency, minor))
    }

    fn at_stake(&self, item: Option<ItemView<'_>>, row: Option<&Row<'_>>) -> Option<Money> {
        let upstream = item.and_then(|item| self.money(&item));
        let local = row.and_then(|row| self.money(&row));
        let (currency, minor) = match (upstream, local) {
            (Some((up, a)), Some((down, b))) if up.eq_ignore_ascii_case(&down) => {
                (up, i128::from(a) - i128::from(b))
            }
            (Some((currency, minor)), _) | (None, Some((currency, minor))) => (currency, i128::from(minor)),
            (None, None) => return None,
        };
        exponent(&currency)?;
        Some(Money { currency: currency.to_ascii_uppercase().into(), minor })
    }

    /// What the one side holds that the other lacks.
    fn one_side<'a, V: Values<'a>>(
        &self,
        side: &V,
        kind: Kind,
    ) -> Result<(Kind, Vec<FieldDiff>), UnreadableField> {
        let diffs = self.fields.iter().enumerate().map(|(index, field)| {
            let value = Some(self.normal(index, side)?.json().into());
            let (upstream, local) = match V::SIDE {
                Side::Upstream => (value, None),
                Side::Local => (None, value),
            };
            Ok(FieldDiff { field: field.name.clone(), upstream, local })
        });
        Ok((kind, diffs.collect::<Result<_, _>>()?))
    }

    fn both_sides(
        &self,
        item: ItemView<'_>,
        row: &Row<'_>,
    ) -> Result<(Kind, Vec<FieldDiff>), UnreadableField> {
        let mut diffs = Vec::new();
        for (index, field) in self.fields.iter().enumerate() {
            let (upstream, local) = (self.normal(index, &item)?, self.normal(index, &row)?);
            if !same(&upstream, &local) {
                let json = |canon: &Canon<'_>| Some(canon.json().into());
                diffs.push(FieldDiff {
                    field: field.name.clone(),
                    upstream: json(&upstream),
                    local: json(&local),
                });
            }
        }
        if versions(item, row) == Versions::LocalAhead {
            diffs.clear();
        }
        Ok((Kind::Mismatched, diffs))
    }

    /// Equal versions with different fields mean that one side wrote what the marker does not cover (rule 10).
    #[expect(clippy::unused_self, reason = "reads as a question to the domain's fields, like its siblings")]
    fn conflict(&self, kind: Kind, item: Option<ItemView<'_>>, row: Option<&Row<'_>>) -> Option<String> {
        let (item, row) = (item?, row?);
        (kind == Kind::Mismatched && versions(item, row) == Versions::Equal).then(|| "conflict".to_owned())
    }

    fn normal<'a, V: Values<'a>>(&self, index: usize, side: &V) -> Result<Canon<'a>, UnreadableField> {
        let field = &self.fields[index];
        let value = side.value(index);
        let canon = match &field.rule {
            Rule::Exact => exact(value),
            Rule::FoldCase => fold_case(value),
            Rule::Map(words) => map(value, words, V::SIDE),
            Rule::Time { upstream, local, precision } => {
                time(&value, if V::SIDE == Side::Upstream { *upstream } else { *local }, *precision)
            }
            Rule::Money { upstream, local, currency } => {
                let unit = if V::SIDE == Side::Upstream { *upstream } else { *local };
                money(&value, unit, &side.value(*currency))
            }
        };
        canon.map_err(|fault| UnreadableField {
            side: if V::SIDE == Side::Upstream { "upstream" } else { "local" },
            field: field.name.clone(),
            fault,
        })
    }
}

fn exact(value: Scalar<'_>) -> Result<Canon<'_>, Unreadable> {
    Ok(match value {
        Scalar::Absent | Scalar::Null => Canon::Null,
        Scalar::Bool(value) => Canon::Bool(value),
        Scalar::Int(value) => Canon::Int(value),
        Scalar::Number(ref text) => {
            match text.parse().or_else(|_| rust_decimal::Decimal::from_scientific(text)) {
                Ok(decimal) => Canon::number(decimal),
                // Beyond 28 digits the text itself is the normal form.
                Err(_) => return into_text(value),
            }
        }
        Scalar::Text(text) => Canon::Text(text),
        Scalar::Instant(at) => Canon::Instant(at),
        Scalar::Json(_) => return Err(value.unreadable("a single value")),
    })
}

fn into_text(value: Scalar<'_>) -> Result<Canon<'_>, Unreadable> {
    match value {
        Scalar::Number(text) | Scalar::Text(text) => Ok(Canon::Text(text)),
        other => Err(other.unreadable("text")),
    }
}

fn fold_case(value: Scalar<'_>) -> Result<Canon<'_>, Unreadable> {
    match value {
        Scalar::Absent | Scalar::Null => Ok(Canon::Null),
        Scalar::Text(text) if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) => {
            Ok(Canon::Text(text))
        }
        Scalar::Text(text) => Ok(Canon::Text(text.to_lowercase().into())),
        other => Err(other.unreadable("text")),
    }
}

fn map<'a>(
    value: Scalar<'a>,
    words: &BTreeMap<Box<str>, Box<str>>,
    side: Side,
) -> Result<Canon<'a>, Unreadable> {
    if side == Side::Local {
        return exact(value);
    }
    let word = match &value {
        Scalar::Absent | Scalar::Null => return Ok(Canon::Null),
        Scalar::Text(text) | Scalar::Number(text) => text.as_ref().into(),
        Scalar::Int(whole) => whole.to_string(),
        Scalar::Bool(value) => value.to_string(),
        _ => return Err(value.unreadable("a single value")),
    };
    let local = words.get(word.as_str()).ok_or_else(|| value.unreadable("a value that the map names"))?;
    Ok(Canon::Text(local.to_string().into()))
}

fn time<'a>(value: &Scalar<'a>, format: TimeFormat, precision: Duration) -> Result<Canon<'a>, Unreadable> {
    let at = match value {
        Scalar::Absent | Scalar::Null => return Ok(Canon::Null),
        Scalar::Instant(at) => Some(*at),
        Scalar::Int(whole) => format.read(&whole.to_string()),
        Scalar::Number(text) | Scalar::Text(text) => format.read(text),
        _ => None,
    };
    let at = at.ok_or_else(|| value.unreadable("a time in the declared format"))?;
    Ok(Canon::Instant(at.floor(precision)))
}

fn money<'a>(value: &Scalar<'a>, unit: Unit, currency: &Scalar<'_>) -> Result<Canon<'a>, Unreadable> {
    match (value, currency) {
        (Scalar::Absent | Scalar::Null, _) => Ok(Canon::Null),
        (amount, Scalar::Text(code)) => minor_units(amount, unit, code).map(Canon::Int),
        (_, other) => Err(other.unreadable("a currency")),
    }
}

/// Equality of normal forms. Sides spell one value in different types: a numeric text equals its number, and 1 and 0
/// stand for booleans where a database has none.
fn same(upstream: &Canon<'_>, local: &Canon<'_>) -> bool {
    match (upstream, local) {
        (Canon::Text(text), number @ (Canon::Int(_) | Canon::Decimal(_)))
        | (number @ (Canon::Int(_) | Canon::Decimal(_)), Canon::Text(text)) => {
            text.parse().is_ok_and(|decimal| Canon::number(decimal) == *number)
        }
        (Canon::Bool(flag), Canon::Int(number)) | (Canon::Int(number), Canon::Bool(flag)) => {
            *number == i64::from(*flag)
        }
        (Canon::Instant(at), Canon::Text(text)) | (Canon::Text(text), Canon::Instant(at)) => {
            TimeFormat::Rfc3339.read(text) == Some(*at)
        }
        (upstream, local) => upstream == local,
    }
}

/// How the change markers of an item and its row stand to each other.
#[must_use]
pub fn versions(item: ItemView<'_>, row: &Row<'_>) -> Versions {
    let upstream = marker(&Scalar::from_json(item.slot(VERSION)));
    let ordering = match (upstream, marker(&row.version)) {
        (Some(Canon::Text(a)), Some(Canon::Text(b))) if a != b => return Versions::Unknown,
        (Some(Canon::Int(a)), Some(Canon::Int(b))) => a.cmp(&b),
        (Some(Canon::Instant(a)), Some(Canon::Instant(b))) => a.cmp(&b),
        (Some(a), Some(b)) if a == b => std::cmp::Ordering::Equal,
        _ => return Versions::Unknown,
    };
    match ordering {
        std::cmp::Ordering::Less => Versions::LocalAhead,
        std::cmp::Ordering::Equal => Versions::Equal,
        std::cmp::Ordering::Greater => Versions::UpstreamAhead,
    }
}

/// A change marker in a form that can be ordered: a whole number, an instant, or text that can only be equal.
fn marker<'a>(value: &Scalar<'a>) -> Option<Canon<'a>> {
    match value {
        Scalar::Int(whole) => Some(Canon::Int(*whole)),
        Scalar::Instant(at) => Some(Canon::Instant(*at)),
        Scalar::Text(text) => {
            let number = text.parse().ok().map(Canon::Int);
            let instant = || TimeFormat::Rfc3339.read(text).map(Canon::Instant);
            number.or_else(instant).or_else(|| Some(Canon::Text(text.clone())))
        }
        _ => None,
    }
}

fn raw_json(value: &Scalar<'_>) -> String {
    match value {
        Scalar::Json(text) => text.to_string(),
        other => format!("\"{}\"", other.kind()),
    }
}

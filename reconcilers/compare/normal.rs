//! Brings a value into the normal form of its field's rule, and says when two normal forms are equal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use super::fields::{Fields, Rule};
use super::side::{Side, Values};
use crate::instant::{Instant, TimeFormat};
use crate::money::{Unit, minor_units};
use crate::number::decimal;
use crate::scalar::{Canon, Scalar, Unreadable};

/// A field that could not be brought into its form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{side}.{field}: {fault}")]
pub struct UnreadableField {
    side: Side,
    field: Box<str>,
    fault: Unreadable,
}

impl Fields {
    /// The normal form of one field of a side.
    pub(super) fn normal<'a, V: Values<'a>>(
        &self,
        index: usize,
        side: &V,
    ) -> Result<Canon<'a>, UnreadableField> {
        let field = &self.fields[index];
        let value = side.value(index);
        let canon = match &field.rule {
            Rule::Exact => exact(value),
            Rule::FoldCase => fold_case(value),
            Rule::Map(words) => map(value, words, V::SIDE),
            Rule::Time { upstream, local, precision } => {
                let read = |text: &str| match V::SIDE {
                    Side::Upstream => upstream.read(text),
                    Side::Local => local.read(text),
                };
                time(&value, read, *precision)
            }
            Rule::Money { upstream, local, currency } => {
                let code = self.currency(*currency, side);
                money(&value, of(V::SIDE, *upstream, *local), code.as_deref())
            }
        };
        canon.map_err(|fault| UnreadableField { side: V::SIDE, field: field.name.clone(), fault })
    }

    /// The currency of a side, in the local word where a map stands between the two.
    pub(super) fn currency<'a, V: Values<'a>>(&self, index: usize, side: &V) -> Option<Cow<'a, str>> {
        let value = side.value(index);
        let code = match self.fields.get(index).map(|field| &field.rule) {
            Some(Rule::Map(words)) => map(value, words, V::SIDE).ok()?,
            _ => exact(value).ok()?,
        };
        if let Canon::Text(code) = code { Some(code) } else { None }
    }
}

/// Picks what belongs to a side.
pub(super) fn of<T>(side: Side, upstream: T, local: T) -> T {
    match side {
        Side::Upstream => upstream,
        Side::Local => local,
    }
}

fn exact(value: Scalar<'_>) -> Result<Canon<'_>, Unreadable> {
    Ok(match value {
        Scalar::Absent | Scalar::Null => Canon::Null,
        Scalar::Bool(value) => Canon::Bool(value),
        Scalar::Int(value) => Canon::Int(value),
        // Beyond 28 digits the text itself is the normal form.
        Scalar::Number(text) => decimal(&text).map_or(Canon::Text(text), Canon::number),
        Scalar::Text(text) => Canon::Text(text),
        Scalar::Instant(at) => Canon::Instant(at),
        Scalar::Json(_) => return Err(value.unreadable("a single value")),
    })
}

fn fold_case(value: Scalar<'_>) -> Result<Canon<'_>, Unreadable> {
    match value {
        Scalar::Absent | Scalar::Null => Ok(Canon::Null),
        Scalar::Text(text) => Ok(Canon::Text(folded(text))),
        other => Err(other.unreadable("text")),
    }
}

/// One spelling for all cases of a text. There and back again, since neither case has one form alone: upper case keeps
/// both `ẞ` and `SS`, and lower case keeps two small sigmas.
fn folded(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.is_ascii() {
        let lower = text.chars().flat_map(char::to_lowercase);
        return lower.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text }
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

fn time<'a>(
    value: &Scalar<'a>,
    read: impl Fn(&str) -> Option<Instant>,
    precision: Duration,
) -> Result<Canon<'a>, Unreadable> {
    let at = match value {
        Scalar::Absent | Scalar::Null => return Ok(Canon::Null),
        Scalar::Instant(at) => Some(*at),
        Scalar::Int(whole) => read(&whole.to_string()),
        Scalar::Number(text) | Scalar::Text(text) => read(text),
        _ => None,
    };
    let at = at.ok_or_else(|| value.unreadable("a time in the declared format"))?;
    Ok(Canon::Instant(at.floor(precision)))
}

fn money<'a>(value: &Scalar<'a>, unit: Unit, currency: Option<&str>) -> Result<Canon<'a>, Unreadable> {
    match (value, currency) {
        (Scalar::Absent | Scalar::Null, _) => Ok(Canon::Null),
        (amount, Some(code)) => minor_units(amount, unit, code).map(Canon::Int),
        (_, None) => {
            Err(Unreadable { expected: "an amount with a currency", found: "an amount without one" })
        }
    }
}

/// Equality of normal forms. Sides spell one value in different types: a numeric text equals its number, 1 and 0 stand
/// for booleans where a database has none, and so do the words that a map can give.
pub(super) fn same(upstream: &Canon<'_>, local: &Canon<'_>) -> bool {
    match (upstream, local) {
        (Canon::Text(text), number @ (Canon::Int(_) | Canon::Decimal(_)))
        | (number @ (Canon::Int(_) | Canon::Decimal(_)), Canon::Text(text)) => {
            decimal(text).is_some_and(|decimal| Canon::number(decimal) == *number)
        }
        (Canon::Bool(flag), Canon::Int(number)) | (Canon::Int(number), Canon::Bool(flag)) => {
            *number == i64::from(*flag)
        }
        (Canon::Bool(flag), Canon::Text(word)) | (Canon::Text(word), Canon::Bool(flag)) => {
            word.as_ref() == if *flag { "true" } else { "false" }
        }
        (Canon::Instant(at), Canon::Text(text)) | (Canon::Text(text), Canon::Instant(at)) => {
            TimeFormat::Rfc3339.read(text) == Some(*at)
        }
        (upstream, local) => upstream == local,
    }
}

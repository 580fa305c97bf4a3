//! Brings a value into the normal form of its field's rule.

use std::borrow::Cow;

use super::fields::{Field, Fields};
use super::rules::exact::exact;
use super::rules::{Rule, Tolerance};
use super::side::{Side, Values};
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
        &'a self,
        index: usize,
        side: &V,
    ) -> Result<Canon<'a>, UnreadableField> {
        let field = &self.fields[index];
        let read = match &field.rule {
            Rule::Ignored => return Ok(Canon::Null),
            Rule::Money(rule) => field.blank.value(side.value(index)).and_then(|value| {
                let code = self.currency(rule.currency, side);
                rule.normal(&value, V::SIDE, &self.currencies, code.as_deref())
            }),
            _ => field.normal(side.value(index), V::SIDE),
        };
        read.map_err(|fault| UnreadableField { side: V::SIDE, field: field.name.clone(), fault })
    }

    /// The currency of a side, in the local word where a map stands between the two.
    pub(super) fn currency<'a, V: Values<'a>>(&'a self, index: usize, side: &V) -> Option<Cow<'a, str>> {
        let field = self.fields.get(index)?;
        let code = match &field.rule {
            Rule::Words(words) if words.is_map() => field.normal(side.value(index), V::SIDE).ok()?,
            _ => exact(side.value(index)).ok()?,
        };
        match code {
            Canon::Text(Cow::Borrowed(code)) => Some(Cow::Borrowed(code.trim())),
            Canon::Text(code) => Some(code),
            _ => None,
        }
    }
}

impl Field {
    /// The normal form of a value by itself.
    fn normal<'a>(&'a self, value: Scalar<'a>, side: Side) -> Result<Canon<'a>, Unreadable> {
        let value = self.blank.value(value)?;
        let canon = match &self.rule {
            Rule::Words(words) => words.normal(value, side),
            Rule::Time(rule) => rule.normal(&value, side),
            Rule::Near(_) => Tolerance::normal(&value),
            Rule::Unordered(rule) => rule.normal(&value, side),
            Rule::Exact | Rule::Money(_) | Rule::Ignored => exact(value),
        };
        canon.map(|canon| self.blank.normal(canon))
    }
}

//! Brings a value into the normal form of its field's rule.

use std::borrow::Cow;

use super::fields::{Fields, Rule};
use super::rules::exact::exact;
use super::rules::fold::fold_case;
use super::rules::map::map;
use super::rules::money::money;
use super::rules::time::time;
use super::side::{Side, Values, of};
use crate::scalar::{Canon, Unreadable};

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

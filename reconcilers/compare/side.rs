//! The two sides of a comparison, and how each hands out its values. Nothing is interpreted here.

use std::borrow::Cow;
use std::fmt;

use super::fields::FIELDS;
use crate::items::ItemView;
use crate::row::Row;
use crate::scalar::Scalar;

/// A side of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The provider.
    Upstream,
    /// The team's database.
    Local,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upstream => "upstream",
            Self::Local => "local",
        })
    }
}

/// Picks what belongs to a side.
pub(super) fn of<T>(side: Side, upstream: T, local: T) -> T {
    match side {
        Side::Upstream => upstream,
        Side::Local => local,
    }
}

/// Looks up a value of one side by the index of its field.
pub(super) trait Values<'a> {
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

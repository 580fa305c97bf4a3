//! One row of the local side.

use std::borrow::Cow;

use crate::instant::Instant;
use crate::scalar::Scalar;

/// A local row, with the columns that the domain names, borrowed from the driver's buffer where that is possible.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'a> {
    /// The key column as text.
    pub key: Cow<'a, str>,
    /// The column filtered by `:from` and `:to`.
    pub clock: Option<Instant>,
    /// When the application last wrote the row, by the local database's clock.
    pub changed: Option<Instant>,
    /// The provider's change marker as stored locally.
    pub version: Scalar<'a>,
    /// The compared columns, in the order of the domain's fields.
    pub fields: Vec<Scalar<'a>>,
    /// All columns as one JSON object by their names, where the row itself is what is sent.
    pub whole: Option<Box<str>>,
}

impl Row<'_> {
    /// A copy that outlives the driver's buffer, for the few rows that are kept.
    #[must_use]
    pub fn into_owned(self) -> Row<'static> {
        Row {
            key: Cow::Owned(self.key.into_owned()),
            clock: self.clock,
            changed: self.changed,
            version: owned(self.version),
            fields: self.fields.into_iter().map(owned).collect(),
            whole: self.whole,
        }
    }
}

fn owned(scalar: Scalar<'_>) -> Scalar<'static> {
    match scalar {
        Scalar::Absent => Scalar::Absent,
        Scalar::Null => Scalar::Null,
        Scalar::Bool(value) => Scalar::Bool(value),
        Scalar::Int(value) => Scalar::Int(value),
        Scalar::Number(text) => Scalar::Number(Cow::Owned(text.into_owned())),
        Scalar::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
        Scalar::Instant(at) => Scalar::Instant(at),
        Scalar::Json(text) => Scalar::Json(Cow::Owned(text.into_owned())),
    }
}

//! Values as they are.

use crate::number::decimal;
use crate::scalar::{Canon, Scalar, Unreadable};

/// The value itself; a number in its one spelling.
pub(in crate::compare) fn exact(value: Scalar<'_>) -> Result<Canon<'_>, Unreadable> {
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

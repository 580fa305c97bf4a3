//! Text without regard to how it is written.

use std::borrow::Cow;

use crate::scalar::{Canon, Scalar, Unreadable};

/// Text without regard to case.
pub(in crate::compare) fn fold_case(value: Scalar<'_>) -> Result<Canon<'_>, Unreadable> {
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

//! Instants, cut off to a precision that both sides can hold.

use std::time::Duration;

use crate::instant::Instant;
use crate::scalar::{Canon, Scalar, Unreadable};

/// The instant that a value stands for; `read` is how its side writes them.
pub(in crate::compare) fn time<'a>(
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

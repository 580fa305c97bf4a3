//! Upstream's words stand for local words.

use std::collections::BTreeMap;

use super::exact::exact;
use crate::compare::Side;
use crate::scalar::{Canon, Scalar, Unreadable};

/// The local word; a word of upstream that the map does not name is unreadable.
pub(in crate::compare) fn map<'a>(
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

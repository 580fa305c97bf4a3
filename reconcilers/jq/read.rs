//! JSON text becomes a value; numbers keep every digit.

use std::rc::Rc;

use super::value::{MAX_DEPTH, MAX_WEIGHT, Val};
use crate::number::decimal;
use crate::projection::{elements, entries};
use crate::scalar::{Scalar, unquote};

impl Val {
    /// Reads one JSON value; nothing where it is too large or names a member twice, so that nobody knows which one counts.
    pub(super) fn from_json(raw: &str) -> Option<Self> {
        if raw.len() > MAX_WEIGHT { None } else { read(raw, 0) }
    }
}

fn read(raw: &str, depth: usize) -> Option<Val> {
    let raw = raw.trim();
    let value = match raw.as_bytes().first()? {
        _ if depth > MAX_DEPTH => return None,
        b'[' => {
            let values: Option<Vec<Val>> =
                elements(raw).ok()??.into_iter().map(|element| read(element, depth + 1)).collect();
            Val::list(values?)
        }
        b'{' => {
            let members = entries(raw).ok()??;
            let count = members.len();
            let members: Option<Vec<(Rc<str>, Val)>> = members
                .into_iter()
                .map(|(name, value)| Some((name.into(), read(value, depth + 1)?)))
                .collect();
            let object = Val::object(members?);
            let is_clear = matches!(&object, Val::Object(object) if object.inner.len() == count);
            return is_clear.then_some(object);
        }
        b'"' => Val::text(&unquote(raw)?),
        _ => match Scalar::from_json(Some(raw)) {
            Scalar::Null => Val::Null,
            Scalar::Bool(flag) => Val::Bool(flag),
            Scalar::Int(whole) => Val::Number(whole.into()),
            _ => decimal(raw).map_or_else(|| Val::LongNumber(raw.into()), Val::Number),
        },
    };
    (!matches!(value, Val::Refused)).then_some(value)
}

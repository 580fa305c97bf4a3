//! Lists in any order. What stands there twice has to stand there twice on the other side too: a set would hide that.

use serde_json::value::RawValue;

use super::words::Words;
use crate::compare::Side;
use crate::scalar::{Canon, Scalar, Unreadable};

/// How lists are compared: element by element as texts, whatever their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unordered {
    /// How their elements are compared.
    pub words: Words,
    /// What a local text is split at, where it is no JSON.
    pub split: Option<Box<str>>,
}

impl Unordered {
    /// The texts of the elements, in order.
    pub(in crate::compare) fn normal<'a>(
        &self,
        value: &Scalar<'_>,
        side: Side,
    ) -> Result<Canon<'a>, Unreadable> {
        let elements = match (value, side, &self.split) {
            (Scalar::Absent | Scalar::Null, ..) => return Ok(Canon::Null),
            (Scalar::Json(list), ..) => self.of_json(value, list, side)?,
            (Scalar::Text(text), Side::Local, Some(split)) => self.of_text(text, split)?,
            // Where a database has no type for JSON, a list is a text.
            (Scalar::Text(text), Side::Local, None) => self.of_json(value, text, side)?,
            _ => return Err(value.unreadable("a list")),
        };
        let mut elements = elements;
        elements.sort_unstable();
        Ok(Canon::Texts(elements))
    }

    fn of_json(&self, value: &Scalar<'_>, list: &str, side: Side) -> Result<Vec<String>, Unreadable> {
        let raws: Vec<&RawValue> = serde_json::from_str(list).map_err(|_| value.unreadable("a list"))?;
        raws.iter().map(|raw| self.words.element(Scalar::from_json(Some(raw.get())), side)).collect()
    }

    /// Spaces around an element do not belong to it; an empty text is an empty list.
    fn of_text(&self, text: &str, split: &str) -> Result<Vec<String>, Unreadable> {
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let elements = text.split(split).map(|element| Scalar::Text(element.trim().into()));
        elements.map(|element| self.words.element(element, Side::Local)).collect()
    }
}

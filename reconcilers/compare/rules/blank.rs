//! Which values say nothing, so that they are all the same: beside any other rule, and before it.

use crate::scalar::{Canon, Scalar, Unreadable};

/// A way to say nothing other than `null`, which always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {
    /// A member that is not there.
    Absent,
    /// An empty text.
    Text,
    /// An empty list.
    List,
    /// An empty object.
    Object,
}

/// The values that count as `null`.
///
/// A member that is not there counts as `null` unless that is left out here; then its item is unreadable, since nobody
/// knows whether the provider has no value or only did not send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blank(Vec<Nothing>);

impl Default for Blank {
    fn default() -> Self {
        Self(vec![Nothing::Absent])
    }
}

impl Blank {
    /// These, and `null`.
    #[must_use]
    pub const fn of(nothings: Vec<Nothing>) -> Self {
        Self(nothings)
    }

    /// The value, or `null` in the place of one that says nothing.
    pub(in crate::compare) fn value<'a>(&self, value: Scalar<'a>) -> Result<Scalar<'a>, Unreadable> {
        let is_nothing = match &value {
            Scalar::Absent if !self.0.contains(&Nothing::Absent) => {
                return Err(value.unreadable("a value or null"));
            }
            Scalar::Text(text) if text.is_empty() => self.0.contains(&Nothing::Text),
            Scalar::Json(json) => match inside(json) {
                Some('[') => self.0.contains(&Nothing::List),
                Some('{') => self.0.contains(&Nothing::Object),
                _ => false,
            },
            _ => false,
        };
        Ok(if is_nothing { Scalar::Null } else { value })
    }

    /// The same for what a rule made of a value: a text of spaces may be empty once it is folded.
    pub(in crate::compare) fn normal<'a>(&self, canon: Canon<'a>) -> Canon<'a> {
        let is_nothing = match &canon {
            Canon::Text(text) if text.is_empty() => self.0.contains(&Nothing::Text),
            Canon::Texts(texts) if texts.is_empty() => self.0.contains(&Nothing::List),
            _ => false,
        };
        if is_nothing { Canon::Null } else { canon }
    }
}

/// How a list or object begins that has nothing in it.
fn inside(json: &str) -> Option<char> {
    let begins = json.chars().next()?;
    let ends = json.trim_end().chars().next_back()?;
    let between = json.get(1..json.trim_end().len().checked_sub(1)?)?;
    (matches!((begins, ends), ('[', ']') | ('{', '}')) && between.trim().is_empty()).then_some(begins)
}

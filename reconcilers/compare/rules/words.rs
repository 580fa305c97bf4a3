//! Words: upstream's for local ones, and text whose spelling does not count. Folding comes before the map on upstream's
//! side, and what the map gives is folded like the local text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::exact::exact;
use super::fold::Fold;
use crate::compare::Side;
use crate::scalar::{Canon, Scalar, Unreadable};

/// How words are compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// What upstream's words stand for, where they are not the local ones. Both are in the spelling of `fold`.
    map: Option<BTreeMap<Box<str>, Box<str>>>,
    /// What of their spelling does not count.
    fold: Fold,
}

impl Words {
    /// Words in any spelling.
    #[must_use]
    pub const fn folded(fold: Fold) -> Self {
        Self { map: None, fold }
    }

    /// Upstream's words on the left, local words on the right. The error is a word that stands for two.
    pub fn mapped<'w>(
        pairs: impl IntoIterator<Item = (&'w str, &'w str)>,
        fold: Fold,
    ) -> Result<Self, &'w str> {
        let mut map: BTreeMap<Box<str>, Box<str>> = BTreeMap::new();
        for (upstream, local) in pairs {
            let local: Box<str> = fold.text(local.into()).into();
            let before = map.insert(fold.text(upstream.into()).into(), local.clone());
            if before.is_some_and(|before| before != local) {
                return Err(upstream);
            }
        }
        Ok(Self { map: Some(map), fold })
    }

    /// Whether upstream's words are not the local ones.
    pub(in crate::compare) const fn is_map(&self) -> bool {
        self.map.is_some()
    }

    /// The word that a value stands for; a word of upstream that the map does not name is unreadable.
    pub(in crate::compare) fn normal<'a>(
        &'a self,
        value: Scalar<'a>,
        side: Side,
    ) -> Result<Canon<'a>, Unreadable> {
        match (&self.map, side, value) {
            (_, _, Scalar::Absent | Scalar::Null) => Ok(Canon::Null),
            (_, _, Scalar::Text(text)) if self.map.is_none() || side == Side::Local => {
                Ok(Canon::Text(self.fold.text(text)))
            }
            (Some(map), Side::Upstream, value) => {
                let word = self.fold.text(word(&value)?);
                let local = map.get(word.as_ref());
                local
                    .map(|local| Canon::Text(Cow::Borrowed(local)))
                    .ok_or_else(|| value.unreadable("a value that the map names"))
            }
            (Some(_), Side::Local, value) => exact(value),
            (None, _, value) => Err(value.unreadable("text")),
        }
    }

    /// Whether a word of upstream and a local text agree without folding either. What the map holds is folded, so a word
    /// that is in it is folded too.
    pub(in crate::compare) fn agree_plainly(&self, word: &str, text: &str) -> bool {
        match &self.map {
            Some(map) => map.get(word).is_some_and(|local| !text.is_empty() && **local == *text),
            None => word == text || (self.fold.case && word.is_ascii() && word.eq_ignore_ascii_case(text)),
        }
    }

    /// The text of one element of a list, which may be a number or a boolean as well.
    pub(super) fn element(&self, value: Scalar<'_>, side: Side) -> Result<String, Unreadable> {
        let expected = "a list of single values";
        let canon = match (&self.map, &value) {
            (_, Scalar::Absent | Scalar::Null | Scalar::Json(_)) => return Err(value.unreadable(expected)),
            (None, Scalar::Text(_)) | (Some(_), _) => self.normal(value, side)?,
            (None, _) => exact(value)?,
        };
        Ok(match canon {
            Canon::Text(text) => text.into_owned(),
            Canon::Instant(at) => at.to_string(),
            other => other.json(),
        })
    }
}

/// A single value as the word that a map can name.
fn word<'v>(value: &'v Scalar<'_>) -> Result<Cow<'v, str>, Unreadable> {
    Ok(match value {
        Scalar::Text(text) | Scalar::Number(text) => Cow::Borrowed(text),
        Scalar::Int(whole) => whole.to_string().into(),
        Scalar::Bool(true) => "true".into(),
        Scalar::Bool(false) => "false".into(),
        _ => return Err(value.unreadable("a single value")),
    })
}

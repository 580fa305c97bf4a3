//! One word or a list of words.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::define::checked::{Fault, FromText};
use crate::define::problem::Spot;

/// Words in the order they were written.
#[derive(Debug, Clone)]
pub(super) struct Several<T> {
    /// Where the first stands.
    pub spot: Spot,
    /// What they say, or the first fault.
    pub words: Result<Vec<T>, Fault>,
}

impl<'de, T: FromText> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Spanned::<Texts>::deserialize(deserializer)?;
        let words = written.value.0.iter().map(|text| T::from_text(text).map_err(|fault| fault.at(text)));
        Ok(Self { spot: written.referenced.into(), words: words.collect() })
    }
}

struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor).map(Self)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word or a list of words")
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = seq.next_element()? {
            texts.push(text);
        }
        Ok(texts)
    }
}

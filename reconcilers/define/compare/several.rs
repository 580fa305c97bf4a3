//! One word or a list of words.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::define::checked::{Fault, FromText, Placed};
use crate::define::problem::Spot;
use crate::define::schema;

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
        let written = Placed::<Texts>::deserialize(deserializer)?;
        let words = written.value.0.iter().map(|text| T::from_text(text).map_err(|fault| fault.at(text)));
        Ok(Self { spot: written.spot, words: words.collect() })
    }
}

impl<T: FromText> JsonSchema for Several<T> {
    fn schema_name() -> Cow<'static, str> {
        type_name::<Self>().into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema::any_of([schema::plain_text::<T>(), schema::list_of(schema::text::<T>())])
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

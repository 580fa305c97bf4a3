//! A request on one line, or a mapping with its words.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

use super::checked::{Fault, FromText};
use super::schema;

/// The words of a request that may also stand on one line.
pub(super) trait Words: DeserializeOwned + JsonSchema {
    /// The line.
    type Line: FromText;
    /// What is wanted here, in words.
    const EXPECTED: &'static str;
}

/// A request on one line, or its words.
#[derive(Debug, Clone)]
pub(super) enum LineOrWords<W: Words> {
    Line(Result<W::Line, Fault>),
    Words(Box<W>),
}

impl<'de, W: Words> Deserialize<'de> for LineOrWords<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<W: Words> JsonSchema for LineOrWords<W> {
    fn schema_name() -> Cow<'static, str> {
        type_name::<Self>().into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::any_of([schema::plain_text::<W::Line>(), generator.subschema_for::<W>()])
    }
}

struct Either<W>(PhantomData<W>);

impl<'de, W: Words> Visitor<'de> for Either<W> {
    type Value = LineOrWords<W>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(W::EXPECTED)
    }

    fn visit_str<E>(self, line: &str) -> Result<LineOrWords<W>, E> {
        Ok(LineOrWords::Line(W::Line::from_text(line)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LineOrWords<W>, A::Error> {
        W::deserialize(MapAccessDeserializer::new(map)).map(|words| LineOrWords::Words(Box::new(words)))
    }
}

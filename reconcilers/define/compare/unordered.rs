//! `unordered`: `true`, or what a local text is split at.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::define::checked::{Checked, Fault, FromText};
use crate::define::schema;

#[derive(Debug, Clone)]
pub(super) enum UnorderedFile {
    Said(bool),
    Split(SplitFile),
}

/// A list that is a text on the local side.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SplitFile {
    /// What stands between the elements.
    pub split: Checked<Separator>,
}

/// What stands between the elements of a list that is a text.
#[derive(Debug, Clone)]
pub(super) struct Separator(pub Box<str>);

impl FromText for Separator {
    const WHAT: &'static str = "separator";
    const EXAMPLES: &'static [&'static str] = &[","];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::new("nothing stands between the elements")
                .with_help("name what does, such as `split: \",\"`"));
        }
        Ok(Self(text.into()))
    }
}

impl<'de> Deserialize<'de> for UnorderedFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnorderedVisitor)
    }
}

schema::schema_of!(UnorderedFile, |generator| schema::any_of([
    generator.subschema_for::<bool>(),
    generator.subschema_for::<SplitFile>(),
]));

struct UnorderedVisitor;

impl<'de> Visitor<'de> for UnorderedVisitor {
    type Value = UnorderedFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true`, or `{split: \",\"}` where the local column is a text")
    }

    fn visit_bool<E>(self, said: bool) -> Result<UnorderedFile, E> {
        Ok(UnorderedFile::Said(said))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<UnorderedFile, A::Error> {
        SplitFile::deserialize(MapAccessDeserializer::new(map)).map(UnorderedFile::Split)
    }
}

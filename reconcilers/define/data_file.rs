//! `data`: what an event carries, in a word or as `{jq: EXPRESSION}` over the item.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::checked::{Checked, Fault, FromText, Placed, Word};
use super::document::Problems;
use super::problem::Spot;
use super::schema;
use crate::jq::Expression;
use crate::reconciler::Data;

#[derive(Debug, Clone)]
pub(super) struct DataFile(Placed<Said>);

#[derive(Debug, Clone)]
enum Said {
    Word(Result<Data, Fault>),
    Mapped(MappedFile),
}

/// What an expression makes of the item.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MappedFile {
    /// The expression, over the item.
    jq: Checked<Expression>,
}

impl Word for Data {
    const WHAT: &'static str = "word";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("full", Self::Full), ("thin", Self::Thin), ("original", Self::Original)]
    }
}

impl DataFile {
    pub(super) fn spot(&self) -> Spot {
        self.0.spot
    }

    /// Whether it wants all of the item, or something that is made of it.
    pub(super) const fn wants_item(&self) -> bool {
        matches!(self.0.value, Said::Word(Ok(Data::Full)) | Said::Mapped(_))
    }

    /// Whether it wants the provider's own event.
    pub(super) const fn wants_original(&self) -> bool {
        matches!(self.0.value, Said::Word(Ok(Data::Original)))
    }

    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<Data> {
        let spot = self.spot();
        match self.0.value {
            Said::Word(said) => said.map_err(|fault| problems.add(spot, fault)).ok(),
            Said::Mapped(file) => problems.take(file.jq).map(Data::Mapped),
        }
    }
}

impl<'de> Deserialize<'de> for DataFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Placed::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SaidVisitor)
    }
}

schema::schema_of!(DataFile, |generator| schema::any_of([
    schema::plain_text::<Data>(),
    generator.subschema_for::<MappedFile>(),
]));

struct SaidVisitor;

impl<'de> Visitor<'de> for SaidVisitor {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`full`, `thin`, `original`, or `{jq: \"{id, total: .amount}\"}`")
    }

    fn visit_str<E>(self, text: &str) -> Result<Said, E> {
        Ok(Said::Word(Data::from_text(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Said, A::Error> {
        MappedFile::deserialize(MapAccessDeserializer::new(map)).map(Said::Mapped)
    }
}

//! `upstream`: a path in the item, or `{jq: EXPRESSION}` over it.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::compare::Source;
use crate::define::checked::{Checked, Fault, FromText, Placed};
use crate::define::document::Problems;
use crate::define::schema;
use crate::define::words;
use crate::jq::Expression;
use crate::path::Path;

#[derive(Debug, Clone)]
pub(super) enum SourceFile {
    Path(Result<Path, Fault>),
    Jq(JqFile),
}

/// A value that is calculated.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JqFile {
    /// The expression, over the item.
    jq: Checked<Expression>,
}

impl FromText for Expression {
    const WHAT: &'static str = "jq expression";
    const EXAMPLES: &'static [&'static str] = &[".lines | map(.amount) | add"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        Self::parse(text).map_err(|bad| {
            let fault = Fault::new(bad.to_string());
            let fault = if bad.known.is_empty() {
                fault
            } else {
                fault.with_help(words::advice(&bad.part, &bad.known))
            };
            if bad.part.is_empty() { fault } else { fault.at(bad.part) }
        })
    }
}

/// Where upstream's value comes from.
pub(super) fn source(written: Placed<SourceFile>, problems: &mut Problems<'_>) -> Option<Source> {
    match written.value {
        SourceFile::Path(path) => {
            let path = path.map_err(|fault| problems.add(written.spot, fault));
            path.ok().map(Source::Member)
        }
        SourceFile::Jq(file) => problems.take(file.jq).map(Source::Derived),
    }
}

impl<'de> Deserialize<'de> for SourceFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

schema::schema_of!(SourceFile, |generator| schema::any_of([
    schema::plain_text::<Path>(),
    generator.subschema_for::<JqFile>(),
]));

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SourceFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path such as `total.amount`, or `{jq: \".lines | map(.amount) | add\"}`")
    }

    fn visit_str<E>(self, text: &str) -> Result<SourceFile, E> {
        Ok(SourceFile::Path(Path::from_text(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SourceFile, A::Error> {
        JqFile::deserialize(MapAccessDeserializer::new(map)).map(SourceFile::Jq)
    }
}

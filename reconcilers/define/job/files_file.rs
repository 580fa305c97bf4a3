//! `files`: where a finished job names the files of its export.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::Links;
use super::ask::Ask;
use super::ask_file::{AskFile, AskWords};
use crate::define::checked::{Fault, FromText};
use crate::define::document::Problems;
use crate::define::problem::Spot;
use crate::define::schema;
use crate::define::slots::Slots;
use crate::define::template::Template;

/// The place of the links in the answer of a finished job, or a request whose answer holds them.
#[derive(Debug, Clone)]
pub(in crate::define) enum FilesFile {
    Here(Result<Links, Fault>),
    Listed(Box<AskWords>),
}

impl<'de> Deserialize<'de> for FilesFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FilesVisitor)
    }
}

schema::schema_of!(FilesFile, |generator| schema::any_of([
    schema::plain_text::<Links>(),
    generator.subschema_for::<AskWords>(),
]));

struct FilesVisitor;

impl<'de> Visitor<'de> for FilesVisitor {
    type Value = FilesFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the place of the links, such as `urls[*]`, or a mapping with `request` and `urls`")
    }

    fn visit_str<E>(self, text: &str) -> Result<FilesFile, E> {
        Ok(FilesFile::Here(Links::from_text(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FilesFile, A::Error> {
        AskWords::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(FilesFile::Listed)
    }
}

impl FilesFile {
    /// What is asked for the links, if anything, and where they are.
    pub(super) fn compile(
        self,
        spot: Spot,
        slots: &Slots,
        headers: &[(String, Template)],
        problems: &mut Problems<'_>,
    ) -> Option<(Option<Ask>, Links)> {
        let words = match self {
            Self::Here(links) => {
                return links.map_err(|fault| problems.add(spot, fault)).ok().map(|links| (None, links));
            }
            Self::Listed(words) => words,
        };
        let mut asked = AskFile::Words(words).taken_apart(spot, "urls", problems);
        let Some(urls) = asked.urls.take() else {
            let help = "say where they are, such as `urls: url` or `urls: files[*].url`";
            problems.add(spot, Fault::new("`files` does not say where the links are").with_help(help));
            return None;
        };
        let links = problems.take(urls);
        let ask = asked.compile(slots, headers, problems);
        Some((Some(ask?), links?))
    }
}

//! What a definition says about items that are gone: `404`, `[404, 410]`, `null-slot`, `{body: {deleted: true}}`,
//! `{keys: "errors[*].id"}` or a list of such.

use std::collections::HashSet;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::checked::{Checked, Ordered};
use super::condition::{ConditionFile, Conditions, Expected, Place, Statuses};
use super::document::Problems;
use super::problem::Spot;
use super::schema;
use super::selector::Selector;
use super::words;
use crate::page::Response;

/// What says that a null in the place of an item means that it is gone.
const NULL_SLOT: &str = "null-slot";

/// `gone` as it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct GoneFile {
    conditions: Vec<ConditionFile>,
    words: Vec<String>,
    keys: Vec<Checked<Selector>>,
}

/// An answer that says that there is no such item; every part of it must hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GoneWords {
    /// The status of the answer, or several.
    #[serde(default)]
    status: Statuses,
    /// What headers of the answer hold: a text, a `/pattern/`, or `present`.
    #[serde(default)]
    header: Ordered<Checked<Expected>>,
    /// What members of the body hold: a text, a `/pattern/`, or `present`.
    #[serde(default)]
    body: Ordered<Checked<Expected>>,
    /// Where the answer to `many` lists the keys that there are no items of.
    keys: Option<Checked<Selector>>,
}

/// How a provider says that an item is gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Gone {
    /// In a response as a whole.
    pub(super) conditions: Conditions,
    /// By a null in the place of the item.
    pub(super) nulls: Nulls,
    /// By its key, in lists beside the items.
    keys: Vec<Place>,
}

/// What a null means in the place where an item was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Nulls {
    /// Nothing that is known.
    #[default]
    Unknown,
    /// That the item is gone.
    Gone,
}

impl GoneFile {
    pub(super) fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Gone {
        let mut gone = Gone::default();
        for word in self.words {
            match word.as_str() {
                NULL_SLOT => gone.nulls = Nulls::Gone,
                other => problems.add(spot, words::refuse("word", other, &["404", "410", NULL_SLOT])),
            }
        }
        for condition in self.conditions {
            gone.conditions.add(condition, spot, problems);
        }
        for keys in self.keys {
            gone.keys.extend(problems.take(keys).map(|keys| gone.conditions.place(keys)));
        }
        gone
    }
}

impl Gone {
    /// Whether answers list the keys of what is gone.
    pub(super) fn lists_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The keys that an answer lists as those of items that are gone.
    pub(super) fn listed(&self, response: &Response<'_>) -> HashSet<String> {
        self.keys.iter().flat_map(|place| self.conditions.texts(response, place)).collect()
    }
}

impl<'de> Deserialize<'de> for GoneFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GoneVisitor)
    }
}

schema::schema_of!(GoneFile, "Gone", |generator| schema::any_of([
    schema::status(),
    schema::word(NULL_SLOT),
    generator.subschema_for::<GoneWords>(),
    schema::list_of(generator.subschema_for::<Self>()),
]));

struct GoneVisitor;

impl<'de> Visitor<'de> for GoneVisitor {
    type Value = GoneFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a status such as `404`, a condition such as `{body: {deleted: true}}`, `{keys: \"errors[*].id\"}`, `null-slot`, or a list of them",
        )
    }

    fn visit_u64<E: serde::de::Error>(self, status: u64) -> Result<GoneFile, E> {
        let status = u16::try_from(status).ok().filter(|status| (100..600).contains(status));
        let status = status.ok_or_else(|| E::custom("this is not an HTTP status"))?;
        let condition = ConditionFile { status: Statuses(vec![status]), ..ConditionFile::default() };
        Ok(GoneFile { conditions: vec![condition], ..GoneFile::default() })
    }

    fn visit_i64<E: serde::de::Error>(self, status: i64) -> Result<GoneFile, E> {
        self.visit_u64(u64::try_from(status).unwrap_or_default())
    }

    fn visit_str<E>(self, word: &str) -> Result<GoneFile, E> {
        Ok(GoneFile { words: vec![word.to_owned()], ..GoneFile::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<GoneFile, A::Error> {
        let GoneWords { status, header, body, keys } =
            GoneWords::deserialize(MapAccessDeserializer::new(map))?;
        let only_keys = keys.is_some() && status.0.is_empty() && header.0.is_empty() && body.0.is_empty();
        let condition = (!only_keys).then_some(ConditionFile { status, header, body });
        Ok(GoneFile {
            conditions: condition.into_iter().collect(),
            keys: keys.into_iter().collect(),
            ..GoneFile::default()
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<GoneFile, A::Error> {
        let mut all = GoneFile::default();
        while let Some(GoneFile { conditions, words, keys }) = seq.next_element()? {
            all.conditions.extend(conditions);
            all.words.extend(words);
            all.keys.extend(keys);
        }
        Ok(all)
    }
}

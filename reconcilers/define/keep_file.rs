//! The `keep` of a feed's `next`: what of the first request travels with the following ones.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::checked::{Fault, Placed};
use super::document::Problems;
use super::paging::{By, Keep};
use super::schema;
use super::words;

/// What says that everything travels on.
const ALL: &str = "all";

/// `all`, or a list of names.
#[derive(Debug, Clone)]
pub(super) struct KeepFile(Placed<Written>);

#[derive(Debug, Clone)]
enum Written {
    Word(String),
    Names(Vec<String>),
}

impl<'de> Deserialize<'de> for KeepFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Placed::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor)
    }
}

schema::schema_of!(KeepFile, |_generator| schema::any_of([
    schema::word(ALL),
    schema::list_of(schema::text::<String>()),
]));

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`all`, or a list of names such as `[limit, fields]`")
    }

    fn visit_str<E>(self, word: &str) -> Result<Written, E> {
        Ok(Written::Word(word.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Written, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = seq.next_element()? {
            names.push(name);
        }
        Ok(Written::Names(names))
    }
}

impl KeepFile {
    pub(super) fn compile(self, by: &By, problems: &mut Problems<'_>) -> Keep {
        let spot = self.0.spot;
        if matches!(by, By::Page { .. } | By::Offset { .. } | By::Single) {
            let fault = Fault::new("`keep` means nothing here: every page is asked for in the same way");
            problems.add(spot, fault.with_help("say it beside `link`, `url` or `cursor`"));
        }
        match self.0.value {
            Written::Names(names) => Keep::Named(names),
            Written::Word(word) if word == ALL => Keep::All,
            Written::Word(word) => {
                problems.add(spot, words::refuse("word", &word, &[ALL]));
                Keep::Usual
            }
        }
    }
}

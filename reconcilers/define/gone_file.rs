//! `gone_if`: which rows of a list name items that are deleted.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::checked::{Checked, Fault, FromText, Ordered, Placed};
use super::condition::Expected;
use super::document::Problems;
use super::schema;
use super::words;
use crate::path::Path;

/// What says it of every row.
const ALWAYS: &str = "always";

/// `always`, or members of the row with what they hold.
#[derive(Debug, Clone)]
pub(super) enum GoneIfFile {
    Word(String),
    Row(Ordered<Checked<Expected>>),
}

impl<'de> Deserialize<'de> for GoneIfFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GoneIfVisitor)
    }
}

schema::schema_of!(GoneIfFile, |generator| schema::any_of([
    schema::word(ALWAYS),
    generator.subschema_for::<Ordered<Checked<Expected>>>(),
]));

struct GoneIfVisitor;

impl<'de> Visitor<'de> for GoneIfVisitor {
    type Value = GoneIfFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("members of a row with their values, such as `{deleted: true}`, or `always`")
    }

    fn visit_str<E>(self, word: &str) -> Result<GoneIfFile, E> {
        Ok(GoneIfFile::Word(word.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<GoneIfFile, A::Error> {
        Ordered::deserialize(MapAccessDeserializer::new(map)).map(GoneIfFile::Row)
    }
}

/// Which rows name items that are deleted.
#[derive(Debug, Clone, Default)]
pub enum GoneIf {
    /// None.
    #[default]
    Never,
    /// All of them: the feed lists what was deleted.
    Always,
    /// Those that hold all of this.
    When(Vec<(Path, Expected)>),
}

impl GoneIf {
    pub(super) fn compile(file: Option<Placed<GoneIfFile>>, problems: &mut Problems<'_>) -> Self {
        let Some(file) = file else { return Self::Never };
        let spot = file.spot;
        match file.value {
            GoneIfFile::Word(word) if word == ALWAYS => Self::Always,
            GoneIfFile::Word(word) => {
                problems.add(spot, words::refuse("word", &word, &[ALWAYS]));
                Self::Never
            }
            GoneIfFile::Row(members) => {
                if members.0.is_empty() {
                    let help = "say `always`, or a member such as `{deleted: true}`";
                    problems.add(spot, Fault::new("an empty `gone_if` holds for every row").with_help(help));
                }
                let mut all = Vec::new();
                for entry in members.0 {
                    let path = Path::from_text(&entry.key).map_err(|fault| problems.add(entry.spot, fault));
                    if let (Ok(path), Some(expected)) = (path, problems.take(entry.value)) {
                        all.push((path, expected));
                    }
                }
                Self::When(all)
            }
        }
    }
}

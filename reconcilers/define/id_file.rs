//! `id`: the path of the key in a row, or the paths of its parts.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::checked::{Checked, Fault, FromText, Placed};
use super::schema;
use crate::path::Path;

/// The most parts that a key may have.
const MAX_PARTS: usize = 8;

/// The path of the key, or the paths of its parts.
#[derive(Debug, Clone)]
pub(super) struct IdFile(pub(super) Checked<Vec<Path>>);

impl<'de> Deserialize<'de> for IdFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = Placed::<Id>::deserialize(deserializer)?;
        Ok(Self(Checked { spot: id.spot, outcome: id.value.0 }))
    }
}

schema::schema_of!(IdFile, |_generator| schema::any_of([
    schema::plain_text::<Path>(),
    schema::list_of(schema::text::<Path>()),
]));

struct Id(Result<Vec<Path>, Fault>);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl<'de> Visitor<'de> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path of the key in a row, such as `id`, or a list of the paths of its parts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Id, E> {
        Ok(Id(Path::from_text(text).map(|path| vec![path])))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Id, A::Error> {
        let mut parts: Vec<String> = Vec::new();
        while let Some(part) = seq.next_element()? {
            parts.push(part);
        }
        Ok(Id(checked(&parts)))
    }
}

fn checked(parts: &[String]) -> Result<Vec<Path>, Fault> {
    if parts.is_empty() || parts.len() > MAX_PARTS {
        return Err(Fault::new(format!("a key has between one and {MAX_PARTS} parts")));
    }
    if let Some(twice) =
        parts.iter().enumerate().find_map(|(n, part)| parts[..n].contains(part).then_some(part))
    {
        return Err(Fault::new(format!("`{twice}` is two parts of one key")));
    }
    parts.iter().map(|part| Path::from_text(part)).collect()
}

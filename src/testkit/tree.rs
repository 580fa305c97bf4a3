//! A JSON document whose texts can be changed: everything else keeps its spelling, so that no amount loses a digit.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// How deep documents may be; recorded pages are much less so.
const MAX_DEPTH: usize = 100;

/// A part of a document.
#[derive(Debug, Clone)]
pub(super) enum Tree {
    /// An object with its members in their order.
    Object(Vec<(String, Tree)>),
    /// A list.
    List(Vec<Tree>),
    /// A text.
    Text(String),
    /// A number, a boolean or null, as it is written.
    Other(Box<RawValue>),
}

/// The members of one object.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

impl Tree {
    /// Reads a document; nothing where it is no JSON, or deeper than anybody writes it.
    pub(super) fn read(text: &str) -> Option<Self> {
        Self::of(serde_json::from_str(text).ok()?, MAX_DEPTH)
    }

    fn of(raw: &RawValue, depth: usize) -> Option<Self> {
        let below = depth.checked_sub(1)?;
        Some(match raw.get().as_bytes().first()? {
            b'{' => {
                let Members(members) = serde_json::from_str(raw.get()).ok()?;
                let members = members.into_iter().map(|(name, value)| Some((name, Self::of(&value, below)?)));
                Self::Object(members.collect::<Option<_>>()?)
            }
            b'[' => {
                let elements: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
                Self::List(elements.iter().map(|element| Self::of(element, below)).collect::<Option<_>>()?)
            }
            b'"' => Self::Text(serde_json::from_str(raw.get()).ok()?),
            _ => Self::Other(raw.to_owned()),
        })
    }

    /// Calls `each` with every text and the name of every member, and where it stands.
    pub(super) fn each_text<'t>(&'t self, place: &str, each: &mut dyn FnMut(&str, &'t str)) {
        match self {
            Self::Object(members) => {
                for (name, value) in members {
                    let place = format!("{place}.{name}");
                    each(&place, name);
                    value.each_text(&place, each);
                }
            }
            Self::List(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    element.each_text(&format!("{place}[{at}]"), each);
                }
            }
            Self::Text(text) => each(place, text),
            Self::Other(_) => {}
        }
    }

    /// Calls `each` with the name of every member.
    pub(super) fn each_name(&self, each: &mut dyn FnMut(&str)) {
        match self {
            Self::Object(members) => members.iter().for_each(|(name, value)| {
                each(name);
                value.each_name(each);
            }),
            Self::List(elements) => elements.iter().for_each(|element| element.each_name(each)),
            Self::Text(_) | Self::Other(_) => {}
        }
    }

    /// The document with other values in the place of its values. `change` is told the name of the member that a value belongs
    /// to, and gives nothing where it stays.
    pub(super) fn changed(
        &self,
        name: Option<&str>,
        change: &dyn Fn(Option<&str>, &Self) -> Option<Self>,
    ) -> Self {
        match self {
            Self::Object(members) => {
                let member =
                    |(name, value): &(String, Self)| (name.clone(), value.changed(Some(name), change));
                Self::Object(members.iter().map(member).collect())
            }
            Self::List(elements) => {
                Self::List(elements.iter().map(|element| element.changed(name, change)).collect())
            }
            leaf => change(name, leaf).unwrap_or_else(|| leaf.clone()),
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
            Self::List(elements) => {
                let mut list = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    list.serialize_element(element)?;
                }
                list.end()
            }
            Self::Text(text) => serializer.serialize_str(text),
            Self::Other(raw) => raw.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_the_order_of_members_stay_as_they_are_written() {
        let text = r#"{"b":[1.50,12345678901234567890123,null,true],"a":"x\u0000"}"#;
        let tree = Tree::read(text).unwrap();
        assert_eq!(serde_json::to_string(&tree).unwrap(), text);
        assert!(Tree::read("{").is_none());
        assert!(Tree::read(&"[".repeat(500)).is_none());
    }
}

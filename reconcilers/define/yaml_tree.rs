//! A file as a tree whose parts know where they stand, and the way back: a text that reads as the tree does, with the place
//! of each of its lines.
//!
//! This is for definitions that are put together from several places. What they mean is read from the text, in the usual
//! way; what is wrong with them is said where it was written.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::checked::Placed;
use super::problem::Spot;

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it stands.
    pub spot: Spot,
    /// What it is.
    pub kind: NodeKind,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// Nothing.
    Null,
    /// Text, in quotes or not.
    Text(String),
    /// A number or a boolean.
    Plain(String),
    /// One after the other.
    List(Vec<Node>),
    /// By keys, in the order of the file.
    Map(Vec<Member>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub spot: Spot,
    /// What stands behind it.
    pub value: Node,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Placed::<NodeKind>::deserialize(deserializer)?;
        Ok(Self { spot: node.spot, kind: node.value })
    }
}

impl<'de> Deserialize<'de> for NodeKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = NodeKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<NodeKind, E> {
        Ok(NodeKind::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<NodeKind, E> {
        Ok(NodeKind::Plain(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<NodeKind, E> {
        Ok(NodeKind::Plain(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<NodeKind, E> {
        Ok(NodeKind::Plain(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<NodeKind, E> {
        Ok(NodeKind::Plain(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<NodeKind, E> {
        Ok(NodeKind::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<NodeKind, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element()? {
            list.push(element);
        }
        Ok(NodeKind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NodeKind, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key::<Placed<String>>()? {
            members.push(Member { key: key.value, spot: key.spot, value: map.next_value()? });
        }
        Ok(NodeKind::Map(members))
    }
}

impl Node {
    /// The members, where it is a mapping.
    pub(super) fn members(&self) -> &[Member] {
        if let NodeKind::Map(members) = &self.kind { members } else { &[] }
    }

    /// The value of a key, where it is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.value)
    }

    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        if let NodeKind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// Numbers as they were written, found in the file that the tree was read from.
    pub(super) fn with_numbers(mut self, find: &impl Fn(Spot) -> Option<String>) -> Self {
        self.kind = match self.kind {
            NodeKind::Plain(read) => NodeKind::Plain(find(self.spot).unwrap_or(read)),
            NodeKind::List(list) => {
                NodeKind::List(list.into_iter().map(|element| element.with_numbers(find)).collect())
            }
            NodeKind::Map(members) => NodeKind::Map(
                members
                    .into_iter()
                    .map(|member| Member { value: member.value.with_numbers(find), ..member })
                    .collect(),
            ),
            other => other,
        };
        self
    }

    /// The same with all of it standing at one place.
    pub(super) fn standing_at(mut self, spot: Spot) -> Self {
        self.spot = spot;
        self.kind = match self.kind {
            NodeKind::List(list) => {
                NodeKind::List(list.into_iter().map(|element| element.standing_at(spot)).collect())
            }
            NodeKind::Map(members) => NodeKind::Map(
                members
                    .into_iter()
                    .map(|member| Member { key: member.key, spot, value: member.value.standing_at(spot) })
                    .collect(),
            ),
            other => other,
        };
        self
    }

    /// This mapping with the words of another in place of its own: mappings are merged word by word, everything else is
    /// replaced, and `null` removes a word.
    pub(super) fn changed_by(self, other: Self) -> Self {
        match (self.kind, other.kind) {
            (NodeKind::Map(own), NodeKind::Map(others)) => {
                Self { spot: other.spot, kind: NodeKind::Map(merged(own, others)) }
            }
            (_, kind) => Self { spot: other.spot, kind },
        }
    }

    /// A text that reads as the tree does: every key, value, bracket and comma has a line of its own.
    pub(super) fn write(&self, text: &mut Written) {
        match &self.kind {
            NodeKind::Null => text.line("null", self.spot),
            NodeKind::Text(value) => text.line(&quoted(value), self.spot),
            NodeKind::Plain(value) => text.line(value, self.spot),
            NodeKind::List(list) => {
                text.line("[", self.spot);
                for element in list {
                    element.write(text);
                    text.line(",", element.spot);
                }
                text.line("]", self.spot);
            }
            NodeKind::Map(members) => {
                text.line("{", self.spot);
                for member in members {
                    text.line(&format!("{}:", quoted(&member.key)), member.spot);
                    member.value.write(text);
                    text.line(",", member.value.spot);
                }
                text.line("}", self.spot);
            }
        }
    }
}

fn merged(own: Vec<Member>, mut others: Vec<Member>) -> Vec<Member> {
    let mut members = Vec::new();
    for member in own {
        let Some(place) = others.iter().position(|other| other.key == member.key) else {
            members.push(member);
            continue;
        };
        let other = others.remove(place);
        if other.value.kind != NodeKind::Null {
            members.push(Member { value: member.value.changed_by(other.value), ..other });
        }
    }
    members.extend(others);
    members
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text with the place that each of its lines stands for.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) spots: Vec<Spot>,
}

impl Written {
    fn line(&mut self, line: &str, spot: Spot) {
        self.text.push_str(line);
        self.text.push('\n');
        self.spots.push(spot);
    }
}

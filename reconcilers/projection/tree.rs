//! The members that somebody named, as a tree, and how the reader finds its way through it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Visitor};

use crate::path::Path;

/// A member of the page or of an item, with what to do when it is met.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub members: Vec<(Box<str>, Node)>,
    pub slots: Vec<usize>,
    /// Whether the rows are here.
    pub rows: bool,
    /// Whether the rows are a member of this.
    pub holds_rows: bool,
}

impl Node {
    pub(super) fn at<'p>(&mut self, mut path: impl Iterator<Item = &'p str>) -> &mut Self {
        let Some(member) = path.next() else { return self };
        let index = self.members.iter().position(|(name, _)| &**name == member).unwrap_or_else(|| {
            self.members.push((member.into(), Self::default()));
            self.members.len() - 1
        });
        self.members[index].1.at(path)
    }

    pub(super) fn of_slots(paths: &[Option<Path>]) -> Self {
        let mut root = Self::default();
        for (slot, path) in paths.iter().enumerate().filter_map(|(slot, path)| Some((slot, path.as_ref()?))) {
            root.keep(path, slot);
        }
        root
    }

    /// Keeps what is at a path in a slot.
    pub(super) fn keep(&mut self, path: &Path, slot: usize) {
        self.at(path.members()).slots.push(slot);
    }

    /// Expects the rows at a path.
    pub(super) fn expect_rows(&mut self, path: &Path) {
        let members: Vec<&str> = path.members().collect();
        if let Some((_, before)) = members.split_last() {
            self.at(before.iter().copied()).holds_rows = true;
        }
        self.at(members.into_iter()).rows = true;
    }
}

/// Finds which member a name is, without copying the name.
pub(super) struct Member<'n>(pub &'n Node);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Member<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.members.iter().position(|(member, _)| &**member == name))
    }
}

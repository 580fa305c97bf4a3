//! Visits a page outside its rows: finds the rows and the page's own signals.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::around::Around;
use super::item::ItemSeed;
use super::read::Reading;
use super::rows::Absent;
use super::shape::ShapeFault;
use super::tree::{Member, Node};

/// Visits the page outside its rows.
pub(super) struct PageSeed<'r, 'p> {
    pub node: &'p Node,
    pub reading: &'r mut Reading<'p>,
}

impl<'de> DeserializeSeed<'de> for PageSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PageSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.node.rows {
            let rows = self.reading.projection.rows();
            return Err(self.reading.stop(ShapeFault::RowsNotArray(rows)));
        }
        self.reading.parent_seen |= self.node.holds_rows;
        while let Some(member) = map.next_key_seed(Member(self.node))? {
            let Some((_, node)) = member.and_then(|m| self.node.members.get(m)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if node.slots.is_empty() {
                map.next_value_seed(PageSeed { node, reading: self.reading })?;
                continue;
            }
            let raw = map.next_value::<&RawValue>()?.get();
            for &slot in &node.slots {
                self.reading.kept.signals[slot] = Some(raw.into());
            }
            if node.rows || !node.members.is_empty() {
                let inner = PageSeed { node, reading: self.reading };
                inner.deserialize(&mut serde_json::Deserializer::from_str(raw)).map_err(A::Error::custom)?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        if !self.node.rows {
            while rows.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let projection = self.reading.projection;
        if std::mem::replace(&mut self.reading.rows_seen, true) {
            return Err(self.reading.stop(ShapeFault::RowsTwice(projection.rows())));
        }
        let around = Around::default();
        while rows.next_element_seed(ItemSeed { projection, reading: self.reading, around })?.is_some() {
            self.reading.index += 1;
            if self.reading.index > projection.max_items() {
                return Err(self.reading.stop(ShapeFault::TooManyItems(projection.max_items())));
            }
        }
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.node.rows && self.reading.projection.absent() == Absent::Empty {
            return Ok(());
        }
        self.scalar()
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }
}

impl PageSeed<'_, '_> {
    /// A scalar where rows were expected is an error; anywhere else the paths below it are simply absent.
    fn scalar<E: serde::de::Error>(self) -> Result<(), E> {
        if !self.node.rows {
            return Ok(());
        }
        let rows = self.reading.projection.rows();
        Err(self.reading.stop(ShapeFault::RowsNotArray(rows)))
    }
}

//! Projects one row.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::around::Around;
use super::read::{Projection, Reading};
use super::shape::ItemFault;
use super::tree::{Member, Node};
use crate::fingerprint::Fingerprint;
use crate::items::Items;

/// Projects one row.
pub(super) struct ItemSeed<'r, 'p, 'a> {
    pub projection: &'p Projection,
    pub reading: &'r mut Reading<'p>,
    /// What lies around the row.
    pub around: Around<'a>,
}

impl<'de> DeserializeSeed<'de> for ItemSeed<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if let Some(faults) = &mut self.reading.hashed {
            let raw = <&RawValue>::deserialize(deserializer)?.get();
            if let Ok(at) = faults.binary_search_by_key(&self.reading.index, |fault| fault.index)
                && let Some(fault) = faults.get_mut(at)
            {
                fault.fingerprint = Some(Fingerprint::of([Some(raw)]));
            }
            return Ok(());
        }
        self.reading.kept.items.begin();
        let mut repeated = false;
        let (node, items) = (self.projection.item(), &mut self.reading.kept.items);
        let is_object = if node.slots.is_empty() {
            deserializer.deserialize_any(MemberVisitor { node, items, repeated: &mut repeated })?
        } else {
            let raw = <&RawValue>::deserialize(deserializer)?.get();
            for &slot in &node.slots {
                items.set(slot, raw);
            }
            let visitor = MemberVisitor { node, items, repeated: &mut repeated };
            visitor.deserialize(&mut serde_json::Deserializer::from_str(raw)).map_err(D::Error::custom)?
        };
        let items = &mut self.reading.kept.items;
        let reason = match (is_object, repeated) {
            (false, _) => "it is not an object",
            (true, true) => "it names one member twice",
            (true, false) => {
                self.projection.complete(items, self.around);
                return Ok(());
            }
        };
        items.abandon();
        let fault = ItemFault { index: self.reading.index, reason: reason.into(), fingerprint: None };
        self.reading.kept.faults.push(fault);
        Ok(())
    }
}

/// Visits the members of a row, at any depth that a path names. Answers whether it met an object.
pub(super) struct MemberVisitor<'r, 'p> {
    pub node: &'p Node,
    pub items: &'r mut Items,
    pub repeated: &'r mut bool,
}

impl<'de> DeserializeSeed<'de> for MemberVisitor<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MemberVisitor<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(member) = map.next_key_seed(Member(self.node))? {
            let Some((_, node)) = member.and_then(|m| self.node.members.get(m)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if node.slots.is_empty() {
                map.next_value_seed(MemberVisitor { node, items: self.items, repeated: self.repeated })?;
                continue;
            }
            let raw = map.next_value::<&RawValue>()?.get();
            for &slot in &node.slots {
                *self.repeated |= !self.items.set(slot, raw);
            }
            if !node.members.is_empty() {
                let inner = MemberVisitor { node, items: self.items, repeated: self.repeated };
                inner.deserialize(&mut serde_json::Deserializer::from_str(raw)).map_err(A::Error::custom)?;
            }
        }
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }
}

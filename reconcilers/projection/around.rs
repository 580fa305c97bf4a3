//! What a row has beside its own members: what lies around it, and the key that is put together from its parts.

use std::borrow::Cow;

use super::derive::Derivation;
use super::rows::{AROUND, MAP_KEY, OPERATION, Operation};
use super::tree::Node;
use crate::items::Items;
use crate::key::{Key, text_of};
use crate::path::Path;

/// What lies around one row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around<'a> {
    /// The JSON text of its name in a map.
    pub key: Option<&'a str>,
    /// What its list says about it.
    pub operation: Option<Operation>,
    /// The row that it was taken out of, projected.
    pub outer: Option<&'a Items>,
}

/// The slots that are not filled from the members of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    key: Vec<usize>,
    operation: Vec<usize>,
    outer_slots: Vec<usize>,
    /// Where the row around has what the others keep.
    pub outer: Node,
    composed: Option<Composed>,
    derived: Vec<Derivation>,
}

/// A key in parts.
#[derive(Debug, Clone)]
struct Composed {
    slot: usize,
    parts: Vec<usize>,
}

impl Beside {
    /// Takes the paths that lead out of the row; those that lead into it are left.
    pub(super) fn of_slots(slots: &[Option<Path>]) -> (Self, Node) {
        let (mut beside, mut item) = (Self::default(), Node::default());
        for (slot, path) in slots.iter().enumerate() {
            let Some(path) = path else { continue };
            match path.split_first() {
                Some((MAP_KEY, rest)) if rest.is_root() => beside.key.push(slot),
                Some((OPERATION, rest)) if rest.is_root() => beside.operation.push(slot),
                Some((AROUND, rest)) => {
                    beside.outer.keep(&rest, slot);
                    beside.outer_slots.push(slot);
                }
                _ => item.keep(path, slot),
            }
        }
        (beside, item)
    }

    pub(super) fn compose(&mut self, slot: usize, parts: Vec<usize>) {
        self.composed = Some(Composed { slot, parts });
    }

    pub(super) fn derive(&mut self, derivations: Vec<Derivation>) {
        self.derived = derivations;
    }

    /// Fills the slots of the newest item that its own members did not fill.
    pub(super) fn complete(&self, items: &mut Items, around: Around<'_>) {
        let operation = around.operation.map(Operation::json);
        for (slots, raw) in [(&self.key, around.key), (&self.operation, operation)] {
            let Some(raw) = raw else { continue };
            for &slot in slots {
                items.set(slot, raw);
            }
        }
        if let Some(outer) = around.outer.and_then(|outer| outer.get(0)) {
            for &slot in &self.outer_slots {
                outer.slot(slot).map(|raw| items.set(slot, raw));
            }
        }
        if let Some(composed) = &self.composed
            && let Some(key) = composed.key(items)
        {
            items.set(composed.slot, &key);
        }
        for derivation in &self.derived {
            derivation.fill(items);
        }
    }
}

impl Composed {
    /// The JSON text of the key of the newest item; nothing where a part is missing or no scalar.
    fn key(&self, items: &Items) -> Option<String> {
        let item = items.get(items.len().checked_sub(1)?)?;
        let part = |&slot: &usize| text_of(item.slot(slot)?).ok().filter(|text| !text.is_empty());
        let parts: Option<Vec<Cow<'_, str>>> = self.parts.iter().map(part).collect();
        let key = Key::of_parts(parts?.iter().map(AsRef::as_ref)).ok()?;
        Some(serde_json::Value::from(key.as_str()).to_string())
    }
}

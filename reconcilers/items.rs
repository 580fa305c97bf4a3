//! The projected items of a page: the few values that matter, copied out of a body that is then dropped.

use crate::fingerprint::Fingerprint;

/// A value that is not there.
const ABSENT: (u32, u32) = (u32::MAX, 0);

/// Items of equal width in one arena: each item is `width` slots, each slot the JSON text of one value or nothing.
///
/// One page of 100 items costs two allocations, whatever its number of fields.
#[derive(Debug, Clone, Default)]
pub struct Items {
    text: String,
    spans: Vec<(u32, u32)>,
    width: usize,
}

impl Items {
    /// An empty arena for items of `width` slots.
    #[must_use]
    pub fn of_width(width: usize) -> Self {
        Self { text: String::new(), spans: Vec::new(), width: width.max(1) }
    }

    /// An empty arena for items as wide as those of another.
    #[must_use]
    pub fn like(other: &Self) -> Self {
        Self::of_width(other.width)
    }

    /// Forgets the items and keeps their room for others.
    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len() / self.width.max(1)
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Bytes held, to bound the memory of a slice.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.text.len() + self.spans.len() * size_of::<(u32, u32)>()
    }

    /// The `index`-th item.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<ItemView<'_>> {
        let start = index.checked_mul(self.width)?;
        Some(ItemView { text: &self.text, spans: self.spans.get(start..start + self.width)? })
    }

    /// All items in the order they were read.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = ItemView<'_>> + ExactSizeIterator {
        self.spans.chunks_exact(self.width.max(1)).map(|spans| ItemView { text: &self.text, spans })
    }

    /// Adds a copy of an item of the same width.
    pub fn push(&mut self, item: ItemView<'_>) {
        self.begin();
        for slot in 0..self.width {
            if let Some(raw) = item.slot(slot) {
                self.set(slot, raw);
            }
        }
    }

    /// Adds an item of which only one value is known.
    pub fn push_only(&mut self, item: ItemView<'_>, slot: usize) {
        self.begin();
        if let Some(raw) = item.slot(slot) {
            self.set(slot, raw);
        }
    }

    /// Adds an item of which nothing but the JSON text of one value is known any more.
    pub fn push_text(&mut self, slot: usize, raw: &str) {
        self.begin();
        self.set(slot, raw);
    }

    /// Starts a new item with all slots absent.
    pub(crate) fn begin(&mut self) {
        self.spans.resize(self.spans.len() + self.width, ABSENT);
    }

    /// Takes the newest item away again.
    pub(crate) fn abandon(&mut self) {
        self.spans.truncate(self.spans.len().saturating_sub(self.width));
    }

    /// Takes values of the newest item out again, so that they take no room.
    pub(crate) fn forget(&mut self, slots: &[usize]) {
        let newest = self.spans.len().saturating_sub(self.width);
        let spans = self.spans.get_mut(newest..).unwrap_or_default();
        let begin = spans.iter().filter(|span| **span != ABSENT).map(|span| span.0).min();
        let Some(begin) = begin.map(|begin| begin as usize) else { return };
        let values = self.text.split_off(begin);
        for (slot, span) in spans.iter_mut().enumerate().filter(|(_, span)| **span != ABSENT) {
            let (start, len) = (span.0 as usize - begin, span.1 as usize);
            *span = match (slots.contains(&slot), u32::try_from(self.text.len())) {
                (false, Ok(start)) => (start, span.1),
                _ => ABSENT,
            };
            if *span != ABSENT {
                self.text.push_str(values.get(start..start + len).unwrap_or_default());
            }
        }
    }

    /// Fills a slot of the newest item; false where it was filled before or the arena is full.
    pub(crate) fn set(&mut self, slot: usize, raw: &str) -> bool {
        let (Ok(start), Ok(len)) = (u32::try_from(self.text.len()), u32::try_from(raw.len())) else {
            return false;
        };
        let newest = self.spans.len().saturating_sub(self.width);
        match self.spans.get_mut(newest + slot) {
            Some(span) if *span == ABSENT => *span = (start, len),
            _ => return false,
        }
        self.text.push_str(raw);
        true
    }
}

/// One projected item.
#[derive(Debug, Clone, Copy)]
pub struct ItemView<'a> {
    text: &'a str,
    spans: &'a [(u32, u32)],
}

impl<'a> ItemView<'a> {
    /// What stands for its values.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of((0..self.spans.len()).map(|slot| self.slot(slot)))
    }

    /// The JSON text in a slot, or nothing where the item does not have the value.
    #[must_use]
    pub fn slot(&self, slot: usize) -> Option<&'a str> {
        let (start, len) = *self.spans.get(slot)?;
        let start = start as usize;
        self.text.get(start..start + len as usize).filter(|_| (start as u64) != u64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_slot_is_not_an_empty_one() {
        let mut items = Items::of_width(2);
        items.begin();
        assert!(items.set(1, "\"\""));
        assert_eq!(items.get(0).unwrap().slot(0), None);
        assert_eq!(items.get(0).unwrap().slot(1), Some("\"\""));
        assert!(!items.set(1, "2"), "a second value for one slot");
        assert!(items.get(1).is_none());
    }

    #[test]
    fn a_forgotten_value_takes_no_room_and_the_others_stay() {
        let mut items = Items::of_width(3);
        for value in ["first", "second"] {
            items.begin();
            items.set(2, value);
            items.set(0, "large");
            items.set(1, "more");
        }
        let before = items.size_bytes();
        items.forget(&[0]);
        assert_eq!(items.size_bytes(), before - "large".len());
        let slots = |index: usize| [0, 1, 2].map(|slot| items.get(index).unwrap().slot(slot));
        assert_eq!(slots(0), [Some("large"), Some("more"), Some("first")]);
        assert_eq!(slots(1), [None, Some("more"), Some("second")]);
        assert!(items.set(0, "again"));
        assert_eq!(items.get(1).unwrap().slot(0), Some("again"));
    }
}

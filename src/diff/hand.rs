//! Items that wait for something, found again by their keys.

use std::borrow::Cow;

use hashbrown::HashTable;
use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::{ItemView, Items};
use tieout_reconcilers::key::{check, text_of};

/// What is known of a waiting item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    /// The hash of its key.
    pub hash: u64,
    /// Its clock, where it can be read.
    pub clock: Option<Instant>,
    /// Whether a row met it.
    pub is_met: bool,
    /// Whether another item came under its key.
    pub is_doubtful: bool,
}

impl Note {
    pub(super) const fn new(hash: u64, clock: Option<Instant>) -> Self {
        Self { hash, clock, is_met: false, is_doubtful: false }
    }
}

/// Waiting items, one per key.
pub(super) struct Hand {
    items: Items,
    notes: Vec<Note>,
    index: HashTable<u32>,
}

impl Hand {
    pub(super) fn of_width(width: usize) -> Self {
        Self { items: Items::of_width(width), notes: Vec::new(), index: HashTable::new() }
    }

    /// Forgets everything and keeps its room for the next batch.
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.notes.clear();
        self.index.clear();
    }

    pub(super) const fn len(&self) -> usize {
        self.notes.len()
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.items.size_bytes() + self.notes.len() * (size_of::<Note>() + size_of::<u32>())
    }

    pub(super) fn last(&self) -> Option<&Note> {
        self.notes.last()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ItemView<'_>, Note)> {
        self.items.iter().zip(self.notes.iter().copied())
    }

    /// The place of the item with a key.
    pub(super) fn find(&self, hash: u64, key: &str) -> Option<usize> {
        let is_it = |&at: &u32| self.items.get(at as usize).is_some_and(|item| key_of(item) == key);
        self.index.find(hash, is_it).map(|&at| at as usize)
    }

    pub(super) fn get(&self, at: usize) -> Option<(ItemView<'_>, Note)> {
        Some((self.items.get(at)?, *self.notes.get(at)?))
    }

    /// Marks an item whose values only a look-up can tell.
    pub(super) fn doubt(&mut self, at: usize) {
        if let Some(note) = self.note_mut(at) {
            note.is_doubtful = true;
        }
    }

    pub(super) fn note_mut(&mut self, at: usize) -> Option<&mut Note> {
        self.notes.get_mut(at)
    }

    /// Adds an item whose key is not in hand yet.
    pub(super) fn push(&mut self, item: ItemView<'_>, note: Note) {
        let at = u32::try_from(self.notes.len()).unwrap_or(u32::MAX);
        self.items.push(item);
        self.notes.push(note);
        let notes = &self.notes;
        let hash_at = |&at: &u32| notes.get(at as usize).map_or(0, |note| note.hash);
        self.index.insert_unique(note.hash, at, hash_at);
    }
}

/// The key of an item, where it has one that can be stored.
pub(super) fn usable_key(item: ItemView<'_>) -> Option<Cow<'_, str>> {
    text_of(item.slot(KEY)?).ok().filter(|key| check(key).is_ok())
}

/// Whether two items hold the same values.
pub(super) fn same(one: ItemView<'_>, other: ItemView<'_>, width: usize) -> bool {
    (0..width).all(|slot| one.slot(slot) == other.slot(slot))
}

/// The key of an item that was checked before.
pub(super) fn key_of(item: ItemView<'_>) -> Cow<'_, str> {
    item.slot(KEY).and_then(|raw| text_of(raw).ok()).unwrap_or_default()
}

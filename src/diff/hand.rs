//! Items that wait for something, found again by their keys.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_lc_rs::digest::{Context, SHA256};
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
    /// Whether its values are not known any more, because an earlier run read them.
    pub is_recalled: bool,
}

impl Note {
    pub(super) const fn new(hash: u64, clock: Option<Instant>) -> Self {
        Self { hash, clock, is_met: false, is_doubtful: false, is_recalled: false }
    }

    /// Whether its values decide what it looks like beside a row.
    pub(super) const fn needs_values(&self) -> bool {
        self.clock.is_some() && !self.is_met && !self.is_doubtful
    }
}

/// What stands for the values of an item.
pub(super) type Digest = u128;

/// Waiting items, one per key.
pub(super) struct Hand {
    items: Items,
    notes: Vec<Note>,
    index: HashTable<u32>,
    /// What stands for the values of those that are not known any more, by their places.
    digests: HashMap<usize, Digest>,
}

impl Hand {
    pub(super) fn of_width(width: usize) -> Self {
        Self {
            items: Items::of_width(width),
            notes: Vec::new(),
            index: HashTable::new(),
            digests: HashMap::new(),
        }
    }

    /// Forgets everything and keeps its room for the next batch.
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.notes.clear();
        self.index.clear();
        self.digests.clear();
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

    /// What is known of the items, by their places.
    pub(super) fn notes(&self) -> impl Iterator<Item = (usize, &Note)> {
        self.notes.iter().enumerate()
    }

    /// The place of the item with a key.
    pub(super) fn find(&self, hash: u64, key: &str) -> Option<usize> {
        let is_it = |&at: &u32| self.items.get(at as usize).is_some_and(|item| key_of(item) == key);
        self.index.find(hash, is_it).map(|&at| at as usize)
    }

    pub(super) fn get(&self, at: usize) -> Option<(ItemView<'_>, Note)> {
        Some((self.items.get(at)?, *self.notes.get(at)?))
    }

    /// Whether the item at a place holds the same values as another one.
    pub(super) fn is_same(&self, at: usize, other: ItemView<'_>, width: usize) -> bool {
        match self.digests.get(&at) {
            Some(digest) => *digest == digest_of(other, width),
            None => self.items.get(at).is_some_and(|known| same(known, other, width)),
        }
    }

    /// Whether the values of the item at a place are needed and not known any more.
    pub(super) fn is_forgotten(&self, at: usize) -> bool {
        self.notes.get(at).is_some_and(|note| note.is_recalled && !note.is_met)
    }

    /// What stands for the values of the item at a place.
    pub(super) fn digest(&self, at: usize, width: usize) -> Option<Digest> {
        let known = || self.items.get(at).map(|item| digest_of(item, width));
        self.digests.get(&at).copied().or_else(known)
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
        self.items.push(item);
        self.take_note(note);
    }

    /// Adds an item of another hand.
    pub(super) fn push_from(&mut self, other: &Self, at: usize) {
        let Some((item, note)) = other.get(at) else { return };
        if let Some(digest) = other.digests.get(&at) {
            self.digests.insert(self.notes.len(), *digest);
        }
        self.push(item, note);
    }

    /// Adds an item of which only the key and what stands for its values are known.
    pub(super) fn push_recalled(&mut self, key: &str, note: Note, digest: Digest) {
        self.digests.insert(self.notes.len(), digest);
        self.items.push_text(KEY, &serde_json::Value::from(key).to_string());
        self.take_note(Note { is_recalled: true, ..note });
    }

    fn take_note(&mut self, note: Note) {
        let at = u32::try_from(self.notes.len()).unwrap_or(u32::MAX);
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

/// What stands for the values of an item when they are forgotten.
pub(super) fn digest_of(item: ItemView<'_>, width: usize) -> Digest {
    let mut context = Context::new(&SHA256);
    for slot in (0..width).map(|slot| item.slot(slot)) {
        // An absent value is as long as none can be.
        context.update(&slot.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        context.update(slot.unwrap_or_default().as_bytes());
    }
    let digest = context.finish();
    digest.as_ref().iter().take(size_of::<Digest>()).fold(0, |sum, byte| (sum << 8) | Digest::from(*byte))
}

//! The comparison of a feed of changes: its items lie in no window, so their rows are looked up by key, batch by batch.
//!
//! What such a feed does not name was not changed, so nothing is ever concluded from absence; what it names as deleted is a
//! suspect where the local side still has it.

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use tieout_reconcilers::clock_format::ClockFormat;
use tieout_reconcilers::compare::{FIELDS, Fields};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::{ItemView, Items};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::projection::ItemFault;
use tieout_reconcilers::reconciler::Feed;
use tieout_reconcilers::row::Row;

use super::faulty::AllFaulty;
use super::hand::{Hand, Note, key_of, same, usable_key};
use super::pair::compare;
use super::suspect::{Difference, Doubt, Looks, Suspect, Tally, one_per_key};

/// The running comparison of a feed of changes.
pub struct KeyedDiff<'f> {
    fields: &'f Fields,
    clock_format: &'f ClockFormat,
    batch: usize,
    width: usize,
    hasher: RandomState,
    hand: Hand,
    gone: BTreeSet<Key>,
    suspects: Vec<Suspect>,
    tally: Tally,
    doubts: BTreeSet<Doubt>,
    page: u64,
    faulty: AllFaulty,
}

impl<'f> KeyedDiff<'f> {
    /// Begins the comparison; `batch` is how many keys are worth a look-up.
    #[must_use]
    pub fn new(fields: &'f Fields, feed: &'f Feed, batch: usize) -> Self {
        let width = FIELDS + fields.fields.len();
        Self {
            fields,
            clock_format: &feed.clock_format,
            batch,
            width,
            hasher: RandomState::default(),
            hand: Hand::of_width(width),
            gone: BTreeSet::new(),
            suspects: Vec::new(),
            tally: Tally::default(),
            doubts: BTreeSet::new(),
            page: 0,
            faulty: AllFaulty::default(),
        }
    }

    /// Takes the items of a page in hand.
    pub fn take(&mut self, page: &Items) {
        for item in page.iter() {
            self.take_item(item);
        }
    }

    /// Says which page comes next, from 1.
    pub fn turn_to(&mut self, page: u64) {
        self.page = page;
    }

    /// Counts rows of a page that could not even be projected.
    pub fn take_faults(&mut self, faults: &[ItemFault]) {
        self.faulty.take(self.page, faults);
        self.count_nameless(faults.len());
    }

    fn count_nameless(&mut self, count: usize) {
        if count > 0 {
            self.tally.nameless += count as u64;
            self.doubts.insert(Doubt::Nameless);
        }
    }

    /// Takes note of what a page names as deleted.
    pub fn take_gone(&mut self, keys: &[Key]) {
        for key in keys {
            if let Some(at) = self.hand.find(self.hasher.hash_one(key.as_str()), key.as_str()) {
                self.hand.doubt(at);
            } else {
                self.gone.insert(key.clone());
            }
        }
    }

    /// Whether there are enough keys for a look-up.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.hand.len() + self.gone.len() >= self.batch
    }

    /// The keys to look up on the local side.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let items = self.hand.iter().filter_map(|(item, _)| Key::checked(&key_of(item)).ok());
        items.chain(self.gone.iter().cloned()).collect()
    }

    /// Compares everything in hand with the rows that were found, and forgets what agrees.
    pub fn meet(&mut self, rows: &HashMap<Key, Row<'static>>) {
        let hand = std::mem::replace(&mut self.hand, Hand::of_width(self.width));
        for (item, note) in hand.iter() {
            let key = key_of(item);
            let row = rows.get(key.as_ref());
            self.tally.local += u64::from(row.is_some());
            let looks = match row {
                Some(row) => compare(self.fields, item, note, row, &mut self.tally),
                None => Some(Looks::UpstreamOnly),
            };
            if let Some(looks) = looks {
                self.suspect(&key, note.clock, looks, (true, row.is_some()));
            }
        }
        for key in std::mem::take(&mut self.gone) {
            if let Some(row) = rows.get(&key) {
                self.tally.local += 1;
                self.suspect(key.as_str(), row.clock, Looks::Deleted, (false, true));
            }
        }
    }

    /// What is left to be confirmed, once everything has met its rows.
    #[must_use]
    pub fn finish(mut self) -> Difference {
        let suspects = one_per_key(self.suspects, &mut self.tally);
        let doubts = self.doubts.into_iter().collect();
        Difference { suspects, tally: self.tally, doubts, faulty: self.faulty, left_young: 0 }
    }

    fn take_item(&mut self, item: ItemView<'_>) {
        let Some(key) = usable_key(item) else {
            self.faulty.take_item(self.page, item);
            return self.count_nameless(1);
        };
        let hash = self.hasher.hash_one(key.as_ref());
        if let Some(at) = self.hand.find(hash, &key) {
            // It changed twice; only a look-up tells what came last.
            self.tally.repeated += 1;
            if !self.hand.get(at).is_some_and(|(known, _)| same(known, item, self.width)) {
                self.hand.doubt(at);
            }
            return;
        }
        self.tally.upstream += 1;
        self.hand.push(item, Note::new(hash, self.clock_format.of(item)));
        if let Ok(key) = Key::checked(&key)
            && self.gone.remove(&key)
            && let Some(at) = self.hand.find(hash, key.as_str())
        {
            self.hand.doubt(at);
        }
    }

    fn suspect(&mut self, key: &str, clock: Option<Instant>, looks: Looks, (upstream, local): (bool, bool)) {
        if let Ok(key) = Key::checked(key) {
            self.suspects.push(Suspect { key, clock, looks, upstream, local, seen_before: None });
        }
    }
}

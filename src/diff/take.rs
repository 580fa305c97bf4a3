//! Takes the items of pages in hand, each once.

use std::hash::BuildHasher;

use tieout_reconcilers::compare::CLOCK;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::{ItemView, Items};
use tieout_reconcilers::scalar::Scalar;

use super::hand::{Note, usable_key};
use super::slice::SliceDiff;
use super::suspect::{Doubt, Looks};

impl SliceDiff<'_> {
    /// Takes the items of a page in hand; those outside the window are dropped.
    pub fn take(&mut self, page: &Items) {
        for item in page.iter() {
            self.take_item(item);
        }
    }

    /// Counts rows of a page that could not even be projected.
    pub fn take_nameless(&mut self, count: usize) {
        if count > 0 {
            self.tally.nameless += count as u64;
            self.doubts.insert(Doubt::Nameless);
        }
    }

    fn take_item(&mut self, item: ItemView<'_>) {
        let Some(key) = usable_key(item) else { return self.take_nameless(1) };
        let clock = self.clock_of(item);
        if clock.is_some_and(|at| !self.window.contains(at)) {
            return;
        }
        let hash = self.hasher.hash_one(key.as_ref());
        let is_late = clock.is_some_and(|at| !self.is_to_come(at));
        if self.is_repeated(hash, &key, item, is_late) {
            return;
        }
        self.tally.upstream += 1;
        if is_late {
            self.doubts.insert(Doubt::OrderBroken);
        }
        // Without a clock nothing says when its row is due, so it is looked up by key.
        let place = if clock.is_some() { &mut self.hand } else { &mut self.unmatched };
        place.push(item, Note::new(hash, clock));
    }

    /// Whether an item came before: pages overlap all the time, but two different items under one key are doubtful.
    fn is_repeated(&mut self, hash: u64, key: &str, item: ItemView<'_>, is_late: bool) -> bool {
        let places = [Some(&mut self.hand), Some(&mut self.unmatched), is_late.then_some(&mut self.closed)];
        let twin = places.into_iter().flatten().find_map(|place| Some((place.find(hash, key)?, place)));
        let Some((at, place)) = twin else { return false };
        self.tally.repeated += 1;
        let width = self.width;
        let is_same = place
            .get(at)
            .is_some_and(|(known, _)| (0..width).all(|slot| known.slot(slot) == item.slot(slot)));
        if is_same {
            return true;
        }
        self.doubts.insert(Doubt::KeyTwice);
        if let Some(note) = place.note_mut(at) {
            note.is_doubtful = true;
        }
        if is_late {
            // Its twin was compared and counted already.
            self.suspect(key, self.clock_of(item), Looks::Mismatched, (false, false));
        }
        true
    }

    fn clock_of(&self, item: ItemView<'_>) -> Option<Instant> {
        let raw = item.slot(CLOCK)?;
        match Scalar::from_json(Some(raw)) {
            Scalar::Int(_) | Scalar::Number(_) => self.clock_format.read(raw),
            Scalar::Text(text) => self.clock_format.read(&text),
            _ => None,
        }
    }
}

//! Takes the items of pages in hand, each once.

use std::hash::BuildHasher;

use tieout_reconcilers::items::{ItemView, Items};
use tieout_reconcilers::key::Key;

use tieout_reconcilers::projection::ItemFault;

use super::hand::{Hand, Note, digest_of, usable_key};
use super::slice::{MAX_YOUNG, SliceDiff};
use super::suspect::{Doubt, Looks};

impl SliceDiff<'_> {
    /// Takes the items of a page in hand; those outside the window are dropped, unless the young ones are wanted.
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

    fn take_item(&mut self, item: ItemView<'_>) {
        let Some(key) = usable_key(item) else {
            self.faulty.take_item(self.page, item);
            return self.count_nameless(1);
        };
        let clock = self.clock_format.of(item);
        let hash = self.hasher.hash_one(key.as_ref());
        if let Some(at) = clock.filter(|at| {
            !self.window.contains(*at) || (bug!("first_tick_dropped") && *at == self.window.from())
        }) {
            if self.keeps_young && at >= self.window.to() {
                self.take_young(&key, item, Note::new(hash, clock));
            }
            return;
        }
        let is_late = clock.is_some_and(|at| !self.is_to_come(at));
        if self.is_repeated(hash, &key, item, is_late) {
            return;
        }
        self.tally.upstream += 1;
        if clock.is_some_and(|at| self.breaks_order(at)) {
            self.doubts.insert(Doubt::OrderBroken);
        }
        // Without a clock nothing says when its row is due, so it is looked up by key.
        let place = if clock.is_some() { &mut self.hand } else { &mut self.unmatched };
        let is_doubtful = !self.gone.is_empty() && self.gone.contains(key.as_ref());
        place.push(item, Note { is_doubtful, ..Note::new(hash, clock) });
    }

    /// Takes an item that changed after the window. One that came before is compared as it was then.
    fn take_young(&mut self, key: &str, item: ItemView<'_>, note: Note) {
        let places = [&self.hand, &self.closed, &self.unmatched];
        if places.into_iter().any(|place| place.find(note.hash, key).is_some()) {
            self.tally.repeated += 1;
        } else if self.young == MAX_YOUNG {
            self.left_young += 1;
        } else {
            self.young += 1;
            self.tally.upstream += 1;
            self.unmatched.push(item, note);
        }
    }

    /// Takes note of what a page names as deleted, whatever its clock. An item that came as well is looked up: nobody
    /// knows which of the two is older.
    pub fn take_gone(&mut self, keys: &[Key]) {
        for key in keys {
            // Nobody knows any more whether an earlier run compared it.
            self.is_unsure |= self.is_resumed;
            let hash = self.hasher.hash_one(key.as_str());
            let places = [&mut self.hand, &mut self.unmatched];
            let waits = places.into_iter().find_map(|place| Some((place.find(hash, key.as_str())?, place)));
            if let Some((at, place)) = waits {
                place.doubt(at);
            }
            let met = |place: &Hand| place.get(place.find(hash, key.as_str())?).map(|(_, note)| note);
            let early = met(&self.hand).filter(|note| note.is_met);
            if let Some(note) = early.or_else(|| met(&self.closed)) {
                self.suspect(key.as_str(), note.clock, Looks::Deleted, (false, false));
            } else {
                self.gone.insert(key.clone());
            }
        }
    }

    /// Whether an item came before: pages overlap all the time, but two different items under one key are doubtful.
    fn is_repeated(&mut self, hash: u64, key: &str, item: ItemView<'_>, is_late: bool) -> bool {
        let places = [Some(&mut self.hand), Some(&mut self.unmatched), is_late.then_some(&mut self.closed)];
        let twin = places.into_iter().flatten().find_map(|place| Some((place.find(hash, key)?, place)));
        let Some((at, place)) = twin else { return is_late && self.is_recalled(item) };
        self.tally.repeated += 1;
        if place.is_same(at, item, self.width) {
            return true;
        }
        self.doubts.insert(Doubt::KeyTwice);
        place.doubt(at);
        if is_late {
            // Its twin was compared and counted already.
            self.suspect(key, self.clock_format.of(item), Looks::Different, (false, false));
        }
        true
    }

    /// Whether an earlier run took and compared the same item.
    fn is_recalled(&mut self, item: ItemView<'_>) -> bool {
        let is_known = !self.recalled.is_empty() && self.recalled.contains(&digest_of(item, self.width));
        self.tally.repeated += u64::from(is_known);
        is_known
    }
}

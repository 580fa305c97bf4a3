//! The end of a slice: items that met no row are looked up by key before they are suspects.

use std::collections::HashMap;

use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::Wanted;
use tieout_reconcilers::row::Row;

use super::hand::{Hand, key_of};
use super::pair::compare;
use super::slice::SliceDiff;
use super::suspect::{Difference, Looks, one_per_key};

/// A finished slice whose unmatched items are still to be looked up locally.
pub struct Unmatched<'f> {
    diff: SliceDiff<'f>,
    items: Hand,
}

impl<'f> Unmatched<'f> {
    pub(super) fn of(mut diff: SliceDiff<'f>) -> Self {
        let items = std::mem::replace(&mut diff.unmatched, Hand::of_width(1));
        Self { diff, items }
    }

    /// The keys to look up on the local side.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let items = self.items.iter().filter_map(|(item, _)| Key::checked(&key_of(item)).ok());
        items.chain(self.diff.gone.iter().cloned()).collect()
    }

    /// The items to look up on the upstream side as well: their rows were found, and their values are not known any more.
    #[must_use]
    pub fn forgotten(&self, rows: &HashMap<Key, Row<'static>>) -> Vec<Wanted> {
        let needed = self.items.iter().filter(|(_, note)| note.is_recalled && note.needs_values());
        let wanted = needed.filter_map(|(item, note)| {
            Some(Wanted { key: Key::checked(&key_of(item)).ok()?, clock: note.clock })
        });
        wanted.filter(|wanted| rows.contains_key(&wanted.key)).collect()
    }

    /// Judges the unmatched items against the rows that were found under their keys. `values` are those of the items that
    /// were [forgotten](Self::forgotten), each by itself; what was not found again looks different and is judged from scratch.
    #[must_use]
    pub fn resolve(self, rows: &HashMap<Key, Row<'static>>, values: &HashMap<Key, Items>) -> Difference {
        let Self { mut diff, items } = self;
        for (item, note) in items.iter() {
            let key = key_of(item);
            let was_counted = diff.unmet.remove(key.as_ref()).is_some();
            let known = if note.is_recalled && note.needs_values() {
                values.get(key.as_ref()).and_then(|items| items.get(0))
            } else {
                Some(item)
            };
            let (looks, is_local) = match rows.get(key.as_ref()) {
                Some(_) if note.clock.is_none() => (Some(Looks::Unreadable), true),
                Some(row) => match known {
                    Some(item) => (compare(diff.fields, item, note, row, &mut diff.tally), true),
                    None => (Some(Looks::Different), true),
                },
                // A row that streamed past under another clock may have gone since.
                None if note.clock.is_some() => (Some(Looks::UpstreamOnly), was_counted),
                None => (Some(Looks::Unreadable), was_counted),
            };
            diff.tally.local += u64::from(is_local && !was_counted);
            if let Some(looks) = looks {
                diff.suspect(&key, note.clock, looks, (true, is_local));
            }
        }
        diff.resolve_gone(rows);
        for (key, clock) in std::mem::take(&mut diff.unmet) {
            diff.suspect(key.as_str(), clock, Looks::LocalOnly, (false, true));
        }
        let suspects = one_per_key(diff.suspects, &mut diff.tally);
        let doubts = diff.doubts.into_iter().collect();
        let (tally, faulty) = (diff.tally, diff.faulty);
        Difference { suspects, tally, doubts, faulty, left_young: diff.left_young }
    }
}

impl SliceDiff<'_> {
    /// What upstream names as deleted and the local side still has, in the window or not.
    fn resolve_gone(&mut self, rows: &HashMap<Key, Row<'static>>) {
        for key in std::mem::take(&mut self.gone) {
            let streamed = self.unmet.remove(&key);
            let Some(clock) = streamed.or_else(|| rows.get(&key).map(|row| row.clock)) else { continue };
            self.tally.local += u64::from(streamed.is_none());
            self.suspect(key.as_str(), clock, Looks::Deleted, (false, true));
        }
    }
}

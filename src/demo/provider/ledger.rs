//! What the simulated provider has: three shelves of JSON items, each sorted by the clock of its feed.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use serde_json::Value;

use super::refusal::Refusal;
use crate::demo::population::Population;

const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 100;

/// One item on a shelf.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Epoch seconds; what the feed filters and sorts by.
    pub(super) clock: i64,
    /// The item's id; breaks ties of the clock, so that every order is total.
    pub(super) id: String,
    /// The item as it is shown.
    pub(super) data: Value,
}

/// All items of one feed, oldest first.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    entries: Vec<Entry>,
}

/// The three shelves. Items can arrive while it is being read.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) charges: Locked,
    pub(super) refunds: Locked,
    pub(super) customers: Locked,
}

/// A shelf that many requests read and arrivals change.
#[derive(Debug, Default)]
pub(super) struct Locked(RwLock<Shelf>);

impl Shelf {
    /// The item with this id, or the provider's 404.
    pub(super) fn find(&self, id: &str) -> Result<&Entry, Refusal> {
        self.entries.iter().find(|entry| entry.id == id).ok_or_else(|| Refusal::Unknown { id: id.to_owned() })
    }

    /// The items with `from <= clock < to`, oldest first; an absent bound does not bind.
    pub(super) fn within(&self, from: Option<i64>, to: Option<i64>) -> &[Entry] {
        let start = from.map_or(0, |from| self.entries.partition_point(|entry| entry.clock < from));
        let end = to.map_or(self.entries.len(), |to| self.entries.partition_point(|entry| entry.clock < to));
        self.entries.get(start..end).unwrap_or_default()
    }

    fn put(&mut self, arrivals: impl Iterator<Item = Entry>) {
        for arrival in arrivals {
            self.entries.retain(|entry| entry.id != arrival.id);
            self.entries.push(arrival);
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.entries.sort_by(|left, right| (left.clock, &left.id).cmp(&(right.clock, &right.id)));
    }
}

impl Locked {
    /// The shelf for reading.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Shelf> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts other items in the place of all that are there.
    pub(super) fn replace(&self, entries: Vec<Entry>) {
        let mut listed = Shelf { entries };
        listed.sort();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = listed;
    }

    fn put(&self, arrivals: impl Iterator<Item = Entry>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).put(arrivals);
    }
}

impl Ledger {
    /// Puts a population on the shelves; an item that is already there is replaced.
    pub(super) fn put(&self, population: &Population) {
        let entry = |clock, id: &String, data| Entry { clock, id: id.clone(), data };
        self.charges.put(population.charges.iter().map(|it| entry(it.created, &it.id, it.json(it.status))));
        self.refunds.put(population.refunds.iter().map(|it| entry(it.created, &it.id, it.json(it.status))));
        self.customers.put(population.customers.iter().map(|it| entry(it.updated, &it.id, it.json())));
    }
}

/// The page size asked for: 10 when none is, refused when it is 0 or above 100.
pub(super) fn page_size(limit: Option<usize>) -> Result<usize, Refusal> {
    match limit {
        None => Ok(DEFAULT_LIMIT),
        Some(size) if (1..=MAX_LIMIT).contains(&size) => Ok(size),
        Some(_) => Err(Refusal::Nonsense(format!("limit must lie between 1 and {MAX_LIMIT}"))),
    }
}

/// The items of a page as they are shown.
pub(super) fn shown<'a>(page: impl IntoIterator<Item = &'a Entry>) -> Vec<Value> {
    page.into_iter().map(|entry| entry.data.clone()).collect()
}

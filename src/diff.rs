//! Two sides of a slice become suspects. Pure: it is handed pages and rows and asks nobody.
//!
//! Items wait in hand until the local rows of their clock range have streamed past; then what agreed is forgotten and
//! only what did not is kept. Memory is bounded by the batch and by the number of differences, never by the slice.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use tieout_reconcilers::compare::{CLOCK, Fields, KEY, Versions, versions};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::{ItemView, Items};
use tieout_reconcilers::key::{Key, check, text_of};
use tieout_reconcilers::money::Totals;
use tieout_reconcilers::reconciler::{Feed, Filter, Order};
use tieout_reconcilers::row::Row;
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::window::Window;

/// How many items wait in hand before their local rows are read (at least 1,000: DESIGN section 13, rule 5).
pub const BATCH: usize = 4_096;

/// An item or row that found no equal in its slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// Which item.
    pub key: Key,
    /// Its clock on the side that has it, upstream's where both have it.
    pub clock: Option<Instant>,
    /// What it looks like so far.
    pub looks: Looks,
    /// Whether it was counted as an upstream item.
    pub upstream: bool,
    /// Whether it was counted as a local row.
    pub local: bool,
}

/// What a suspect looks like before it is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// Upstream only.
    Missing,
    /// Both, different.
    Mismatched,
    /// Local only.
    Orphaned,
    /// A value that its rule cannot read.
    Unreadable,
}

/// What was counted while a slice streamed past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Items that lie in the window.
    pub upstream: u64,
    /// Rows that lie in the window, and rows looked up by key.
    pub local: u64,
    /// Pairs that agree.
    pub matched: u64,
    /// The same item seen again with the same values.
    pub repeated: u64,
    /// Items without a usable key: counted, and nothing can be said about them.
    pub nameless: u64,
    /// Upstream's money in matched pairs.
    pub upstream_money: Totals,
    /// The local money in matched pairs.
    pub local_money: Totals,
}

/// Something that makes the walk's evidence doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// Items came in another order than the feed declares.
    OrderBroken,
    /// Two items of one walk have one key and different values.
    KeyTwice,
    /// The local query returned one key twice.
    RowTwice,
    /// An item has no usable key.
    Nameless,
}

/// The running comparison of one slice.
pub struct SliceDiff<'f> {
    fields: &'f Fields,
    order: Order,
    grain: std::time::Duration,
    clock_format: tieout_reconcilers::instant::TimeFormat,
    window: Window,
    /// What is left of the window, whose local rows were not read yet.
    rest: Option<Window>,
    hasher: RandomState,
    hand: Hand,
    width: usize,
    unmatched_items: Items,
    unmatched_rows: Vec<Row<'static>>,
    suspects: Vec<Suspect>,
    /// What was counted so far.
    pub tally: Tally,
    doubts: std::collections::BTreeSet<Doubt>,
}

/// The items whose local rows were not read yet.
struct Hand {
    items: Items,
    clocks: Vec<Instant>,
    met: Vec<bool>,
    doubtful: Vec<bool>,
    index: HashTable<u32>,
}

impl Hand {
    fn of_width(width: usize) -> Self {
        Self {
            items: Items::of_width(width),
            clocks: Vec::new(),
            met: Vec::new(),
            doubtful: Vec::new(),
            index: HashTable::new(),
        }
    }
}

/// The text of an item's key, which was checked when it was taken in hand.
fn key_of(item: ItemView<'_>) -> std::borrow::Cow<'_, str> {
    item.slot(KEY).and_then(|raw| text_of(raw).ok()).unwrap_or_default()
}

impl<'f> SliceDiff<'f> {
    /// Begins the comparison of a window.
    #[must_use]
    pub fn new(fields: &'f Fields, feed: &Feed, window: Window) -> Self {
        let width = tieout_reconcilers::compare::FIELDS + fields.fields.len();
        // A feed that we filter ourselves shows its items in any order as far as the window is concerned.
        let order = if feed.filter == Filter::Client { Order::None } else { feed.order };
        Self {
            fields,
            order,
            grain: feed.grain,
            clock_format: feed.clock_format,
            window,
            rest: Some(window),
            hasher: RandomState::default(),
            hand: Hand::of_width(width),
            width,
            unmatched_items: Items::of_width(width),
            unmatched_rows: Vec::new(),
            suspects: Vec::new(),
            tally: Tally::default(),
            doubts: std::collections::BTreeSet::new(),
        }
    }

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
        let Some(key) = item.slot(KEY).and_then(|raw| text_of(raw).ok()).filter(|key| check(key).is_ok())
        else {
            self.take_nameless(1);
            return;
        };
        let Some(clock) = self.clock_of(item) else {
            self.tally.upstream += 1;
            self.suspect(&key, None, Looks::Unreadable, (true, false));
            return;
        };
        if !self.window.contains(clock) {
            return;
        }
        let hash = self.hasher.hash_one(key.as_ref());
        let hand = &self.hand;
        let twin = hand
            .index
            .find(hash, |&at| hand.items.get(at as usize).is_some_and(|other| key_of(other) == key));
        if let Some(&twin) = twin {
            self.take_twin(twin as usize, item);
            return;
        }
        self.keep(item, clock, false);
        self.tally.upstream += 1;
    }

    /// The same key again: pages overlap all the time, but two different items under one key are doubtful.
    fn take_twin(&mut self, twin: usize, item: ItemView<'_>) {
        let same = self
            .hand
            .items
            .get(twin)
            .is_some_and(|known| (0..self.width).all(|slot| known.slot(slot) == item.slot(slot)));
        self.tally.repeated += 1;
        if !same {
            self.doubts.insert(Doubt::KeyTwice);
            self.hand.doubtful[twin] = true;
        }
    }

    fn clock_of(&self, item: ItemView<'_>) -> Option<Instant> {
        match Scalar::from_json(item.slot(CLOCK)) {
            Scalar::Int(_) | Scalar::Number(_) => self.clock_format.read(item.slot(CLOCK)?),
            Scalar::Text(text) => self.clock_format.read(&text),
            _ => None,
        }
    }

    fn suspect(&mut self, key: &str, clock: Option<Instant>, looks: Looks, (upstream, local): (bool, bool)) {
        if let Ok(key) = Key::checked(key) {
            self.suspects.push(Suspect { key, clock, looks, upstream, local });
        }
    }

    /// The range whose local rows may be read now: all its items are in hand, whole ticks at a time.
    #[must_use]
    pub fn ready(&mut self) -> Option<Window> {
        if self.hand.clocks.len() < BATCH {
            return None;
        }
        let rest = self.rest?;
        let last = self.hand.clocks.last()?.floor(self.grain);
        match self.order {
            Order::Descending => Window::new((last + self.grain).max(rest.from()), rest.to()),
            Order::Ascending => Window::new(rest.from(), last.min(rest.to())),
            Order::None => None,
        }
    }

    /// The range that is left when the last page was taken.
    #[must_use]
    pub const fn rest(&self) -> Option<Window> {
        self.rest
    }

    /// Bytes of items in hand, to bound a feed without order.
    #[must_use]
    pub fn hand_bytes(&self) -> usize {
        self.hand.items.size_bytes()
    }

    /// Compares a local row of the range that is being read.
    pub fn meet(&mut self, row: Row<'_>) {
        self.tally.local += 1;
        let hash = self.hasher.hash_one(row.key.as_ref());
        let hand = &self.hand;
        let found = hand
            .index
            .find(hash, |&at| hand.items.get(at as usize).is_some_and(|item| key_of(item) == row.key));
        let Some((at, item)) = found.and_then(|&at| Some((at as usize, hand.items.get(at as usize)?))) else {
            self.unmatched_rows.push(row.into_owned());
            return;
        };
        if hand.met[at] {
            self.tally.local -= 1;
            self.doubts.insert(Doubt::RowTwice);
            return;
        }
        let clock = hand.clocks[at];
        let doubtful = hand.doubtful[at].then_some(Looks::Mismatched);
        let looks = doubtful.or_else(|| pair(self.fields, item, &row));
        if looks.is_none() {
            count_match(&mut self.tally, self.fields, item, &row);
        }
        self.hand.met[at] = true;
        if let Some(looks) = looks {
            self.suspect(&row.key, Some(clock), looks, (true, true));
        }
    }

    /// Ends a range whose rows have all been met: its items leave the hand.
    pub fn close(&mut self, range: Window) {
        let done = std::mem::replace(&mut self.hand, Hand::of_width(self.width));
        for (at, item) in done.items.iter().enumerate() {
            let clock = done.clocks[at];
            if done.met[at] {
                continue;
            }
            let still_to_come = self.rest_after(range).is_some_and(|rest| rest.contains(clock));
            if still_to_come {
                self.keep(item, clock, done.doubtful[at]);
                continue;
            }
            if !range.contains(clock) {
                self.doubts.insert(Doubt::OrderBroken);
            }
            self.unmatched_items.push(item);
        }
        self.rest = self.rest_after(range);
    }

    /// Ends the slice without reading the rows that are left, because not all of their items were seen.
    pub fn close_unread(&mut self) {
        let done = std::mem::replace(&mut self.hand, Hand::of_width(self.width));
        for (item, met) in done.items.iter().zip(done.met) {
            if !met {
                self.unmatched_items.push(item);
            }
        }
        self.rest = None;
    }

    fn rest_after(&self, range: Window) -> Option<Window> {
        let rest = self.rest?;
        match self.order {
            Order::Descending => Window::new(rest.from(), range.from()),
            _ => Window::new(range.to(), rest.to()),
        }
    }

    fn keep(&mut self, item: ItemView<'_>, clock: Instant, doubtful: bool) {
        let hash = self.hasher.hash_one(key_of(item).as_ref());
        let at = u32::try_from(self.hand.clocks.len()).unwrap_or(u32::MAX);
        self.hand.items.push(item);
        self.hand.clocks.push(clock);
        self.hand.met.push(false);
        self.hand.doubtful.push(doubtful);
        let (hasher, items) = (&self.hasher, &self.hand.items);
        self.hand.index.insert_unique(hash, at, |&at| {
            items.get(at as usize).map_or(0, |item| hasher.hash_one(key_of(item).as_ref()))
        });
    }

    /// Ends the slice: what is unmatched on both sides is paired by key, whatever its clock says.
    #[must_use]
    pub fn finish(mut self) -> Unmatched<'f> {
        let mut rows: std::collections::HashMap<String, Row<'static>> = std::collections::HashMap::new();
        for row in std::mem::take(&mut self.unmatched_rows) {
            rows.insert(row.key.to_string(), row);
        }
        let mut items = Items::of_width(self.width);
        let unmatched = std::mem::replace(&mut self.unmatched_items, Items::of_width(self.width));
        for item in unmatched.iter() {
            match rows.remove(key_of(item).as_ref()) {
                None => items.push(item),
                Some(row) => match pair(self.fields, item, &row) {
                    None => count_match(&mut self.tally, self.fields, item, &row),
                    Some(looks) => self.suspect(&row.key, self.clock_of(item), looks, (true, true)),
                },
            }
        }
        let orphans = rows.into_values().map(|row| (row.key.to_string(), row.clock)).collect::<Vec<_>>();
        for (key, clock) in orphans {
            self.suspect(&key, clock, Looks::Orphaned, (false, true));
        }
        Unmatched { diff: self, items }
    }
}

/// A finished slice whose unmatched items are still to be looked up locally (DESIGN section 13, rule 11).
pub struct Unmatched<'f> {
    diff: SliceDiff<'f>,
    items: Items,
}

/// What a slice leaves to be confirmed.
#[derive(Debug)]
pub struct Difference {
    /// The suspects, at most one per key.
    pub suspects: Vec<Suspect>,
    /// What was counted.
    pub tally: Tally,
    /// What makes the walk doubtful.
    pub doubts: Vec<Doubt>,
}

impl Unmatched<'_> {
    /// The keys to look up on the local side.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        self.items.iter().filter_map(|item| Key::checked(&key_of(item)).ok()).collect()
    }

    /// Judges the unmatched items against the rows that were found under their keys.
    #[must_use]
    pub fn resolve(mut self, rows: &std::collections::HashMap<Key, Row<'static>>) -> Difference {
        for item in self.items.iter() {
            let key = key_of(item);
            let clock = self.diff.clock_of(item);
            match rows.get(key.as_ref()) {
                None => self.diff.suspect(&key, clock, Looks::Missing, (true, false)),
                Some(row) => {
                    self.diff.tally.local += 1;
                    match pair(self.diff.fields, item, row) {
                        None => count_match(&mut self.diff.tally, self.diff.fields, item, row),
                        Some(looks) => self.diff.suspect(&key, clock, looks, (true, true)),
                    }
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        let mut suspects = self.diff.suspects;
        suspects.retain(|suspect| seen.insert(suspect.key.clone()));
        Difference { suspects, tally: self.diff.tally, doubts: self.diff.doubts.into_iter().collect() }
    }
}

/// What a pair looks like, or nothing where it agrees or the local side is ahead.
fn pair(fields: &Fields, item: ItemView<'_>, row: &Row<'_>) -> Option<Looks> {
    match fields.agree(item, row) {
        Ok(true) => None,
        Ok(false) if versions(item, row) == Versions::LocalAhead => None,
        Ok(false) => Some(Looks::Mismatched),
        Err(_) => Some(Looks::Unreadable),
    }
}

fn count_match(tally: &mut Tally, fields: &Fields, item: ItemView<'_>, row: &Row<'_>) {
    tally.matched += 1;
    if let Some((currency, minor)) = fields.money_upstream(item) {
        tally.upstream_money.add(&currency, minor);
    }
    if let Some((currency, minor)) = fields.money_local(row) {
        tally.local_money.add(&currency, minor);
    }
}

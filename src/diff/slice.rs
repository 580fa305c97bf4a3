//! The running comparison of one slice: says which local rows are due, meets them, and forgets what agrees.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::time::Duration;

use foldhash::fast::RandomState;
use tieout_reconcilers::clock_format::ClockFormat;
use tieout_reconcilers::compare::{FIELDS, Fields};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Feed, Filter, Order};
use tieout_reconcilers::row::Row;
use tieout_reconcilers::window::Window;

use super::hand::Hand;
use super::pair::compare;
use super::suspect::{Doubt, Looks, Suspect, Tally};
use super::unmatched::Unmatched;

/// How many items wait in hand before their local rows are read (at least 1,000).
pub const BATCH: usize = 4_096;

/// How many items of a slice that changed after its window are compared. The next window holds those that rest.
pub(super) const MAX_YOUNG: usize = 1_000;

/// The running comparison of one slice.
pub struct SliceDiff<'f> {
    pub(super) fields: &'f Fields,
    order: Order,
    grain: Duration,
    pub(super) clock_format: &'f ClockFormat,
    pub(super) window: Window,
    /// What is left of the window, whose local rows were not read yet.
    rest: Option<Window>,
    batch: usize,
    /// Whether items that changed after the window are kept too.
    pub(super) keeps_young: bool,
    /// How many of those were kept.
    pub(super) young: usize,
    /// How many of those were not kept.
    pub(super) left_young: u64,
    pub(super) hasher: RandomState,
    pub(super) width: usize,
    /// Items whose local rows were not read yet.
    pub(super) hand: Hand,
    /// Items of the range that was read last: pages overlap, and repeat them.
    pub(super) closed: Hand,
    /// Items whose rows were not among those of their range.
    pub(super) unmatched: Hand,
    /// Rows that met no item, with their clocks.
    pub(super) unmet: BTreeMap<Key, Option<Instant>>,
    /// What the pages name as deleted.
    pub(super) gone: BTreeSet<Key>,
    pub(super) suspects: Vec<Suspect>,
    /// What was counted so far.
    pub tally: Tally,
    pub(super) doubts: BTreeSet<Doubt>,
}

impl<'f> SliceDiff<'f> {
    /// Begins the comparison of a window.
    #[must_use]
    pub fn new(fields: &'f Fields, feed: &'f Feed, window: Window) -> Self {
        let width = FIELDS + fields.fields.len();
        Self {
            fields,
            // A feed that we filter ourselves shows its items in any order as far as the window is concerned.
            order: if feed.filter == Filter::Client { Order::None } else { feed.order },
            grain: feed.grain.max(Duration::from_micros(1)),
            clock_format: &feed.clock_format,
            window,
            rest: Some(window),
            batch: BATCH,
            keeps_young: false,
            young: 0,
            left_young: 0,
            hasher: RandomState::default(),
            width,
            hand: Hand::of_width(width),
            closed: Hand::of_width(width),
            unmatched: Hand::of_width(width),
            unmet: BTreeMap::new(),
            gone: BTreeSet::new(),
            suspects: Vec::new(),
            tally: Tally::default(),
            doubts: BTreeSet::new(),
        }
    }

    /// Ends the window where the provider's own word on its answer ends, before any item is taken; nothing is left of a
    /// window that lies behind it.
    #[must_use]
    pub fn until(self, ceiling: Instant) -> Option<Self> {
        let window = self.window.until(ceiling)?;
        Some(Self { window, rest: Some(window), ..self })
    }

    /// Waits for another number of items than [`BATCH`] before local rows are due.
    #[must_use]
    pub fn with_batch(self, batch: usize) -> Self {
        Self { batch, ..self }
    }

    /// Keeps the items that changed after the window as well, up to a thousand of them: what is touched before every run
    /// lies in no window at all. They are looked up by key on the local side.
    #[must_use]
    pub fn with_young(self, keeps_young: bool) -> Self {
        Self { keeps_young, ..self }
    }

    /// The range whose local rows may be read now: all its items are in hand, whole ticks at a time.
    #[must_use]
    pub fn ready(&self) -> Option<Window> {
        if self.hand.len() < self.batch {
            return None;
        }
        let rest = self.rest?;
        let last = self.hand.last()?.clock?.floor(self.grain);
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
        self.hand.size_bytes()
    }

    /// How many items and rows found no equal so far; those whose other side is still to come are not among them.
    #[must_use]
    pub fn n_left(&self) -> usize {
        self.suspects.len() + self.unmatched.len() + self.unmet.len()
    }

    /// Compares a local row of the range that is being read.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a row is handed over and forgotten, as the driver hands it out"
    )]
    pub fn meet(&mut self, row: Row<'_>) {
        let hash = self.hasher.hash_one(row.key.as_ref());
        match self.hand.find(hash, &row.key) {
            Some(at) => self.meet_item(at, &row),
            None => self.meet_nobody(&row),
        }
    }

    /// Ends a range whose rows have all been met: its items leave the hand.
    pub fn close(&mut self, range: Window) {
        self.rest = self.rest_after(range);
        self.clear_hand();
    }

    /// Ends the slice without reading the rows that are left: where not all items were seen, those would only look like
    /// orphans. The items in hand are looked up by key instead.
    pub fn close_unread(&mut self) {
        self.rest = None;
        self.clear_hand();
    }

    /// Ends the slice; items that are still in hand are looked up by key.
    #[must_use]
    pub fn finish(mut self) -> Unmatched<'f> {
        self.close_unread();
        Unmatched::of(self)
    }

    fn meet_item(&mut self, at: usize, row: &Row<'_>) {
        let Some((item, note)) = self.hand.get(at) else { return };
        if note.is_met {
            self.doubts.insert(Doubt::RowTwice);
            return;
        }
        self.tally.local += 1;
        if let Some(looks) = compare(self.fields, item, note, row, &mut self.tally) {
            self.suspect(&row.key, note.clock, looks, (true, true));
        }
        if let Some(note) = self.hand.note_mut(at) {
            note.is_met = true;
        }
    }

    fn meet_nobody(&mut self, row: &Row<'_>) {
        let Ok(key) = Key::checked(&row.key) else {
            self.doubts.insert(Doubt::Nameless);
            return;
        };
        if self.unmet.contains_key(&key) {
            self.doubts.insert(Doubt::RowTwice);
            return;
        }
        self.tally.local += 1;
        self.unmet.insert(key, row.clock);
    }

    /// Keeps what is still to come in hand, and what met no row for the look-up by key.
    fn clear_hand(&mut self) {
        std::mem::swap(&mut self.hand, &mut self.closed);
        self.hand.clear();
        let rest = self.rest;
        let is_to_come = |at| rest.is_some_and(|rest| rest.contains(at));
        for (item, note) in self.closed.iter() {
            if note.clock.is_some_and(is_to_come) {
                self.hand.push(item, note);
            } else if !note.is_met {
                self.unmatched.push(item, note);
            }
        }
    }

    fn rest_after(&self, range: Window) -> Option<Window> {
        let rest = self.rest?;
        match self.order {
            Order::Descending => Window::new(rest.from(), range.from()),
            _ => Window::new(range.to(), rest.to()),
        }
    }

    /// Whether the rows of an instant were not read yet.
    pub(super) fn is_to_come(&self, at: Instant) -> bool {
        self.rest.is_some_and(|rest| rest.contains(at))
    }

    pub(super) fn suspect(
        &mut self,
        key: &str,
        clock: Option<Instant>,
        looks: Looks,
        (upstream, local): (bool, bool),
    ) {
        if let Ok(key) = Key::checked(key) {
            self.suspects.push(Suspect { key, clock, looks, upstream, local });
        }
    }
}

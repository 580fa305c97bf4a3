//! The running comparison of one slice: says which local rows are due, meets them, and forgets what agrees.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
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

use super::faulty::AllFaulty;
use super::hand::{Digest, Hand};
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
    pub(super) order: Order,
    grain: Duration,
    pub(super) clock_format: &'f ClockFormat,
    pub(super) window: Window,
    /// What is left of the window, whose local rows were not read yet.
    pub(super) rest: Option<Window>,
    /// What is left of the window as far as the order is relied on: items of a batch may come in any order, however early
    /// some of its rows were read.
    pub(super) open: Option<Window>,
    batch: usize,
    /// Whether items that changed after the window are kept too.
    pub(super) keeps_young: bool,
    /// How many of those were kept.
    pub(super) young: usize,
    /// How many of those were not kept.
    pub(super) left_young: u64,
    pub(super) hasher: RandomState,
    pub(super) width: usize,
    /// Items of a batch. The rows of the first of them may have been read early.
    pub(super) hand: Hand,
    /// How many items of the batch an earlier run has dealt with already.
    pub(super) dealt_with: usize,
    /// Items of the range that was read last: pages overlap, and repeat them.
    pub(super) closed: Hand,
    /// Items that an earlier run took and compared: what stands for their values.
    pub(super) recalled: HashSet<Digest>,
    /// Whether something came that only a comparison from the beginning can judge.
    pub(super) is_unsure: bool,
    /// Whether an earlier run began it.
    pub(super) is_resumed: bool,
    /// Items whose rows were not among those of their range.
    pub(super) unmatched: Hand,
    /// Rows that met no item, with their clocks.
    pub(super) unmet: BTreeMap<Key, Option<Instant>>,
    /// What the pages name as deleted.
    pub(super) gone: BTreeSet<Key>,
    pub(super) suspects: Vec<Suspect>,
    /// By when earlier runs had seen what they left to be dealt with.
    pub(super) seen_before: HashMap<Key, Instant>,
    /// What was counted so far.
    pub tally: Tally,
    pub(super) doubts: BTreeSet<Doubt>,
    /// The page that is being taken, from 1.
    pub(super) page: u64,
    /// Its items without a usable key, and those of the pages before.
    pub(super) faulty: AllFaulty,
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
            open: Some(window),
            batch: BATCH,
            keeps_young: false,
            young: 0,
            left_young: 0,
            hasher: RandomState::default(),
            width,
            hand: Hand::of_width(width),
            dealt_with: 0,
            closed: Hand::of_width(width),
            recalled: HashSet::new(),
            is_unsure: false,
            is_resumed: false,
            unmatched: Hand::of_width(width),
            unmet: BTreeMap::new(),
            gone: BTreeSet::new(),
            suspects: Vec::new(),
            seen_before: HashMap::new(),
            tally: Tally::default(),
            doubts: BTreeSet::new(),
            page: 0,
            faulty: AllFaulty::default(),
        }
    }

    /// Ends the window where the provider's own word on its answer ends; false where nothing is left of it then.
    #[must_use]
    pub fn end_at(&mut self, ceiling: Instant) -> bool {
        let Some(window) = self.window.until(ceiling) else { return false };
        self.window = window;
        self.rest = self.rest.and_then(|rest| rest.until(ceiling));
        self.open = self.rest;
        true
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

    /// The range that may be closed now: all its items are in hand, whole ticks at a time.
    #[must_use]
    pub fn ready(&self) -> Option<Window> {
        if self.hand.len() + self.dealt_with < self.batch { None } else { self.whole_ticks_of(self.open?) }
    }

    /// The part of a range whose local rows were not read yet.
    #[must_use]
    pub fn unread(&self, range: Window) -> Option<Window> {
        let rest = self.rest?;
        Window::new(range.from().max(rest.from()), range.to().min(rest.to()))
    }

    /// The range whose local rows may be read early, however few its items are.
    #[must_use]
    pub fn whole_ticks(&self) -> Option<Window> {
        self.whole_ticks_of(self.rest?)
    }

    fn whole_ticks_of(&self, left: Window) -> Option<Window> {
        let last = self.hand.last()?.clock?.floor(self.grain);
        match self.order {
            Order::Descending => Window::new((last + self.grain).max(left.from()), left.to()),
            Order::Ascending => Window::new(left.from(), last.min(left.to())),
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

    /// How many rows met no item so far.
    #[must_use]
    pub fn n_unmet(&self) -> usize {
        self.unmet.len()
    }

    /// Compares a local row of the range that is being read.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a row is handed over and forgotten, as the driver hands it out"
    )]
    pub fn meet(&mut self, row: Row<'_>) {
        let hash = self.hasher.hash_one(row.key.as_ref());
        match self.hand.find(hash, &row.key) {
            Some(at) if !self.hand.is_forgotten(at) => self.meet_item(at, &row),
            // Who cannot be compared now is compared by key at the end.
            _ => self.meet_nobody(&row),
        }
    }

    /// Ends a range whose rows have all been met: its items leave the hand.
    pub fn close(&mut self, range: Window) {
        self.rest = self.rest.and_then(|rest| self.left_of(rest, range));
        self.open = self.open.and_then(|open| self.left_of(open, range));
        self.dealt_with = 0;
        self.clear_hand();
    }

    /// Takes note that the rows of a range have all been met before there was a whole batch: its items stay in hand.
    pub fn pass(&mut self, range: Window) {
        self.rest = self.rest.and_then(|rest| self.left_of(rest, range));
    }

    /// Whether something came that nobody can judge who knows the first items only by their keys: the slice has to be read
    /// from its beginning.
    #[must_use]
    pub const fn is_unsure(&self) -> bool {
        self.is_unsure
    }

    /// Ends the slice without reading the rows that are left: where not all items were seen, those would only look like
    /// orphans. The items in hand are looked up by key instead.
    pub fn close_unread(&mut self) {
        (self.rest, self.open) = (None, None);
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
            self.doubts.insert(Doubt::NamelessRow);
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
        let open = self.open;
        let is_to_come = |at| open.is_some_and(|open| open.contains(at));
        for at in 0..self.closed.len() {
            let Some((_, note)) = self.closed.get(at) else { break };
            if note.clock.is_some_and(is_to_come) {
                self.hand.push_from(&self.closed, at);
            } else if !note.is_met {
                self.unmatched.push_from(&self.closed, at);
            }
        }
    }

    /// What is left of a window once a range was dealt with.
    fn left_of(&self, left: Window, range: Window) -> Option<Window> {
        match self.order {
            Order::Descending => Window::new(left.from(), left.to().min(range.from())),
            _ => Window::new(left.from().max(range.to()), left.to()),
        }
    }

    /// Whether an item of an instant breaks the order.
    pub(super) fn breaks_order(&self, at: Instant) -> bool {
        !self.open.is_some_and(|open| open.contains(at))
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
            let seen_before = self.seen_before.get(&key).copied();
            self.suspects.push(Suspect { key, clock, looks, upstream, local, seen_before });
        }
    }
}

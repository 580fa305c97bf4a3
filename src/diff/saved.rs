//! A comparison under way as it can be written down and carried on by another process: keys, clocks and counts, with hashes in the
//! place of values. No value of an item is ever part of it.
//!
//! Items whose values may still be needed are looked up then; where those would be too many, nothing is written down.

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Feed, Order};
use tieout_reconcilers::window::Window;

use super::hand::{Digest, Hand, Note, key_of};
use super::slice::SliceDiff;
use super::suspect::{Looks, Suspect, Tally};

/// How many items may have to be looked up when a comparison is carried on: as many as a page has, which could be read in
/// their place.
const MAX_LOOKED_UP: usize = 100;
/// How many of the items that were compared last are recognised when pages repeat them.
const RECOGNISED: usize = 512;

/// A comparison under way, written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedDiff {
    window: Range,
    rest: Option<Range>,
    /// How many items the batch has of which some are not kept.
    batched: usize,
    to_come: Vec<Waiting>,
    unmatched: Vec<Waiting>,
    young: Vec<Waiting>,
    compared: Digests,
    unmet: Vec<(Key, Option<i64>)>,
    suspects: Vec<Marked>,
    seen_before: Vec<(Key, i64)>,
    tally: Tally,
    left_young: u64,
}

/// A time range in microseconds.
type Range = (i64, i64);

/// An item that waits for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    key: Key,
    clock: Option<i64>,
    is_met: bool,
    is_doubtful: bool,
    values: Digests,
}

/// A suspect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Marked {
    key: Key,
    clock: Option<i64>,
    looks: Looks,
    upstream: bool,
    local: bool,
}

/// What stands for the values of items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Digests(String);

impl Digests {
    fn of(digests: impl IntoIterator<Item = Digest>) -> Self {
        let bytes: Vec<u8> = digests.into_iter().flat_map(Digest::to_be_bytes).collect();
        Self(BASE64_STANDARD_NO_PAD.encode(bytes))
    }

    fn read(&self) -> Option<Vec<Digest>> {
        let bytes = BASE64_STANDARD_NO_PAD.decode(&self.0).ok()?;
        let (whole, rest) = bytes.as_chunks::<{ size_of::<Digest>() }>();
        rest.is_empty().then(|| whole.iter().copied().map(Digest::from_be_bytes).collect())
    }
}

impl SavedDiff {
    /// The same without the items that changed after the window: another slice sees them.
    #[must_use]
    pub fn without_young(mut self) -> Self {
        self.tally.upstream -= self.tally.upstream.min(self.young.len() as u64);
        self.young.clear();
        Self { left_young: 0, ..self }
    }

    /// By when everything that is still to be dealt with had been seen, written down at an instant.
    fn seen_before(&self, written: Instant) -> HashMap<Key, Instant> {
        let waiting = [&self.to_come, &self.unmatched, &self.young].into_iter().flatten().map(|one| &one.key);
        let unmet = self.unmet.iter().map(|(key, _)| key);
        let all = waiting.chain(unmet).chain(self.suspects.iter().map(|suspect| &suspect.key));
        let now = all.map(|key| (key.clone(), written));
        now.chain(self.seen_before.iter().map(|(key, at)| (key.clone(), Instant::from_micros(*at)))).collect()
    }
}

impl<'f> SliceDiff<'f> {
    /// The comparison as it can be carried on once its whole ticks in hand have met their rows. Nothing where too much would
    /// have to be looked up then, or where only a comparison without interruption tells what came of it.
    #[must_use]
    pub fn saved(&self) -> Option<SavedDiff> {
        let is_sure = self.doubts.is_empty() && self.gone.is_empty() && !self.is_unsure;
        if !is_sure || self.order == Order::None || self.looked_up_again() > MAX_LOOKED_UP {
            return None;
        }
        let (mut to_come, mut unmatched, mut young) = (Vec::new(), Vec::new(), Vec::new());
        for (place, at) in self.kept() {
            let Some((waiting, note)) = waiting(place, at, self.width) else { continue };
            match note.clock {
                Some(at) if self.is_to_come(at) => to_come.push(waiting),
                Some(at) if at >= self.window.to() => young.push(waiting),
                _ => unmatched.push(waiting),
            }
        }
        Some(SavedDiff {
            window: range(self.window),
            rest: self.rest.map(range),
            batched: self.hand.len() + self.dealt_with,
            to_come,
            unmatched,
            young,
            compared: Digests::of(self.compared()),
            unmet: self.unmet.iter().map(|(key, clock)| (key.clone(), clock.map(Instant::micros))).collect(),
            suspects: self.suspects.iter().map(marked).collect(),
            seen_before: self.seen_before.iter().map(|(key, at)| (key.clone(), at.micros())).collect(),
            tally: self.tally.clone(),
            left_young: self.left_young,
        })
    }

    /// Carries a comparison on, up to an instant; nothing where it was not written down by this version. `written` is
    /// when it was written down, where that was before this run began.
    #[must_use]
    pub fn carry_on(
        fields: &'f Fields,
        feed: &'f Feed,
        (saved, written): (SavedDiff, Option<Instant>),
        to: Instant,
    ) -> Option<Self> {
        let mut diff = Self::new(fields, feed, window(saved.window)?);
        diff.seen_before = written.map(|at| saved.seen_before(at)).unwrap_or_default();
        diff.rest = saved.rest.map(window).map_or(Some(None), |rest| rest.map(Some))?;
        if !diff.end_at(to) {
            return None;
        }
        diff.is_resumed = true;
        // A batch is as long as if nothing had happened, and its order is relied on as far.
        diff.dealt_with = saved.batched.saturating_sub(saved.to_come.len());
        diff.young = saved.young.len();
        for (is_to_come, waiting) in [(true, saved.to_come), (false, saved.unmatched), (false, saved.young)] {
            for one in waiting {
                diff.recall(is_to_come, &one)?;
            }
        }
        diff.recalled = saved.compared.read()?.into_iter().collect();
        let at = |clock: Option<i64>| clock.map(Instant::from_micros);
        diff.unmet = saved.unmet.into_iter().map(|(key, clock)| (key, at(clock))).collect();
        diff.suspects = saved.suspects.into_iter().map(|marked| suspect(marked, &diff.seen_before)).collect();
        (diff.tally, diff.left_young) = (saved.tally, saved.left_young);
        Some(diff)
    }

    fn recall(&mut self, is_to_come: bool, waiting: &Waiting) -> Option<()> {
        let hash = self.hasher.hash_one(waiting.key.as_str());
        let clock = waiting.clock.map(Instant::from_micros);
        let (is_met, is_doubtful) = (waiting.is_met, waiting.is_doubtful);
        let note = Note { is_met, is_doubtful, ..Note::new(hash, clock) };
        let digest = *waiting.values.read()?.first()?;
        let place = if is_to_come { &mut self.hand } else { &mut self.unmatched };
        place.push_recalled(waiting.key.as_str(), note, digest);
        Some(())
    }

    /// What is still waiting: items to come, and those that met no row.
    fn kept(&self) -> impl Iterator<Item = (&Hand, usize)> {
        let waits = |note: &Note| !note.is_met || note.clock.is_some_and(|at| self.is_to_come(at));
        let in_hand = self.hand.notes().filter(move |(_, note)| waits(note)).map(|(at, _)| (&self.hand, at));
        in_hand.chain((0..self.unmatched.len()).map(|at| (&self.unmatched, at)))
    }

    /// How many items would have to be looked up at most: those whose rows are still to come, and of those that met no row
    /// as many as there are rows that met no item.
    fn looked_up_again(&self) -> usize {
        let needed = self.kept().filter_map(|(place, at)| place.get(at)).map(|(_, note)| note);
        let (to_come, past): (Vec<Note>, Vec<Note>) = needed
            .filter(Note::needs_values)
            .partition(|note| note.clock.is_some_and(|at| self.is_to_come(at)));
        to_come.len() + past.len().min(self.unmet.len())
    }

    /// What stands for the values of the items that were compared last.
    fn compared(&self) -> impl Iterator<Item = Digest> {
        let newest = |place| newest(place, self.width);
        let all = newest(&self.hand).chain(newest(&self.closed)).chain(self.recalled.iter().copied());
        all.take(RECOGNISED)
    }
}

fn newest(place: &Hand, width: usize) -> impl Iterator<Item = Digest> {
    (0..place.len()).rev().filter_map(move |at| place.digest(at, width))
}

fn waiting(place: &Hand, at: usize, width: usize) -> Option<(Waiting, Note)> {
    let (item, note) = place.get(at)?;
    let waiting = Waiting {
        key: Key::checked(&key_of(item)).ok()?,
        clock: note.clock.map(Instant::micros),
        is_met: note.is_met,
        is_doubtful: note.is_doubtful,
        values: Digests::of(place.digest(at, width)),
    };
    Some((waiting, note))
}

fn marked(suspect: &Suspect) -> Marked {
    let Suspect { key, clock, looks, upstream, local, seen_before: _ } = suspect;
    Marked {
        key: key.clone(),
        clock: clock.map(Instant::micros),
        looks: *looks,
        upstream: *upstream,
        local: *local,
    }
}

fn suspect(marked: Marked, seen_before: &HashMap<Key, Instant>) -> Suspect {
    let Marked { key, clock, looks, upstream, local } = marked;
    let seen_before = seen_before.get(&key).copied();
    Suspect { key, clock: clock.map(Instant::from_micros), looks, upstream, local, seen_before }
}

fn range(window: Window) -> Range {
    (window.from().micros(), window.to().micros())
}

fn window((from, to): Range) -> Option<Window> {
    Window::new(Instant::from_micros(from), Instant::from_micros(to))
}

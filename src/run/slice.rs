//! One slice: its pages stream past the local rows of the same range, and what differs is left over.
//!
//! Slices are read side by side, each in a task of its own, and never wait for what is judged meanwhile.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{self, BoxFuture};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::Wanted;
use tieout_reconcilers::reconciler::{Filter, Jobs};
use tieout_reconcilers::window::Slice;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::bookmark::{Marks, Opened};
use super::counting::{Count, Counting};
use super::outcome::Failure;
use super::range::CarriedOn;
use super::shape::is_divisible;
use super::shown::ShownTonight;
use super::sorting::{When, is_young, when};
use super::whole::Shown;
use crate::age;
use crate::confirm::{
    Absence, Ages, Care, Confirmation, LookUpBudget, Sentinels, Sides, confirm, rows_by_key,
};
use crate::coverage;
use crate::diff::{BATCH, Difference, KeyedDiff, SliceDiff, Suspect};
use crate::going::Going;
use crate::local::{LocalError, Read as LocalRead, Reader};
use crate::progress::{Progress, Watcher};
use crate::source::{Coverage, NextStep, Walk, Walked, WalkedPage, count};

/// How many bytes of items all slices together may hold that have no order and so wait for their last page.
const MAX_HAND_BYTES: usize = 32 << 20;
/// What a slice among many others may hold all the same.
const MIN_HAND_BYTES: usize = 2 << 20;
/// The fewest keys or items for which local rows are read.
const MIN_BATCH: usize = 1_000;
/// How many keys are looked up before somebody looks whether the run is asked to stop.
pub(super) const LOOKED_UP_AT_ONCE: usize = 200;
/// How many suspects of a slice are confirmed before its turn to be judged comes: whole items wait with them.
const CONFIRMED_AHEAD: usize = 100;
/// How many suspects a slice may leave, where it can be read in halves instead: it waits with them for its turn to be judged.
const MAX_LEFT: usize = 4_000;
/// How often a slice is read again from its own start because the way through its pages was lost.
const MAX_LOST: u32 = 3;

/// A slice that was read.
pub(super) struct Read {
    /// The slice.
    pub(super) slice: Slice,
    /// Whether the saved token that it had was good no more.
    pub(super) was_resynced: bool,
    /// What of it an earlier run had read.
    pub(super) carried_on: Option<CarriedOn>,
    /// Whether what an earlier run had read of it was good no more.
    pub(super) began_anew: bool,
    /// How many pages it had.
    pub(super) pages: u64,
    /// How many rows they had.
    pub(super) n_rows: u64,
    /// What came of it.
    pub(super) seen: Seen,
}

/// How the reading of a slice ended.
pub(super) enum Seen {
    /// To its end, or as far as the walk could go.
    Whole {
        /// What differs.
        difference: Box<Difference>,
        /// What the walk proved, and where the next one goes on.
        walked: Walked,
        /// What was wrong with local rows.
        rows: LocalRead,
        /// Both sides of the suspects that may be judged at once, read again.
        confirmation: Confirmation,
    },
    /// The slice holds more than fits; its halves must be read instead.
    TooLarge,
    /// Not read: the provider counts as many rows in it as it hands out for one query, or more.
    Counted(Count),
    /// All of it lies behind the provider's own word on how far its answer is whole.
    Beyond,
}

/// What comes before the walk of a slice.
#[derive(Debug)]
pub(super) enum Ahead {
    /// The provider is asked how many rows it has, where that can save a walk.
    Count,
    /// Nothing: it was counted, and is walked whatever that said.
    Walk(Count),
    /// What an earlier run had read of it.
    CarryOn(Box<Opened>),
}

impl Read {
    /// A slice of which nothing more is known than how its reading ended.
    pub(super) const fn of(slice: Slice, seen: Seen) -> Self {
        Self { slice, was_resynced: false, carried_on: None, began_anew: false, pages: 0, n_rows: 0, seen }
    }

    /// What the caller does next.
    pub(super) fn next_step(&self) -> NextStep {
        match &self.seen {
            Seen::Whole { walked, .. } => walked.coverage.next_step(),
            Seen::TooLarge => NextStep::Halve,
            Seen::Counted(_) | Seen::Beyond => NextStep::EndWalk,
        }
    }
}

/// What one domain has read so far.
#[derive(Debug, Default)]
pub(super) struct Pace {
    pages: AtomicU64,
    items: AtomicU64,
}

impl Pace {
    /// Pages so far.
    pub(super) fn pages(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }

    fn saw(&self, page: &WalkedPage) -> (u64, u64) {
        let items = page.items.len() as u64;
        let pages = self.pages.fetch_add(1, Ordering::Relaxed) + 1;
        (pages, self.items.fetch_add(items, Ordering::Relaxed) + items)
    }
}

/// How many walks may be under way. Until a provider has given a first page it is one: what refuses one refuses all.
#[derive(Debug)]
pub(super) struct Lanes {
    free: Arc<Semaphore>,
    /// How many there are, at least one.
    pub(super) all: usize,
    open: CancellationToken,
}

impl Lanes {
    /// So many lanes, one of them open.
    pub(super) fn new(all: usize) -> Self {
        let all = all.max(1);
        Self { free: Arc::new(Semaphore::new(all)), all, open: CancellationToken::new() }
    }

    /// Whether all may be used.
    pub(super) fn are_open(&self) -> bool {
        self.open.is_cancelled()
    }

    /// Waits until all may be used.
    pub(super) async fn opened(&self) {
        self.open.cancelled().await;
    }

    /// Takes the last place in the row of those that wait for a lane, whenever it is waited there.
    fn line_up(&self) -> Place {
        let mut place = Box::pin(Arc::clone(&self.free).acquire_owned());
        match (&mut place).now_or_never() {
            Some(lane) => future::ready(lane).boxed(),
            None => place,
        }
    }
}

/// A place in the row of those that wait for a lane.
pub(super) type Place = BoxFuture<'static, Result<OwnedSemaphorePermit, AcquireError>>;

/// What the reading of every slice of a domain needs.
#[derive(Clone)]
pub(super) struct Reading {
    pub(super) sides: Arc<Sides>,
    pub(super) watcher: Arc<dyn Watcher>,
    pub(super) lanes: Arc<Lanes>,
    pub(super) pace: Arc<Pace>,
    pub(super) counting: Arc<Counting>,
    /// Whether the work goes on that the reading is for.
    pub(super) going: Going,
    /// How many items the run may still look up.
    pub(super) budget: Arc<LookUpBudget>,
    /// Items that a look-up must find.
    pub(super) sentinels: Arc<Sentinels>,
    /// What tonight's pages show, where events are followed.
    pub(super) shown: Option<ShownTonight>,
    /// Where it is written down how far slices are, if it is.
    pub(super) marks: Option<Arc<Marks>>,
    /// Once it is over, readings that can be carried on later are given up.
    pub(super) readings: Going,
    /// What the provider's first answer says about how far its answers are whole.
    pub(super) provider_ceiling: Arc<OnceLock<Option<Instant>>>,
    /// The run's start by the process's clock.
    pub(super) start: Instant,
    /// The run's start by the local database's clock.
    pub(super) local_start: Instant,
}

impl Reading {
    /// Takes the last place in the row of those that wait for a lane.
    pub(super) fn line_up(&self) -> Place {
        self.lanes.line_up()
    }

    /// Reads both sides of a slice once it is its turn, again from its start where the provider lost the way.
    pub(super) async fn read(self, mut slice: Slice, ahead: Ahead, place: Place) -> Result<Read, Failure> {
        let mut lane = Some(self.enter(place).await?);
        let (counted, mut opened) = match ahead {
            Ahead::Count => match self.count(&slice).await {
                Some(count) if count.is_over() => return Ok(Read::of(slice, Seen::Counted(count))),
                counted => (counted, None),
            },
            Ahead::Walk(count) => (Some(count), None),
            Ahead::CarryOn(opened) => (None, Some(*opened)),
        };
        let mut lost = 0;
        let (mut was_resynced, mut began_anew) = (false, false);
        loop {
            let permit = match lane.take() {
                Some(lane) => lane,
                None => self.enter(self.line_up()).await?,
            };
            let feed = self.sides.reconciler.feed();
            let read = if feed.changes || feed.timeless {
                self.by_key(&slice, permit).await?
            } else {
                Box::pin(self.by_range(&slice, opened.take(), permit)).await?
            };
            if read.carried_on.is_some_and(|before| before.in_vain) {
                began_anew = true;
                continue;
            }
            match read.next_step() {
                NextStep::ReadAgain if lost < MAX_LOST => lost += 1,
                NextStep::Resync if slice.token.is_some() => {
                    slice.token = None;
                    was_resynced = true;
                }
                NextStep::Halve => return Ok(read),
                _ => {
                    self.hold_against(counted, &read);
                    return Ok(Read { was_resynced, began_anew, ..self.look_twice(read).await? });
                }
            }
        }
    }

    /// Waits for a lane.
    pub(super) async fn enter(&self, place: Place) -> Result<OwnedSemaphorePermit, Failure> {
        tokio::select! {
            biased;
            () = self.readings.over() => Err(Failure::Interrupted),
            lane = place => lane.map_err(|_| Failure::Interrupted),
        }
    }

    /// What the provider counts in a slice that has its lane. Nothing where that saves no walk, or where it does not say.
    pub(super) async fn count(&self, slice: &Slice) -> Option<Count> {
        let Sides { client, reconciler, .. } = self.sides.as_ref();
        let cap = self.counting.cap(reconciler.feed())?;
        match count(client, reconciler.as_ref(), slice).await {
            None => None,
            Some(Ok(said)) => Some(Count { cap: cap.rows, said }),
            Some(Err(why)) => {
                self.counting.give_up(why);
                None
            }
        }
    }

    /// A count that a complete walk shows to be far too high makes nobody split a slice any more.
    fn hold_against(&self, counted: Option<Count>, read: &Read) {
        if let (Some(count), Seen::Whole { walked, .. }) = (counted, &read.seen)
            && walked.coverage == Coverage::Complete
        {
            self.counting.compare(count, read.n_rows);
        }
    }

    /// Reads both sides of the suspects again that may be judged at once, while other slices are read.
    async fn look_twice(&self, mut read: Read) -> Result<Read, Failure> {
        if let Seen::Whole { difference, walked, confirmation, .. } = &mut read.seen {
            let is_complete = walked.coverage == Coverage::Complete && difference.doubts.is_empty();
            let reconciler = &self.sides.reconciler;
            let now = |suspect: &&Suspect| when(suspect, reconciler.as_ref(), is_complete) == When::Now;
            let ceiling = self.ceiling();
            let is_old = |suspect: &&Suspect| !is_young(suspect, ceiling);
            let first = difference.suspects.iter().filter(is_old).filter(now).take(CONFIRMED_AHEAD);
            let items: Vec<Wanted> = first.map(Suspect::wanted).collect();
            let is_settled = age::rest(reconciler.as_ref()).is_zero();
            *confirmation = self.confirm(&items, &|_| is_settled, Absence::Unexpected).await?;
        }
        Ok(read)
    }

    /// Reads both sides of some items again.
    pub(super) async fn confirm(
        &self,
        items: &[Wanted],
        rested: &(dyn Fn(&Key) -> bool + Sync),
        absence: Absence,
    ) -> Result<Confirmation, LocalError> {
        self.confirm_known(items, rested, &|_| None, absence).await
    }

    /// Reads both sides of items again of which an earlier run knows more.
    pub(super) async fn confirm_known(
        &self,
        items: &[Wanted],
        rested: &(dyn Fn(&Key) -> bool + Sync),
        ahead: &(dyn Fn(&Key) -> Option<Instant> + Sync),
        absence: Absence,
    ) -> Result<Confirmation, LocalError> {
        // A key that rested was first seen long enough ago: only a change after that makes it young again.
        let local_ceiling = self.local_start - self.wait();
        let ages = Ages { ceiling: &|| self.ceiling(), local_ceiling, rested, ahead };
        let care = Care { budget: &self.budget, sentinels: &self.sentinels, absence };
        confirm(&self.sides, items, ages, care).await
    }

    /// How long it may take until the copy has a change.
    pub(super) fn wait(&self) -> Duration {
        age::patience(self.sides.reconciler.as_ref())
    }

    /// The ceiling as far as the provider's clock, and its own word on its answers, are known.
    pub(super) fn ceiling(&self) -> Instant {
        let reconciler = &self.sides.reconciler;
        let skew = self.sides.client.first_skew();
        let ours = coverage::ceiling(self.start, reconciler.feed(), reconciler.policy(), skew);
        self.provider_ceiling.get().copied().flatten().map_or(ours, |theirs| ours.min(theirs))
    }

    /// Reads changes, or a feed without a clock: the local rows are looked up batch by batch. Only the whole of a feed tells
    /// which rows it lacks.
    async fn by_key(&self, slice: &Slice, permit: OwnedSemaphorePermit) -> Result<Read, Failure> {
        let reconciler = &self.sides.reconciler;
        let mut diff = KeyedDiff::new(reconciler.fields(), reconciler.feed(), self.batch());
        let mut walk = self.walk(slice);
        let mut rows = LocalRead::default();
        let (mut pages, mut n_rows) = (0, 0);
        let mut shown = (!reconciler.feed().changes).then(Shown::default);
        while let Some(page) = walk.next().await {
            pages += 1;
            n_rows += page.n_rows();
            self.saw(&page);
            if let Some(shown) = &mut shown {
                shown.take(&page.items)?;
            }
            diff.turn_to(page.number);
            diff.take(&page.items);
            diff.take_faults(&page.faults);
            diff.take_gone(&page.gone);
            drop(page);
            if diff.is_full() {
                rows.add(look_up(&self.sides.reader, &mut diff).await?);
            }
        }
        let walked = self.end(walk).await;
        drop(permit);
        rows.add(look_up(&self.sides.reader, &mut diff).await?);
        let mut difference = Box::new(diff.finish());
        if let Some(shown) = shown.filter(|_| walked.coverage == Coverage::Complete) {
            rows.add(shown.add_unmet(&self.sides.reader, &mut difference).await?);
        }
        let confirmation = Confirmation::default();
        let seen = Seen::Whole { difference, walked, rows, confirmation };
        Ok(Read { pages, n_rows, ..Read::of(slice.clone(), seen) })
    }

    pub(super) fn walk(&self, slice: &Slice) -> Walk {
        Walk::start(self.sides.client.clone(), Arc::clone(&self.sides.reconciler), slice.clone())
    }

    pub(super) async fn end(&self, walk: Walk) -> Walked {
        let walked = walk.end().await;
        if walked.coverage == Coverage::Complete {
            self.lanes.open.cancel();
        }
        walked
    }

    /// Takes note of a page. The first one of the run tells how far the provider's answers are whole, where it says so.
    pub(super) fn saw(&self, page: &WalkedPage) {
        self.lanes.open.cancel();
        self.going.moves();
        let (pages, items) = self.pace.saw(page);
        let reconciler = &self.sides.reconciler;
        self.watcher.saw(Progress::Page { domain: reconciler.domain().as_str(), pages, items });
        self.sentinels.saw(&page.items, reconciler.feed(), self.start);
        let settled = |at| coverage::ceiling(at, reconciler.feed(), reconciler.policy(), None);
        self.provider_ceiling.get_or_init(|| page.ceiling.map(settled));
    }

    /// How many items wait for their local rows, so that all slices together hold about as many.
    pub(super) fn batch(&self) -> usize {
        (2 * BATCH / self.lanes.all).clamp(MIN_BATCH, BATCH)
    }

    /// Whether so much differs in a slice that its halves are read instead. An export is one job, and is not begun again for that.
    pub(super) fn leaves_too_much(&self, diff: &SliceDiff<'_>, slice: &Slice) -> bool {
        let feed = self.sides.reconciler.feed();
        diff.n_left() > MAX_LEFT && feed.jobs == Jobs::None && is_divisible(feed, slice.window)
    }

    pub(super) fn hand_bytes(&self) -> usize {
        let is_alone = self.sides.reconciler.feed().filter == Filter::Client;
        let slices = if is_alone { 1 } else { self.lanes.all };
        (MAX_HAND_BYTES / slices).max(MIN_HAND_BYTES)
    }
}

async fn look_up(reader: &Reader, diff: &mut KeyedDiff<'_>) -> Result<LocalRead, LocalError> {
    let (rows, read) = rows_by_key(reader, &diff.keys()).await?;
    diff.meet(&rows);
    Ok(read)
}

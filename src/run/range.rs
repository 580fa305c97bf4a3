//! A window is read: its pages stream past the local rows of the same range, batch by batch, and every now and then it is written
//! down how far it is.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant as Moment;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::{Seen as Found, Wanted};
use tieout_reconcilers::window::{Slice, Window};
use tokio::sync::OwnedSemaphorePermit;

use super::bookmark::{Marker, Opened, Progressed, can_be_carried_on};
use super::counting::Count;
use super::outcome::Failure;
use super::slice::{Read, Reading, Seen};
use crate::confirm::{Confirmation, rows_by_key};
use crate::diff::SliceDiff;
use crate::local::{LocalError, Read as LocalRead, Reader};
use crate::source::{Coverage, Walk, Walked, WalkedPage, Waypoint, lookup};

/// How many pages at hand are taken before a reading stops.
const AT_HAND: usize = 32;
/// How many items of a slice that is carried on are looked up because their values are not known any more; more of them are
/// read again with their pages.
const MAX_FORGOTTEN: usize = 100;

/// What a slice owes to an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CarriedOn {
    /// The pages that were not read again.
    pub(super) pages: u64,
    /// The ceiling of the run that began it.
    pub(super) ceiling: Instant,
    /// Whether another process read it for this run.
    pub(super) is_of_others: bool,
    /// Whether only a reading from the start can tell what the slice holds.
    pub(super) in_vain: bool,
}

/// What came of a slice that was read for another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fetched {
    /// It was read to its end.
    Whole,
    /// Nothing that the other run could not read better itself.
    Nothing,
}

/// A window while it is read.
struct Range<'r> {
    reading: &'r Reading,
    /// The slice as it is judged.
    slice: &'r Slice,
    /// The slice as the walk asks about it.
    asked: Slice,
    diff: SliceDiff<'r>,
    /// Nothing where it was over before.
    walk: Option<Walk>,
    rows: LocalRead,
    pages: u64,
    n_rows: u64,
    marker: Option<Marker>,
    carried_on: Option<CarriedOn>,
}

impl Reading {
    /// Reads a window, from its start or from where an earlier run had come.
    pub(super) async fn by_range(
        &self,
        slice: &Slice,
        opened: Option<Opened>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Read, Failure> {
        let mut range = match opened.and_then(|opened| self.carry_on(slice, opened)) {
            Some(carried_on) => carried_on,
            None => self.begin(slice),
        };
        match range.walk_through().await? {
            ControlFlow::Break(seen) => Ok(range.give_way(seen).await),
            ControlFlow::Continue(()) => range.finish(permit).await,
        }
    }

    /// Reads a slice for another run: what was compared is written down, and is not judged. Says whether that is all of it.
    pub(super) async fn fetch(&self, slice: &Slice) -> Result<Fetched, Failure> {
        // This run may have begun before the other one, or by another clock: it judges no later than its own ceiling.
        let Some(window) = slice.window.until(self.ceiling()) else { return Ok(Fetched::Nothing) };
        let slice = &Slice { window, newest: slice.newest && window == slice.window, ..slice.clone() };
        let permit = self.enter(self.line_up()).await?;
        if self.count(slice).await.is_some_and(Count::is_over) {
            return Ok(Fetched::Nothing);
        }
        let mut range = self.begin(slice);
        let fetched = match range.walk_through().await? {
            ControlFlow::Break(_) => Fetched::Nothing,
            ControlFlow::Continue(()) => match range.close(permit).await?.coverage {
                Coverage::Complete => {
                    range.write(None, Moment::now()).await;
                    Fetched::Whole
                }
                Coverage::Partial(reasons) => match reasons.iter().find(|reason| reason.is_rejected()) {
                    Some(rejected) => return Err(Failure::Credentials(rejected.to_string())),
                    None => Fetched::Nothing,
                },
            },
        };
        range.settle().await;
        Ok(fetched)
    }

    fn begin<'r>(&'r self, slice: &'r Slice) -> Range<'r> {
        let feed = self.sides.reconciler.feed();
        let diff =
            SliceDiff::new(self.sides.reconciler.fields(), feed, slice.window).with_batch(self.batch());
        Range {
            reading: self,
            slice,
            asked: slice.clone(),
            diff: diff.with_young(slice.newest && feed.shows_young()),
            walk: Some(self.walk(slice)),
            rows: LocalRead::default(),
            pages: 0,
            n_rows: 0,
            marker: self.marker(),
            carried_on: None,
        }
    }

    fn carry_on<'r>(&'r self, slice: &'r Slice, opened: Opened) -> Option<Range<'r>> {
        let Opened {
            asked, is_newest, ceiling, pages, n_rows, walk, diff, age, written, is_of_others, ..
        } = opened;
        // What another process reads for this run may be seen after this run has looked at what is followed.
        let written = Some(written).filter(|_| !is_of_others);
        let (fields, feed) = (self.sides.reconciler.fields(), self.sides.reconciler.feed());
        let keeps_young = slice.newest && feed.shows_young();
        // What changed after the window is seen by the slice that is the newest now.
        let diff = if keeps_young { diff } else { diff.without_young() };
        let diff = SliceDiff::carry_on(fields, feed, (diff, written), slice.window.to())?;
        let asked = Slice { window: asked, newest: is_newest, ..slice.clone() };
        let (client, reconciler) = (&self.sides.client, &self.sides.reconciler);
        let walk =
            walk.map(|from| Walk::carry_on(client.clone(), Arc::clone(reconciler), asked.clone(), from, age));
        Some(Range {
            reading: self,
            slice,
            asked,
            diff: diff.with_batch(self.batch()).with_young(keeps_young),
            walk,
            rows: LocalRead::default(),
            pages,
            n_rows,
            marker: self.marker(),
            carried_on: Some(CarriedOn { pages, ceiling, is_of_others, in_vain: false }),
        })
    }

    fn marker(&self) -> Option<Marker> {
        let marks = self.marks.as_ref().filter(|_| can_be_carried_on(self.sides.reconciler.feed()))?;
        Some(Marker::new(Arc::clone(marks)))
    }

    /// The values of items of which only the keys are known any more, as far as they are found.
    async fn values(&self, items: &[Wanted]) -> HashMap<Key, Items> {
        let (items, _) = items.split_at(self.budget.take(items.len()));
        if items.is_empty() {
            return HashMap::new();
        }
        let found = lookup(&self.sides.client, self.sides.reconciler.as_ref(), &self.sides.each, items).await;
        let values = found.confirmed.into_iter().filter_map(|one| match one.seen {
            Found::Item(items, _) => Some((one.key, items)),
            Found::Gone | Found::Unreadable(_) => None,
        });
        values.collect()
    }
}

impl Range<'_> {
    /// Takes page after page; a break where the slice gives way to something else.
    async fn walk_through(&mut self) -> Result<ControlFlow<Seen>, Failure> {
        while let Some(page) = self.next_page().await? {
            if let ControlFlow::Break(seen) = self.take(page).await? {
                return Ok(ControlFlow::Break(seen));
            }
            let is_due = match &mut self.marker {
                Some(marker) => marker.is_due().await,
                None => false,
            };
            if is_due {
                self.mark().await?;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn next_page(&mut self) -> Result<Option<WalkedPage>, Failure> {
        let Some(walk) = &mut self.walk else { return Ok(None) };
        tokio::select! {
            biased;
            () = self.reading.readings.over(), if self.marker.is_some() => {}
            page = walk.next() => return Ok(page),
        }
        self.stop().await
    }

    /// Gives the walk up: the pages at hand are taken, and it is written down how far they lead. What the walk asked for while that
    /// is written would only be asked for again.
    async fn stop(&mut self) -> Result<Option<WalkedPage>, Failure> {
        for _ in 0..AT_HAND {
            let Some(page) = self.walk.as_mut().and_then(Walk::next_at_hand) else { break };
            if self.take(page).await?.is_break() {
                return Err(Failure::Interrupted);
            }
        }
        if let Some(walk) = &self.walk {
            walk.give_up();
        }
        self.mark().await?;
        self.settle().await;
        Err(Failure::Interrupted)
    }

    async fn take(&mut self, page: WalkedPage) -> Result<ControlFlow<Seen>, Failure> {
        self.pages += 1;
        self.n_rows += page.n_rows();
        let (reading, feed) = (self.reading, self.reading.sides.reconciler.feed());
        reading.saw(&page);
        // The provider's clock, and its own word on its answers, are known since the first of them.
        if self.pages == 1 && !self.diff.end_at(reading.ceiling()) {
            return Ok(ControlFlow::Break(Seen::Beyond));
        }
        if let Some(shown) = &reading.shown {
            shown.saw(&page.items, &feed.clock_format, self.slice.window);
        }
        self.diff.turn_to(page.number);
        self.diff.take(&page.items);
        self.diff.take_faults(&page.faults);
        self.diff.take_gone(&page.gone);
        drop(page);
        while let Some(range) = self.diff.ready() {
            if let Some(unread) = self.diff.unread(range) {
                self.rows.add(meet_rows(&reading.sides.reader, &mut self.diff, unread).await?);
            }
            self.diff.close(range);
            reading.going.moves();
        }
        if self.diff.hand_bytes() > reading.hand_bytes() || reading.leaves_too_much(&self.diff, self.slice) {
            return Ok(ControlFlow::Break(Seen::TooLarge));
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Writes down how far the slice is. What is in hand meets its rows first, so that no values need to be written.
    async fn mark(&mut self) -> Result<(), Failure> {
        let began = Moment::now();
        let Some(waypoint) = self.walk.as_ref().and_then(Walk::waypoint) else { return Ok(()) };
        if let Some(range) = self.diff.whole_ticks() {
            self.rows.add(meet_rows(&self.reading.sides.reader, &mut self.diff, range).await?);
            self.diff.pass(range);
        }
        self.write(Some(waypoint), began).await;
        Ok(())
    }

    /// Writes down where the walk is carried on, or that it is over.
    async fn write(&mut self, walk: Option<Waypoint>, began: Moment) {
        let Some(marker) = &mut self.marker else { return };
        let ceiling = self.reading.ceiling();
        let ceiling = self.carried_on.map_or(ceiling, |before| before.ceiling.min(ceiling));
        let are_rows_fine = self.rows.bad_keys + self.rows.unreadable == 0;
        let window = self.slice.window.until(ceiling).filter(|_| are_rows_fine);
        match window.zip(self.diff.saved()) {
            Some((window, diff)) => {
                let (asked, pages, n_rows) = (&self.asked, self.pages, self.n_rows);
                marker.write(Progressed { asked, window, ceiling, pages, n_rows, walk, diff }, began).await;
            }
            None => marker.pass(began),
        }
    }

    async fn settle(&mut self) {
        if let Some(marker) = &mut self.marker {
            marker.settle().await;
        }
    }

    /// What comes after the last page: the rest of the rows.
    async fn close(&mut self, permit: OwnedSemaphorePermit) -> Result<Walked, Failure> {
        let walked = match self.walk.take() {
            Some(walk) => self.reading.end(walk).await,
            None => Walked { coverage: Coverage::Complete, token: None },
        };
        // Others may fetch while the last rows are read.
        drop(permit);
        let is_complete = walked.coverage == Coverage::Complete;
        match self.diff.rest() {
            Some(rest) if is_complete => {
                self.rows.add(meet_rows(&self.reading.sides.reader, &mut self.diff, rest).await?);
                self.diff.close(rest);
            }
            // The rows of a range whose items were not all seen would only look like orphans.
            _ => self.diff.close_unread(),
        }
        Ok(walked)
    }

    /// After that, what met none of them.
    async fn finish(mut self, permit: OwnedSemaphorePermit) -> Result<Read, Failure> {
        let walked = self.close(permit).await?;
        if walked.coverage == Coverage::Complete {
            self.mark_end().await;
        }
        self.settle().await;
        self.resolve(walked).await
    }

    /// Writes down that the walk is over, where it is time, or where that is not committed before other slices are read.
    async fn mark_end(&mut self) {
        let began = Moment::now();
        let must = self.diff.n_unmet() > 0 || self.reading.readings.is_over();
        let is_due = match &mut self.marker {
            Some(marker) => marker.is_due().await,
            None => return,
        };
        if must || is_due {
            self.write(None, began).await;
        }
    }

    /// Looks up on the other side what met nothing.
    async fn resolve(self, walked: Walked) -> Result<Read, Failure> {
        let is_unsure = self.diff.is_unsure();
        let Self { reading, slice, diff, mut rows, pages, n_rows, carried_on, .. } = self;
        let unmatched = diff.finish();
        let (stragglers, faults) = rows_by_key(&reading.sides.reader, &unmatched.keys()).await?;
        rows.add(faults);
        let forgotten = unmatched.forgotten(&stragglers);
        let is_too_much = forgotten.len() > MAX_FORGOTTEN;
        let values = if is_too_much { HashMap::new() } else { reading.values(&forgotten).await };
        let difference = Box::new(unmatched.resolve(&stragglers, &values));
        let carried_on = carried_on.map(|before| {
            let is_doubtful = is_unsure || is_too_much || !difference.doubts.is_empty();
            let in_vain = is_doubtful || is_lost(&walked.coverage, pages > before.pages);
            CarriedOn { in_vain, ..before }
        });
        let seen = Seen::Whole { difference, walked, rows, confirmation: Confirmation::default() };
        Ok(Read { carried_on, pages, n_rows, ..Read::of(slice.clone(), seen) })
    }

    /// A slice that gives way to something else.
    async fn give_way(mut self, seen: Seen) -> Read {
        self.settle().await;
        let Self { slice, pages, n_rows, carried_on, .. } = self;
        Read { carried_on, pages, n_rows, ..Read::of(slice.clone(), seen) }
    }
}

/// Whether a walk that was carried on may have come to nothing because of that: what leads on from an old page is refused, or
/// leads elsewhere by now.
fn is_lost(coverage: &Coverage, has_come: bool) -> bool {
    match coverage {
        Coverage::Complete => false,
        Coverage::Partial(reasons) => reasons.iter().any(|reason| reason.is_about_the_way(has_come)),
    }
}

async fn meet_rows(
    reader: &Reader,
    diff: &mut SliceDiff<'_>,
    range: Window,
) -> Result<LocalRead, LocalError> {
    let mut meet = |row: tieout_reconcilers::row::Row<'_>| {
        diff.meet(row);
        ControlFlow::Continue(())
    };
    reader.rows(range, &mut meet).await
}

//! The slices that are being read side by side. They come back in the order in which they were sent, whichever is done first.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant as Moment;
use tracing::Instrument as _;

use tieout_reconcilers::window::Slice;
use tokio_util::task::AbortOnDropHandle;

use super::bookmark::Opened;
use super::counting::Count;
use super::offers::{Back, Offers};
use super::outcome::Failure;
use super::panicked::landed;
use super::shape::Shape;
use super::slice::{Ahead, Read, Reading};
use crate::going::LAST_WORDS;

/// Slices under way, oldest first. Dropping them gives their walks up.
pub(super) struct Flight {
    reading: Reading,
    /// What an earlier run had begun, before everything else.
    carried_on: VecDeque<(Slice, Opened)>,
    /// What came back from others unread.
    again: VecDeque<Slice>,
    /// What others may read.
    offers: Option<Offers>,
    under_way: VecDeque<AbortOnDropHandle<Result<Read, Failure>>>,
    most: usize,
}

impl Flight {
    /// Nothing under way yet.
    pub(super) fn of(reading: Reading, carried_on: Vec<(Slice, Opened)>, offers: Option<Offers>) -> Self {
        // As many again as walk may wait to be judged, so that one slow slice does not stop the others.
        let most = 2 * reading.lanes.all;
        let (again, under_way) = (VecDeque::new(), VecDeque::new());
        Self { reading, carried_on: carried_on.into(), again, offers, under_way, most }
    }

    /// Sends off the halves of the slice that came back last; they come back before everything else.
    pub(super) fn insert(&mut self, [older, newer]: [Slice; 2]) {
        let [older, newer] = [older, newer].map(|half| self.start(half, Ahead::Count));
        self.under_way.push_front(newer);
        self.under_way.push_front(older);
    }

    /// Sends off the slice that came back last once more, to be walked whatever the provider counts.
    pub(super) fn walk(&mut self, slice: Slice, counted: Count) {
        let walk = self.start(slice, Ahead::Walk(counted));
        self.under_way.push_front(walk);
    }

    /// The next slice, when it was read. As many as may be are under way meanwhile.
    pub(super) async fn next(&mut self, shape: &mut Shape) -> Option<Result<Read, Failure>> {
        let lanes = Arc::clone(&self.reading.lanes);
        let read = loop {
            if let Err(failure) = self.trade(shape).await {
                return Some(Err(failure));
            }
            self.fill(shape);
            let next_look = self.offers.as_ref().and_then(Offers::next_look);
            let Some(oldest) = self.under_way.front_mut() else {
                tokio::time::sleep_until(next_look?.into()).await;
                // Others work, and give signs of life, so this is no standstill.
                self.reading.going.moves();
                continue;
            };
            tokio::select! {
                read = oldest => break read,
                () = lanes.opened(), if !lanes.are_open() => {}
                () = at(next_look) => {}
            }
        };
        self.under_way.pop_front();
        Some(landed(read).unwrap_or(Err(Failure::Interrupted)))
    }

    /// The next slice that is under way, when it was read; nothing more is sent off.
    pub(super) async fn land(&mut self) -> Option<Result<Read, Failure>> {
        let read = self.under_way.front_mut()?.await;
        self.under_way.pop_front();
        Some(landed(read).unwrap_or(Err(Failure::Interrupted)))
    }

    /// Takes what others have read, and lets them read more. Until it is known that the provider answers, nobody else asks it.
    async fn trade(&mut self, shape: &mut Shape) -> Result<(), Failure> {
        let room = self.most.saturating_sub(self.under_way.len() + self.carried_on.len() + self.again.len());
        let Some(offers) = self.offers.as_mut().filter(|_| self.reading.lanes.are_open()) else {
            return Ok(());
        };
        let Back { carried_on, others } = offers.trade(shape, room).await?;
        self.carried_on.extend(carried_on);
        self.again.extend(others);
        Ok(())
    }

    /// Takes back what others were to read.
    pub(super) async fn recall(&mut self) {
        if let Some(offers) = &mut self.offers {
            offers.recall().await;
        }
    }

    /// Sends off as many slices as may be under way.
    fn fill(&mut self, shape: &mut Shape) {
        let most = if self.reading.lanes.are_open() { self.most } else { 1 };
        while self.under_way.len() < most {
            let (slice, ahead) = match self.carried_on.pop_front() {
                Some((slice, opened)) => (slice, Ahead::CarryOn(Box::new(opened))),
                None => match self.again.pop_front().or_else(|| shape.next()) {
                    Some(slice) => (slice, Ahead::Count),
                    None => break,
                },
            };
            let task = self.start(slice, ahead);
            self.under_way.push_back(task);
        }
    }

    /// How many are under way here or elsewhere, or wait for that because somebody else had begun or left them.
    pub(super) fn len(&self) -> usize {
        let away = self.offers.as_ref().map_or(0, Offers::len);
        self.under_way.len() + self.carried_on.len() + self.again.len() + away
    }

    /// Gives all readings up, once they have written down how far they are.
    pub(super) async fn stop(self) {
        self.reading.readings.end();
        let readings = futures::future::join_all(self.under_way);
        if tokio::time::timeout(LAST_WORDS, readings).await.is_err() {
            tracing::warn!("how far the ranges are could not be written down in time");
        }
    }

    fn start(&self, slice: Slice, ahead: Ahead) -> AbortOnDropHandle<Result<Read, Failure>> {
        // Tasks may begin in any order; slices that are judged in their order are read in it too.
        let place = self.reading.line_up();
        AbortOnDropHandle::new(tokio::spawn(self.reading.clone().read(slice, ahead, place).in_current_span()))
    }
}

/// Waits for a moment; for ever where there is none.
async fn at(moment: Option<Moment>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

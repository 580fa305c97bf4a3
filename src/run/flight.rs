//! The slices that are being read side by side. They come back in the order in which they were sent, whichever is done first.

use std::collections::VecDeque;
use std::sync::Arc;

use tieout_reconcilers::window::Slice;
use tokio_util::task::AbortOnDropHandle;

use super::counting::Count;
use super::outcome::Failure;
use super::shape::Shape;
use super::slice::{Ahead, Read, Reading};

/// Slices under way, oldest first. Dropping them gives their walks up.
pub(super) struct Flight {
    reading: Reading,
    under_way: VecDeque<AbortOnDropHandle<Result<Read, Failure>>>,
    most: usize,
}

impl Flight {
    /// Nothing under way yet.
    pub(super) fn of(reading: Reading) -> Self {
        // As many again as walk may wait to be judged, so that one slow slice does not stop the others.
        let most = 2 * reading.lanes.all;
        Self { reading, under_way: VecDeque::new(), most }
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
            self.fill(shape);
            let oldest = self.under_way.front_mut()?;
            tokio::select! {
                read = oldest => break read,
                () = lanes.opened(), if !lanes.are_open() => {}
            }
        };
        self.under_way.pop_front();
        Some(read.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Failure::Interrupted),
        }))
    }

    /// Sends off as many slices as may be under way.
    fn fill(&mut self, shape: &mut Shape) {
        let most = if self.reading.lanes.are_open() { self.most } else { 1 };
        while self.under_way.len() < most
            && let Some(slice) = shape.next()
        {
            let task = self.start(slice, Ahead::Count);
            self.under_way.push_back(task);
        }
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.under_way.len()
    }

    fn start(&self, slice: Slice, ahead: Ahead) -> AbortOnDropHandle<Result<Read, Failure>> {
        AbortOnDropHandle::new(tokio::spawn(self.reading.clone().read(slice, ahead)))
    }
}

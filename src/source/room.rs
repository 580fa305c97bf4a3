//! How much may be read and not compared yet: one budget of bytes for every walk, and a number of pages for each.
//!
//! A body takes its place before it is read. One that turns out larger takes more where there is more; beyond that, one
//! body at a time may overdraw, and the others wait for it. Whoever overdraws waits for nobody, so nobody waits in a ring.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes of pages in flight, over all walks.
const BYTES: usize = 16 << 20;
/// What places are counted in.
const UNIT: usize = 1 << 10;
/// The place of a body of which nothing is known.
const USUAL: usize = 64 << 10;
/// The pages of all walks together that may wait for the comparison.
const PAGES_AHEAD: usize = 24;

/// The room that walks share. Clones are the same room.
#[derive(Debug, Clone)]
pub struct Room {
    shared: Arc<Shared>,
    ahead: usize,
}

#[derive(Debug)]
struct Shared {
    units: Arc<Semaphore>,
    overdraft: Arc<Semaphore>,
    /// Units in all.
    all: usize,
    /// Bytes of the last body, which is what the next one is expected to have.
    usual: AtomicUsize,
}

impl Default for Room {
    fn default() -> Self {
        Self::shared_by(1)
    }
}

impl Room {
    /// The room of so many walks at once: each may be the fewer pages ahead of its comparison, the more there are.
    #[must_use]
    pub fn shared_by(walks: usize) -> Self {
        Self::of(BYTES, (PAGES_AHEAD / walks.max(1)).max(1))
    }

    fn of(bytes: usize, ahead: usize) -> Self {
        let all = units(bytes).max(4);
        let shared = Shared {
            units: Arc::new(Semaphore::new(all)),
            overdraft: Arc::new(Semaphore::new(1)),
            all,
            usual: AtomicUsize::new(USUAL),
        };
        Self { shared: Arc::new(shared), ahead }
    }

    /// How many pages of one walk may wait for the comparison.
    #[must_use]
    pub(super) const fn ahead(&self) -> usize {
        self.ahead
    }

    /// Waits until a usual body has its place.
    pub(super) async fn enter(&self) -> Held {
        let Shared { units: free, all, usual, .. } = self.shared.as_ref();
        let count = units(usual.load(Ordering::Relaxed)).clamp(1, all / 4);
        let place = Arc::clone(free).acquire_many_owned(permits(count)).await.ok();
        Held { shared: Arc::clone(&self.shared), place, overdraft: None }
    }
}

/// The place of one page, given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    shared: Arc<Shared>,
    place: Option<OwnedSemaphorePermit>,
    overdraft: Option<OwnedSemaphorePermit>,
}

impl Held {
    /// Makes the place large enough for a body that has so many bytes by now.
    pub(super) async fn grow(&mut self, bytes: usize) {
        let Some(place) = self.place.as_mut().filter(|_| self.overdraft.is_none()) else { return };
        let missing = units(bytes).saturating_sub(place.num_permits());
        if missing == 0 {
            return;
        }
        match Arc::clone(&self.shared.units).try_acquire_many_owned(permits(missing)) {
            Ok(more) => place.merge(more),
            Err(_) => self.overdraft = Arc::clone(&self.shared.overdraft).acquire_owned().await.ok(),
        }
    }

    /// The body is whole; the next one is expected to be like it.
    pub(super) fn whole(&self, bytes: usize) {
        self.shared.usual.store(bytes, Ordering::Relaxed);
    }

    /// Gives the place back before its time.
    pub(super) fn leave(&mut self) {
        self.place = None;
        self.overdraft = None;
    }

    /// Keeps only the place of what was taken out of the body.
    pub(super) fn shrink(&mut self, bytes: usize) {
        self.overdraft = None;
        let Some(place) = self.place.as_mut() else { return };
        let more = place.num_permits().saturating_sub(units(bytes).max(1));
        drop(place.split(more));
    }
}

const fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT)
}

fn permits(units: usize) -> u32 {
    u32::try_from(units).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    fn free(room: &Room) -> usize {
        room.shared.units.available_permits()
    }

    #[tokio::test]
    async fn a_page_gives_back_what_its_items_do_not_need_and_then_the_rest() {
        let room = Room::of(1 << 20, 1);
        let mut held = room.enter().await;
        assert_eq!(free(&room), 1024 - 64);
        held.grow(100 << 10).await;
        assert_eq!(free(&room), 1024 - 100);
        held.shrink(5 << 10);
        assert_eq!(free(&room), 1024 - 5);
        drop(held);
        assert_eq!(free(&room), 1024);
    }

    #[tokio::test]
    async fn the_next_body_is_expected_to_be_like_the_last_one_and_never_to_fill_the_room() {
        let room = Room::of(1 << 20, 1);
        room.enter().await.whole(10 << 10);
        let held = room.enter().await;
        assert_eq!(free(&room), 1024 - 10);
        held.whole(1 << 30);
        let other = room.enter().await;
        assert_eq!(free(&room), 1024 - 10 - 256);
        drop((held, other));
    }

    #[tokio::test]
    async fn where_every_body_outgrows_the_room_one_after_the_other_gets_through() {
        let room = Room::of(256 << 10, 1);
        let mut first = room.enter().await;
        let mut second = room.enter().await;
        first.grow(8 << 20).await;
        assert!(second.grow(8 << 20).now_or_never().is_none(), "two overdraw at once");
        first.shrink(1 << 10);
        second.grow(8 << 20).await;
        drop((first, second));
        assert_eq!(free(&room), 256);
    }

    #[tokio::test]
    async fn many_walks_with_pages_of_any_size_all_come_to_their_end() {
        let room = Room::of(64 << 10, 1);
        let walk = |n: usize| {
            let room = room.clone();
            tokio::spawn(async move {
                for page in 0..20 {
                    let mut held = room.enter().await;
                    for piece in 1..=8 {
                        held.grow((piece * ((n * 37 + page * 11) % 64)) << 10).await;
                        tokio::task::yield_now().await;
                    }
                    held.whole((n * 37 % 64) << 13);
                    held.shrink(n << 10);
                }
            })
        };
        for walk in (0..32).map(walk).collect::<Vec<_>>() {
            walk.await.unwrap();
        }
        assert_eq!(free(&room), 64);
    }
}

//! What a walk hands out: a page that was read, with its place in the room.

use std::time::SystemTime;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::projection::ItemFault;

use super::waypoint::Stands;
use crate::source::room::Held;

/// A page that was read.
#[derive(Debug)]
pub struct WalkedPage {
    /// Its place in the walk, from 1.
    pub number: u64,
    /// Its rows, projected.
    pub items: Items,
    /// Its rows that could not be projected.
    pub faults: Vec<ItemFault>,
    /// Items that it names as deleted.
    pub gone: Vec<Key>,
    /// The instant up to which the provider says that its answer is whole.
    pub ceiling: Option<Instant>,
    /// When its answer was complete, by our clock.
    pub fetched_at: SystemTime,
    /// Where the walk stands after it, if it can be carried on from there.
    pub(super) stands: Option<Stands>,
    /// Its place in the room.
    pub(super) _held: Held,
}

impl WalkedPage {
    /// How many rows it had, whether or not they could be projected.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        (self.items.len() + self.faults.len() + self.gone.len()) as u64
    }
}

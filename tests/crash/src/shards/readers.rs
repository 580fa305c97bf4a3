//! Which pods read slices for the one that holds the domain.

use std::collections::BTreeSet;
use std::fmt;

use crate::place::Place;

/// Who was seen reading.
#[derive(Default)]
pub(super) struct Readers {
    /// The indexes of all.
    all: BTreeSet<String>,
    /// The most at one moment.
    pub(super) at_once: usize,
}

impl Readers {
    /// Looks who reads at the moment. A file whose tables are not there yet has no readers.
    pub(super) async fn look(&mut self, place: &Place) {
        let sql = "SELECT holder FROM slice_leases WHERE claim IS NOT NULL";
        let claims = place.state.try_rows(sql).await.unwrap_or_default();
        let holders = claims.into_iter().filter_map(|mut row| row.swap_remove(0));
        let now: BTreeSet<String> =
            holders.filter_map(|holder| Some(holder.split_once(',')?.0.to_owned())).collect();
        self.at_once = self.at_once.max(now.len());
        self.all.extend(now);
    }
}

impl fmt::Display for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pods, {} at once, read for the leader", self.all.len(), self.at_once)
    }
}

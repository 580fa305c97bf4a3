//! When a suspect may be judged. Pure: it depends on what the slice proved and on what the feed can prove at all.

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;

use crate::diff::{Looks, Suspect};

/// When a suspect is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// With its slice.
    Now,
    /// At the end of the domain, after it has rested for the settle time.
    Rested,
    /// Not at all: the slice proves nothing about it.
    Never,
}

/// Whether the list itself showed that an item changed too short a time ago to be judged.
pub(super) fn is_young(suspect: &Suspect, ceiling: Instant) -> bool {
    suspect.upstream && suspect.clock.is_some_and(|at| at >= ceiling)
}

/// When a suspect of a slice is judged.
pub(super) fn when(suspect: &Suspect, reconciler: &dyn Reconciler, slice_is_complete: bool) -> When {
    let feed = reconciler.feed();
    match suspect.looks {
        Looks::Orphaned
            if !(slice_is_complete && (feed.absence_is_evidence() || bug!("orphans_of_updates"))) =>
        {
            When::Never
        }
        // Orphans wait for the end of the domain, when it is known whether upstream was empty altogether.
        Looks::Orphaned | Looks::Deleted => When::Rested,
        Looks::Mismatched if rests(reconciler, Kind::Mismatched) => When::Rested,
        Looks::Missing if rests(reconciler, Kind::Missing) => When::Rested,
        _ => When::Now,
    }
}

/// Whether nothing but waiting tells a difference of a kind from a webhook that is on its way.
fn rests(reconciler: &dyn Reconciler, kind: Kind) -> bool {
    !reconciler.feed().dates(kind) && !reconciler.policy().settle.is_zero()
}

//! When a suspect may be judged. Pure: it depends on what the slice proved and on what the feed can prove at all.

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Reconciler;

use crate::age::{is_undated, rest};
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
    let kind = suspect.looks.kind(reconciler.direction());
    let shows_all = reconciler.feed().absence_is_evidence() || bug!("orphans_of_updates");
    match suspect.looks {
        Looks::LocalOnly if !(slice_is_complete && shows_all) => When::Never,
        // What upstream does not show waits for the end of the domain, when it is known what else its walks left out.
        Looks::LocalOnly | Looks::Deleted => When::Rested,
        // Orphans wait until it is known whether the truth was empty altogether.
        _ if kind == Kind::Orphaned => When::Rested,
        _ if is_undated(reconciler, kind) && !rest(reconciler).is_zero() => When::Rested,
        _ => When::Now,
    }
}

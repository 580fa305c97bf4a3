//! How long a difference must have lasted before it may be judged. Pure; it depends on which side is the truth and on what
//! the sides say of their changes.
//!
//! What is on its way needs time: a webhook to the local side, which `settle` covers; or a request to the provider, which
//! `settle` covers too, and then the provider's own time until what it took can be read back.

use std::time::Duration;

use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::row::Row;

/// How long after a change nothing is concluded from the sides' being different.
#[must_use]
pub fn patience(reconciler: &dyn Reconciler) -> Duration {
    let (feed, settle) = (reconciler.feed(), reconciler.policy().settle);
    match reconciler.direction() {
        Direction::Inbound => feed.lag.max(settle),
        Direction::Outbound if bug!("request_is_instant") => settle,
        Direction::Outbound => settle + feed.lag.max(feed.confirm_after),
    }
}

/// How long a difference must have been known that nothing dates.
#[must_use]
pub fn rest(reconciler: &dyn Reconciler) -> Duration {
    match reconciler.direction() {
        Direction::Inbound => reconciler.policy().settle,
        Direction::Outbound => patience(reconciler),
    }
}

/// Whether nothing says when the sides came to differ in this way, so that only waiting can rule out that something is on
/// its way.
#[must_use]
pub fn is_undated(reconciler: &dyn Reconciler, kind: Kind) -> bool {
    match (kind, reconciler.direction()) {
        (_, Direction::Inbound) => !reconciler.feed().dates(kind),
        (Kind::Unreadable, Direction::Outbound) => false,
        (Kind::Orphaned, Direction::Outbound) => true,
        (Kind::Missing | Kind::Mismatched, Direction::Outbound) => reconciler.local().changed.is_none(),
    }
}

/// The same of a row that was read: it may lack the time of its change although the domain names a column for it.
#[must_use]
pub fn is_row_undated(reconciler: &dyn Reconciler, kind: Kind, row: Option<&Row<'_>>) -> bool {
    let is_told = row.is_some_and(|row| row.changed.is_some());
    let tells =
        reconciler.direction() == Direction::Outbound && matches!(kind, Kind::Missing | Kind::Mismatched);
    is_undated(reconciler, kind) || (tells && !is_told)
}

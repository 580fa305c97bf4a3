//! The parts of a feed that its requests are made for, and how they go together.

use super::items::Items;
use super::keys::Keys;
use super::walk::Walk;
use crate::define::checked::Fault;
use crate::define::document::Problems;
use crate::define::lint::{self, Spots};
use crate::define::paging::Paging;
use crate::define::problem::Spot;
use crate::define::rows_file::RowsDefinition;
use crate::define::window_file::WindowDefinition;
use crate::path::Path;
use crate::reconciler::Cure;

/// The parts of a feed that its requests are made for.
pub(super) struct Parts {
    pub(super) paging: Paging,
    pub(super) window: WindowDefinition,
    pub(super) rows: RowsDefinition,
    pub(super) keys: Keys,
    pub(super) spots: Spots,
}

impl Parts {
    /// All of them, where each could be understood.
    pub(super) fn of(walk: Walk, items: Items, problems: &mut Problems<'_>) -> Option<Self> {
        let Walk { paging, window, next_spot, window_spot } = walk;
        let Items { rows, keys } = items;
        reads_beside_rows(paging.as_ref(), rows.as_ref(), next_spot, problems);
        let (paging, mut window, rows, keys) = (paging?, window?, rows?, keys?);
        window.feed.changes = paging.save.is_some();
        window.feed.cursor_ttl = paging.ttl;
        window.feed.is_led = paging.by.leads();
        let spots = Spots { next: next_spot, window: window_spot, order: window.order_spot };
        Some(Self { paging, window, rows, keys, spots })
    }

    /// Says what is wrong or rarely meant of them together.
    pub(super) fn lint(&self, is_export: bool, follows_events: bool, problems: &mut Problems<'_>) {
        lint::lint(&self.paging, &self.window, is_export, self.spots, problems);
        lint::misses_changes(&self.window, follows_events, self.spots, problems);
    }

    /// Where a row has the id that a query can begin behind: its key, unless `cap` names another.
    pub(super) fn rekey(&self, problems: &mut Problems<'_>) -> Option<Path> {
        self.window.feed.cap.filter(|cap| cap.then == Cure::Rekey)?;
        let only = if let [only] = &*self.keys.id { Some(only.clone()) } else { None };
        let key = self.window.rekey.clone().or(only);
        if key.is_none() {
            let fault = Fault::new("a query cannot begin anew behind a key of several parts");
            let help = "say `cap: {key: PATH}`, the member that the list is sorted by";
            problems.add(self.spots.window, fault.with_help(help));
        }
        key
    }
}

/// Lists of rows have no members of their own.
fn reads_beside_rows(
    paging: Option<&Paging>,
    rows: Option<&RowsDefinition>,
    spot: Spot,
    problems: &mut Problems<'_>,
) {
    let (Some(paging), Some(rows)) = (paging, rows) else { return };
    if rows.format.is_rows() && paging.signals().iter().any(Option::is_some) {
        let fault = Fault::new("a body of this `format` has nothing beside its rows");
        problems.add(spot, fault.with_help("read `next` from a header, such as `header:X-Next`"));
    }
}

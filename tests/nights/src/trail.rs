//! What becomes of each change of an item on its way to the shop, as it really is.

use crate::story::{Item, Micros, Row, Sent};

/// The changes of an item, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    pub(crate) steps: Vec<Step>,
    /// When the shop first had a row of it while the provider had the item.
    pub(crate) first_there: Option<Micros>,
}

/// A change at the provider.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) at: Micros,
    /// The second that the provider writes for it.
    pub(crate) second: i64,
    pub(crate) item: Option<Item>,
    pub(crate) sent: Option<Sent>,
    pub(crate) receipts: Vec<Receipt>,
    /// When the shop first showed it, or a later change.
    pub(crate) shown: Option<Micros>,
}

/// A webhook that stands in the shop's table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt {
    pub(crate) at: Micros,
    /// Whether the handler wrote what it was told.
    pub(crate) is_applied: bool,
}

impl Trail {
    pub(crate) fn step_of(&mut self, event: &str) -> Option<&mut Step> {
        self.steps.iter_mut().find(|step| step.sent.as_ref().is_some_and(|sent| sent.event == event))
    }

    /// Takes note of what the shop shows after something happened.
    pub(crate) fn shows(&mut self, row: Option<&Row>, at: Micros) {
        if row.is_some() && self.steps.last().is_some_and(|step| step.item.is_some()) {
            self.first_there.get_or_insert(at);
        }
        let newest = self.steps.iter().rposition(|step| match (&step.item, row) {
            (Some(item), Some(row)) => item.is_shown_by(row),
            (item, row) => item.is_none() && row.is_none(),
        });
        for step in self.steps.iter_mut().take(newest.map_or(0, |newest| newest + 1)) {
            step.shown.get_or_insert(at);
        }
    }
}

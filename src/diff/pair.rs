//! What an item and a row look like beside each other, before anybody asks again.

use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::items::ItemView;
use tieout_reconcilers::row::Row;

use super::hand::Note;
use super::suspect::{Looks, Tally};

/// What a pair looks like. One that agrees looks like nothing: it is counted and may be forgotten.
pub(super) fn compare(
    fields: &Fields,
    item: ItemView<'_>,
    note: Note,
    row: &Row<'_>,
    tally: &mut Tally,
) -> Option<Looks> {
    if note.is_doubtful {
        return Some(Looks::Different);
    }
    match fields.agree(item, row) {
        Ok(true) => count_money(fields, item, row, tally),
        // What this list does not say yet, or the local side was not told yet, is no drift, and no sum to compare either.
        _ if fields.is_copy_ahead(item, row) => {}
        Ok(false) => return Some(Looks::Different),
        Err(_) => return Some(Looks::Unreadable),
    }
    tally.matched += 1;
    None
}

fn count_money(fields: &Fields, item: ItemView<'_>, row: &Row<'_>, tally: &mut Tally) {
    if let (Some(upstream), Some(local)) = (fields.money_upstream(item), fields.money_local(row)) {
        tally.upstream_money.add(&upstream.0, upstream.1);
        tally.local_money.add(&local.0, local.1);
    }
}

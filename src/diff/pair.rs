//! What an item and a row look like beside each other, before anybody asks again.

use tieout_reconcilers::compare::{Fields, Versions, versions};
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
        return Some(Looks::Mismatched);
    }
    match fields.agree(item, row) {
        Ok(true) => count_money(fields, item, row, tally),
        // What the local side has not been told yet by this list is no drift, and no sum to compare either.
        _ if versions(item, row) == Versions::LocalAhead => {}
        Ok(false) => return Some(Looks::Mismatched),
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

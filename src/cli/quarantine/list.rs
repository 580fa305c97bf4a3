//! `tieout quarantine list` and `show`: what cannot be read.

use super::args::{QuarantineListArgs, QuarantineShowArgs};
use super::pick::one;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::config::Loaded;
use crate::quarantine::State;
use crate::report::{EntryView, exit, json, text};
use crate::store::Store;

pub(super) async fn list(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &QuarantineListArgs,
) -> Result<u8, Failure> {
    let state = match (args.dropped, args.gone) {
        (true, _) => State::Accepted,
        (_, true) => State::Gone,
        _ => State::Open,
    };
    let mut entries = args.shared.find(loaded, store, &[state]).await?;
    let shown = if args.limit == 0 { entries.len() } else { args.limit.min(entries.len()) };
    let not_listed = (entries.len() - shown) as u64;
    entries.truncate(shown);
    let views: Vec<EntryView<'_>> = entries.iter().map(EntryView::from).collect();
    desk.output.show(
        |look| text::quarantine(&entries, not_listed, look),
        || json::quarantine(&views, not_listed),
        || json::lines("quarantine_entry", &views),
    )?;
    Ok(exit::DONE)
}

pub(super) async fn show(desk: &Desk, store: &Store, args: &QuarantineShowArgs) -> Result<u8, Failure> {
    let entry = one(store, &args.id).await?;
    let view = EntryView::from(&entry);
    desk.output.show(
        |look| text::quarantine_entry(&entry, look),
        || json::whole("tieout.quarantine_entry/v1", &view),
        || json::lines("quarantine_entry", [&view]),
    )?;
    Ok(exit::DONE)
}

//! `tieout replay list` and `show`: what was replayed, and how far it is.

use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::report::{ReplayView, exit, json, text};
use crate::store::{ReplaySelector, Store};

pub(super) async fn list(desk: &Desk, store: &Store, limit: u32) -> Result<u8, Failure> {
    let all = store.replays(u32::MAX).await.map_err(|error| wire::store_failure(&error))?;
    let shown =
        if limit == 0 { all.len() } else { all.len().min(usize::try_from(limit).unwrap_or(usize::MAX)) };
    let not_listed = (all.len() - shown) as u64;
    let views: Vec<ReplayView> = all.iter().take(shown).map(ReplayView::from).collect();
    desk.output.show(
        |look| text::replays(&views, not_listed, look),
        || json::replays(&views, not_listed),
        || json::lines("replay", &views),
    )?;
    Ok(exit::DONE)
}

pub(super) async fn show(desk: &Desk, store: &Store, selector: &ReplaySelector) -> Result<u8, Failure> {
    let record = store.find_replay(selector).await.map_err(|error| wire::store_failure(&error))?;
    let view = ReplayView::from(&record);
    desk.output.show(
        |look| text::replay(&view, look),
        || json::whole("tieout.replay/v1", &view),
        || json::lines("replay", [&view]),
    )?;
    Ok(exit::DONE)
}

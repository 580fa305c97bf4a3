//! `tieout dlq drop`: a person decides that dead letters are never sent.

use super::args::DropArgs;
use super::retry::plan;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Loaded;
use crate::report::{ChosenView, DroppedView, exit, json, text};
use crate::store::Store;

pub(super) async fn drop(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &DropArgs,
) -> Result<u8, Failure> {
    // What goes nowhere any more can be dropped as well.
    let chosen = args.which.choose(loaded, store, |_| true).await?;
    let before = chosen.judged(store).await?;
    if args.dry_run {
        return plan(desk, &before);
    }
    if before.eligible > 0 {
        let what = format!("Would drop {} dead letters for good and park their findings", before.eligible);
        args.consent.to(desk, &what).await?;
    }
    let (by, reason) = (args.actor.name(), args.reason.0.clone());
    let dropped = store.drop_dead_letters(&chosen.ids, &by, &reason).await;
    let fates = dropped.map_err(|error| wire::store_failure(&error))?;
    let view = DroppedView { chosen: chosen.with_those_left_out(ChosenView::of(&fates)), by, reason };
    desk.output.show(
        |look| text::dropped(&view, look),
        || json::whole("tieout.dropped/v1", &view),
        || json::lines("dropped", [&view]),
    )?;
    Ok(exit::DONE)
}

//! `tieout replay --cancel`: a replay is not carried on, whoever carries it out.

use super::args::ReplayArgs;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::report::{ReplayView, exit, json, text};
use crate::store::{Cancelled, ReplaySelector, ReplayState, Store};

pub(super) async fn cancel(
    desk: &Desk,
    store: &Store,
    args: &ReplayArgs,
    selector: &ReplaySelector,
) -> Result<u8, Failure> {
    let by = args.actor.name();
    let cancelled = store.cancel_replay(selector, &by).await.map_err(|error| wire::store_failure(&error))?;
    let (record, was) = match cancelled {
        Cancelled::Now { was, now } => (now, was),
        Cancelled::Already(record) if record.state == ReplayState::Done => {
            let message = format!("replay {} is done: there is nothing to cancel", record.replay_id);
            return Err(Failure::usage("replay_over", message));
        }
        Cancelled::Already(record) => (record, ReplayState::Cancelled),
    };
    let view = ReplayView::from(record.as_ref());
    desk.output.show(
        |_| text::replay_cancelled(&view, was),
        || json::whole("tieout.replay/v1", &view),
        || json::lines("replay", [&view]),
    )?;
    Ok(exit::DONE)
}

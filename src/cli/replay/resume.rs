//! `tieout replay --resume`: an interrupted replay goes on where it stopped.

use super::args::ReplayArgs;
use super::begin::runs;
use super::errand::Errand;
use super::tell::show;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Loaded;
use crate::report::exit;
use crate::store::{CarriedOn, ReplayRecord, ReplayRequest, ReplaySelector, ReplayState, Store};

pub(super) async fn resume(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &ReplayArgs,
    selector: &ReplaySelector,
) -> Result<u8, Failure> {
    let found = store.find_replay(selector).await.map_err(|error| wire::store_failure(&error))?;
    match found.state {
        ReplayState::Interrupted => {}
        ReplayState::Running => return Err(runs(&found, &desk.output.look)),
        ReplayState::Done | ReplayState::Cancelled => return Err(over(&found)),
    }
    let errand = errand(&found, args);
    let counted = errand.count(store).await?;
    if args.dry_run {
        return show(desk, &errand.view(&counted), exit::DONE);
    }
    let agreed = counted.agreed(desk, loaded, args.consent).await?;
    let taken = store.carry_replay_on(&found.replay_id.into(), errand.request.pause).await;
    match taken.map_err(|error| wire::store_failure(&error))? {
        CarriedOn::Runs(running) => Err(runs(&running, &desk.output.look)),
        CarriedOn::Over(record) => Err(over(&record)),
        CarriedOn::Now(turn, record) => {
            // It may have come further while somebody was asked.
            let errand = Errand { from: record.progress, ..errand };
            errand.carry_out(desk, loaded, store, agreed, turn).await
        }
    }
}

/// What is left of a replay.
fn errand(found: &ReplayRecord, args: &ReplayArgs) -> Errand {
    let pause = args.rate.map_or(found.request.pause, |pace| pace.0);
    let request = ReplayRequest { pause, ..found.request.clone() };
    Errand { request, from: found.progress, by: args.actor.name() }
}

/// Why a replay is not gone on with.
fn over(found: &ReplayRecord) -> Failure {
    let (id, sent) = (found.replay_id, found.progress.sent);
    let why = match &found.ended_by {
        Some(by) => format!("{by} cancelled replay {id} after {sent} events"),
        None => format!("replay {id} is done: it sent {sent} events"),
    };
    let message = format!(
        "{why}, so there is nothing to go on with\na new one begins with filters, as in `tieout replay --since 24h`"
    );
    Failure::usage("replay_over", message)
}

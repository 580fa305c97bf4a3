//! `tieout replay FILTERS`: begins a replay, unless the same one goes on already.

use std::time::Duration;

use uuid::Uuid;

use super::args::ReplayArgs;
use super::asked::{filter, likeness};
use super::errand::Errand;
use super::tell::show;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Loaded;
use crate::report::exit;
use crate::report::text::Look;
use crate::store::{Begun, NewReplay, Progress, ReplayRecord, ReplayRequest, Store};

pub(super) async fn begin(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &ReplayArgs,
) -> Result<u8, Failure> {
    let errand = Errand {
        request: ReplayRequest {
            filter: filter(loaded, store, args).await?,
            to: args.to.clone(),
            is_forced: args.force,
            limit: args.limit,
            pause: args.rate.map_or(Duration::ZERO, |pace| pace.0),
        },
        from: Progress::default(),
        by: args.actor.name(),
    };
    let counted = errand.count(store).await?;
    if args.dry_run || counted.eligible == 0 {
        return show(desk, &errand.view(&counted), exit::DONE);
    }
    let agreed = counted.agreed(desk, loaded, args.consent).await?;
    let new = NewReplay {
        replay_id: Uuid::now_v7(),
        who: errand.by.clone(),
        likeness: likeness(&errand.request.filter, args),
        request: errand.request.clone(),
        eligible: agreed.1.eligible,
    };
    match store.begin_replay(&new).await.map_err(|error| wire::store_failure(&error))? {
        Begun::Runs(running) => Err(runs(&running, &desk.output.look)),
        Begun::Now { turn, interrupted } => {
            if let Some(earlier) = interrupted {
                let id = earlier.replay_id;
                let resume = desk.output.look.command(&format!("replay --resume {id}"));
                tracing::warn!(
                    "this begins anew; replay {id} of the same was interrupted, and goes on with: {resume}"
                );
            }
            errand.carry_out(desk, loaded, store, agreed, turn).await
        }
    }
}

/// Why a replay is not begun or gone on with: this one goes on.
pub(super) fn runs(running: &ReplayRecord, look: &Look) -> Failure {
    let ReplayRecord { replay_id, who, begun_at, progress, eligible, .. } = running;
    let [show, cancel] = [format!("replay show {replay_id}"), format!("replay --cancel {replay_id}")];
    let message = format!(
        "replay {replay_id} of the same events goes on already: {who} began it at {begun_at}, and {} of {eligible} are sent\n\
         how far it is: {}; end it: {}",
        progress.sent,
        look.command(&show),
        look.command(&cancel)
    );
    Failure::exiting(exit::LOCKED, "replay_runs", message)
}

//! `tieout state unlock`: the lease of a run that is dead is broken, so that the next one need not wait for it to lapse.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::spoken::Spoken;

use super::args::UnlockArgs;
use super::{kept, members};
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::report::{BrokenLease, exit, json, text};
use crate::store::{Force, Store, Unlocked};

pub(super) async fn unlock(
    desk: &Desk,
    store: &Store,
    domain: &dyn Reconciler,
    args: &UnlockArgs,
) -> Result<u8, Failure> {
    let kept = kept(store, domain).await?;
    let force = if args.force { Force::Yes } else { Force::No };
    let (who, mut broken) = (args.actor.name(), Vec::new());
    for each in members(&kept, args.each.as_deref())? {
        let unlocked = store.unlock(domain.domain(), &each, force, &who).await;
        match unlocked.map_err(|error| wire::store_failure(&error))? {
            Unlocked::Free => {}
            Unlocked::Broken { holder } => {
                broken.push(BrokenLease { each: each.as_str().to_owned(), holder });
            }
            Unlocked::Alive { holder, since, last_sign, lapses_at } => {
                let now = store.now().await.map_err(|error| wire::store_failure(&error))?;
                return Err(alive(&each, &holder, [since, last_sign, lapses_at], now));
            }
        }
    }
    let name = domain.domain().as_str();
    desk.output.show(
        |_| text::unlocked(name, &broken),
        || json::unlocked(name, &broken),
        || json::lines("unlocked", &broken),
    )?;
    Ok(exit::DONE)
}

/// The holder works, as far as anybody can tell.
fn alive(each: &Each, holder: &str, [since, last_sign, lapses_at]: [Instant; 3], now: Instant) -> Failure {
    let seconds = |from: Instant, to: Instant| {
        let seconds = u64::try_from((to.micros() - from.micros()) / 1_000_000).unwrap_or_default();
        Spoken(Duration::from_secs(seconds)).to_string()
    };
    let member = if each.as_str().is_empty() { String::new() } else { format!(" of {}", each.as_str()) };
    let message = format!(
        "the lease{member} is held by {holder} since {since}, which gave its last sign of life {} ago\n\
         it lapses by itself in {} unless the holder renews it; if you know that it is dead, say `--force`",
        seconds(last_sign, now),
        seconds(now, lapses_at)
    );
    Failure::exiting(exit::LOCKED, "alive", message)
}

//! `tieout state`: what is kept of a domain, and what a person may change of it.

mod args;
mod pause;
mod rewind;
mod show;
mod unlock;

pub use args::{JournalArgs, KeptArgs, PauseArgs, ResumeArgs, RewindArgs, StateCommand, UnlockArgs};

use std::sync::Arc;

use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::Reconciler;

use super::desk::Desk;
use super::failure::Failure;
use super::select::Selection;
use super::wire;
use crate::report::exit;
use crate::store::{KeptState, Store};

/// Carries `state` out.
pub(super) async fn carry_out(desk: &Desk, command: StateCommand) -> Result<u8, Failure> {
    let wanted: Selection = match &command {
        StateCommand::Show(args) => (&args.domains).into(),
        StateCommand::Rewind(args) => vec![args.domain.clone()].into(),
        StateCommand::Unlock(args) => vec![args.domain.clone()].into(),
        StateCommand::Pause(args) => (&args.domains).into(),
        StateCommand::Resume(args) => (&args.domains).into(),
        StateCommand::Journal(args) => return pause::journal(desk, args).await,
    };
    let loaded = wire::load(desk)?;
    let domains = wire::selected(&loaded, wanted)?;
    let store = wire::open_store(&loaded.config).await?;
    let done = match command {
        StateCommand::Show(_) => show::show(desk, &store, &domains).await,
        StateCommand::Pause(args) => pause::pause(desk, &store, &domains, &args).await,
        StateCommand::Resume(args) => pause::resume(desk, &store, &domains, &args).await,
        StateCommand::Journal(_) => Ok(exit::DONE),
        StateCommand::Rewind(args) => match only(&domains) {
            Ok(domain) => rewind::rewind(desk, &store, domain, &args).await,
            Err(failure) => Err(failure),
        },
        StateCommand::Unlock(args) => match only(&domains) {
            Ok(domain) => unlock::unlock(desk, &store, domain, &args).await,
            Err(failure) => Err(failure),
        },
    };
    store.close().await;
    done
}

/// What is changed by hand is changed one domain at a time.
fn only(domains: &[Arc<dyn Reconciler>]) -> Result<&dyn Reconciler, Failure> {
    match domains {
        [only] => Ok(only.as_ref()),
        several => {
            let names: Vec<&str> = several.iter().map(|domain| domain.domain().as_str()).collect();
            let message = format!("name one domain; this matches {}", names.join(", "));
            Err(Failure::usage("several_domains", message))
        }
    }
}

/// The members of a domain that something is kept of: the one that was named, else all.
fn members(kept: &KeptState, named: Option<&str>) -> Result<Vec<Each>, Failure> {
    let Some(named) = named else { return Ok(kept.members.keys().cloned().collect()) };
    let each = Each::stored(named);
    if kept.members.contains_key(&each) {
        return Ok(vec![each]);
    }
    let known: Vec<&str> = kept.members.keys().map(Each::as_str).filter(|each| !each.is_empty()).collect();
    let message = match known.as_slice() {
        [] => format!(
            "nothing is kept of a member `{named}`: the domain is read once, for nobody in particular"
        ),
        known => format!("nothing is kept of a member `{named}`\nknown members: {}", known.join(", ")),
    };
    Err(Failure::usage("no_such_member", message))
}

async fn kept(store: &Store, domain: &dyn Reconciler) -> Result<KeptState, Failure> {
    store.kept_state(domain.domain()).await.map_err(|error| wire::store_failure(&error))
}

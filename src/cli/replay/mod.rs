//! `tieout replay`: what was sent before is sent again, to the same queue or to refill another one, as a job that can be watched,
//! cancelled and gone on with.

mod args;
mod asked;
mod begin;
mod cancel;
mod count;
mod end;
mod errand;
mod list;
mod resume;
mod tell;

pub use args::{ReplayArgs, ReplayCommand};

use super::desk::Desk;
use super::failure::Failure;
use super::wire;
use crate::config::Loaded;
use crate::store::Store;

/// Carries `replay` out.
pub(super) async fn carry_out(desk: &Desk, args: &ReplayArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let done = dispatch(desk, &loaded, &store, args).await;
    store.close().await;
    done
}

async fn dispatch(desk: &Desk, loaded: &Loaded, store: &Store, args: &ReplayArgs) -> Result<u8, Failure> {
    match (&args.command, &args.resume, &args.cancel) {
        (Some(ReplayCommand::List { limit }), ..) => list::list(desk, store, *limit).await,
        (Some(ReplayCommand::Show { replay }), ..) => list::show(desk, store, replay).await,
        (None, Some(resumed), _) => resume::resume(desk, loaded, store, args, resumed).await,
        (None, None, Some(cancelled)) => cancel::cancel(desk, store, args, cancelled).await,
        (None, None, None) => begin::begin(desk, loaded, store, args).await,
    }
}

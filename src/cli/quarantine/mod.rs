//! `tieout quarantine`: the items, rows and pages that cannot be read, and what a person does about them.

mod args;
mod drop;
mod export;
mod list;
mod pick;
mod retry;

pub use args::{
    Picked, QuarantineCommand, QuarantineDropArgs, QuarantineExportArgs, QuarantineListArgs,
    QuarantineRetryArgs, QuarantineShowArgs, Shared,
};

use super::desk::Desk;
use super::failure::Failure;
use super::wire;
use crate::config::Loaded;
use crate::store::Store;

/// Carries `quarantine` out.
pub(super) async fn carry_out(desk: &Desk, command: QuarantineCommand) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let done = dispatch(desk, &loaded, &store, &command).await;
    store.close().await;
    done
}

async fn dispatch(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    command: &QuarantineCommand,
) -> Result<u8, Failure> {
    match command {
        QuarantineCommand::List(args) => list::list(desk, loaded, store, args).await,
        QuarantineCommand::Show(args) => list::show(desk, store, args).await,
        QuarantineCommand::Retry(args) => retry::retry(desk, loaded, store, args).await,
        QuarantineCommand::Drop(args) => drop::drop(desk, loaded, store, args).await,
        QuarantineCommand::Export(args) => export::export(desk, loaded, store, args).await,
    }
}

//! `tieout dlq`: the events that the relay gave up, grouped by their cause, and what a person does with them.

mod args;
mod drop;
mod due;
mod export;
mod list;
mod retry;
mod show;
mod which;

pub use args::{DlqCommand, DropArgs, ExportArgs, ListArgs, RetryArgs, ShowLettersArgs, Wanted};
pub(super) use due::{Delivery, Reach, retry_in_silence};
pub(super) use export::{open_file, told};
pub use which::{EventName, Filters, Reason, Which};

use super::desk::Desk;
use super::failure::Failure;
use super::publish::{Ended, publish};
use super::wire;
use crate::config::Loaded;
use crate::store::Store;

/// Carries `dlq` out.
pub(super) async fn carry_out(desk: &Desk, command: DlqCommand) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let done = dispatch(desk, &loaded, &store, &command).await;
    if done.is_ok() && changes(&command) {
        publish(desk, &loaded, &store, Ended::by_hand(&loaded.domains)).await;
    }
    store.close().await;
    done
}

const fn changes(command: &DlqCommand) -> bool {
    match command {
        DlqCommand::Retry(args) => !args.dry_run,
        DlqCommand::Drop(args) => !args.dry_run,
        DlqCommand::List(_) | DlqCommand::Show(_) | DlqCommand::Export(_) => false,
    }
}

async fn dispatch(desk: &Desk, loaded: &Loaded, store: &Store, command: &DlqCommand) -> Result<u8, Failure> {
    match command {
        DlqCommand::List(args) => list::list(desk, loaded, store, args).await,
        DlqCommand::Show(args) => show::show(desk, loaded, store, args).await,
        DlqCommand::Retry(args) => retry::retry(desk, loaded, store, args).await,
        DlqCommand::Drop(args) => drop::drop(desk, loaded, store, args).await,
        DlqCommand::Export(args) => export::export(desk, loaded, store, args).await,
    }
}

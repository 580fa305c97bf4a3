//! `tieout quarantine export`: entries as lines, for a provider or a colleague. What was sent is in none of them, because it is not
//! kept.

use std::io::{self, Write as _};

use super::args::QuarantineExportArgs;
use crate::cli::desk::Desk;
use crate::cli::dlq::{open_file, told};
use crate::cli::failure::Failure;
use crate::cli::output::written;
use crate::config::Loaded;
use crate::quarantine::State;
use crate::report::{EntryView, exit, json};
use crate::store::Store;

pub(super) async fn export(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &QuarantineExportArgs,
) -> Result<u8, Failure> {
    let entries = args.shared.find(loaded, store, &[State::Open, State::Accepted]).await?;
    let views = entries.iter().map(EntryView::from);
    let lines = json::lines("quarantine_entry", views)
        .map_err(|error| Failure::failed("export", error.to_string()))?;
    if args.to.as_os_str() == "-" {
        return written(io::stdout().lock().write_all(lines.as_bytes())).map(|()| exit::DONE);
    }
    let mut file = open_file(&args.to, args.overwrite)?;
    let wrote = file.write_all(lines.as_bytes()).and_then(|()| file.sync_all());
    wrote.map_err(|error| Failure::failed("export", format!("{}: {error}", args.to.display())))?;
    told(desk, entries.len(), &args.to)
}

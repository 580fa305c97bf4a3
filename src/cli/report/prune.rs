//! `tieout report prune`: old reports go, in the state store and in the folder of reports. The runs themselves stay in the list.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use chrono::Utc;
use serde::Deserialize;
use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::args::PruneArgs;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::report::{PrunedView, Status, exit, json, text};
use crate::report_file;
use crate::store::{RunMode, RunSummary, Store, StoreError};

/// What is read of a report.
#[derive(Deserialize)]
struct Selected {
    #[serde(default)]
    selected: Vec<String>,
}

pub(super) async fn prune(desk: &Desk, args: &PruneArgs) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let store = wire::open_store(&loaded.config).await?;
    let pruned = carry_out(desk, args, &store, loaded.config.report_folder.as_deref()).await;
    store.close().await;
    let view = pruned?;
    desk.output.show(
        |_| text::pruned(&view),
        || json::whole("tieout.pruned/v1", &view),
        || json::lines("pruned", [&view]),
    )?;
    Ok(exit::DONE)
}

async fn carry_out(
    desk: &Desk,
    args: &PruneArgs,
    store: &Store,
    folder: Option<&Path>,
) -> Result<PrunedView, Failure> {
    let broken = |error: StoreError| wire::store_failure(&error);
    let old = old(store, args).await.map_err(broken)?;
    let (number, is_done) = (old.len() as u64, !args.dry_run);
    if is_done && number > 0 {
        args.consent.to(desk, &format!("Would take {number} old reports out for good")).await?;
    }
    let mut view = PrunedView { reports: number, files: 0, is_done };
    for run_id in &old {
        let file = folder.map(|folder| report_file::place(folder, *run_id)).filter(|file| file.exists());
        view.files += u64::from(file.is_some());
        if !is_done {
            continue;
        }
        // The file first: what is left of a prune that ends here is found by the next one.
        if let Some(file) = file
            && let Err(error) = std::fs::remove_file(&file)
            && error.kind() != io::ErrorKind::NotFound
        {
            let message = format!("{} cannot be removed: {error}", file.display());
            return Err(Failure::failed("report_file", message));
        }
        store.prune_report(*run_id).await.map_err(broken)?;
    }
    Ok(view)
}

/// The runs whose reports are old enough. What a domain was last reported in stays, and what a run may still be gone on with.
async fn old(store: &Store, args: &PruneArgs) -> Result<Vec<Uuid>, StoreError> {
    let now = Instant::from(Utc::now());
    let begins = args.keep.map(|keep| now - keep);
    let mut latest: BTreeSet<(&'static str, String)> = BTreeSet::new();
    let mut old = Vec::new();
    let mut n_kept = 0;
    for run in store.runs(u32::MAX).await? {
        let record = store.run(run.run_id).await?;
        let Some(report) = record.report_json else { continue };
        let selected = serde_json::from_str::<Selected>(&report).map(|one| one.selected).unwrap_or_default();
        // Nobody knows whose last one it is.
        let mut is_latest = selected.is_empty();
        for domain in selected {
            is_latest |= latest.insert((run.mode.as_str(), domain));
        }
        let is_new = begins.is_some_and(|begins| run.started_at >= begins)
            || args.keep_last.is_some_and(|most| n_kept < most);
        if is_new || is_latest || is_needed(&run) {
            n_kept += 1;
        } else {
            old.push(run.run_id);
        }
    }
    Ok(old)
}

/// Whether the run goes on, or another one may go on with it.
fn is_needed(run: &RunSummary) -> bool {
    let may_be_resumed =
        run.mode == RunMode::Run && run.status == Status::Interrupted && run.successor.is_none();
    run.status == Status::Running || may_be_resumed
}

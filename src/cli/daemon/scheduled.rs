//! One run of the daemon, with the configuration that it begins with.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tieout_reconcilers::reconciler::Reconciler;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::setup::Setup;
use crate::cli::desk::Desk;
use crate::cli::diary::{Diary, of_run};
use crate::cli::failure::Failure;
use crate::cli::reconcile::{Called, told};
use crate::metrics;
use crate::report::{Status, exit};
use crate::run::{Call, Mode, Options, unopened};
use crate::store::{Happened, Store};

/// A run that was claimed.
pub(super) struct Scheduled {
    pub(super) desk: Desk,
    pub(super) setup: Arc<Setup>,
    pub(super) called: Called,
    pub(super) heartbeat: Duration,
    pub(super) options: Options,
    pub(super) store: Store,
    pub(super) diary: Diary,
}

impl Scheduled {
    /// Carries it out, whatever happens, and writes down how it ended.
    pub(super) async fn carry_out(self) {
        let Self { mut desk, setup, called, heartbeat, options, store, diary } = self;
        // Whole reports are in the state store; what a log needs is how a run ended.
        desk.output = desk.output.quiet();
        let (run_id, domains, call) =
            (called.run_id, called.domains.clone(), called.call(&desk, &setup.loaded));
        // On a thread of its own: its work may not move between threads, and a mistake of the program ends this run and nothing else.
        let runtime = Handle::current();
        let night = tokio::task::spawn_blocking(move || {
            runtime.block_on(told(&desk, &setup.loaded, called, heartbeat, options))
        });
        let ended = match night.await {
            Ok(Ok(code)) => format!("exit {code}"),
            Ok(Err(failure)) => {
                close(&store, run_id, (&domains, &call), &failure).await;
                format!("exit {}: {}", failure.exit, failure.message)
            }
            Err(error) => {
                let failure = Failure::failed("panic", error.to_string());
                close(&store, run_id, (&domains, &call), &failure).await;
                format!("exit {}: tieout made a mistake", failure.exit)
            }
        };
        diary.note(of_run(run_id, Happened::Ended, ended)).await;
    }
}

/// Gives a run its report that could not write its own. One that did keeps it.
async fn close(store: &Store, run_id: Uuid, about: (&[Arc<dyn Reconciler>], &Call), failure: &Failure) {
    let report = unopened(run_id, about, Mode::Run, Utc::now().into(), failure.reason(), &failure.message);
    let json = serde_json::to_string(&report).unwrap_or_default();
    let status = match failure.exit {
        exit::INTERRUPTED | exit::TERMINATED => Status::Interrupted,
        _ => Status::Failed,
    };
    let ends = metrics::ends(&report, true);
    if let Err(error) = store.finish_run(run_id, status, failure.exit.into(), &json, &ends).await {
        tracing::warn!(%run_id, error = error.with_causes(), "how the run ended could not be written");
    }
}

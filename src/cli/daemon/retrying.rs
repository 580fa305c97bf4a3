//! The retry job between the runs of the daemon: dead letters whose time has come. It never ends the daemon, and keeps no run waiting.

use std::sync::Arc;

use tieout_reconcilers::instant::Instant;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::setup::Setup;
use crate::cli::diary::Diary;
use crate::cli::dlq::{Delivery, Reach, retry_in_silence};
use crate::daemon::Retries;
use crate::store::{Happened, Store, StoreError};

/// What the daemon knows of dead letters.
#[derive(Default)]
pub(super) struct Retrying {
    retries: Retries,
    /// The retry that is under way, or that ended and was not heard of.
    under_way: Option<oneshot::Receiver<Ended>>,
}

/// How a retry ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Well,
    Failed,
}

/// What a retry needs.
pub(super) struct Job {
    pub(super) setup: Arc<Setup>,
    pub(super) store: Store,
    pub(super) diary: Diary,
    pub(super) delivery: Delivery,
}

impl Retrying {
    /// Begins a retry if something is due and none is under way. A run that works meanwhile is no obstacle: events are put back and claimed one
    /// by one, by whoever comes first.
    pub(super) async fn look(
        &mut self,
        now: Instant,
        job: Job,
        tasks: &TaskTracker,
    ) -> Result<(), StoreError> {
        if self.is_under_way(now) || !self.retries.is_time(now) {
            return Ok(());
        }
        let reach = Reach::usable(&job.setup.loaded, &job.setup.scheduled);
        let within = reach.next(&job.store).await?.map(|next| next.within);
        self.retries.asked(now, within);
        if within.is_some_and(|within| within.is_zero()) {
            self.under_way = Some(begin(job, reach, tasks));
        }
        Ok(())
    }

    fn is_under_way(&mut self, now: Instant) -> bool {
        let Some(under_way) = &mut self.under_way else { return false };
        let ended = match under_way.try_recv() {
            Err(oneshot::error::TryRecvError::Empty) => return true,
            // It said nothing because it panicked.
            Err(oneshot::error::TryRecvError::Closed) => Ended::Failed,
            Ok(ended) => ended,
        };
        self.under_way = None;
        if ended == Ended::Failed {
            self.retries.failed(now);
        }
        false
    }
}

/// On a thread of its own, as a run: a mistake of the program ends this retry and nothing else.
fn begin(job: Job, reach: Reach, tasks: &TaskTracker) -> oneshot::Receiver<Ended> {
    let (ended, hears) = oneshot::channel();
    let runtime = Handle::current();
    let diary = job.diary.clone();
    let work = tokio::task::spawn_blocking(move || runtime.block_on(carry_out(job, reach)));
    tasks.spawn(async move {
        let how = match work.await {
            Ok(how) => how,
            Err(error) => {
                diary.says(Happened::RetryFailed, format!("tieout made a mistake: {error}")).await;
                Ended::Failed
            }
        };
        // Where nobody hears it, the daemon is at its end.
        let _heard = ended.send(how);
    });
    hears
}

async fn carry_out(job: Job, reach: Reach) -> Ended {
    let Job { setup, store, diary, delivery } = job;
    match retry_in_silence(&setup.loaded, (&store, &diary), &reach, delivery).await {
        Ok(()) => Ended::Well,
        Err(failure) => {
            tracing::warn!("dead letters that are due are tried again later: {}", failure.message);
            Ended::Failed
        }
    }
}

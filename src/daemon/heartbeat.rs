//! The heartbeat of a daemon: tokio-cron-scheduler, which fires each second by UTC and knows nothing of domains.
//!
//! It has a thread and a runtime of its own: what its tasks do wakes nobody else. That library wakes up four times for each beat, so while
//! nothing is due for a while the thread alone beats, once a second. The library's next beat is a time of the wall clock, so a clock that is
//! put back would leave it waiting; a heart that is silent is started anew.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant as Moment};

use chrono::Utc;
use tieout_reconcilers::instant::Instant;
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::sync::CancellationToken;

use super::watch::{Beat, Watch};

/// Each second, by UTC.
const EACH_SECOND: &str = "* * * * * *";

/// After how long without a beat the heart is started anew.
const SILENCE: Duration = Duration::from_secs(10);

/// How far from a beat is to the next while nothing is due for a while.
const REST: Duration = Duration::from_secs(1);

/// How long is waited before a heart is started that could not be.
const PAUSE: Duration = Duration::from_secs(1);

/// A heart that beats until it is dropped.
#[derive(Debug)]
pub struct Heartbeat {
    watch: Arc<Mutex<Watch>>,
    beats: Receiver<Beat>,
    stop: CancellationToken,
    thread: Thread,
}

/// What a beat needs.
#[derive(Clone)]
struct Heart {
    watch: Arc<Mutex<Watch>>,
    beats: Sender<Beat>,
    heard: Arc<Notify>,
}

impl Heartbeat {
    /// Starts it.
    pub fn start() -> io::Result<Self> {
        let (sender, beats) = channel(1);
        let watch = Arc::new(Mutex::new(Watch::default()));
        let heart = Heart { watch: Arc::clone(&watch), beats: sender, heard: Arc::default() };
        let stop = CancellationToken::new();
        let until = stop.clone();
        let spawned =
            thread::Builder::new().name("heartbeat".to_owned()).spawn(move || live(&heart, &until))?;
        Ok(Self { watch, beats, stop, thread: spawned.thread().clone() })
    }

    /// Waits until somebody has to look; nothing once the heart is dead.
    pub async fn beat(&mut self) -> Option<Beat> {
        self.beats.recv().await
    }

    /// Nothing is due before then; at all, where that is nothing.
    pub fn wake_at(&self, at: Option<Instant>) {
        lock(&self.watch).wake_at(at);
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.stop.cancel();
        self.thread.unpark();
    }
}

fn lock(watch: &Mutex<Watch>) -> MutexGuard<'_, Watch> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One life after the other. Each has a runtime of its own, with which everything goes that an earlier one has left.
fn live(heart: &Heart, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if heart.may_rest() {
            heart.beat();
            thread::park_timeout(REST);
            continue;
        }
        let runtime = match Builder::new_current_thread().enable_time().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(%error, "the heartbeat cannot be started");
                thread::sleep(PAUSE);
                continue;
            }
        };
        runtime.block_on(async {
            if let Err(error) = heart.beats_until(stop).await {
                tracing::error!(%error, "the heartbeat cannot be started");
                tokio::time::sleep(PAUSE).await;
            }
        });
    }
}

impl Heart {
    fn may_rest(&self) -> bool {
        lock(&self.watch).is_quiet(Utc::now().into())
    }

    /// Beats until it is stopped, may rest, or falls silent.
    async fn beats_until(&self, stop: &CancellationToken) -> Result<(), JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let heart = self.clone();
        let job = Job::new_async(EACH_SECOND, move |_, _| {
            heart.beat();
            Box::pin(async {})
        })?;
        scheduler.add(job).await?;
        scheduler.start().await?;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                last = timeout(SILENCE, self.heard.notified()) => if last.is_err() || self.may_rest() {
                    return Ok(());
                },
            }
        }
    }

    fn beat(&self) {
        self.heard.notify_one();
        let moment = Moment::now();
        let mut watch = lock(&self.watch);
        if let Some(beat) = watch.beat(Utc::now().into(), moment)
            && self.beats.try_send(beat).is_ok()
        {
            watch.looks(moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_beats_at_once_and_then_when_something_is_due() {
        let mut heart = Heartbeat::start().unwrap();
        let first = heart.beat().await.unwrap();
        heart.wake_at(Some(first.now + Duration::from_secs(1)));
        let second = heart.beat().await.unwrap();
        assert!(second.now > first.now, "{first:?} {second:?}");
    }

    #[tokio::test]
    async fn a_heart_at_rest_beats_for_what_becomes_due() {
        let mut heart = Heartbeat::start().unwrap();
        heart.beat().await.unwrap();
        heart.wake_at(None);
        tokio::time::timeout(REST * 3, heart.beat()).await.unwrap_err();
        let due = Instant::from(Utc::now());
        heart.wake_at(Some(due));
        assert!(heart.beat().await.unwrap().now >= due);
    }
}

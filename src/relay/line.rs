//! One queue during a drain: what the relay remembers of it, and when it has its turns.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;
use tracing::warn;

use super::Relay;
use super::drained::Drained;
use super::flow::take_turn;
use super::pace::Pace;
use crate::queue::{Outcome, Queue, QueueFault};
use crate::store::StoreError;

/// Events of one batch, where a queue takes as many.
const BATCH: u32 = 500;

/// A queue that broke off after so long was given more than it could do in its time; one that broke off at once was not there. A test does not
/// wait for a queue that it has told what to answer.
const LATE: Duration = if cfg!(test) { Duration::from_millis(50) } else { Duration::from_secs(5) };

/// One queue during a drain.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) queue: &'a mut dyn Queue,
    pub(super) pace: Pace,
    pub(super) drained: Drained,
    backoff: ExponentialBackoff,
    not_before: Instant,
}

/// How the turn of a queue went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Something was tried.
    Worked,
    /// There is nothing to do before this instant.
    WaitUntil(Instant),
    /// There is nothing more to do.
    Empty,
}

impl<'a> Line<'a> {
    pub(super) fn new(name: &'a str, queue: &'a mut dyn Queue) -> Self {
        let pace = Pace::up_to(BATCH.min(queue.takes_at_once()));
        Self { name, queue, pace, drained: Drained::default(), backoff: pauses(), not_before: Instant::now() }
    }

    /// Delivers what is pending for this queue. An error of the state store is the end of the drain for all queues.
    pub(super) async fn drain(mut self, relay: &Relay<'_>) -> Result<Drained, StoreError> {
        match self.take_turns(relay).await {
            Ok(()) => Ok(self.drained),
            Err(error) => {
                relay.going.end();
                Err(error)
            }
        }
    }

    async fn take_turns(&mut self, relay: &Relay<'_>) -> Result<(), StoreError> {
        while relay.goes_on() {
            let turn = if Instant::now() < self.not_before {
                Turn::WaitUntil(self.not_before)
            } else {
                take_turn(relay, self).await?
            };
            match turn {
                Turn::Worked => {}
                Turn::WaitUntil(at) if at < relay.deadline => {
                    let pause = at.saturating_duration_since(Instant::now());
                    if relay.going.pause(pause).await.is_err() {
                        break;
                    }
                }
                Turn::WaitUntil(_) | Turn::Empty => break,
            }
        }
        Ok(())
    }

    /// Takes note of how the queue answered, and after how long: what that means for its next turn, or nothing where it may be given more at
    /// once.
    pub(super) fn hear(
        &mut self,
        outcomes: &[Outcome],
        fault: Option<QueueFault>,
        took: Duration,
    ) -> Option<Turn> {
        self.pace.saw(outcomes);
        if let Some(fault) = fault {
            if took >= LATE && matches!(fault, QueueFault::Unreachable { .. }) {
                self.pace.was_late();
            }
            return Some(self.leave_alone(fault));
        }
        self.backoff = pauses();
        self.drained.faults.remove(self.name);
        self.pace.rest(outcomes).map(|rest| self.wait(rest))
    }

    /// Leaves a queue alone for a while, or for the rest of the drain where trying again is useless.
    fn leave_alone(&mut self, fault: QueueFault) -> Turn {
        let fault = fault.of_queue(self.name);
        warn!(queue = self.name, "{fault}");
        let delay = match &fault {
            QueueFault::Unreachable { .. } => self.backoff.next(),
            QueueFault::Refused { .. } => None,
        };
        self.drained.faults.insert(self.name.to_owned(), fault);
        delay.map_or(Turn::Empty, |delay| self.wait(delay))
    }

    fn wait(&mut self, delay: Duration) -> Turn {
        self.not_before = Instant::now() + delay;
        Turn::WaitUntil(self.not_before)
    }
}

/// Pauses of a queue that cannot be reached: half a second, doubled up to ten seconds, with jitter, without end.
fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(10))
        .without_max_times()
        .with_jitter()
        .build()
}

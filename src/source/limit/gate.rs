//! Lets requests of one budget through, one after the other, when the budget says so.
//!
//! Only the first in the queue waits for the clock; so a pause holds all, and after it they leave at the budget's pace.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tieout_reconcilers::define::limits::Allowance;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::budget::{Budget, Ended, Ready, Ticket};
use super::shared::Shared;
use super::trouble::{Attempts, Verdict};
use crate::going::Going;
use crate::source::error::SourceError;
use crate::source::provider::Caps;
use tieout_reconcilers::pace::Seen;

/// Where the requests of a budget pass.
#[derive(Debug)]
pub(super) struct Gate {
    queue: tokio::sync::Mutex<()>,
    /// How many are in the queue.
    waiting: AtomicU32,
    budget: Mutex<Budget>,
    /// Where other processes have a share in the declared rate.
    shared: Option<Shared>,
    /// The pace that was asked for, where one was: all budgets of the provider have a share in it.
    pace: Option<Shared>,
    /// Something that the first in the queue waits for may have come to pass.
    changed: Notify,
    seats: Option<Semaphore>,
    max_wait: Duration,
    /// Whether every request passes at once.
    is_open: bool,
}

/// A request that was let through, and is under way until this is dropped.
#[derive(Debug)]
pub(in crate::source) struct Permit<'g> {
    gate: &'g Gate,
    ticket: Ticket,
    _seat: Option<SemaphorePermit<'g>>,
    _shared_seat: Option<SemaphorePermit<'g>>,
}

impl Gate {
    pub(super) fn new(allowance: &Allowance, caps: &Caps, shared: Option<Shared>) -> Self {
        let budget = Budget::new(allowance, caps, Instant::now());
        let budget = if shared.is_some() { budget.sharing_its_rate() } else { budget };
        Self {
            queue: tokio::sync::Mutex::default(),
            waiting: AtomicU32::new(0),
            budget: Mutex::new(budget),
            shared,
            pace: None,
            changed: Notify::new(),
            seats: allowance.concurrent.map(|seats| Semaphore::new(seats.get() as usize)),
            max_wait: caps.max_wait,
            is_open: false,
        }
    }

    /// The same, whose requests wait for their turn in a pace as well.
    pub(super) fn paced(self, pace: Option<Shared>) -> Self {
        Self { pace, ..self }
    }

    /// Waits for a turn in the pace that was asked for.
    pub(super) async fn keep_pace(
        &self,
        deadline: Option<Instant>,
        going: &Going,
    ) -> Result<(), SourceError> {
        match &self.pace {
            Some(pace) => pace.turn(1, deadline, going).await,
            None => Ok(()),
        }
    }

    /// Waits for a moment of every limit that others have a share in.
    async fn share(&self, deadline: Option<Instant>, going: &Going) -> Result<(), SourceError> {
        for moments in [&self.pace, &self.shared].into_iter().flatten() {
            moments.turn(self.waiting.load(Ordering::Relaxed), deadline, going).await?;
        }
        Ok(())
    }

    /// The same, which lets every request through at once.
    pub(super) fn opened(self) -> Self {
        Self { is_open: true, ..self }
    }

    /// Whether every request passes at once.
    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Waits for a seat among those that are under way, where their number is limited.
    pub(super) async fn seat(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.seats.as_ref()?.acquire().await.ok()
    }

    /// Waits until a request may be sent, unless that is beyond the deadline or what a run waits.
    pub(super) async fn enter<'g>(
        &'g self,
        shared_seat: Option<SemaphorePermit<'g>>,
        deadline: Option<Instant>,
        going: &Going,
    ) -> Result<Permit<'g>, SourceError> {
        let seat = self.seat().await;
        let ticket = self.turn(deadline, going).await?;
        Ok(Permit { gate: self, ticket, _seat: seat, _shared_seat: shared_seat })
    }

    async fn turn(&self, deadline: Option<Instant>, going: &Going) -> Result<Ticket, SourceError> {
        let _waits = Waits::among(&self.waiting);
        let _first_in_the_queue = self.queue.lock().await;
        let shares_nothing = self.shared.is_none() && self.pace.is_none();
        let (mut due, mut has_moment) = (None, shares_nothing);
        loop {
            let now = Instant::now();
            let ready = self.budget().ready(now);
            if ready == Ready::Now && !has_moment {
                self.share(deadline, going).await?;
                has_moment = true;
                continue;
            }
            // Where something came between, the moment is over with it.
            has_moment = shares_nothing || ready == Ready::Now;
            match ready {
                Ready::Now => return Ok(self.budget().take(due, now)),
                Ready::At(_) | Ready::TooLate(_) | Ready::TooSlow(_) if self.is_open => {
                    return Ok(self.budget().take(due, now));
                }
                Ready::TooLate(asked) => return Err(SourceError::Throttled { asked, most: self.max_wait }),
                Ready::TooSlow(wait) => return Err(SourceError::NotSoon { wait, most: self.max_wait }),
                Ready::At(at) if deadline.is_some_and(|deadline| at > deadline) => {
                    return Err(SourceError::OutOfTime);
                }
                Ready::At(at) => {
                    due = Some(at);
                    let what = self.budget().waits_for(at);
                    going.waits_for(at, what);
                    tokio::select! {
                        () = sleep_until(at) => {}
                        () = self.changed.notified() => {}
                    }
                }
                Ready::AfterAnAnswer => self.changed.notified().await,
            }
        }
    }

    /// Whether the provider should be asked how much is left before the next request.
    pub(super) fn wants_quota(&self) -> bool {
        self.budget().wants_quota(Instant::now())
    }

    /// Learns what the provider says when it is asked how much is left; nothing where it does not say.
    pub(super) fn told(&self, quota: Option<&Seen>) {
        self.budget().told(quota, Instant::now());
        self.changed.notify_one();
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        // Its state is plain numbers, which no panic leaves half written.
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts among those who wait, until it is dropped.
struct Waits<'w>(&'w AtomicU32);

impl<'w> Waits<'w> {
    fn among(waiting: &'w AtomicU32) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Permit<'_> {
    /// Learns what an answer says about the pace.
    pub(in crate::source) fn see(&self, seen: Option<&Seen>) {
        self.gate.budget().see(seen, Instant::now());
    }

    /// Learns how the request ended, and what to do if it failed.
    pub(in crate::source) fn ended(&self, ended: Ended, attempts: Attempts) -> Option<Verdict> {
        let (now, random) = (Instant::now(), fastrand::f64());
        let mut budget = self.gate.budget();
        match ended {
            Ended::Answered => {
                budget.answered(now);
                None
            }
            Ended::Throttled(asked) => Some(budget.throttled(self.ticket, attempts, asked, random, now)),
            Ended::Failed(asked) => Some(budget.failed(attempts, asked, random, now)),
            Ended::OutOfService(asked) => Some(budget.out_of_service(attempts, asked, random, now)),
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.gate.budget().done();
        self.gate.changed.notify_one();
    }
}

//! Waits for the moments of a limit that other processes have a share in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tieout_reconcilers::define::limits::Allowance;
use tokio::time::{Instant, sleep_until};

use super::hand::Hand;
use super::ledger::{Ask, Ledger};
use super::spacing::{Grant, Spacing};
use crate::going::{Going, WaitsFor};
use crate::source::error::SourceError;

/// What comes along in so long a time is asked for at once, so that the ledger is not asked for each request.
const BATCH: Duration = Duration::from_millis(50);

/// A limit that other processes have a share in.
#[derive(Debug)]
pub(super) struct Shared {
    ledger: Arc<dyn Ledger>,
    limit: String,
    spacing: Spacing,
    max_wait: Duration,
    hand: Mutex<Hand>,
}

impl Shared {
    /// The share of this process in what an allowance declares; nothing where it declares no rate.
    pub(super) fn new(
        ledger: &Arc<dyn Ledger>,
        limit: String,
        allowance: &Allowance,
        max_wait: Duration,
    ) -> Option<Self> {
        let spacing = Spacing::of(allowance)?;
        let hand = Mutex::new(Hand::new(spacing.within(BATCH), Instant::now()));
        Some(Self { ledger: Arc::clone(ledger), limit, spacing, max_wait, hand })
    }

    /// Waits for a moment and uses it. So many requests wait, this one included.
    pub(super) async fn turn(
        &self,
        waiting: u32,
        deadline: Option<Instant>,
        going: &Going,
    ) -> Result<(), SourceError> {
        loop {
            let now = Instant::now();
            let next = self.hand().next(now);
            let at = match next {
                Some(at) => at,
                None => match self.ask(waiting).await? {
                    Some(at) => at,
                    None => continue,
                },
            };
            let wait = at.saturating_duration_since(now);
            if wait > self.max_wait {
                return Err(SourceError::NotSoon { wait, most: self.max_wait });
            }
            if deadline.is_some_and(|deadline| at > deadline) {
                return Err(SourceError::OutOfTime);
            }
            going.waits_for(at, WaitsFor::Limit);
            sleep_until(at).await;
            if self.hand().take(Instant::now()) {
                return Ok(());
            }
        }
    }

    /// Asks for moments; where there are none to be had, says when to ask again.
    async fn ask(&self, waiting: u32) -> Result<Option<Instant>, SourceError> {
        let asked = Instant::now();
        let (lead, most) = {
            let hand = self.hand();
            (hand.lead(), hand.wanted(waiting))
        };
        let ask = Ask { limit: self.limit.clone(), spacing: self.spacing, lead, most };
        let granted = self.ledger.ask(ask).await.map_err(|fault| SourceError::NoBudget(fault.to_string()))?;
        let mut hand = self.hand();
        hand.saw_clock(granted.now, asked, Instant::now());
        Ok(match granted.grant {
            Grant::Slots(slots) => {
                hand.put(slots);
                None
            }
            Grant::From(at) => hand.ours_of(at),
        })
    }

    fn hand(&self) -> MutexGuard<'_, Hand> {
        // Its state is plain numbers, which no panic leaves half written.
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

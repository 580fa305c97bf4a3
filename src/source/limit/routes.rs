//! Finds the budget of a request by its path, and keeps the pauses between polls of one address.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tieout_reconcilers::define::limits::{Allowance, Limits, Route};
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::gate::{Gate, Permit};
use super::ledger::Ledger;
use super::shared::Shared;
use crate::going::{Going, WaitsFor};
use crate::source::error::SourceError;
use crate::source::provider::Caps;
use tieout_reconcilers::pace::Seen;

/// How many addresses are remembered with the time of their next poll.
const MAX_POLLS: usize = 1_000;

/// The budgets of a provider's client.
#[derive(Debug)]
pub(in crate::source) struct Gates {
    everywhere: Gate,
    classes: Vec<(Vec<Route>, Gate)>,
    polls: Mutex<HashMap<Url, Instant>>,
    max_wait: Duration,
}

/// With whom the budgets are shared.
#[derive(Debug, Clone)]
pub(in crate::source) struct Sharing {
    /// What all who share them ask.
    pub(in crate::source) ledger: Arc<dyn Ledger>,
    /// Names the provider and the credential: the same text for all of them.
    pub(in crate::source) owner: String,
}

/// A rate that all budgets of a provider keep together, beside what each of them permits.
#[derive(Debug, Clone)]
pub(in crate::source) struct Pacing {
    /// Who gives out its moments.
    pub(in crate::source) ledger: Arc<dyn Ledger>,
    /// Names the provider.
    pub(in crate::source) limit: String,
    /// Requests per second.
    pub(in crate::source) per_second: f64,
}

impl Pacing {
    /// What one budget asks for its turn. However long that takes, it is waited for: somebody asked for it.
    fn turns(&self) -> Option<Shared> {
        let allowance = Allowance { per_second: Some(self.per_second), ..Allowance::default() };
        Shared::new(&self.ledger, self.limit.clone(), &allowance, Duration::MAX)
    }
}

impl Gates {
    /// The budgets of what a provider permits. Declared rates are shared with other processes where that is said.
    pub(in crate::source) fn new(limits: &Limits, caps: &Caps, sharing: Option<&Sharing>) -> Self {
        let gate = |class: &str, allowance: &Allowance| {
            let shared = sharing.and_then(|Sharing { ledger, owner }| {
                Shared::new(ledger, format!("{owner} {class}"), allowance, caps.max_wait)
            });
            Gate::new(allowance, caps, shared)
        };
        let classes = limits.classes.iter();
        Self {
            everywhere: gate("", &limits.everywhere),
            classes: classes
                .map(|class| (class.routes.clone(), gate(class.name.as_str(), &class.allowance)))
                .collect(),
            polls: Mutex::default(),
            max_wait: caps.max_wait,
        }
    }

    /// The same, whose requests keep a pace together with those of others.
    pub(in crate::source) fn paced(self, pacing: &Pacing) -> Self {
        let classes = self.classes.into_iter();
        Self {
            everywhere: self.everywhere.paced(pacing.turns()),
            classes: classes.map(|(routes, gate)| (routes, gate.paced(pacing.turns()))).collect(),
            ..self
        }
    }

    /// Waits until the pace that was asked for permits a request which no budget counts.
    pub(in crate::source) async fn keep_pace(
        &self,
        deadline: Option<Instant>,
        going: &Going,
    ) -> Result<(), SourceError> {
        self.everywhere.keep_pace(deadline, going).await
    }

    /// Budgets that let every request through at once and still learn from the answers: nobody is there whom a pause would spare.
    pub(in crate::source) fn open(limits: &Limits, caps: &Caps) -> Self {
        let gates = Self::new(limits, caps, None);
        let classes = gates.classes.into_iter().map(|(routes, gate)| (routes, gate.opened())).collect();
        Self { everywhere: gates.everywhere.opened(), classes, ..gates }
    }

    /// Waits until a request to an address may be sent. `route` is its path below the base. The provider's own limit on requests under way holds for those of
    /// all classes together.
    pub(in crate::source) async fn enter(
        &self,
        route: &str,
        to: &Url,
        deadline: Option<Instant>,
        going: &Going,
    ) -> Result<Permit<'_>, SourceError> {
        self.wait_for_poll(to, deadline, going).await?;
        match self.class(route) {
            Some(gate) => gate.enter(self.everywhere.seat().await, deadline, going).await,
            None => self.everywhere.enter(None, deadline, going).await,
        }
    }

    /// Whether the provider should be asked how much is left before the next request.
    pub(in crate::source) fn wants_quota(&self) -> bool {
        self.everywhere.wants_quota()
    }

    /// What the provider says when it is asked how much is left; nothing where it does not say.
    pub(in crate::source) fn told(&self, quota: Option<&Seen>) {
        self.everywhere.told(quota);
    }

    /// A place among the requests that are under way, where their number is limited.
    pub(in crate::source) async fn seat(&self) -> Option<SemaphorePermit<'_>> {
        self.everywhere.seat().await
    }

    fn class(&self, path: &str) -> Option<&Gate> {
        let found = self.classes.iter().find(|(routes, _)| routes.iter().any(|route| route.fits(path)));
        found.map(|(_, gate)| gate)
    }

    /// Asks the same address no sooner than its provider said.
    async fn wait_for_poll(
        &self,
        to: &Url,
        deadline: Option<Instant>,
        going: &Going,
    ) -> Result<(), SourceError> {
        let next = self.polls().get(to).copied();
        let Some(next) = next.filter(|_| !self.everywhere.is_open()) else { return Ok(()) };
        let wait = next.saturating_duration_since(Instant::now());
        if wait > self.max_wait {
            return Err(SourceError::Throttled { asked: wait, most: self.max_wait });
        }
        if deadline.is_some_and(|deadline| next > deadline) {
            return Err(SourceError::OutOfTime);
        }
        going.waits_for(next, WaitsFor::Limit);
        sleep_until(next).await;
        Ok(())
    }

    /// The provider said how long to wait before the same address is asked again.
    pub(in crate::source) fn poll_again_after(&self, address: &Url, pause: Duration) {
        let now = Instant::now();
        let mut polls = self.polls();
        if polls.len() >= MAX_POLLS {
            polls.retain(|_, next| *next > now);
        }
        if polls.len() < MAX_POLLS
            && let Some(next) = now.checked_add(pause)
        {
            polls.insert(address.clone(), next);
        }
    }

    fn polls(&self) -> std::sync::MutexGuard<'_, HashMap<Url, Instant>> {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! When a domain has been silent for long enough to say that it is alive. Knows no clock but the one it is given.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::going::WaitsFor;

/// Time since some fixed beginning; it never goes back.
pub type Clock = Box<dyn Fn() -> Duration + Send + Sync>;

/// The time since now.
#[must_use]
pub fn stopwatch() -> Clock {
    let begin = std::time::Instant::now();
    Box::new(move || begin.elapsed())
}

/// A domain that is alive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Alive {
    pub(super) domain: String,
    pub(super) pages: u64,
    pub(super) items: u64,
    pub(super) resting_seconds: Option<u64>,
    /// For how many seconds more its requests wait, and for what, where they do.
    pub(super) waiting: Option<(u64, WaitsFor)>,
    /// How many findings that were sent are not repaired yet, where that is waited for.
    pub(super) unrepaired: Option<u64>,
}

/// The running domains and when each was last heard of.
pub(super) struct Beats {
    clock: Clock,
    every: Duration,
    running: BTreeMap<String, (Duration, Alive)>,
    /// By the clock, when the domains that rest have rested.
    rested: BTreeMap<String, Duration>,
    /// By the clock, until when the requests of domains wait, and for what.
    waits: BTreeMap<String, (Duration, WaitsFor)>,
}

impl Beats {
    pub(super) fn new(clock: Clock, every: Duration) -> Self {
        Self { clock, every, running: BTreeMap::new(), rested: BTreeMap::new(), waits: BTreeMap::new() }
    }

    /// A domain begins, and is heard of by that.
    pub(super) fn start(&mut self, domain: &str) {
        let alive = Alive { domain: domain.to_owned(), ..Alive::default() };
        self.running.insert(domain.to_owned(), ((self.clock)(), alive));
    }

    /// A page was compared; returns what to say, if it is time.
    pub(super) fn page(&mut self, domain: &str, pages: u64, items: u64) -> Option<Alive> {
        if let Some((_, alive)) = self.running.get_mut(domain) {
            (alive.pages, alive.items, alive.resting_seconds) = (pages, items, None);
        }
        self.waits.remove(domain);
        self.due(domain)
    }

    /// Its requests wait; returns what to say, if it is time.
    pub(super) fn wait(&mut self, domain: &str, seconds: u64, what: WaitsFor) -> Option<Alive> {
        let end = (self.clock)().saturating_add(Duration::from_secs(seconds));
        self.waits.insert(domain.to_owned(), (end, what));
        self.due(domain)
    }

    /// The domain rests; returns what to say, if it is time.
    pub(super) fn rest(&mut self, domain: &str, seconds: u64) -> Option<Alive> {
        if let Some((_, alive)) = self.running.get_mut(domain) {
            alive.resting_seconds = Some(seconds);
            self.rested
                .insert(domain.to_owned(), (self.clock)().saturating_add(Duration::from_secs(seconds)));
        }
        self.due(domain)
    }

    /// It is waited until what was sent is repaired; returns what to say, if it is time.
    pub(super) fn confirm(&mut self, domain: &str, unrepaired: u64) -> Option<Alive> {
        if let Some((_, alive)) = self.running.get_mut(domain) {
            (alive.resting_seconds, alive.unrepaired) = (None, Some(unrepaired));
        }
        self.due(domain)
    }

    /// The domain ended.
    pub(super) fn stop(&mut self, domain: &str) {
        self.running.remove(domain);
        self.rested.remove(domain);
        self.waits.remove(domain);
    }

    /// Every domain that runs.
    pub(super) fn all(&self) -> Vec<Alive> {
        let now = (self.clock)();
        self.running.values().map(|(_, alive)| self.as_of(now, alive)).collect()
    }

    /// Every domain that is due, such as one whose provider does not answer.
    pub(super) fn all_due(&mut self) -> Vec<Alive> {
        let domains: Vec<String> = self.running.keys().cloned().collect();
        domains.iter().filter_map(|domain| self.due(domain)).collect()
    }

    fn due(&mut self, domain: &str) -> Option<Alive> {
        let now = (self.clock)();
        let (heard, alive) = self.running.get_mut(domain)?;
        if now.saturating_sub(*heard) < self.every {
            return None;
        }
        *heard = now;
        let alive = alive.clone();
        Some(self.as_of(now, &alive))
    }

    /// A domain that rests has the less to rest the longer it has rested. So it is with one that waits, until that is over.
    fn as_of(&self, now: Duration, alive: &Alive) -> Alive {
        let left = self.rested.get(&alive.domain).map(|end| end.saturating_sub(now).as_secs());
        let waits = self.waits.get(&alive.domain).filter(|(end, _)| *end > now);
        let waiting = waits.map(|(end, what)| (end.saturating_sub(now).as_secs(), *what));
        Alive { resting_seconds: alive.resting_seconds.and(left), waiting, ..alive.clone() }
    }
}

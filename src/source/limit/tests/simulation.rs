//! A provider with a token bucket, walkers that always want more, and a clock that jumps from event to event.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use tieout_reconcilers::define::limits::{Allowance, Reading};
use tokio::time::Instant;

use super::super::budget::{Budget, Ended, Ready, Ticket};
use super::super::trouble::{Attempts, Verdict};
use crate::source::provider::Caps;
use tieout_reconcilers::pace::{Seen, Told};

/// What the provider's answers show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    Nothing,
    /// What is left, in whole requests, and whole seconds until all is there again.
    Left,
}

/// How the provider counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Counts {
    /// A bucket that refills all the time.
    Bucket { per_second: f64, burst: f64 },
    /// So many in each span of time.
    Window { quota: f64, span: Duration },
}

#[derive(Debug, Clone, Copy)]
pub(super) struct World {
    pub counts: Counts,
    pub shows: Shows,
    pub walkers: u32,
    pub latency: Duration,
    pub requests: u32,
}

#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub accepted: u32,
    pub throttled: u32,
    pub span: Duration,
    /// Why it ended before all was read.
    pub ended: Option<String>,
    /// When requests were accepted.
    pub times: Vec<Instant>,
}

impl Outcome {
    /// The share of what the provider would have permitted in the same time.
    pub(super) fn share(&self, counts: Counts) -> f64 {
        let span = self.span.as_secs_f64();
        let permitted = match counts {
            Counts::Bucket { per_second, burst } => burst + per_second * span,
            Counts::Window { quota, span: each } => quota * (span / each.as_secs_f64()).max(1.0),
        };
        f64::from(self.accepted) / permitted
    }
}

struct Server {
    counts: Counts,
    level: f64,
    at: Instant,
}

impl Server {
    /// Whether a request is taken, how much is left after it, and when all is there again.
    fn take(&mut self, now: Instant) -> (bool, f64, Duration) {
        let passed = now.saturating_duration_since(self.at);
        let (most, until_full) = match self.counts {
            Counts::Bucket { per_second, burst } => {
                self.level = (self.level + per_second * passed.as_secs_f64()).min(burst);
                self.at = now;
                (burst, Duration::from_secs_f64(((burst - self.level + 1.0) / per_second).ceil()))
            }
            Counts::Window { quota, span } => {
                if passed >= span {
                    self.level = quota;
                    self.at += span * u32::try_from(passed.as_nanos() / span.as_nanos()).unwrap();
                }
                (quota, Duration::from_secs((self.at + span - now).as_secs_f64().ceil() as u64))
            }
        };
        debug_assert!(self.level <= most);
        let taken = self.level >= 1.0;
        if taken {
            self.level -= 1.0;
        }
        (taken, self.level.floor(), until_full)
    }
}

/// Something that happens; the number keeps those of one instant in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives(u32),
    Answered { taken: bool, left: u32, until_full: Duration, number: u32 },
}

/// Sends requests until all were accepted.
pub(super) fn run(world: World, allowance: Allowance, caps: &Caps) -> Outcome {
    let start = Instant::now();
    let mut now = start;
    let mut budget = Budget::new(&allowance, caps, now);
    let level = match world.counts {
        Counts::Bucket { burst, .. } => burst,
        Counts::Window { quota, .. } => quota,
    };
    let mut server = Server { counts: world.counts, level, at: start };
    let mut events: BinaryHeap<Reverse<(Instant, u32, Event)>> = BinaryHeap::new();
    let (mut idle, mut sent, mut order) = (world.walkers, 0_u32, 0_u32);
    let mut tickets: Vec<Ticket> = Vec::new();
    let mut outcome = Outcome::default();
    let mut due = None;
    let mut random = fastrand::Rng::with_seed(7);
    while outcome.accepted < world.requests {
        let wanted = idle > 0 && outcome.accepted + (world.walkers - idle) < world.requests;
        let mut wake = None;
        if wanted {
            match budget.ready(now) {
                Ready::Now => {
                    tickets.push(budget.take(due.take(), now));
                    idle -= 1;
                    // The way there takes between a quarter and three quarters of the latency.
                    let there = world.latency.mul_f64(0.25 + random.f64() / 2.0);
                    events.push(Reverse((now + there, order, Event::Arrives(sent))));
                    (sent, order) = (sent + 1, order + 1);
                    continue;
                }
                Ready::At(at) => {
                    due = Some(at);
                    // A timer wakes up to two milliseconds late.
                    wake = Some(at + Duration::from_micros(random.u64(0..2_000)));
                }
                Ready::AfterAnAnswer => {}
                Ready::TooLate(wait) | Ready::TooSlow(wait) => {
                    outcome.ended = Some(format!("too late by {wait:?}"));
                    break;
                }
            }
        }
        let next = events.peek().map(|Reverse((at, ..))| *at);
        match (next, wake) {
            (Some(next), wake) if wake.is_none_or(|wake| next <= wake) => {
                let Some(Reverse((at, _, event))) = events.pop() else { break };
                now = at;
                match event {
                    Event::Arrives(number) => {
                        let (taken, left, until_full) = server.take(now);
                        let back = world.latency / 4;
                        let answered = Event::Answered { taken, left: left as u32, until_full, number };
                        events.push(Reverse((now + back, order, answered)));
                        order += 1;
                    }
                    Event::Answered { taken, left, until_full, number } => {
                        let reading =
                            Reading { left: f64::from(left), of: None, reset: None, refill: None, ask: None };
                        let seen = Seen { reading, reset: Some(until_full), told: Told::Usual };
                        budget.see((world.shows == Shows::Left).then_some(&seen), now);
                        if taken {
                            budget.answered(now);
                            outcome.accepted += 1;
                            outcome.times.push(now);
                        } else {
                            outcome.throttled += 1;
                            let asked = Some(Duration::from_secs(1));
                            let verdict =
                                budget.throttled(tickets[number as usize], first(), asked, random.f64(), now);
                            if verdict != Verdict::Again {
                                outcome.ended = Some(format!("{verdict:?}"));
                                break;
                            }
                        }
                        budget.done();
                        idle += 1;
                    }
                }
            }
            (_, Some(wake)) => now = now.max(wake),
            (Some(_) | None, None) => panic!("nothing will ever happen"),
        }
    }
    let ends = outcome.times.first().zip(outcome.times.last());
    outcome.span = ends.map(|(first, last)| last.duration_since(*first)).unwrap_or_default();
    outcome
}

/// The first attempt of a request.
pub(super) fn first() -> Attempts {
    Attempts { number: 1, since: None }
}

/// A request that failed.
pub(super) const FAILED: Ended = Ended::Failed(None);

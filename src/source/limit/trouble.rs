//! Whether and when a failed request is sent again. Pure: no clock, no sleep, no randomness of its own.
//!
//! A failure now and then costs a retry from a budget. Where failures follow each other, or the budget is used up, the
//! provider is in trouble: everybody waits while one request at a time asks whether it is over, with growing pauses. So they
//! do at once where the provider says itself that it is out of service.

use std::time::Duration;

use tokio::time::Instant;

use crate::source::provider::Caps;

/// So many failures without a success between them are no accident.
const IN_A_ROW: u32 = 5;
/// The longest pause between two requests that ask whether it is over.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Tenths of a token that a new budget holds.
const FULL: u32 = 100;
/// Tenths of a token that a retry costs.
const RETRY: u32 = 10;
/// Tenths of a token that a success gives back.
const SUCCESS: u32 = 1;

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Verdict {
    /// Queue again; whoever is let through is let through when it makes sense.
    Again,
    /// Queue again after a pause of its own.
    After(Duration),
    /// The provider asked for a longer pause than a run makes.
    TooLong(Duration),
    /// There were enough attempts.
    Enough,
}

/// One request's attempts so far.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct Attempts {
    /// How many, the last one included.
    pub number: u32,
    /// When the first one failed.
    pub since: Option<Instant>,
}

/// What failures and successes have shown lately.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trouble {
    tenths: u32,
    in_a_row: u32,
    /// When things went wrong that have not gone right since.
    since: Option<Instant>,
    /// A request was given up since then, so the others need not try as long.
    given_up: bool,
    open: Option<Open>,
}

/// The provider is in trouble.
#[derive(Debug, Clone, Copy)]
struct Open {
    pauses: u32,
    next: Instant,
}

impl Default for Trouble {
    fn default() -> Self {
        Self { tenths: FULL, in_a_row: 0, since: None, given_up: false, open: None }
    }
}

impl Trouble {
    /// When the next request may ask whether it is over; nothing where there is no trouble.
    pub(super) fn next(&self) -> Option<Instant> {
        self.open.map(|open| open.next)
    }

    /// The provider answered.
    pub(super) fn over(&mut self) {
        *self = Self { tenths: (self.tenths + SUCCESS).min(FULL), ..Self::default() };
    }

    /// The provider asked for a pause: it is there, so that is no failure. `patience` is how long it may do nothing else.
    pub(super) fn paused(
        &mut self,
        attempts: Attempts,
        caps: &Caps,
        patience: Duration,
        now: Instant,
    ) -> Verdict {
        let since = *self.since.get_or_insert(now);
        let waited = now.saturating_duration_since(since);
        self.given_up |= attempts.number >= caps.attempts && waited >= patience;
        if self.given_up { Verdict::Enough } else { Verdict::Again }
    }

    /// The provider says that it is out of service. `random` lies in `[0, 1)`.
    pub(super) fn out_of_service(
        &mut self,
        attempts: Attempts,
        caps: &Caps,
        random: f64,
        now: Instant,
    ) -> Verdict {
        self.in_a_row = self.in_a_row.max(IN_A_ROW);
        self.failed(attempts, caps, random, now)
    }

    /// A request failed. `random` lies in `[0, 1)`.
    pub(super) fn failed(&mut self, attempts: Attempts, caps: &Caps, random: f64, now: Instant) -> Verdict {
        self.in_a_row += 1;
        self.since.get_or_insert(now);
        self.given_up |= had_its_chances(attempts, caps, now);
        let next = |pauses| now + if self.given_up { Duration::ZERO } else { pause(caps, pauses, random) };
        match self.open {
            // Those that were under way when the trouble was noticed say nothing new.
            Some(open) if now < open.next => {}
            Some(Open { pauses, .. }) => {
                self.open = Some(Open { pauses: pauses + 1, next: next(pauses + 1) });
            }
            None if self.given_up || self.in_a_row >= IN_A_ROW || self.tenths < RETRY => {
                self.open = Some(Open { pauses: 1, next: next(1) });
            }
            None => {
                self.tenths -= RETRY;
                return Verdict::After(full_jitter(caps, attempts.number, random));
            }
        }
        if self.given_up { Verdict::Enough } else { Verdict::Again }
    }
}

/// Whether a request had all attempts that it has in any case, and all the time that an outage may last.
fn had_its_chances(attempts: Attempts, caps: &Caps, now: Instant) -> bool {
    let since = attempts.since.unwrap_or(now);
    attempts.number >= caps.attempts && now.saturating_duration_since(since) >= caps.outage
}

/// Anything between nothing and the doubled base, so that clients that failed together do not return together.
fn full_jitter(caps: &Caps, attempt: u32, random: f64) -> Duration {
    doubled(caps, attempt).min(caps.retry_cap).mul_f64(random.clamp(0.0, 1.0))
}

/// At least half of the doubled base, where all wait for the same.
pub(super) fn pause(caps: &Caps, number: u32, random: f64) -> Duration {
    let most = doubled(caps, number.saturating_add(1)).min(caps.retry_cap).min(LONGEST_PAUSE);
    most.mul_f64(f64::midpoint(1.0, random.clamp(0.0, 1.0)))
}

fn doubled(caps: &Caps, attempt: u32) -> Duration {
    caps.retry_base.saturating_mul(1 << attempt.saturating_sub(1).min(16))
}

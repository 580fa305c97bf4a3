//! How many requests came in the time for which the provider permits so many.

use std::fmt;
use std::time::{Duration, Instant};

use crate::files::{LIMIT, PERIOD};
use crate::wrong::Wrongs;

/// By how much the limit may be exceeded: networks and schedulers bring requests closer together than they were sent.
const TOLERATED: f64 = 1.02;

/// When requests came.
pub(super) struct Rate {
    requests: usize,
    over: Duration,
    /// The most in any window as long as the limit's period.
    most: usize,
}

impl Rate {
    pub(super) fn of(arrivals: &[Instant]) -> Self {
        let mut arrivals = arrivals.to_vec();
        arrivals.sort_unstable();
        let in_window = |(first, from): (usize, &Instant)| {
            arrivals[first..].partition_point(|at| at.duration_since(*from) < PERIOD)
        };
        let most = arrivals.iter().enumerate().map(in_window).max().unwrap_or_default();
        let over =
            arrivals.last().zip(arrivals.first()).map_or(Duration::ZERO, |(last, first)| *last - *first);
        Self { requests: arrivals.len(), over, most }
    }

    /// Which share of what was permitted was asked, on average.
    pub(super) fn used(&self) -> f64 {
        number(self.requests) * PERIOD.as_secs_f64() / self.over.as_secs_f64() / number(LIMIT)
    }

    pub(super) fn judge(&self, who: &str, wrong: &mut Wrongs) {
        if number(self.most) > number(LIMIT) * TOLERATED {
            wrong.false_(format!("{who} exceeded the limit: {self}"));
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = (number(self.most) / number(LIMIT) - 1.0).max(0.0) * 100.0;
        write!(
            f,
            "{} requests in {:.1} s, at most {} of {LIMIT} in {} s ({over:.2} % over), {:.0} % used",
            self.requests,
            self.over.as_secs_f64(),
            self.most,
            PERIOD.as_secs(),
            self.used() * 100.0
        )
    }
}

fn number(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::INFINITY, f64::from)
}

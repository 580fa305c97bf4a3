//! Counts what a provider took in the last second. Pure.

use tokio::time::Instant;

/// How many parts the last second has.
const PARTS: usize = 10;
/// How long a part is, in milliseconds.
const PART_MS: u128 = 100;

/// What a provider took lately.
#[derive(Debug)]
pub(super) struct Accepted {
    born: Instant,
    parts: [u32; PARTS],
    newest: u128,
}

impl Accepted {
    pub(super) fn new(now: Instant) -> Self {
        Self { born: now, parts: [0; PARTS], newest: 0 }
    }

    /// Another request was taken.
    pub(super) fn count(&mut self, now: Instant) {
        self.forget(now);
        self.parts[slot(self.newest)] += 1;
    }

    /// How many were taken in the second before.
    pub(super) fn in_the_last_second(&mut self, now: Instant) -> u32 {
        self.forget(now);
        self.parts.iter().sum()
    }

    fn forget(&mut self, now: Instant) {
        let part = now.saturating_duration_since(self.born).as_millis() / PART_MS;
        let passed = part.saturating_sub(self.newest).min(PARTS as u128);
        for gone in 1..=passed {
            self.parts[slot(self.newest + gone)] = 0;
        }
        self.newest = self.newest.max(part);
    }
}

fn slot(part: u128) -> usize {
    usize::try_from(part % PARTS as u128).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_older_than_a_second_does_not_count() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut accepted = Accepted::new(start);
        for ms in [0, 50, 950, 999] {
            accepted.count(at(ms));
        }
        assert_eq!(accepted.in_the_last_second(at(999)), 4);
        assert_eq!(accepted.in_the_last_second(at(1_000)), 2);
        accepted.count(at(1_100));
        assert_eq!(accepted.in_the_last_second(at(1_899)), 3);
        assert_eq!(accepted.in_the_last_second(at(60_000)), 0);
    }
}

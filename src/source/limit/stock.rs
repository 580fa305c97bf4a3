//! What the provider's answers say is left of an allowance, and how fast it comes back. Pure.
//!
//! How fast is measured: between two answers the number falls by what was asked and rises by what came back. That tells a bucket
//! that refills all the time from a window that is counted anew at its end.

use std::time::Duration;

use tieout_reconcilers::define::limits::Reading;
use tokio::time::Instant;

use super::bucket::time_for;

/// The first measurement takes this long, and so does the wait for one where nothing is left and a reset is near: a bucket
/// that refills all the time names one as well.
const FIRST_LOOK: Duration = Duration::from_millis(100);
/// A reset that is further away than any bucket takes to fill is the end of a window, and nothing comes before it.
const WINDOW_FROM: Duration = Duration::from_mins(1);
/// Each further measurement takes this long.
const LOOK: Duration = Duration::from_millis(500);
/// How much more is asked for where the last measurement found everything back.
const BOLDER: f64 = 1.1;
/// How often one request asks whether there is anything again, where nothing is known about it: no provider counts in
/// shorter windows, and a longer pause comes from its refusal.
const KNOCK: Duration = Duration::from_secs(1);
/// Below this share of the whole, what is left is spread over the time until it is counted anew.
const LOW: f64 = 0.1;
/// Where the whole is smaller, it is too small to spread.
const SPREAD_FROM: f64 = 50.0;
/// The longest pause that spreading makes.
const LONGEST_SPREAD: Duration = Duration::from_secs(5);
/// A reset that comes sooner than this says nothing about windows.
const SHORTEST_WINDOW: Duration = Duration::from_secs(1);

/// What is left of an allowance, in the provider's own unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stock {
    /// What was left at `at`, without what is still under way.
    level: f64,
    at: Instant,
    /// The most there can be, as far as was seen.
    whole: f64,
    /// What one request costs.
    ask: f64,
    /// What comes back every second, once it was measured.
    refill: Option<f64>,
    /// Requests that come back every second, as the definition declares it.
    declared: Option<f64>,
    /// What came back every second of the last measurement.
    came_back: Option<f64>,
    reset: Option<Instant>,
    last_sent: Instant,
    /// The answer that the running measurement began with.
    mark: Mark,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Instant,
    left: f64,
    asked: f64,
    reset: Option<Instant>,
}

impl Stock {
    /// What the first answer says. `reset` is when the provider counts anew, by our clock; `declared` is the rate of the
    /// definition, in requests per second.
    pub(super) fn new(
        seen: &Reading,
        reset: Option<Instant>,
        declared: Option<f64>,
        under_way: u32,
        now: Instant,
    ) -> Self {
        let ask = seen.ask.unwrap_or(1.0);
        let whole = seen.of.unwrap_or(seen.left + ask).max(seen.left);
        Self {
            level: seen.left - f64::from(under_way) * ask,
            at: now,
            whole,
            ask,
            refill: seen.refill,
            declared,
            came_back: None,
            reset,
            last_sent: now,
            mark: Mark { at: now, left: seen.left, asked: 0.0, reset },
        }
    }

    /// What a further answer says, with `under_way` requests that it may not have counted.
    pub(super) fn see(&mut self, seen: &Reading, reset: Option<Instant>, under_way: u32, now: Instant) {
        self.ask = seen.ask.unwrap_or(self.ask);
        self.whole = seen.of.unwrap_or(self.whole).max(seen.left);
        self.measure(seen, reset, now);
        let said = seen.left - f64::from(under_way) * self.ask;
        let is_anew = self.reset.is_some_and(|at| at <= now);
        // An older answer may come in last and claim more than there is, so a rise is believed step by step.
        self.level = if is_anew { said } else { said.min(self.level(now) + 2.0 * self.ask) };
        (self.at, self.reset) = (now, reset);
    }

    /// What the provider says where it was asked for nothing else, with `under_way` requests that it may not have counted.
    /// Where it says when it counts anew, that is the time to come back.
    pub(super) fn tell(&mut self, seen: &Reading, reset: Option<Instant>, under_way: u32, now: Instant) {
        self.refill = self.refill.or(reset.map(|_| 0.0));
        self.whole = seen.of.unwrap_or(self.whole).max(seen.left);
        self.level = seen.left - f64::from(under_way) * self.ask;
        (self.at, self.reset) = (now, reset.or(self.reset));
        self.mark = Mark { at: now, left: seen.left, asked: 0.0, reset: self.reset };
    }

    /// Whether the provider has counted anew since the last word about it.
    pub(super) fn was_counted_anew_by(&self, now: Instant) -> bool {
        self.reset.is_some_and(|at| at <= now)
    }

    fn measure(&mut self, seen: &Reading, reset: Option<Instant>, now: Instant) {
        self.mark.asked += self.ask;
        if seen.refill.is_some() {
            self.refill = seen.refill;
            return;
        }
        let span = now.saturating_duration_since(self.mark.at);
        if span < if self.refill.is_none() { FIRST_LOOK } else { LOOK } {
            return;
        }
        // A full one took in less than would have come back, and one that was counted anew took in all at once.
        let was_full = seen.left + self.ask >= self.whole;
        if self.refill.is_none() || !(was_full || self.was_counted_anew(now)) {
            let came_back = (seen.left - self.mark.left + self.mark.asked).max(0.0) / span.as_secs_f64();
            // What comes back all the time shows twice; what came back once does not.
            self.refill = Some(came_back.min(self.came_back.unwrap_or(came_back)));
            self.came_back = Some(came_back);
        } else if was_full && !self.was_counted_anew(now) {
            // Who asks for less than comes back never sees how much that is, and would stay that slow.
            self.refill = self.refill.map(|refill| refill * BOLDER);
        }
        self.mark = Mark { at: now, left: seen.left, asked: 0.0, reset };
    }

    /// Whether the end of a window that the measurement began in has passed, as far as whole seconds can tell.
    fn was_counted_anew(&self, now: Instant) -> bool {
        self.mark.reset.is_some_and(|at| {
            let window = at.saturating_duration_since(self.mark.at);
            window >= SHORTEST_WINDOW && at <= now + (window / 5).min(SHORTEST_WINDOW)
        })
    }

    /// What comes back every second, as far as anybody knows: as it was measured or told, and where there is no window
    /// that could hold it back, as it is declared.
    fn comes_back(&self) -> Option<f64> {
        let declared = self.declared.filter(|_| self.next_reset().is_none());
        self.refill.filter(|refill| *refill > 0.0).or(declared.map(|per_second| per_second * self.ask))
    }

    /// When the provider counts anew, if that is still to come for what is known.
    fn next_reset(&self) -> Option<Instant> {
        self.reset.filter(|at| *at > self.at)
    }

    fn level(&self, now: Instant) -> f64 {
        let risen =
            self.comes_back().unwrap_or_default() * now.saturating_duration_since(self.at).as_secs_f64();
        (self.level + risen).min(self.whole)
    }

    /// What has to be there before a request is sent: its own cost, and what is left to others, at least one request.
    fn needed(&self, reserve: f64) -> f64 {
        (self.ask + (reserve * self.whole).max(self.ask)).min(self.whole)
    }

    /// When there is enough for a request.
    pub(super) fn ready_at(&self, reserve: f64, now: Instant) -> Instant {
        let needed = self.needed(reserve);
        if self.level(now) >= needed {
            return self.spread(needed - self.ask, now).unwrap_or(now);
        }
        let by_refill = self.comes_back().map(|refill| self.at + time_for(needed - self.level, refill));
        match (by_refill, self.next_reset()) {
            (None, None) => self.at + KNOCK,
            (None, Some(reset)) if self.refill.is_none() && reset <= self.at + WINDOW_FROM => {
                reset.min(self.at + FIRST_LOOK)
            }
            (None, Some(only)) | (Some(only), None) => only,
            (Some(refill), Some(reset)) => refill.min(reset),
        }
    }

    /// When the next request is due, where little is left and it has to last.
    fn spread(&self, keep: f64, now: Instant) -> Option<Instant> {
        let left = self.level(now) - keep;
        let rest = self.reset?.saturating_duration_since(now);
        if self.whole < SPREAD_FROM || left > self.whole * LOW || rest.is_zero() {
            return None;
        }
        let per_second = (left / self.ask / rest.as_secs_f64()).max(self.refill? / self.ask);
        Some(self.last_sent + time_for(1.0, per_second).min(LONGEST_SPREAD))
    }

    /// Takes what a request costs.
    pub(super) fn take(&mut self, now: Instant) {
        self.level = self.level(now) - self.ask;
        (self.at, self.last_sent) = (self.at.max(now), now);
    }

    /// Holds one request, at the end of a pause, and no more.
    pub(super) fn start_again(&mut self, at: Instant, reserve: f64) {
        (self.level, self.at) = (self.needed(reserve), at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn who_took_the_refill_for_slower_than_it_is_finds_out(
            per_second in 2.0_f64..50.0,
            burst in 4_u32..20,
            believed in 0.2_f64..1.0,
        ) {
            let start = Instant::now();
            let whole = f64::from(burst);
            let says = |left: f64| Reading { left: left.floor(), of: Some(whole), reset: None, refill: None, ask: None };
            let mut stock = Stock::new(&says(whole - 1.0), None, None, 0, start);
            stock.refill = Some(per_second * believed);
            let (mut left, mut now) = (whole - 1.0, start);
            let (mut answered, mut refused) = (0_u32, 0_u32);
            while now < start + Duration::from_mins(2) {
                let at = stock.ready_at(0.0, now).max(now);
                left = (left + per_second * (at - now).as_secs_f64()).min(whole);
                now = at;
                if left < 1.0 {
                    refused += 1;
                    now += Duration::from_secs(1);
                    left = (left + per_second).min(whole);
                    stock.start_again(now, 0.0);
                    continue;
                }
                left -= 1.0;
                answered += 1;
                stock.take(now);
                stock.see(&says(left), None, 0, now);
            }
            let share = f64::from(answered) / (120.0 * per_second);
            prop_assert!(share >= 0.9, "{share}");
            prop_assert!(refused * 100 <= answered, "{refused} of {answered}");
        }
    }
}

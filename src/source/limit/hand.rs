//! The moments that this process was given of a shared limit, by its own clock. Pure: every question brings its own clock.
//!
//! What the state store said is as old as its answer took. The quickest of the last answers tells best how far the two clocks are
//! apart, and never that a moment comes sooner than it does. So each process is late by the same little time with all that it sends,
//! and a slow answer moves nothing.

use std::collections::VecDeque;
use std::time::Duration;

use tieout_reconcilers::instant::Instant as TheirInstant;
use tokio::time::Instant;

/// How late a moment may still be used: a timer wakes a little late. What comes later is lost.
pub(super) const LATE: Duration = Duration::from_millis(20);

/// So many answers of the state store tell how far its clock is from ours.
const ANSWERS: usize = 16;
/// The first answer may take so long before what it gives is lost.
const FIRST_LEAD: i64 = 5_000;
/// Nobody asks for moments that come later than this, because answers take so long, in microseconds.
const LONGEST_LEAD: i64 = 2_000_000;
/// A clock that runs so much faster or slower between two answers was not set, in microseconds.
const DRIFT: i64 = 2_000;

/// What a process has in hand of a shared limit.
#[derive(Debug)]
pub(super) struct Hand {
    born: Instant,
    /// How far our clock was ahead of theirs when answers came, in microseconds.
    ahead: VecDeque<i64>,
    /// How long moments have to lie ahead when they are asked for, in microseconds.
    lead: i64,
    slots: VecDeque<TheirInstant>,
    /// How many are asked for at once.
    size: u32,
    most: u32,
}

impl Hand {
    /// Nothing yet. Up to `most` moments are asked for at once where they are used.
    pub(super) fn new(most: u32, now: Instant) -> Self {
        Self { born: now, ahead: VecDeque::new(), lead: FIRST_LEAD, slots: VecDeque::new(), size: 1, most }
    }

    /// How long the moments have to lie ahead that are asked for.
    pub(super) fn lead(&self) -> Duration {
        Duration::from_micros(self.lead.unsigned_abs())
    }

    /// How many are asked for, where so many requests wait.
    pub(super) fn wanted(&self, waiting: u32) -> u32 {
        waiting.max(self.size).max(1)
    }

    /// The state store was asked at `asked`, showed its clock, and answered.
    pub(super) fn saw_clock(&mut self, theirs: TheirInstant, asked: Instant, now: Instant) {
        let (at_least, at_most) = (self.ours(asked) - theirs.micros(), self.ours(now) - theirs.micros());
        // Nothing but a clock that was set can bring it out of these bounds.
        if self.difference().is_some_and(|known| known + DRIFT < at_least) {
            self.ahead.clear();
        }
        if self.ahead.len() == ANSWERS {
            self.ahead.pop_front();
        }
        self.ahead.push_back(at_most);
        let took = at_most - self.difference().unwrap_or(at_most);
        self.lead = (self.lead - self.lead / 8).max(took + took / 4 + FIRST_LEAD / 5).min(LONGEST_LEAD);
    }

    /// Moments that the state store gave.
    pub(super) fn put(&mut self, slots: Vec<TheirInstant>) {
        self.slots.extend(slots);
    }

    /// The next moment that can still be used; those that are over are lost.
    pub(super) fn next(&mut self, now: Instant) -> Option<Instant> {
        while let Some(slot) = self.slots.front().copied() {
            match self.ours_of(slot) {
                Some(at) if at + LATE >= now => return Some(at),
                _ => {
                    self.slots.pop_front();
                    // Who cannot use them should not ask for as many.
                    self.size = 1;
                }
            }
        }
        None
    }

    /// Uses the next moment, unless it is not there yet or is over.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.next(now).is_none_or(|at| at > now) {
            return false;
        }
        self.slots.pop_front();
        if self.slots.is_empty() {
            self.size = self.size.saturating_mul(2).min(self.most);
        }
        true
    }

    /// When an instant of theirs comes by our clock; nothing before they have shown theirs.
    pub(super) fn ours_of(&self, theirs: TheirInstant) -> Option<Instant> {
        let since = theirs.micros() + self.difference()?;
        let far = Duration::from_micros(since.unsigned_abs());
        if since >= 0 { self.born.checked_add(far) } else { self.born.checked_sub(far) }
    }

    fn difference(&self) -> Option<i64> {
        self.ahead.iter().min().copied()
    }

    fn ours(&self, at: Instant) -> i64 {
        i64::try_from(at.saturating_duration_since(self.born).as_micros()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: Duration = Duration::from_hours(24);

    fn micros(n: i64) -> Duration {
        Duration::from_micros(n.unsigned_abs())
    }

    proptest! {
        /// Their clock shows `skew` when ours begins; an answer takes so long on its way there and back.
        #[test]
        fn no_moment_comes_too_soon_and_a_slow_answer_delays_none(
            skew in 0_i64..4_000_000_000,
            ways in proptest::collection::vec((0_i64..200_000, 300_i64..200_000), 1..40),
        ) {
            let born = Instant::now();
            let mut hand = Hand::new(1, born);
            let mut now = born;
            let mut quickest = VecDeque::new();
            for (there, back) in ways {
                let asked = now;
                let looked = asked + micros(there);
                now = looked + micros(back);
                let theirs = TheirInstant::from_micros(skew) + looked.duration_since(born);
                hand.saw_clock(theirs, asked, now);
                quickest.push_back(back);
                if quickest.len() > ANSWERS {
                    quickest.pop_front();
                }
                let slot = theirs + Duration::from_secs(1);
                let is = looked + Duration::from_secs(1);
                let believed = hand.ours_of(slot).unwrap();
                prop_assert!(believed + micros(1) >= is);
                let least = *quickest.iter().min().unwrap();
                prop_assert!(believed <= is + micros(least + 1));
            }
        }
    }

    fn hand_at(theirs: i64, now: Instant) -> Hand {
        let mut hand = Hand::new(8, now);
        hand.saw_clock(TheirInstant::from_micros(theirs), now, now);
        hand
    }

    #[test]
    fn a_moment_is_used_once_and_only_in_its_time() {
        let start = Instant::now() + DAY;
        let mut hand = hand_at(0, start);
        hand.put(vec![TheirInstant::from_micros(100_000), TheirInstant::from_micros(200_000)]);
        let at = |ms: u64| start + Duration::from_millis(ms);
        assert!(!hand.take(at(99)));
        assert!(hand.take(at(105)));
        assert!(!hand.take(at(105)), "the next one is not there yet");
        assert!(!hand.take(at(221)), "it is over");
        assert_eq!(hand.next(at(221)), None);
    }

    #[test]
    fn who_uses_all_asks_for_more_and_who_loses_one_for_one() {
        let start = Instant::now() + DAY;
        let mut hand = hand_at(0, start);
        for size in [1, 2, 4, 8, 8] {
            assert_eq!(hand.wanted(1), size);
            hand.put(vec![TheirInstant::from_micros(0)]);
            assert!(hand.take(start));
        }
        assert_eq!(hand.wanted(20), 20);
        hand.put(vec![TheirInstant::from_micros(0)]);
        assert_eq!(hand.next(start + Duration::from_secs(1)), None);
        assert_eq!(hand.wanted(1), 1);
    }

    #[test]
    fn what_takes_long_is_asked_for_sooner_and_a_while_later_no_more() {
        let start = Instant::now() + DAY;
        let mut hand = hand_at(0, start);
        let slow = start + Duration::from_millis(300);
        hand.saw_clock(TheirInstant::from_micros(0), start, slow);
        assert!(hand.lead() > Duration::from_millis(300));
        for second in 1..60 {
            let now = slow + Duration::from_secs(second);
            hand.saw_clock(TheirInstant::from_micros(300_000) + Duration::from_secs(second), now, now);
        }
        assert!(hand.lead() < Duration::from_millis(3), "{:?}", hand.lead());
    }

    #[test]
    fn a_clock_that_is_set_is_believed_at_once() {
        let start = Instant::now() + DAY;
        for set in [-3_600_000_000, 3_600_000_000] {
            let mut hand = hand_at(5_000_000_000, start);
            let now = start + Duration::from_secs(1);
            hand.saw_clock(TheirInstant::from_micros(5_001_000_000 + set), now, now);
            let slot = TheirInstant::from_micros(5_002_000_000 + set);
            assert_eq!(hand.ours_of(slot), Some(now + Duration::from_secs(1)));
        }
    }
}

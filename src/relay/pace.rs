//! How much a queue is given at once, and how long it is left alone: less and less of what it has no room for, and slowly more again. It follows
//! the answers alone; no clock and no queue is asked.

use std::time::Duration;

use crate::queue::Outcome;

/// The first pause for want of room; each that follows is twice as long, until everything is taken again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest: a queue that is full waits for its consumers.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The longest for the queue itself: what found no room may have had its own reason, and what comes behind it has not been tried.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// A batch of which this part found no room is a queue that has too little of it, and not an event that it has none for.
const TOO_MUCH: usize = 4;

/// One in so many of the most is still tried at once by a queue that takes nothing, which does not say how much it would take.
const LEAST: u32 = 16;

/// One in so many is added to what a queue is given at once, and at least one.
const STEP: u32 = 32;

/// How much a queue is given at once: additive increase, multiplicative decrease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    at_once: u32,
    cap: u32,
    /// How many answers in a row had events without room.
    refusals: u32,
}

impl Pace {
    /// Begins with as much as a queue takes at once, and never comes to more.
    pub(super) fn up_to(cap: u32) -> Self {
        let cap = cap.max(1);
        Self { at_once: cap, cap, refusals: 0 }
    }

    /// How many events it is given at once: one at least.
    pub(super) const fn at_once(&self) -> u32 {
        self.at_once
    }

    /// How long what found no room is left alone.
    pub(super) fn pause(&self) -> Duration {
        let doubled = 1_u32.checked_shl(self.refusals.saturating_sub(1)).unwrap_or(u32::MAX);
        FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
    }

    /// How long the queue is left alone, where it took nothing for want of room.
    pub(super) fn rest(&self, outcomes: &[Outcome]) -> Option<Duration> {
        let is_full = !outcomes.is_empty() && outcomes.iter().all(found_no_room);
        is_full.then(|| self.pause().min(LONGEST_REST))
    }

    /// Takes note of an answer.
    pub(super) fn saw(&mut self, outcomes: &[Outcome]) {
        let no_room = outcomes.iter().filter(|outcome| found_no_room(outcome)).count();
        self.counted(outcomes.len(), no_room);
    }

    /// Takes note that a queue did not come to an end with what it was given in the time that it had: half as much may do.
    pub(super) fn was_late(&mut self) {
        self.at_once = (self.at_once / 2).max(1);
    }

    fn counted(&mut self, answered: usize, no_room: usize) {
        let step = (self.at_once / STEP).max(1);
        if no_room == 0 {
            self.refusals = 0;
            // Only a batch of the full size says that there may be room for more.
            if u32::try_from(answered).is_ok_and(|count| count >= self.at_once) {
                self.at_once = self.at_once.saturating_add(step).min(self.cap);
            }
            return;
        }
        self.refusals = self.refusals.saturating_add(1);
        let less = if no_room == answered {
            (self.at_once / 2).max(self.cap / LEAST).min(self.at_once)
        } else if no_room * TOO_MUCH >= answered {
            self.at_once / 2
        } else {
            self.at_once - step
        };
        self.at_once = less.max(1);
    }
}

const fn found_no_room(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::NotNow(_))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hears(pace: &mut Pace, taken: u32, no_room: u32) {
        pace.counted(usize::try_from(taken + no_room).unwrap(), usize::try_from(no_room).unwrap());
    }

    /// A queue that takes so many at once and no more answers what it is given.
    fn limited(pace: &mut Pace, limit: u32) {
        let given = pace.at_once();
        hears(pace, given.min(limit), given.saturating_sub(limit));
    }

    #[test]
    fn a_refusal_halves_and_a_few_events_without_room_take_a_step() {
        let mut pace = Pace::up_to(500);
        hears(&mut pace, 0, 500);
        assert_eq!(pace.at_once(), 250);
        hears(&mut pace, 249, 1);
        assert_eq!(pace.at_once(), 243);
        hears(&mut pace, 243, 0);
        assert_eq!(pace.at_once(), 250);
        hears(&mut pace, 10, 0);
        assert_eq!(pace.at_once(), 250, "a small batch says nothing about a larger one");
    }

    #[test]
    fn a_queue_that_takes_nothing_is_asked_with_some_and_rests() {
        let mut pace = Pace::up_to(500);
        let none = vec![Outcome::NotNow("full".to_owned()); 500];
        let one = [vec![Outcome::Acknowledged], none.clone()].concat();
        assert_eq!(pace.rest(&one), None);
        let rests: Vec<_> = std::iter::repeat_with(|| {
            pace.saw(&none);
            (pace.at_once(), pace.rest(&none).unwrap().as_millis())
        })
        .take(6)
        .collect();
        assert_eq!(rests, [(250, 500), (125, 1_000), (62, 1_000), (31, 1_000), (31, 1_000), (31, 1_000)]);
    }

    #[test]
    fn pauses_grow_while_there_is_no_room_and_begin_again_when_there_was() {
        let mut pace = Pace::up_to(500);
        let pauses = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000].map(Duration::from_millis);
        for pause in pauses {
            hears(&mut pace, 0, 3);
            assert_eq!(pace.pause(), pause);
        }
        hears(&mut pace, 1, 0);
        hears(&mut pace, 0, 1);
        assert_eq!(pace.pause(), FIRST_PAUSE);
    }

    proptest! {
        #[test]
        fn it_is_never_nothing_and_never_over_the_cap(
            cap in any::<u32>(),
            answers in prop::collection::vec((0_u32..600, 0_u32..600), 0..200),
        ) {
            let mut pace = Pace::up_to(cap);
            for (taken, no_room) in answers {
                if no_room == 7 {
                    pace.was_late();
                }
                hears(&mut pace, taken, no_room);
                prop_assert!((1..=cap.max(1)).contains(&pace.at_once()));
                prop_assert!((FIRST_PAUSE..=LONGEST_PAUSE).contains(&pace.pause()));
            }
        }

        #[test]
        fn it_recovers_from_anything(
            cap in 1_u32..=500,
            answers in prop::collection::vec((0_u32..600, 0_u32..600), 0..200),
        ) {
            let mut pace = Pace::up_to(cap);
            for (taken, no_room) in answers {
                hears(&mut pace, taken, no_room);
            }
            for _ in 0..160 {
                let all = pace.at_once();
                hears(&mut pace, all, 0);
            }
            prop_assert_eq!(pace, Pace::up_to(cap));
        }

        /// It comes to a limit that nobody tells it, and then is over it by one event or by one in thirty-two at most, and uses four fifths of it.
        #[test]
        fn it_finds_a_limit_and_stays_there(cap in 1_u32..=500, limit in 1_u32..=500) {
            let mut pace = Pace::up_to(cap);
            for _ in 0..200 {
                limited(&mut pace, limit);
            }
            let (mut taken, mut given) = (0, 0);
            for _ in 0..200 {
                let at_once = pace.at_once();
                prop_assert!(at_once <= limit + (limit / STEP).max(1), "{at_once} of {limit}");
                limited(&mut pace, limit);
                (taken, given) = (taken + at_once.min(limit), given + at_once);
            }
            let (there, asked) = (200 * limit.min(cap), given);
            prop_assert!(taken * 5 >= there * 4, "{taken} of {there}");
            prop_assert!(taken * 3 >= asked * 2, "{taken} taken of {asked} given");
        }
    }
}

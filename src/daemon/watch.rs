//! When somebody has to look at the schedules, and whether the clock shows what has passed.

use std::fmt;
use std::time::{Duration, Instant as Moment};

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::spoken::Spoken;

/// How often what is kept is looked at although nothing is due: other processes change it too.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// A clock that is corrected by less goes by what has passed.
const CORRECTION: Duration = Duration::from_secs(30);

/// For so long nothing must be due for the time to be quiet.
const QUIET: Duration = Duration::from_mins(1);

/// It is time to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// The time.
    pub now: Instant,
    /// How the clock was set since the last look.
    pub jump: Option<Jump>,
}

/// A clock that shows another time than has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jump {
    /// It was put forward, or the machine slept for so long.
    Forward(Duration),
    /// It was put back.
    Back(Duration),
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to_the_second = |length: &Duration| Spoken(Duration::from_secs(length.as_secs()));
        match self {
            Self::Forward(by) => {
                let by = to_the_second(by);
                write!(f, "the clock is {by} ahead of what has passed: it was set, or the machine slept")
            }
            Self::Back(by) => write!(f, "the clock was put back by {}", to_the_second(by)),
        }
    }
}

/// Sees beats, and says which of them somebody has to look at.
#[derive(Debug)]
pub struct Watch {
    seen: Option<(Instant, Moment)>,
    looked: Option<Moment>,
    /// A jump that nobody has heard of.
    jump: Option<Jump>,
    wake_at: Option<Instant>,
}

impl Default for Watch {
    fn default() -> Self {
        Self { seen: None, looked: None, jump: None, wake_at: Some(Instant::from_micros(i64::MIN)) }
    }
}

impl Watch {
    /// Nothing is due before then.
    pub const fn wake_at(&mut self, at: Option<Instant>) {
        self.wake_at = at;
    }

    /// Whether nothing is due for a while.
    #[must_use]
    pub fn is_quiet(&self, now: Instant) -> bool {
        self.wake_at.is_none_or(|at| at > now + QUIET)
    }

    /// A beat of the heart, by the clock and by what has passed: something to look at, if it is time.
    pub fn beat(&mut self, now: Instant, moment: Moment) -> Option<Beat> {
        if let Some((wall, passed)) = self.seen {
            self.jump = jump(wall, now, moment.saturating_duration_since(passed)).or(self.jump);
        }
        self.seen = Some((now, moment));
        let is_due = self.wake_at.is_some_and(|at| at <= now);
        let is_time = self.looked.is_none_or(|at| moment.saturating_duration_since(at) >= LOOK_AGAIN);
        (is_due || is_time || self.jump.is_some()).then_some(Beat { now, jump: self.jump })
    }

    /// Somebody looks.
    pub const fn looks(&mut self, moment: Moment) {
        self.looked = Some(moment);
        self.jump = None;
    }
}

fn jump(then: Instant, now: Instant, passed: Duration) -> Option<Jump> {
    let expected = then + passed;
    let off = Duration::from_micros(now.micros().abs_diff(expected.micros()));
    (off > CORRECTION).then_some(if now > expected { Jump::Forward(off) } else { Jump::Back(off) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const YEAR: Duration = Duration::from_hours(24 * 365);

    struct World {
        watch: Watch,
        now: Instant,
        moment: Moment,
    }

    impl World {
        fn new() -> Self {
            let now = Instant::from_micros(1_795_000_000_000_000);
            let mut world = Self { watch: Watch::default(), now, moment: Moment::now() };
            assert!(world.second().is_some(), "nobody has looked yet");
            world.watch.wake_at(None);
            world
        }

        /// What a second later is to be looked at, by somebody who then does.
        fn second(&mut self) -> Option<Beat> {
            (self.now, self.moment) = (self.now + SECOND, self.moment + SECOND);
            let beat = self.watch.beat(self.now, self.moment);
            if beat.is_some() {
                self.watch.looks(self.moment);
            }
            beat
        }
    }

    #[test]
    fn nobody_looks_before_something_is_due_or_half_a_minute_is_over() {
        let mut world = World::new();
        let looks: Vec<usize> = (1..=90).filter(|_| world.second().is_some()).collect();
        assert_eq!(looks, [30, 60, 90]);
        world.watch.wake_at(Some(world.now + SECOND * 5));
        let looks: Vec<usize> = (1..=6).filter(|_| world.second().is_some()).collect();
        assert_eq!(looks, [5, 6], "until what comes next is known");
    }

    #[test]
    fn the_time_is_quiet_until_a_minute_before_something_is_due() {
        let mut watch = Watch::default();
        let now = Instant::from_micros(1_795_000_000_000_000);
        assert!(!watch.is_quiet(now), "nobody has looked yet");
        watch.wake_at(None);
        assert!(watch.is_quiet(now));
        watch.wake_at(Some(now + QUIET + SECOND));
        assert!(watch.is_quiet(now) && !watch.is_quiet(now + SECOND));
    }

    #[test]
    fn a_clock_that_is_set_is_noticed_at_once_and_told_once() {
        for length in [Duration::from_hours(1), YEAR] {
            let mut world = World::new();
            world.now = world.now + length;
            assert_eq!(world.second().unwrap().jump, Some(Jump::Forward(length)));
            world.now = world.now - length - length;
            assert_eq!(world.second().unwrap().jump, Some(Jump::Back(length + length)));
            assert_eq!(world.second(), None);
        }
    }

    #[test]
    fn a_jump_is_told_with_its_length_to_the_second_and_with_what_may_be_behind_it() {
        let length = Duration::from_millis(2 * 3_600_000 + 5_250);
        assert_eq!(
            Jump::Forward(length).to_string(),
            "the clock is 2h 5s ahead of what has passed: it was set, or the machine slept"
        );
        assert_eq!(Jump::Back(YEAR).to_string(), "the clock was put back by 365 days");
    }

    #[test]
    fn a_clock_that_is_corrected_a_little_is_no_jump() {
        let mut world = World::new();
        world.now = world.now + SECOND * 20;
        assert_eq!(world.second(), None);
        world.now = world.now - SECOND * 20;
        assert_eq!(world.second(), None);
    }

    #[test]
    fn a_jump_that_nobody_had_time_for_is_told_later() {
        let mut world = World::new();
        world.now = world.now + YEAR;
        assert!(world.watch.beat(world.now, world.moment + SECOND).is_some());
        world.moment += SECOND;
        assert!(matches!(world.second().unwrap().jump, Some(Jump::Forward(_))));
    }
}

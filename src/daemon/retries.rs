//! When the daemon asks whether dead letters are due. Pure: it is told what the state store says, and knows no clock.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;

/// Nobody asks more often than that, also where something is due that cannot be sent.
const AT_MOST_EACH: Duration = Duration::from_mins(1);

/// So often somebody asks although nothing is known to be due. It is shorter than the shortest pause after a death, so what another
/// process gave up is known before its time comes.
const AT_LEAST_EACH: Duration = Duration::from_mins(15);

/// How long a retry is left alone that failed as a whole: as long as the shortest pause after a death.
const AFTER_A_FAILURE: Duration = Duration::from_hours(1);

/// What is known of the next time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retries {
    /// When somebody asked, and when the next one may.
    asked: Option<(Instant, Instant)>,
}

impl Retries {
    /// Whether it is time to ask. A clock that was put back does not keep anybody from it.
    #[must_use]
    pub fn is_time(&self, now: Instant) -> bool {
        self.asked.is_none_or(|(asked, again)| now < asked || now >= again)
    }

    /// Somebody asked, and learned how long it takes until the next one is due, where there is one.
    pub fn asked(&mut self, now: Instant, within: Option<Duration>) {
        let pause = within.map_or(AT_LEAST_EACH, |within| within.clamp(AT_MOST_EACH, AT_LEAST_EACH));
        self.asked = Some((now, now + pause));
    }

    /// A retry failed as a whole.
    pub fn failed(&mut self, now: Instant) {
        self.asked = Some((now, now + AFTER_A_FAILURE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead_letter::{TRANSIENT, next_retry};

    const SECOND: Duration = Duration::from_secs(1);

    fn now() -> Instant {
        Instant::from_micros(1_795_000_000_000_000)
    }

    /// How long nobody asks after the state store said when the next one is due.
    fn silence(within: Option<Duration>) -> Duration {
        let mut retries = Retries::default();
        assert!(retries.is_time(now()), "nobody has asked yet");
        retries.asked(now(), within);
        let mut seconds = (0..).map(|second| SECOND * second);
        seconds.find(|passed| retries.is_time(now() + *passed)).unwrap()
    }

    #[test]
    fn somebody_asks_when_the_next_one_is_due_and_never_more_than_once_a_minute() {
        assert_eq!(silence(Some(Duration::from_mins(7))), Duration::from_mins(7));
        assert_eq!(silence(Some(Duration::ZERO)), AT_MOST_EACH);
        assert_eq!(silence(None), AT_LEAST_EACH);
    }

    #[test]
    fn what_another_process_gives_up_is_known_before_it_is_due() {
        let shortest = TRANSIENT.iter().filter_map(|class| next_retry(class, 0)).min();
        assert!(shortest.is_some_and(|shortest| shortest > AT_LEAST_EACH));
    }

    #[test]
    fn a_retry_that_failed_is_left_alone_for_an_hour() {
        let mut retries = Retries::default();
        retries.asked(now(), Some(Duration::ZERO));
        retries.failed(now());
        assert!(!retries.is_time(now() + Duration::from_mins(59)));
        assert!(retries.is_time(now() + Duration::from_hours(1)));
    }

    #[test]
    fn a_clock_that_was_put_back_keeps_nobody_from_asking() {
        let mut retries = Retries::default();
        retries.asked(now(), None);
        assert!(retries.is_time(now() - SECOND));
    }
}

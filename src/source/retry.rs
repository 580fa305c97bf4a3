//! Decides whether and when a failed request is sent again. Pure: no clock, no sleep, no randomness of its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use tieout_reconcilers::page::Response;

use super::provider::Caps;

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Try again after our own pause, if the budget has room.
    BackOff(Duration),
    /// Try again after the pause that the provider asked for.
    Obey(Duration),
    /// The provider asked for too long a pause.
    TooLong(Duration),
    /// There were enough attempts.
    Enough,
}

/// A shorter pause is no instruction that would excuse a retry from the budget.
const LEAST_OBEYED: Duration = Duration::from_secs(1);

/// Decides after the `attempt`-th failed attempt, counted from 1. `random` lies in `[0, 1)`.
#[must_use]
pub fn decide(caps: &Caps, attempt: u32, asked: Option<Duration>, random: f64) -> Decision {
    match asked {
        Some(asked) if asked > caps.max_wait => Decision::TooLong(asked),
        _ if attempt >= caps.attempts => Decision::Enough,
        Some(asked) if asked >= LEAST_OBEYED => Decision::Obey(asked),
        _ => Decision::BackOff(full_jitter(caps, attempt, random).max(asked.unwrap_or_default())),
    }
}

/// Anything between nothing and the doubled base, so that clients that failed together do not return together.
fn full_jitter(caps: &Caps, attempt: u32, random: f64) -> Duration {
    let doubled = caps.retry_base.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    doubled.min(caps.retry_cap).mul_f64(random.clamp(0.0, 1.0))
}

/// The pause that `Retry-After` asks for: seconds, or a date measured by the provider's own clock where it shows one.
/// What is garbage, negative or past asks for nothing.
#[must_use]
pub fn retry_after(response: &Response<'_>, now: SystemTime) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let theirs = response.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
    until.duration_since(theirs.unwrap_or(now)).ok()
}

/// Tenths of a token that a new budget holds.
const FULL: u32 = 100;
/// Tenths of a token that a retry costs.
const RETRY: u32 = 10;
/// Tenths of a token that a success gives back.
const SUCCESS: u32 = 1;

/// How many retries a provider's requests may cause together: ten, and one more for every ten successes.
///
/// Retries of a provider that is down would otherwise multiply its load just when it recovers.
#[derive(Debug)]
pub struct RetryBudget(AtomicU32);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(AtomicU32::new(FULL))
    }
}

impl RetryBudget {
    /// Takes a token for a retry; false where there is none.
    #[must_use]
    pub fn withdraw(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |have| have.checked_sub(RETRY)).is_ok()
    }

    /// Gives back a part of a token after a success.
    pub fn deposit(&self) {
        let fill = |have: u32| (have < FULL).then_some(have + SUCCESS);
        // A full budget stays as it is.
        let _full = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fill);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(headers: &[(&str, &str)]) -> Option<Duration> {
        let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let now = httpdate::parse_http_date("Fri, 21 Nov 2025 00:00:00 GMT").unwrap();
        retry_after(&Response { status: 429, headers: &headers, body: b"" }, now)
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        assert_eq!(asked(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(asked(&[("retry-after", " 1.5 ")]), Some(Duration::from_millis(1500)));
        assert_eq!(asked(&[("retry-after", "Fri, 21 Nov 2025 00:01:00 GMT")]), Some(Duration::from_mins(1)));
    }

    #[test]
    fn a_date_is_measured_by_the_providers_own_clock() {
        let skewed =
            [("retry-after", "Fri, 21 Nov 2025 02:00:05 GMT"), ("date", "Fri, 21 Nov 2025 02:00:00 GMT")];
        assert_eq!(asked(&skewed), Some(Duration::from_secs(5)));
    }

    #[test]
    fn what_is_garbage_negative_or_past_asks_for_nothing() {
        for text in ["", "soon", "-5", "NaN", "inf", "1e300", "Thu, 20 Nov 2025 00:00:00 GMT", "0x10"] {
            assert_eq!(asked(&[("retry-after", text)]), None, "{text}");
        }
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn an_absurd_pause_ends_the_walk_instead_of_the_night() {
        let caps = Caps::default();
        for text in ["121", "86400", "99999999999999999999999999"] {
            let asked = asked(&[("retry-after", text)]).unwrap();
            assert_eq!(decide(&caps, 1, Some(asked), 0.5), Decision::TooLong(asked), "{text}");
        }
    }

    #[test]
    fn a_reasonable_pause_is_obeyed_and_next_to_nothing_is_charged_to_the_budget() {
        let caps = Caps::default();
        let wait = Duration::from_secs(9);
        assert_eq!(decide(&caps, 1, Some(wait), 0.0), Decision::Obey(wait));
        assert_eq!(decide(&caps, 1, Some(Duration::ZERO), 0.5), Decision::BackOff(caps.retry_base / 2));
        let blink = Duration::from_millis(3);
        assert_eq!(decide(&caps, 1, Some(blink), 0.0), Decision::BackOff(blink));
        assert_eq!(decide(&caps, caps.attempts, Some(wait), 0.0), Decision::Enough);
    }

    proptest! {
        #[test]
        fn own_pauses_stay_within_the_doubled_base_and_the_cap(attempt in 1_u32..6, random in 0.0_f64..1.0) {
            let caps = Caps::default();
            let Decision::BackOff(wait) = decide(&caps, attempt, None, random) else { panic!("no pause") };
            prop_assert!(wait <= caps.retry_base * 2_u32.pow(attempt - 1) && wait <= caps.retry_cap);
        }
    }

    #[test]
    fn a_budget_holds_ten_retries_and_earns_one_with_ten_successes() {
        let budget = RetryBudget::default();
        assert_eq!((0..50).filter(|_| budget.withdraw()).count(), 10);
        (0..25).for_each(|_| budget.deposit());
        assert_eq!((0..50).filter(|_| budget.withdraw()).count(), 2);
        (0..1_000).for_each(|_| budget.deposit());
        assert_eq!(
            (0..50).filter(|_| budget.withdraw()).count(),
            10,
            "it never holds more than it began with"
        );
    }
}

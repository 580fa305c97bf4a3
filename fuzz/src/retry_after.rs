//! Headers that say how fast we may ask: `Retry-After`, `RateLimit` and their forerunners.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tieout_reconcilers::define::limits::Gauge;
use tieout_reconcilers::pace::{pause, retry_after, seen};
use tieout_reconcilers::page::Response;

/// The headers that the lines of an input are the values of.
const NAMES: [&str; 7] = [
    "retry-after",
    "date",
    "ratelimit",
    "ratelimit-policy",
    "x-ratelimit-remaining",
    "x-ratelimit-limit",
    "x-ratelimit-reset",
];

/// What is left is a number of requests; a pause that a date asks for ends at that date.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let values = text.split('\n').map(str::to_owned);
    let headers: Vec<(String, String)> = NAMES.into_iter().map(str::to_owned).zip(values).collect();
    let response = Response { status: 429, headers: &headers, body: b"" };
    let now = UNIX_EPOCH + Duration::from_secs(1_763_683_200);
    let seen = seen(&Gauge::default(), &response, now);
    if let Some(seen) = &seen {
        assert!(seen.reading.left >= 0.0, "{seen:?}");
        assert!(seen.reading.of.is_none_or(|of| of >= 0.0), "{seen:?}");
    }
    let asked = retry_after(&response, now);
    assert!(asked.is_none() || pause(&response, seen.as_ref(), now) == asked, "`Retry-After` comes first");
    is_no_later_where_we_read_it_later(&response, now);
}

/// Who waits longer before reading a date has less left to wait.
fn is_no_later_where_we_read_it_later(response: &Response<'_>, now: SystemTime) {
    let then = now + Duration::from_secs(60);
    if let (Some(first), Some(second)) = (retry_after(response, now), retry_after(response, then)) {
        assert!(second <= first, "{first:?} became {second:?}");
    }
}

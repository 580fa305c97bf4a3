//! Every dialect in which an answer says something about the pace, and what is made of nonsense.

use std::time::{Duration, SystemTime};

use crate::define::limits::Gauge;
use crate::page::Response;

use super::{Seen, pause, seen};

fn now() -> SystemTime {
    httpdate::parse_http_date("Fri, 21 Nov 2025 00:00:00 GMT").unwrap()
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

fn seen_in(headers: &[(&str, &str)]) -> Option<Seen> {
    let headers = owned(headers);
    seen(&Gauge::default(), &Response { status: 200, headers: &headers, body: b"" }, now())
}

fn asked(headers: &[(&str, &str)]) -> Option<Duration> {
    let headers = owned(headers);
    let response = Response { status: 429, headers: &headers, body: b"" };
    pause(&response, seen(&Gauge::default(), &response, now()).as_ref(), now())
}

/// What is left, of how much, and the seconds until it is counted anew.
fn numbers(headers: &[(&str, &str)]) -> Option<(f64, Option<f64>, Option<u64>)> {
    seen_in(headers).map(|seen| (seen.reading.left, seen.reading.of, seen.reset.map(|r| r.as_secs())))
}

#[test]
fn both_forms_of_retry_after_are_read() {
    assert_eq!(asked(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
    assert_eq!(asked(&[("retry-after", " 1.5 ")]), Some(Duration::from_millis(1500)));
    assert_eq!(asked(&[("retry-after", "Fri, 21 Nov 2025 00:01:00 GMT")]), Some(Duration::from_mins(1)));
    assert_eq!(asked(&[("retry-after", "99999999999999999999999999")]), Some(Duration::MAX));
}

#[test]
fn a_date_is_measured_by_the_providers_own_clock() {
    let skewed =
        [("retry-after", "Fri, 21 Nov 2025 02:00:05 GMT"), ("date", "Fri, 21 Nov 2025 02:00:00 GMT")];
    assert_eq!(asked(&skewed), Some(Duration::from_secs(5)));
    let reset = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1763683260"),
        ("date", "Fri, 21 Nov 2025 00:00:30 GMT"),
    ];
    assert_eq!(numbers(&reset), Some((0.0, None, Some(30))));
}

#[test]
fn a_pause_that_is_garbage_negative_or_past_asks_for_nothing() {
    for text in ["", "soon", "-5", "NaN", "inf", "1e300", "Thu, 20 Nov 2025 00:00:00 GMT", "0x10"] {
        assert_eq!(asked(&[("retry-after", text)]), None, "{text}");
    }
    assert_eq!(asked(&[]), None);
}

#[test]
fn the_structured_headers_are_read_in_every_draft() {
    let policy = ("ratelimit-policy", "\"daily\";q=1000;w=86400, \"p\";q=100;w=10");
    for (headers, expected) in [
        (vec![("ratelimit", "\"p\";r=50;t=30"), policy], (50.0, Some(100.0), Some(30))),
        (vec![("ratelimit", "\"daily\";r=900;t=60, \"p\";r=3;t=5"), policy], (3.0, Some(100.0), Some(5))),
        (vec![("ratelimit", "\"p\";r=50")], (50.0, None, None)),
        (vec![("ratelimit", "limit=100, remaining=40, reset=7")], (40.0, Some(100.0), Some(7))),
        (
            vec![("ratelimit-limit", "10, 10;w=1"), ("ratelimit-remaining", "4"), ("ratelimit-reset", "2")],
            (4.0, Some(10.0), Some(2)),
        ),
        (
            vec![("x-rate-limit-remaining", "4"), ("x-rate-limit-reset", "1763683210000")],
            (4.0, None, Some(10)),
        ),
        (
            vec![("x-ratelimit-remaining", "4"), ("x-ratelimit-reset", "2025-11-21T00:00:20Z")],
            (4.0, None, Some(20)),
        ),
    ] {
        assert_eq!(numbers(&headers), Some(expected), "{headers:?}");
    }
}

#[test]
fn numbers_that_make_no_sense_say_nothing() {
    for headers in [
        vec![("ratelimit", "\"p\";r=-5;t=30")],
        vec![("ratelimit", "\"p\";t=30")],
        vec![("ratelimit", "((((")],
        vec![("ratelimit", "")],
        vec![("x-ratelimit-remaining", "many")],
        vec![("x-ratelimit-remaining", "-1")],
        vec![("x-ratelimit-remaining", "NaN")],
        vec![("x-ratelimit-reset", "30")],
    ] {
        assert_eq!(seen_in(&headers), None, "{headers:?}");
    }
    for reset in ["-1", "1e308", "soon", "99999999999999999999999999", "1763683100"] {
        let headers = [("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", reset)];
        assert_eq!(numbers(&headers).unwrap().2, None, "{reset}");
    }
}

#[test]
fn retry_after_goes_before_the_reset_and_a_reset_counts_only_where_nothing_is_left() {
    let reset = |left| [("x-ratelimit-remaining", left), ("x-ratelimit-reset", "90")];
    assert_eq!(asked(&reset("0")), Some(Duration::from_secs(90)));
    assert_eq!(asked(&reset("3")), None);
    let both = [("retry-after", "2"), ("ratelimit", "\"p\";r=0;t=30")];
    assert_eq!(asked(&both), Some(Duration::from_secs(2)));
}

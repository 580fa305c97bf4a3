//! What a provider file says about limits, and what answers say about the rest.

use std::time::Duration;

use proptest::prelude::*;

use super::{PROVIDER, provider};
use crate::define::checked::FromText as _;
use crate::define::limits::{Gauge, Limits, Reading, Reset, Route};
use crate::instant::Instant;
use crate::page::{Response, Target};

fn limits(yaml: &str) -> Limits {
    provider(&PROVIDER.replace("{rate: 10/s, burst: 5}", yaml)).limits
}

fn read(gauge: &Gauge, headers: &[(&str, &str)], body: &str) -> Option<Reading> {
    let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    gauge.read(&Response { status: 200, headers: &headers, body: body.as_bytes() })
}

fn left(left: f64) -> Reading {
    Reading { left, of: None, reset: None, refill: None, ask: None }
}

#[test]
fn what_is_left_and_when_it_is_counted_anew_are_read_from_headers_in_every_format() {
    let at = |micros| Some(Reset::At(Instant::from_micros(micros)));
    for (format, text, expected) in [
        ("epoch", "1763683200", at(1_763_683_200_000_000)),
        ("epoch_ms", "1763683200500", at(1_763_683_200_500_000)),
        ("seconds", "90", Some(Reset::In(Duration::from_secs(90)))),
        ("milliseconds", "90", Some(Reset::In(Duration::from_millis(90)))),
        ("rfc3339", "2025-11-21T00:00:00Z", at(1_763_683_200_000_000)),
        ("seconds", "-1", None),
        ("seconds", "1e300", None),
        ("epoch", "99999999999999999999", None),
        ("rfc3339", "soon", None),
    ] {
        let limits = limits(&format!("{{left: \"header:Rest\", reset: \"header:Anew\", as: {format}}}"));
        let said = read(&limits.gauge, &[("rest", "12"), ("anew", text)], "");
        assert_eq!(said, Some(Reading { reset: expected, ..left(12.0) }), "{format} {text}");
    }
}

#[test]
fn a_used_share_says_what_is_left_of_the_whole() {
    let gauge = limits("{used: \"header:Call-Limit\"}").gauge;
    let said = |text| read(&gauge, &[("call-limit", text)], "");
    assert_eq!(said("32/40"), Some(Reading { of: Some(40.0), ..left(8.0) }));
    assert_eq!(said("41/40"), Some(Reading { of: Some(40.0), ..left(0.0) }));
    for bad in ["32", "a/b", "-1/40", ""] {
        assert_eq!(said(bad), None, "{bad}");
    }
}

#[test]
fn a_bucket_of_cost_is_read_from_the_body() {
    let gauge = limits("{cost: {left: cost.left, refill: cost.rate, ask: cost.asked}}").gauge;
    let said = |body| read(&gauge, &[], body);
    let all = r#"{"data":[],"cost":{"left":954,"rate":50.0,"asked":46}}"#;
    assert_eq!(said(all), Some(Reading { refill: Some(50.0), ask: Some(46.0), ..left(954.0) }));
    assert_eq!(said(r#"{"cost":{"left":"954","asked":0}}"#), Some(left(954.0)));
    for bad in [r#"{"cost":{"rate":50}}"#, r#"{"cost":{"left":-1}}"#, "[]", "<html>", ""] {
        assert_eq!(said(bad), None, "{bad}");
    }
    let only_asked = limits("{cost: {left: cost.left, ask: cost.asked}}").gauge;
    assert_eq!(read(&only_asked, &[], all), Some(Reading { ask: Some(46.0), ..left(954.0) }));
}

#[test]
fn a_quota_is_a_request_of_its_own_with_a_gauge_of_its_own() {
    let yaml =
        "{quota: {request: \"GET /rate_limit?of=core\", left: core.left, reset: core.anew, as: seconds}}";
    let limits = limits(yaml);
    let quota = limits.quota.unwrap();
    let query = vec![("of".to_owned(), "core".to_owned())];
    assert_eq!(quota.request.target, Target::Path { path: "/rate_limit".to_owned(), query });
    let body = r#"{"core":{"left":7,"anew":60}}"#;
    let reset = Some(Reset::In(Duration::from_mins(1)));
    assert_eq!(read(&quota.gauge, &[], body), Some(Reading { reset, ..left(7.0) }));
    assert!(!limits.gauge.is_declared(), "other answers are read as ever");
}

#[test]
fn a_route_fits_the_paths_that_it_shows() {
    let fits = |route: &str, path: &str| Route::from_text(route).unwrap().fits(path);
    for (route, path) in [
        ("/orders", "/orders"),
        ("/orders/*", "/orders/7"),
        ("/objects/*/search", "/objects/a/b/search"),
        ("/*", "/orders"),
        ("/a*b*c", "/aXbYbZc"),
    ] {
        assert!(fits(route, path), "{route} {path}");
    }
    for (route, path) in [
        ("/orders", "/orders/7"),
        ("/orders/*", "/orders"),
        ("/objects/*/search", "/objects/a/searches"),
        ("/ab*ba", "/aba"),
    ] {
        assert!(!fits(route, path), "{route} {path}");
    }
}

#[test]
fn a_request_belongs_to_the_class_whose_route_it_takes() {
    let limits = limits("{rate: 10/s, classes: {single: {routes: [\"/orders/*\"], rate: 1/min, burst: 2}}}");
    assert_eq!(limits.classes.len(), 1);
    assert_eq!(limits.classes[0].allowance.per_second, Some(1.0 / 60.0));
}

proptest! {
    #[test]
    fn nothing_in_an_answer_makes_the_gauge_panic(text in "\\PC{0,20}") {
        for yaml in ["{left: \"header:a\", reset: \"header:a\"}", "{used: \"header:a\"}"] {
            let said = read(&limits(yaml).gauge, &[("a", &text)], &text);
            prop_assert!(said.is_none_or(|said| said.left >= 0.0 && said.left.is_finite()));
        }
    }
}

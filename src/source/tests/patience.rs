//! Retries: when, how long, how often, and when no more.

use std::num::NonZeroU32;
use std::time::Duration;

use tieout_reconcilers::define::limits::Allowance;
use tieout_reconcilers::page::{Answer, Response};
use tokio::time::Instant;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::double::{Double, Paging, request, usual};
use super::{client, reason, settings, walk};
use crate::source::{Client, Coverage, Reason, SourceError};

fn ok() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(r#"{"data":[{"id":1}]}"#)
}

/// Answers once with a failure, and then as it should.
async fn fails_once(failure: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(failure).up_to_n_times(1).expect(1).mount(&server).await;
    Mock::given(any()).respond_with(ok()).expect(1).mount(&server).await;
    server
}

#[tokio::test]
async fn a_passing_failure_is_not_noticed_by_the_walk() {
    let server = fails_once(ResponseTemplate::new(503)).await;
    let (pages, coverage) = walk(client(&server), Double::new(Paging::Cursor)).await;
    assert_eq!((pages.len(), coverage), (1, Coverage::Complete));
}

#[tokio::test]
async fn the_pause_that_the_provider_asks_for_is_kept_in_both_forms() {
    let (now, then) = ("Fri, 21 Nov 2025 00:00:00 GMT", "Fri, 21 Nov 2025 00:00:01 GMT");
    for (asked, shown) in [("1", None), (then, Some(now))] {
        let mut busy = ResponseTemplate::new(429).insert_header("retry-after", asked);
        if let Some(shown) = shown {
            busy = busy.insert_header("date", shown);
        }
        let server = fails_once(busy).await;
        let started = Instant::now();
        let (_, coverage) = walk(client(&server), Double::new(Paging::Cursor)).await;
        assert_eq!(coverage, Coverage::Complete);
        assert!(started.elapsed() >= Duration::from_millis(990), "{asked}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_pause_that_makes_no_sense_is_replaced_by_our_own() {
    for asked in ["-3", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        let server = fails_once(ResponseTemplate::new(429).insert_header("retry-after", asked)).await;
        assert_eq!(walk(client(&server), Double::new(Paging::Cursor)).await.1, Coverage::Complete, "{asked}");
    }
}

#[tokio::test]
async fn a_pause_longer_than_a_run_waits_ends_the_walk_politely() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "86400");
    Mock::given(any()).respond_with(busy).expect(1).mount(&server).await;
    let (_, reason) = reason(client(&server), Double::new(Paging::Cursor)).await;
    let Reason::Unread { error: SourceError::Throttled { asked, .. }, .. } = reason else {
        panic!("{reason}")
    };
    assert_eq!(asked, Duration::from_hours(24));
}

#[tokio::test]
async fn a_lasting_failure_is_given_up_after_a_while() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).mount(&server).await;
    let (_, reason) = reason(client(&server), Double::new(Paging::Cursor)).await;
    let Reason::Unread { error: SourceError::GaveUp { attempts, last }, .. } = reason else {
        panic!("{reason}")
    };
    assert_eq!(attempts as usize, server.received_requests().await.unwrap().len());
    assert!((6..=20).contains(&attempts), "{attempts} attempts");
    assert!(matches!(*last, SourceError::Unavailable { status: 503, .. }));
}

/// Fails so many times, and never again.
async fn fails_for_a_while(times: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).up_to_n_times(times).mount(&server).await;
    Mock::given(any()).respond_with(ok()).mount(&server).await;
    server
}

#[tokio::test]
async fn a_burst_of_failures_is_survived_by_all_and_costs_few_requests() {
    let server = fails_for_a_while(16).await;
    let mut settings = settings(&server.uri());
    settings.caps.outage = Duration::from_mins(1);
    let client = Client::new(&settings).unwrap();
    let requests: Vec<_> = (0..100).map(|n| request(&format!("/{n}"), &[])).collect();
    let asked = requests.iter().map(|request| client.fetch(request, None, usual));
    for answered in futures::future::join_all(asked).await {
        answered.unwrap();
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 116);
}

#[tokio::test]
async fn clones_of_a_client_share_a_pause() {
    let server = fails_once(ResponseTemplate::new(429).insert_header("retry-after", "1")).await;
    let one = client(&server);
    let other = one.for_run(None);
    let asked = request("/charges", &[]);
    let started = Instant::now();
    let second = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        other.for_run(Some(Instant::now() + Duration::from_millis(100))).fetch(&asked, None, usual).await
    };
    let (first, second) = tokio::join!(one.fetch(&asked, None, usual), second);
    first.unwrap();
    assert_eq!(second.unwrap_err(), SourceError::OutOfTime);
    assert!(started.elapsed() >= Duration::from_millis(990));
    assert_eq!(one.sent().throttled, 1);
}

#[tokio::test]
async fn a_rule_that_says_wait_is_counted_as_a_refusal_and_takes_its_least_pause() {
    let server = fails_once(ResponseTemplate::new(403).set_body_string("secondary rate limit")).await;
    let client = client(&server);
    let started = Instant::now();
    let classify = |response: &Response<'_>| match response.status {
        403 => Answer::Wait { why: "secondary".to_owned(), at_least: Some(Duration::from_secs(1)) },
        _ => usual(response),
    };
    client.fetch(&request("/charges", &[]), None, classify).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(990));
    assert_eq!((client.sent().ok, client.sent().throttled, client.sent().failed), (1, 1, 0));
}

#[tokio::test]
async fn a_provider_that_is_out_of_service_is_left_alone_by_everybody_and_is_no_matter_of_the_pace() {
    let server = fails_once(ResponseTemplate::new(503)).await;
    let mut settings = settings(&server.uri());
    settings.caps.retry_base = Duration::from_millis(200);
    let client = Client::new(&settings).unwrap();
    let classify = |response: &Response<'_>| match response.status {
        503 => Answer::OutOfService("status 503".to_owned()),
        _ => usual(response),
    };
    let started = Instant::now();
    client.fetch(&request("/charges", &[]), None, classify).await.unwrap();
    // At least half of the doubled base, and nothing is random below that.
    assert!(started.elapsed() >= Duration::from_millis(190), "{:?}", started.elapsed());
    assert_eq!((client.sent().ok, client.sent().throttled, client.sent().failed), (1, 0, 1));
}

#[tokio::test]
async fn a_provider_that_is_down_gets_hardly_more_requests_than_without_retries() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).mount(&server).await;
    let client = client(&server);
    for n in 0..100 {
        let asked = request(&format!("/{n}"), &[]);
        let failed = client.fetch(&asked, None, usual).await.unwrap_err();
        assert!(matches!(failed, SourceError::GaveUp { .. }), "{failed}");
    }
    let sent = server.received_requests().await.unwrap().len();
    assert!((101..=120).contains(&sent), "{sent} requests for 100");
}

#[tokio::test]
async fn the_end_of_the_run_ends_its_requests_and_its_pauses() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ok().set_delay(Duration::from_mins(1))).mount(&server).await;
    let late = client(&server).for_run(Some(Instant::now() + Duration::from_millis(50)));
    assert_eq!(late.fetch(&request("/slow", &[]), None, usual).await.unwrap_err(), SourceError::OutOfTime);

    let busy = ResponseTemplate::new(503).insert_header("retry-after", "100");
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(busy).expect(1).mount(&server).await;
    let soon = client(&server).for_run(Some(Instant::now() + Duration::from_secs(20)));
    let started = Instant::now();
    assert_eq!(soon.fetch(&request("/busy", &[]), None, usual).await.unwrap_err(), SourceError::OutOfTime);
    assert!(started.elapsed() < Duration::from_secs(10), "a pause beyond the end is not begun");
}

#[tokio::test]
async fn every_attempt_is_paced() {
    let server = fails_once(ResponseTemplate::new(503)).await;
    let mut settings = settings(&server.uri());
    settings.limits.everywhere =
        Allowance { per_second: Some(5.0), burst: NonZeroU32::new(1), ..Allowance::default() };
    let started = Instant::now();
    walk(Client::new(&settings).unwrap(), Double::new(Paging::Cursor)).await;
    assert!(started.elapsed() >= Duration::from_millis(190), "{:?}", started.elapsed());
}

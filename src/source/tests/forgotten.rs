//! Ways to a next page that the provider forgets soon.

use std::num::NonZeroU32;
use std::time::Duration;

use tieout_reconcilers::define::limits::Allowance;
use wiremock::matchers::{query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::double::{Double, Paging};
use super::{reason, settings, walk};
use crate::source::{Client, Coverage, NextStep, Reason, SourceError};

fn json(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.to_owned(), "application/json")
}

/// Two pages, with something else before the second one.
async fn two_pages(before: Option<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    let first = json(r#"{"data":[{"id":1}],"next":"2"}"#);
    Mock::given(query_param_is_missing("cursor")).respond_with(first).mount(&server).await;
    if let Some(before) = before {
        let once = Mock::given(query_param("cursor", "2")).respond_with(before).up_to_n_times(1);
        once.mount(&server).await;
    }
    let second = json(r#"{"data":[{"id":2}]}"#);
    Mock::given(query_param("cursor", "2")).respond_with(second).mount(&server).await;
    server
}

/// A client that sends five requests a second.
fn slow(server: &MockServer) -> Client {
    let mut settings = settings(&server.uri());
    settings.limits.everywhere =
        Allowance { per_second: Some(5.0), burst: NonZeroU32::new(1), ..Allowance::default() };
    Client::new(&settings).unwrap()
}

async fn n_requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn one_that_is_too_old_when_its_turn_comes_is_not_taken() {
    let server = two_pages(None).await;
    let double = Double::new(Paging::Cursor).forgotten_after(Duration::from_millis(50));
    let (pages, reason) = reason(slow(&server), double).await;
    assert!(
        matches!(&reason, Reason::Unread { error: SourceError::Outlived(ttl), .. } if ttl.as_millis() == 50),
        "{reason}"
    );
    assert_eq!((pages, reason.next_step(), n_requests(&server).await), (1, NextStep::ReadAgain, 1));
}

#[tokio::test]
async fn one_that_is_young_enough_is_taken() {
    let server = two_pages(None).await;
    let double = Double::new(Paging::Cursor).forgotten_after(Duration::from_mins(1));
    let (pages, coverage) = walk(slow(&server), double).await;
    assert_eq!((pages.len(), coverage), (2, Coverage::Complete));
}

#[tokio::test]
async fn a_retry_does_not_take_one_that_grew_too_old_meanwhile() {
    let server = two_pages(Some(ResponseTemplate::new(503).insert_header("retry-after", "1"))).await;
    let double = Double::new(Paging::Cursor).forgotten_after(Duration::from_millis(900));
    let (_, reason) = reason(slow(&server), double).await;
    assert!(matches!(&reason, Reason::Unread { error: SourceError::Outlived(_), .. }), "{reason}");
    assert_eq!(n_requests(&server).await, 2);
}

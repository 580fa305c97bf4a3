//! Walks that would never end by themselves.

use std::sync::atomic::{AtomicU64, Ordering};

use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::double::{Double, Paging};
use super::{reason, settings};
use crate::source::guard::Endless;
use crate::source::{Caps, Client, Reason};

/// Says of the n-th request, from 0, what its body is.
struct Nth<F>(AtomicU64, F);

impl<F: Fn(u64) -> String + Send + Sync> Respond for Nth<F> {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let body = (self.1)(self.0.fetch_add(1, Ordering::SeqCst));
        ResponseTemplate::new(200).set_body_raw(body, "application/json")
    }
}

/// How a walk over such bodies ends, after how many pages and how many requests.
async fn ends(
    body: impl Fn(u64) -> String + Send + Sync + 'static,
    change: impl FnOnce(&mut Caps),
) -> (Endless, usize, usize) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Nth(AtomicU64::new(0), body)).mount(&server).await;
    let mut settings = settings(&server.uri());
    change(&mut settings.caps);
    let (pages, reason) = reason(Client::new(&settings).unwrap(), Double::new(Paging::Cursor)).await;
    let Reason::Endless { endless, .. } = reason else { panic!("{reason}") };
    (endless, pages, server.received_requests().await.unwrap().len())
}

#[tokio::test]
async fn a_cursor_that_repeats_is_never_sent_twice() {
    for period in [1, 2, 3, 50] {
        let body = move |n: u64| format!(r#"{{"data":[{{"id":{n}}}],"next":"c{}"}}"#, n % period);
        let requests = usize::try_from(period).unwrap() + 1;
        assert_eq!(
            ends(body, |_| ()).await,
            (Endless::RepeatedRequest, requests, requests),
            "period {period}"
        );
    }
}

#[tokio::test]
async fn a_page_that_comes_again_under_a_new_cursor_is_noticed_in_any_order() {
    let body = |n: u64| {
        let rows = if n.is_multiple_of(2) { r#"{"id":1},{"id":2}"# } else { r#"{"id":2},{"id":1}"# };
        format!(r#"{{"data":[{rows}],"at":{n},"next":"c{n}"}}"#)
    };
    assert_eq!(ends(body, |_| ()).await, (Endless::RepeatedPage, 1, 2));
    let period_3 = |n: u64| format!(r#"{{"data":[{{"id":{}}}],"next":"c{n}"}}"#, n % 3);
    assert_eq!(ends(period_3, |_| ()).await, (Endless::RepeatedPage, 3, 4));
}

#[tokio::test]
async fn empty_pages_that_promise_more_end_at_the_cap() {
    let body = |n: u64| format!(r#"{{"data":[],"next":"c{n}"}}"#);
    assert_eq!(ends(body, |caps| caps.empty_pages = 5).await, (Endless::TooManyEmptyPages(5), 4, 5));
}

#[tokio::test]
async fn ever_new_pages_end_at_the_cap() {
    let body = |n: u64| format!(r#"{{"data":[{{"id":{n}}}],"next":"c{n}"}}"#);
    assert_eq!(ends(body, |caps| caps.pages = 7).await, (Endless::TooManyPages(7), 7, 7));
}

//! Walks that reach their end, and what a page may not be.

use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::outline::Outline;
use tieout_reconcilers::page::PageFault;
use tieout_reconcilers::projection::ShapeFault;
use wiremock::matchers::{header, method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::double::{Double, Paging};
use super::{client, reason, started, walk};
use crate::source::{Coverage, NextStep, Reason, SourceError, Walk, WalkedPage};

/// Answers the list with one body.
async fn list(server: &MockServer, answer: ResponseTemplate) {
    Mock::given(path("/charges")).respond_with(answer).mount(server).await;
}

fn json(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.to_owned(), "application/json")
}

fn keys(pages: &[WalkedPage]) -> Vec<String> {
    let slot =
        |page: &WalkedPage| page.items.iter().map(|i| i.slot(KEY).unwrap().to_owned()).collect::<Vec<_>>();
    pages.iter().flat_map(slot).collect()
}

#[tokio::test]
async fn cursors_are_followed_to_the_end() {
    let server = MockServer::start().await;
    let page = |cursor: &str, body: &str| {
        Mock::given(method("GET"))
            .and(path("/charges"))
            .and(query_param("limit", "2"))
            .and(query_param("cursor", cursor))
            .respond_with(json(body))
            .expect(1)
    };
    Mock::given(query_param_is_missing("cursor"))
        .respond_with(json(r#"{"data":[{"id":"a"},{"id":"b"}],"next":"b&=/"}"#))
        .mount(&server)
        .await;
    page("b&=/", r#"{"data":[{"id":"c"},7],"next":"c"}"#).mount(&server).await;
    page("c", r#"{"data":[],"total":4}"#).mount(&server).await;

    let (pages, coverage) = walk(client(&server), Double::new(Paging::Cursor)).await;
    assert_eq!(coverage, Coverage::Complete);
    assert_eq!(keys(&pages), [r#""a""#, r#""b""#, r#""c""#]);
    assert_eq!(pages.iter().map(|p| p.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(pages[1].faults.len(), 1, "a row that is no object is a fault and not an end");
}

#[tokio::test]
async fn a_walk_that_is_given_up_hands_out_what_it_has_and_asks_for_nothing_more() {
    const PAGES: u64 = 1_000;
    let server = MockServer::start().await;
    let chain = |request: &Request| {
        let asked = request.url.query_pairs().find(|(name, _)| name == "cursor");
        let n = asked.map_or(0, |(_, cursor)| cursor.parse::<u64>().unwrap()) + 1;
        let next = if n < PAGES { format!(r#","next":"{n}""#) } else { String::new() };
        json(&format!(r#"{{"data":[{{"id":{n}}}]{next}}}"#))
    };
    Mock::given(path("/charges")).respond_with(chain).mount(&server).await;
    let mut walk = started(client(&server), Double::new(Paging::Cursor));
    walk.next().await.unwrap();
    let asked_by_then = server.received_requests().await.unwrap().len();
    walk.give_up();
    let mut taken = 1;
    while walk.next().await.is_some() {
        taken += 1;
    }
    let asked = server.received_requests().await.unwrap().len();
    assert!(
        taken < PAGES && asked <= asked_by_then + 1,
        "{taken} pages, {asked} requests after {asked_by_then}"
    );
    assert_eq!(walk.coverage().await, Coverage::Partial(vec![Reason::Abandoned]));
}

#[tokio::test]
async fn links_are_followed_absolute_or_relative_to_the_page() {
    let server = MockServer::start().await;
    let absolute = format!("{}/deep/two?x=1#frag", server.uri());
    list(&server, json(&format!(r#"{{"data":[{{"id":1}}],"next":"{absolute}"}}"#))).await;
    Mock::given(path("/deep/two"))
        .respond_with(json(r#"{"data":[{"id":2}],"next":"three?y=2"}"#))
        .mount(&server)
        .await;
    Mock::given(path("/deep/three"))
        .and(query_param("y", "2"))
        .respond_with(json(r#"{"data":[{"id":3}]}"#))
        .mount(&server)
        .await;
    let (pages, coverage) = walk(client(&server), Double::new(Paging::Link)).await;
    assert_eq!((keys(&pages), coverage), (vec!["1".into(), "2".into(), "3".into()], Coverage::Complete));
}

#[tokio::test]
async fn requests_say_who_asks_and_for_what_and_never_where_they_come_from() {
    let server = MockServer::start().await;
    let next = format!("{}/two", server.uri());
    Mock::given(path("/charges"))
        .and(header("user-agent", concat!("tieout/", env!("CARGO_PKG_VERSION"))))
        .and(header("accept", "application/json"))
        .and(header("accept-encoding", "identity"))
        .respond_with(json(&format!(r#"{{"data":[{{"id":1}}],"next":"{next}"}}"#)))
        .mount(&server)
        .await;
    Mock::given(path("/two")).respond_with(json(r#"{"data":[]}"#)).mount(&server).await;
    assert_eq!(walk(client(&server), Double::new(Paging::Link)).await.1, Coverage::Complete);
    for request in server.received_requests().await.unwrap() {
        assert!(!request.headers.contains_key("referer") && !request.headers.contains_key("cookie"));
    }
}

#[tokio::test]
async fn an_empty_answer_is_a_complete_walk_without_items() {
    let server = MockServer::start().await;
    list(&server, ResponseTemplate::new(204)).await;
    let (pages, coverage) = walk(client(&server), Double::new(Paging::Cursor)).await;
    assert_eq!((pages.len(), coverage), (0, Coverage::Complete));
}

#[tokio::test]
async fn the_providers_clock_is_measured_once_for_a_run() {
    let server = MockServer::start().await;
    let hour_ahead =
        httpdate::fmt_http_date(std::time::SystemTime::now() + std::time::Duration::from_hours(1));
    list(&server, json(r#"{"data":[]}"#).insert_header("date", &*hour_ahead)).await;
    let client = client(&server);
    walk(client.clone(), Double::new(Paging::Cursor)).await;
    let skew = client.first_skew().unwrap().num_seconds();
    assert!((3590..=3600).contains(&skew), "{skew}");
    assert_eq!(client.for_run(None).first_skew(), None, "another run measures for itself");
}

#[tokio::test]
async fn an_html_page_with_status_200_is_named_for_what_it_is() {
    let server = MockServer::start().await;
    let body = "<html>log in, token=CANARY</html>";
    list(&server, ResponseTemplate::new(200).set_body_raw(body, "text/html; charset=utf-8")).await;
    let (read, reason) = reason(client(&server), Double::new(Paging::Cursor)).await;
    let expected = format!(
        "example.charges, page 1 of example (GET {}/charges): the body is not JSON: unexpected text at line 1 column 1; \
         it is text/html; charset=utf-8, which looks like a login or error page; the body is 33 bytes with sha256 {}, \
         shaped as markup; compare the feed's definition with what the provider sends",
        server.uri(),
        Outline::of(body.as_bytes()).sha256
    );
    assert_eq!((read, reason.to_string()), (0, expected));
}

#[tokio::test]
async fn a_page_of_another_shape_is_no_empty_page() {
    let cases = [
        (r#"{"object":"list"}"#, PageFault::Shape(ShapeFault::NoRows("data".into()))),
        (r#"{"data":{}}"#, PageFault::Shape(ShapeFault::RowsNotArray("data".into()))),
        (r#"{"data":[],"more":true}"#, PageFault::NoWayOn("next".into())),
    ];
    for (body, expected) in cases {
        let server = MockServer::start().await;
        list(&server, json(body)).await;
        let (_, reason) = reason(client(&server), Double::new(Paging::Cursor)).await;
        assert!(matches!(&reason, Reason::NotAPage { fault, .. } if *fault == expected), "{reason}");
    }
}

#[tokio::test]
async fn an_error_body_with_status_200_is_refused_without_asking_again() {
    let server = MockServer::start().await;
    Mock::given(path("/charges")).respond_with(json(r#"{"error":"CANARY"}"#)).expect(1).mount(&server).await;
    let (_, reason) = reason(client(&server), Double::new(Paging::Cursor)).await;
    assert!(
        matches!(&reason, Reason::Unread { error: SourceError::Refused { status: 200, .. }, .. }),
        "{reason}"
    );
    assert!(!reason.to_string().contains("CANARY"));
}

#[tokio::test]
async fn a_count_that_the_walk_does_not_reach_makes_it_partial_and_keeps_its_items() {
    let server = MockServer::start().await;
    list(&server, json(r#"{"data":[{"id":1},{"id":2}],"total":3}"#)).await;
    let (pages, coverage) = walk(client(&server), Double::new(Paging::Cursor)).await;
    assert_eq!(keys(&pages), ["1", "2"]);
    let Coverage::Partial(reasons) = coverage else { panic!("complete") };
    assert!(matches!(reasons[..], [Reason::TotalMismatch { said: 3, seen: 2, .. }]), "{reasons:?}");
}

#[tokio::test]
async fn a_range_with_more_rows_than_the_provider_hands_out_has_to_be_read_in_halves() {
    let full = r#"{"data":[{"id":1},{"id":2}],"next":"2"}"#;
    let counted = r#"{"data":[{"id":1}],"next":"1","total":3}"#;
    for body in [full, counted] {
        let server = MockServer::start().await;
        Mock::given(path("/charges")).respond_with(json(body)).expect(1).mount(&server).await;
        let (_, reason) = reason(client(&server), Double::new(Paging::Cursor).capped(2)).await;
        assert!(matches!(&reason, Reason::Capped { rows: 2, .. }), "{reason}");
        assert_eq!(reason.next_step(), NextStep::Halve);
    }
    let server = MockServer::start().await;
    list(&server, json(r#"{"data":[{"id":1}],"total":1}"#)).await;
    let (_, coverage) = walk(client(&server), Double::new(Paging::Cursor).capped(2)).await;
    assert_eq!(coverage, Coverage::Complete);
}

#[tokio::test]
async fn the_next_page_is_fetched_while_nobody_takes_the_last_and_no_further_than_that() {
    let server = MockServer::start().await;
    for n in 0..10 {
        let body = format!(r#"{{"data":[{{"id":{n}}}],"next":"/p{}"}}"#, n + 1);
        let at = if n == 0 { "/charges".to_owned() } else { format!("/p{n}") };
        Mock::given(path(at)).respond_with(json(&body)).mount(&server).await;
    }
    let mut walk =
        Walk::start(client(&server), std::sync::Arc::new(Double::new(Paging::Link)), super::double::slice());
    let asked = || async { server.received_requests().await.unwrap().len() };
    while asked().await < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(walk.next().await.unwrap().number, 1);
    while asked().await < 4 {
        tokio::task::yield_now().await;
    }
    assert_eq!(walk.next().await.unwrap().number, 2);
    assert_eq!(walk.coverage().await, Coverage::Partial(vec![Reason::Abandoned]));
    assert!(asked().await <= 6);
}

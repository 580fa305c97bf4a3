//! Servers that send too much, too slowly, too little or nothing, and addresses that are not to be reached.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::double::{Double, Paging, request, slice};
use super::raw::{Does, RawServer, response};
use super::{reason, settings, walk};
use crate::source::{Client, Coverage, NextStep, ProviderSettings, Reason, SourceError, Throughput, Walk};

const PAGE: &[u8] = br#"{"data":[{"id":"a"}]}"#;

#[tokio::test]
async fn a_body_over_the_cap_ends_the_walk_whether_its_length_is_announced_or_not() {
    let head = |more: &str| format!("HTTP/1.1 200 OK\r\n{more}\r\n\r\n").into_bytes();
    let chunk = |size: usize| [format!("{size:x}\r\n").as_bytes(), &vec![b' '; size], b"\r\n"].concat();
    for does in [
        Does::Says(head("content-length: 999999999")),
        Does::Floods(head("connection: close"), vec![b' '; 1000]),
        Does::Floods(head("transfer-encoding: chunked"), chunk(1000)),
    ] {
        let server = RawServer::start(vec![does]).await;
        let mut settings = settings(&server.uri);
        settings.caps.page_bytes = 100_000;
        let (_, reason) = reason(Client::new(&settings).unwrap(), Double::new(Paging::Cursor)).await;
        let expected = SourceError::BodyTooLarge { cap: 100_000 };
        assert!(matches!(&reason, Reason::Unread { error, .. } if *error == expected), "{reason}");
        assert_eq!(server.connections(), 1, "it is not asked for again");
    }
}

#[tokio::test]
async fn a_body_up_to_the_cap_is_read_in_one_piece_or_many() {
    for size in [0, 1, 1000, 99_999, 100_000] {
        let body: Vec<u8> = (0..size).map(|n| b'a' + u8::try_from(n % 26).unwrap()).collect();
        let server = RawServer::start(vec![Does::Says(response(size, &body))]).await;
        let mut settings = settings(&server.uri);
        settings.caps.page_bytes = 100_000;
        let fetched = Client::new(&settings).unwrap().send(&request("/charges", &[]), None).await.unwrap();
        assert!(fetched.body == body, "{size}");
    }
}

#[tokio::test]
async fn a_gzip_bomb_stops_at_the_same_cap() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..16 {
        packed.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 100_000, "smaller on the wire than the cap: {}", packed.len());
    let server = MockServer::start().await;
    let bomb = ResponseTemplate::new(200).insert_header("content-encoding", "gzip").set_body_bytes(packed);
    Mock::given(any()).respond_with(bomb).expect(1).mount(&server).await;
    let mut settings = settings(&server.uri());
    settings.caps.page_bytes = 100_000;
    let refused = Client::new(&settings).unwrap().send(&request("/charges", &[]), None).await.unwrap_err();
    assert_eq!(refused, SourceError::BodyTooLarge { cap: 100_000 });
}

#[tokio::test]
async fn a_packed_page_is_read() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(PAGE).unwrap();
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200)
        .insert_header("content-encoding", "gzip")
        .set_body_bytes(packed.finish().unwrap());
    Mock::given(any()).respond_with(page).mount(&server).await;
    let (pages, coverage) = walk(super::client(&server), Double::new(Paging::Cursor)).await;
    assert_eq!((pages.len(), coverage), (1, Coverage::Complete));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_asked_for_again() {
    let broken = Does::Says(response(500, PAGE));
    let reset = Does::Says(Vec::new());
    let server = RawServer::start(vec![broken, reset, Does::Says(response(PAGE.len(), PAGE))]).await;
    let client = Client::new(&settings(&server.uri)).unwrap();
    let (pages, coverage) = walk(client, Double::new(Paging::Cursor)).await;
    assert_eq!((pages.len(), coverage, server.connections()), (1, Coverage::Complete, 3));
}

#[tokio::test]
async fn a_drip_feed_is_given_up_long_before_its_end() {
    let drip = Does::Drips(response(1_000_000, b""), Duration::from_millis(5));
    let server = RawServer::start(vec![drip]).await;
    let mut settings = settings(&server.uri);
    settings.caps.throughput = Throughput { bytes_per_second: 10_000, over: Duration::from_millis(50) };
    settings.caps.attempts = 2;
    let (_, reason) = reason(Client::new(&settings).unwrap(), Double::new(Paging::Cursor)).await;
    let Reason::Unread { error: SourceError::GaveUp { attempts: 2..=9, last }, .. } = reason else {
        panic!("{reason}")
    };
    assert_eq!(*last, SourceError::TooSlow { bytes_per_second: 10_000 });
}

#[tokio::test]
async fn an_answer_that_never_comes_is_given_up_at_the_time_limit() {
    let server = RawServer::start(vec![Does::Hangs]).await;
    let mut settings = settings(&server.uri);
    settings.caps.request_time = Duration::from_millis(50);
    let failed = Client::new(&settings).unwrap().send(&request("/charges", &[]), None).await.unwrap_err();
    assert_eq!(failed, SourceError::TimedOut(Duration::from_millis(50)));
    assert_eq!(failed.next_step(), NextStep::AskAgain);
}

#[tokio::test]
async fn floods_of_headers_are_refused() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).insert_header("x-long", "y".repeat(5_000)))
        .mount(&server)
        .await;
    let mut settings = settings(&server.uri());
    settings.caps.header_bytes = 4_000;
    let refused = Client::new(&settings).unwrap().send(&request("/charges", &[]), None).await.unwrap_err();
    assert_eq!(refused, SourceError::HeadersTooLarge { cap: 4_000 });

    let many = "x-one: 1\r\n".repeat(200);
    let many = format!("HTTP/1.1 200 OK\r\n{many}content-length: 0\r\n\r\n").into_bytes();
    let server = RawServer::start(vec![Does::Says(many)]).await;
    let client = Client::new(&super::settings(&server.uri)).unwrap();
    assert!(matches!(client.send(&request("/charges", &[]), None).await, Err(SourceError::Transport { .. })));
}

#[tokio::test]
async fn a_refused_connection_says_so_without_the_url() {
    let client = Client::new(&settings("http://127.0.0.1:1")).unwrap();
    let failed = client.send(&request("/charges", &[("q", "CANARY")]), None).await.unwrap_err();
    let text = failed.to_string();
    assert!(text.starts_with("connecting failed: ") && text.contains("refused"), "{text}");
    assert_eq!(failed.next_step(), NextStep::AskAgain);
}

#[tokio::test]
async fn private_addresses_are_refused_unless_they_are_allowed() {
    let settings =
        |base: &str| ProviderSettings::new("example".parse().unwrap(), base.parse::<url::Url>().unwrap());
    for literal in ["https://127.0.0.1:1", "https://[::1]:1", "https://169.254.169.254"] {
        let refused = Client::new(&settings(literal)).unwrap_err();
        assert!(matches!(refused, SourceError::AddressRefused(_)), "{refused}");
    }
    // A name is only known when it is resolved, which is when it is refused.
    let client = Client::new(&settings("https://localhost:1")).unwrap();
    let refused = client.send(&request("/charges", &[]), None).await.unwrap_err();
    assert!(matches!(refused, SourceError::AddressRefused(_)), "{refused}");
    assert_eq!(refused.next_step(), NextStep::FixSettings);
    assert!(refused.to_string().contains("allow_private"), "{refused}");
}

#[tokio::test]
async fn a_name_on_loopback_is_reached_where_that_is_allowed() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let base = format!("http://localhost:{}", server.address().port());
    let client = Client::new(&settings(&base)).unwrap();
    assert_eq!(client.send(&request("/charges", &[]), None).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_walk_that_is_dropped_leaves_its_request_at_once() {
    let server = RawServer::start(vec![Does::Hangs]).await;
    let client = Client::new(&settings(&server.uri)).unwrap();
    let walk = Walk::start(client, Arc::new(Double::new(Paging::Cursor)), slice());
    while server.connections() == 0 {
        tokio::task::yield_now().await;
    }
    drop(walk);
    let left = async {
        while server.ended() == 0 {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), left).await.is_ok(), "the request goes on");
}

//! Providers that say that a page is unchanged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures::future::{BoxFuture, FutureExt as _};
use secrecy::SecretString;
use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::define::auth::Auth;
use tieout_reconcilers::reconciler::Validator;
use wiremock::matchers::{any, header, header_exists, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::double::{Double, Paging};
use super::settings;
use crate::source::kept::{KeptPage, PageName, Shelf, ShelfFault};
use crate::source::{Client, Coverage, Reason, SourceError, Walk};

/// A shelf in memory.
#[derive(Debug, Default)]
struct Memory {
    pages: Mutex<HashMap<String, KeptPage>>,
}

impl Memory {
    fn n_pages(&self) -> usize {
        self.pages.lock().unwrap().len()
    }

    fn change(&self, change: impl Fn(&mut KeptPage)) {
        self.pages.lock().unwrap().values_mut().for_each(change);
    }
}

impl Shelf for Memory {
    fn take<'s>(&'s self, name: &'s PageName) -> BoxFuture<'s, Result<Option<KeptPage>, ShelfFault>> {
        async move { Ok(self.pages.lock().unwrap().get(&name.request).cloned()) }.boxed()
    }

    fn put<'s>(&'s self, name: &'s PageName, page: &'s KeptPage) -> BoxFuture<'s, Result<(), ShelfFault>> {
        async move {
            self.pages.lock().unwrap().insert(name.request.clone(), page.clone());
            Ok(())
        }
        .boxed()
    }
}

/// A shelf that does not work.
#[derive(Debug)]
struct Broken;

impl Shelf for Broken {
    fn take<'s>(&'s self, _: &'s PageName) -> BoxFuture<'s, Result<Option<KeptPage>, ShelfFault>> {
        async move { Err(ShelfFault("no".to_owned())) }.boxed()
    }

    fn put<'s>(&'s self, _: &'s PageName, _: &'s KeptPage) -> BoxFuture<'s, Result<(), ShelfFault>> {
        async move { Err(ShelfFault("no".to_owned())) }.boxed()
    }
}

/// A client of another night, which keeps what it reads.
fn client(server: &MockServer, shelf: &Arc<Memory>) -> Client {
    let shelf: Arc<dyn Shelf> = Arc::clone(shelf) as Arc<dyn Shelf>;
    Client::new(&settings(&server.uri())).unwrap().with_shelf(shelf).keeping_pages()
}

async fn walk(client: Client, validator: Validator) -> (Vec<String>, Coverage) {
    let double = Double::new(Paging::Cursor).conditional(validator);
    let mut walk = Walk::start(client, Arc::new(double), super::double::slice());
    let mut keys = Vec::new();
    while let Some(page) = walk.next().await {
        keys.extend(page.items.iter().map(|item| item.slot(KEY).unwrap().to_owned()));
    }
    (keys, walk.coverage().await)
}

async fn walked(client: Client) -> Vec<String> {
    let (keys, coverage) = walk(client, Validator::Etag).await;
    assert_eq!(coverage, Coverage::Complete);
    keys
}

fn page(body: &str, etag: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(body).insert_header("etag", etag)
}

async fn says(server: &MockServer, answer: ResponseTemplate) {
    server.reset().await;
    Mock::given(any()).respond_with(answer).mount(server).await;
}

/// Answers as an honest server does whose only page has a state of this name.
async fn honest(server: &MockServer, body: &str, etag: &str) {
    server.reset().await;
    let unchanged = ResponseTemplate::new(304).insert_header("etag", etag);
    Mock::given(header("if-none-match", etag)).respond_with(unchanged).with_priority(1).mount(server).await;
    Mock::given(any()).respond_with(page(body, etag)).mount(server).await;
}

/// Which of the requests since the last reset were conditional.
async fn conditional(server: &MockServer) -> Vec<bool> {
    let requests = server.received_requests().await.unwrap();
    let is = |name: &str, request: &wiremock::Request| request.headers.contains_key(name);
    requests.iter().map(|one| is("if-none-match", one) || is("if-modified-since", one)).collect()
}

#[tokio::test]
async fn a_page_that_is_unchanged_is_the_page_that_was_kept() {
    let (server, shelf) = (MockServer::start().await, Arc::new(Memory::default()));
    for etag in ["\"1\"", "W/\"1\""] {
        honest(&server, r#"{"data":[{"id":1},{"id":2}]}"#, etag).await;
        assert_eq!(walked(client(&server, &shelf)).await, ["1", "2"]);
        server.reset().await;
        let unchanged = ResponseTemplate::new(304).insert_header("etag", etag);
        Mock::given(header("if-none-match", etag)).respond_with(unchanged).expect(1).mount(&server).await;
        assert_eq!(walked(client(&server, &shelf)).await, ["1", "2"]);
    }
    honest(&server, r#"{"data":[{"id":3}]}"#, "\"2\"").await;
    assert_eq!(walked(client(&server, &shelf)).await, ["3"]);
    assert_eq!(conditional(&server).await, [true], "what has changed comes with the first answer");
}

#[tokio::test]
async fn an_unchanged_page_says_nothing_about_the_others() {
    let (server, shelf) = (MockServer::start().await, Arc::new(Memory::default()));
    let first = || Mock::given(query_param_is_missing("cursor"));
    let second = || Mock::given(query_param("cursor", "2"));
    let one = page(r#"{"data":[{"id":1}],"next":"2"}"#, "\"one\"");
    first().respond_with(one).mount(&server).await;
    second().respond_with(page(r#"{"data":[{"id":2}]}"#, "\"two\"")).mount(&server).await;
    assert_eq!(walked(client(&server, &shelf)).await, ["1", "2"]);
    server.reset().await;
    let unchanged = ResponseTemplate::new(304);
    first().and(header("if-none-match", "\"one\"")).respond_with(unchanged).expect(1).mount(&server).await;
    let changed = page(r#"{"data":[{"id":7}]}"#, "\"new\"");
    second().and(header("if-none-match", "\"two\"")).respond_with(changed).expect(1).mount(&server).await;
    assert_eq!(walked(client(&server, &shelf)).await, ["1", "7"]);
}

#[tokio::test]
async fn unchanged_without_a_question_is_a_fault() {
    let (server, shelf) = (MockServer::start().await, Arc::new(Memory::default()));
    says(&server, ResponseTemplate::new(304)).await;
    let (keys, coverage) = walk(client(&server, &shelf), Validator::Etag).await;
    let Coverage::Partial(reasons) = coverage else { panic!("{keys:?} complete") };
    assert!(
        matches!(&reasons[..], [Reason::Unread { error: SourceError::Refused { status: 304, .. }, .. }]),
        "{reasons:?}"
    );
}

#[tokio::test]
async fn unchanged_in_another_state_than_the_one_that_is_kept_is_asked_for_again() {
    let (server, shelf) = (MockServer::start().await, Arc::new(Memory::default()));
    honest(&server, r#"{"data":[{"id":1}]}"#, "\"1\"").await;
    walked(client(&server, &shelf)).await;
    server.reset().await;
    let wrong = ResponseTemplate::new(304).insert_header("etag", "\"9\"");
    Mock::given(header_exists("if-none-match")).respond_with(wrong).with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(page(r#"{"data":[{"id":9}]}"#, "\"9\"")).mount(&server).await;
    assert_eq!(walked(client(&server, &shelf)).await, ["9"]);
    assert_eq!(conditional(&server).await, [true, false]);
}

#[tokio::test]
async fn what_another_request_or_account_was_sent_or_what_is_a_week_old_is_not_asked_about() {
    let (server, shelf) = (MockServer::start().await, Arc::new(Memory::default()));
    honest(&server, r#"{"data":[{"id":1}]}"#, "\"1\"").await;
    walked(client(&server, &shelf)).await;
    let on = |settings: crate::source::ProviderSettings| {
        Client::new(&settings).unwrap().with_shelf(Arc::clone(&shelf) as Arc<dyn Shelf>)
    };
    let mut other_version = settings(&server.uri());
    other_version.headers = vec![("x-version".to_owned(), "2".to_owned())];
    let mut other_account = settings(&server.uri());
    other_account.auth = Some(Auth::Bearer(SecretString::from("another")));
    for settings in [other_version, other_account] {
        honest(&server, r#"{"data":[{"id":1}]}"#, "\"1\"").await;
        walked(on(settings)).await;
        assert_eq!(conditional(&server).await, [false]);
    }
    for (age, is_asked) in [(6, true), (8, false)] {
        shelf.change(|kept| kept.read_at = now_minus_days(age));
        honest(&server, r#"{"data":[{"id":1}]}"#, "\"1\"").await;
        walked(on(settings(&server.uri()))).await;
        assert_eq!(conditional(&server).await, [is_asked], "{age} days");
    }
}

fn now_minus_days(days: u64) -> tieout_reconcilers::instant::Instant {
    tieout_reconcilers::instant::Instant::from(chrono::Utc::now()) - Duration::from_hours(24 * days)
}

#[tokio::test]
async fn what_may_not_be_kept_or_cannot_be_asked_about_is_not_kept() {
    let server = MockServer::start().await;
    let whole = || ResponseTemplate::new(200).set_body_string(r#"{"data":[{"id":1}]}"#);
    let named = |etag: &str| whole().insert_header("etag", etag);
    for answer in [
        whole(),
        named("1"),
        named("\"\""),
        named("\"1\"").insert_header("cache-control", "private, no-store"),
        named("\"1\"").insert_header("vary", "*"),
        ResponseTemplate::new(204).insert_header("etag", "\"1\""),
        ResponseTemplate::new(200)
            .set_body_raw(b"{\"data\":[{\"id\":\"\xff\"}]}".to_vec(), "application/json")
            .insert_header("etag", "\"1\""),
    ] {
        let shelf = Arc::new(Memory::default());
        says(&server, answer).await;
        walk(client(&server, &shelf), Validator::Etag).await;
        assert_eq!(shelf.n_pages(), 0);
    }
    let shelf = Arc::new(Memory::default());
    says(&server, named("\"1\"")).await;
    let reads_only = Client::new(&settings(&server.uri())).unwrap();
    walked(reads_only.with_shelf(Arc::clone(&shelf) as Arc<dyn Shelf>)).await;
    assert_eq!(shelf.n_pages(), 0, "who only looks puts nothing there");
    walk(client(&server, &shelf), Validator::Modified).await;
    assert_eq!(shelf.n_pages(), 0, "the definition names another validator");
}

#[tokio::test]
async fn a_date_counts_only_where_the_page_had_rested_for_a_minute() {
    let server = MockServer::start().await;
    let at = |seconds: u64| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let sent = |changed: u64, date: u64| {
        let answer = ResponseTemplate::new(200).set_body_string(r#"{"data":[{"id":1}]}"#);
        answer.insert_header("last-modified", &*at(changed)).insert_header("date", &*at(date))
    };
    for (changed, date, is_kept) in
        [(1_000, 1_060, true), (1_000, 1_059, false), (1_000, 1_000, false), (2_000, 1_000, false)]
    {
        let shelf = Arc::new(Memory::default());
        says(&server, sent(changed, date)).await;
        walk(client(&server, &shelf), Validator::Modified).await;
        assert_eq!(shelf.n_pages(), usize::from(is_kept), "{changed} {date}");
        if is_kept {
            server.reset().await;
            let asked = Mock::given(header_exists("if-modified-since"));
            asked.respond_with(ResponseTemplate::new(304)).expect(1).mount(&server).await;
            let (keys, coverage) = walk(client(&server, &shelf), Validator::Modified).await;
            assert_eq!((keys, coverage), (vec!["1".to_owned()], Coverage::Complete));
            let requests = server.received_requests().await.unwrap();
            assert_eq!(requests[0].headers["if-modified-since"], *at(changed));
        }
    }
}

#[tokio::test]
async fn where_nothing_can_be_kept_pages_are_read_as_ever() {
    let server = MockServer::start().await;
    honest(&server, r#"{"data":[{"id":1}]}"#, "\"1\"").await;
    for _ in 0..2 {
        let broken = Client::new(&settings(&server.uri())).unwrap().with_shelf(Arc::new(Broken));
        assert_eq!(walked(broken.keeping_pages()).await, ["1"]);
    }
    assert_eq!(conditional(&server).await, [false, false]);
}

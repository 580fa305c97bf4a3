//! Exports over real sockets: a job that is polled, files on another origin, and everything that may become of them.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::define::auth::host::HostPattern;
use tieout_reconcilers::define::checked::FromText as _;
use tieout_reconcilers::define::definition::{Definition, Settings};
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::provider::ProviderDefinition;
use wiremock::matchers::{any, method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::double::slice;
use super::tokens::authorised;
use crate::source::{Client, Coverage, NextStep, ProviderSettings, Reason, SourceError, Walk, WalkedPage};

/// A feed that exports into CSV files, packed.
const FEED: &str = r#"provider: example
base: https://api.example.com
auth: {bearer: "{secret.key}"}
feeds:
  orders:
    job:
      create: {request: POST /exports, body: {from: "{from}", to: "{to}"}, gives: {id: id}}
      running: {status: 409}
      poll: "GET /exports/{job.id}"
      state: state
      ok: done
      empty: nothing
      bad: failed
      message: reason
      every: 2ms
      timeout: 10s
      files: files[*]
    format: csv
    unpack: gzip
    headers: {X-Own: "1"}
    id: id
    mutable: false
    window: {clock: created, "on": created, as: epoch, grain: 1s}
    confirm: {one: "GET /orders/{id}", gone: 404}
"#;

fn definition(changes: &[(&str, &str)]) -> Definition {
    let mut text = FEED.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from:?} is not in the file");
        text = text.replacen(from, to, 1);
    }
    let provider = ProviderDefinition::parse(&Document::new("provider.yaml", &text)).unwrap();
    let domain = DomainDefinition::of_feed("example/orders".to_owned().try_into().unwrap());
    let feed = Arc::clone(&provider.feeds[&"orders".parse().unwrap()]);
    Definition::new(&provider, &feed, domain, &Settings::default()).unwrap()
}

fn settings(provider: &MockServer) -> ProviderSettings {
    authorised(&provider.uri(), "{bearer: \"{secret.key}\"}")
}

/// The provider's settings, with another server whose files it may name.
fn settings_with(provider: &MockServer, files: &MockServer) -> ProviderSettings {
    let host = HostPattern::from_text(&files.uri()).unwrap();
    ProviderSettings { hosts: vec![host], ..settings(provider) }
}

async fn walk(settings: &ProviderSettings, changes: &[(&str, &str)]) -> (Vec<WalkedPage>, Coverage) {
    let client = Client::new(settings).unwrap();
    let mut walk = Walk::start(client, Arc::new(definition(changes)), slice());
    let mut pages = Vec::new();
    while let Some(page) = walk.next().await {
        pages.push(page);
    }
    (pages, walk.coverage().await)
}

/// Walks to a partial end with one reason.
async fn reason(settings: &ProviderSettings, changes: &[(&str, &str)]) -> Reason {
    match walk(settings, changes).await.1 {
        Coverage::Partial(mut reasons) if reasons.len() == 1 => reasons.remove(0),
        other => panic!("{other:?}"),
    }
}

fn error(reason: &Reason) -> &SourceError {
    let (Reason::Unread { error, .. } | Reason::Rejected { error, .. }) = reason else { panic!("{reason}") };
    error
}

fn keys(pages: &[WalkedPage]) -> Vec<String> {
    pages.iter().flat_map(|page| page.items.iter().map(|item| item.slot(KEY).unwrap().to_owned())).collect()
}

/// Answers one after the other; the last one again and again.
struct InTurn(AtomicUsize, Vec<ResponseTemplate>);

impl Respond for InTurn {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        self.1[self.0.fetch_add(1, Ordering::SeqCst).min(self.1.len() - 1)].clone()
    }
}

fn in_turn(answers: impl IntoIterator<Item = ResponseTemplate>) -> InTurn {
    InTurn(AtomicUsize::new(0), answers.into_iter().collect())
}

fn says(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

async fn creates(provider: &MockServer, answers: impl IntoIterator<Item = ResponseTemplate>) {
    Mock::given(method("POST")).and(path("/exports")).respond_with(in_turn(answers)).mount(provider).await;
}

async fn polls(provider: &MockServer, answers: impl IntoIterator<Item = ResponseTemplate>) {
    Mock::given(method("GET")).and(path("/exports/7")).respond_with(in_turn(answers)).mount(provider).await;
}

/// A provider whose job is begun at once and ends in one way.
async fn ending(body: Value) -> MockServer {
    let provider = MockServer::start().await;
    creates(&provider, [says(201, &json!({"id": 7}))]).await;
    polls(&provider, [says(200, &body)]).await;
    provider
}

fn packed(text: &str) -> ResponseTemplate {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    ResponseTemplate::new(200).set_body_raw(packed.finish().unwrap(), "application/octet-stream")
}

async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|asked| format!("{} {}", asked.method, asked.url.path())).collect()
}

#[tokio::test]
async fn a_job_is_polled_and_its_files_are_fetched_elsewhere_with_nothing_of_ours() {
    let (provider, files) = (MockServer::start().await, MockServer::start().await);
    creates(&provider, [says(202, &json!({"id": 7}))]).await;
    let links = [format!("{}/a?sig=1", files.uri()), format!("{}/b?sig=2", files.uri())];
    polls(
        &provider,
        [
            ResponseTemplate::new(202),
            says(200, &json!({"state": "queued"})),
            says(200, &json!({"state": "queued"})),
            says(200, &json!({"state": "done", "files": links})),
        ],
    )
    .await;
    Mock::given(path("/a")).respond_with(packed("id,created\nx,1\ny,2\n")).mount(&files).await;
    Mock::given(path("/b")).respond_with(packed("id,created\nz,3\n")).mount(&files).await;
    let (pages, coverage) = walk(&settings_with(&provider, &files), &[]).await;
    assert_eq!((keys(&pages).join(" "), coverage), ("\"x\" \"y\" \"z\"".to_owned(), Coverage::Complete));
    assert_eq!(pages.iter().map(|page| page.number).collect::<Vec<_>>(), [1, 2], "a poll is no page");
    let poll = "GET /exports/7";
    assert_eq!(asked(&provider).await, ["POST /exports", poll, poll, poll, poll]);
    for asked in provider.received_requests().await.unwrap() {
        assert_eq!(asked.headers["authorization"], "Bearer CANARY-key");
    }
    assert_eq!(asked(&files).await, ["GET /a", "GET /b"]);
    for asked in files.received_requests().await.unwrap() {
        assert!(!asked.headers.contains_key("authorization") && !asked.headers.contains_key("x-own"));
        assert!(asked.url.query().unwrap().starts_with("sig="));
    }
}

#[tokio::test]
async fn files_of_our_own_origin_get_the_credential_and_relative_links_begin_where_they_were_named() {
    let provider = ending(json!({"state": "done", "files": ["7/one", "7/two"]})).await;
    Mock::given(path("/exports/7/one")).respond_with(packed("id,created\nx,1\n")).mount(&provider).await;
    Mock::given(path("/exports/7/two")).respond_with(packed("id,created\ny,1\n")).mount(&provider).await;
    let (pages, coverage) = walk(&settings(&provider), &[]).await;
    assert_eq!((keys(&pages).len(), coverage), (2, Coverage::Complete));
    let requests = provider.received_requests().await.unwrap();
    let own = requests.iter().filter(|asked| asked.headers.contains_key("x-own"));
    assert_eq!(own.count(), 2);
    assert!(requests.iter().all(|asked| asked.headers.contains_key("authorization")));
}

#[tokio::test]
async fn a_relative_link_to_the_job_is_the_same_at_every_poll() {
    let provider = MockServer::start().await;
    let begun = ResponseTemplate::new(202).insert_header("location", "jobs/7");
    Mock::given(method("POST")).and(path("/v1/exports")).respond_with(begun).mount(&provider).await;
    let answers = [says(202, &json!({})), says(200, &json!({"state": "nothing"}))];
    Mock::given(path("/v1/jobs/7")).respond_with(in_turn(answers)).expect(2).mount(&provider).await;
    let by_link = [
        ("POST /exports", "POST /v1/exports"),
        ("gives: {id: id}", "gives: {at: \"header:Location\"}"),
        ("\"GET /exports/{job.id}\"", "\"GET {job.at}\""),
    ];
    let (pages, coverage) = walk(&settings(&provider), &by_link).await;
    assert_eq!((pages.len(), coverage), (0, Coverage::Complete));
}

#[tokio::test]
async fn a_job_that_ends_empty_is_a_complete_walk_of_nothing() {
    let provider = ending(json!({"state": "nothing"})).await;
    let (pages, coverage) = walk(&settings(&provider), &[]).await;
    assert_eq!((pages.len(), coverage), (0, Coverage::Complete));
}

#[tokio::test]
async fn a_job_that_fails_is_partial_with_its_own_reason_and_without_our_secrets() {
    let provider = ending(json!({"state": "failed", "reason": "the key CANARY-key is over its quota"})).await;
    let reason = reason(&settings(&provider), &[]).await;
    let expected = format!(
        "example.orders, the export job of example (GET {}/exports/7): the export failed: it ended as `failed`: the key ",
        provider.uri()
    );
    assert!(reason.to_string().starts_with(&expected), "{reason}");
    assert!(!reason.to_string().contains("CANARY"), "{reason}");
    assert_eq!(reason.next_step(), NextStep::EndWalk);
}

#[tokio::test]
async fn a_job_that_does_not_end_is_given_up_in_time_with_its_last_state() {
    let provider = ending(json!({"state": "in progress"})).await;
    let reason = reason(&settings(&provider), &[("timeout: 10s", "timeout: 30ms")]).await;
    let SourceError::JobTooLong { waited, state } = error(&reason) else { panic!("{reason}") };
    assert!(*waited < Duration::from_secs(5), "{waited:?}");
    assert_eq!(state.as_deref(), Some("in progress"));
    let sent = asked(&provider).await.len();
    assert!((2..=17).contains(&sent), "{sent} requests");
}

#[tokio::test]
async fn a_pause_that_the_provider_asks_for_is_kept_or_the_job_is_given_up() {
    let provider = MockServer::start().await;
    creates(&provider, [says(201, &json!({"id": 7}))]).await;
    polls(&provider, [ResponseTemplate::new(202).insert_header("retry-after", "3600")]).await;
    let reason = reason(&settings(&provider), &[]).await;
    assert!(matches!(error(&reason), SourceError::JobTooLong { .. }), "{reason}");
    assert_eq!(asked(&provider).await, ["POST /exports", "GET /exports/7"]);
}

#[tokio::test]
async fn a_job_of_somebody_else_is_waited_for_and_then_ours_is_begun() {
    let provider = MockServer::start().await;
    let busy = || says(409, &json!({"id": 6}));
    creates(&provider, [busy(), busy(), says(201, &json!({"id": 7}))]).await;
    polls(&provider, [says(200, &json!({"state": "nothing"}))]).await;
    let (_, coverage) = walk(&settings(&provider), &[]).await;
    assert_eq!(coverage, Coverage::Complete);
    let create = "POST /exports";
    assert_eq!(asked(&provider).await, [create, create, create, "GET /exports/7"]);
}

#[tokio::test]
async fn a_turn_that_does_not_come_ends_the_walk() {
    let provider = MockServer::start().await;
    creates(&provider, [says(409, &json!({"id": 6}))]).await;
    let reason = reason(&settings(&provider), &[("timeout: 10s", "timeout: 30ms")]).await;
    assert!(matches!(error(&reason), SourceError::NoTurn { .. }), "{reason}");
}

#[tokio::test]
async fn a_walk_that_nobody_wants_any_more_stops_waiting() {
    let provider = ending(json!({"state": "queued"})).await;
    let client = Client::new(&settings(&provider)).unwrap();
    let slow = definition(&[("every: 2ms", "every: 1h"), ("timeout: 10s", "timeout: 1d")]);
    let walk = Walk::start(client, Arc::new(slow), slice());
    while asked(&provider).await.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(walk.coverage().await, Coverage::Partial(vec![Reason::Abandoned]));
    assert_eq!(asked(&provider).await, ["POST /exports"]);
}

#[tokio::test]
async fn a_link_that_is_good_no_more_asks_for_the_slice_anew_and_accuses_no_credential() {
    for status in [400, 401, 403, 404, 410] {
        let files = MockServer::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(status)).expect(1).mount(&files).await;
        let provider = ending(json!({"state": "done", "files": [format!("{}/a", files.uri())]})).await;
        let reason = reason(&settings_with(&provider, &files), &[]).await;
        assert!(!reason.is_rejected(), "{status}: {reason}");
        assert_eq!(reason.next_step(), NextStep::ReadAgain, "{status}: {reason}");
    }
    let provider = ending(json!({"state": "done", "files": ["/a"]})).await;
    Mock::given(path("/a")).respond_with(ResponseTemplate::new(403)).mount(&provider).await;
    assert!(reason(&settings(&provider), &[]).await.is_rejected(), "our own origin was shown the credential");
}

#[tokio::test]
async fn a_file_on_an_origin_that_hosts_does_not_admit_is_not_asked_for() {
    let files = MockServer::start().await;
    Mock::given(any()).respond_with(packed("id,created\n")).expect(0).mount(&files).await;
    let provider = ending(json!({"state": "done", "files": [format!("{}/a", files.uri())]})).await;
    let reason = reason(&settings(&provider), &[]).await;
    assert!(matches!(error(&reason), SourceError::LeftOrigin { .. }), "{reason}");
}

#[tokio::test]
async fn a_file_that_is_too_large_is_cured_by_shorter_ranges() {
    let provider = ending(json!({"state": "done", "files": ["/a"]})).await;
    let large = ResponseTemplate::new(200).set_body_string("x".repeat(5_000));
    Mock::given(path("/a")).respond_with(large).mount(&provider).await;
    let mut settings = settings(&provider);
    settings.caps.page_bytes = 4_000;
    let reason = reason(&settings, &[]).await;
    assert_eq!(error(&reason), &SourceError::FileTooLarge { cap: 4_000 });
    assert_eq!(reason.next_step(), NextStep::Halve);
}

#[tokio::test]
async fn an_export_with_fewer_rows_than_its_job_counts_is_partial() {
    let provider = ending(json!({"state": "done", "rows": 3, "files": ["/a", "/b"]})).await;
    for file in ["a", "b"] {
        let text = format!("id,created\n{file},1\n");
        Mock::given(path(format!("/{file}"))).respond_with(packed(&text)).mount(&provider).await;
    }
    let counted = [("files: files[*]", "total: rows\n      files: files[*]")];
    let (pages, coverage) = walk(&settings(&provider), &counted).await;
    let Coverage::Partial(reasons) = coverage else { panic!("complete") };
    assert_eq!(pages.len(), 2);
    assert!(matches!(reasons[..], [Reason::TotalMismatch { said: 3, seen: 2, .. }]), "{reasons:?}");
}

#[tokio::test]
async fn the_same_file_twice_is_no_way_to_have_more_rows() {
    let provider = ending(json!({"state": "done", "files": ["/a", "/a"]})).await;
    Mock::given(path("/a")).respond_with(packed("id,created\na,1\n")).expect(1).mount(&provider).await;
    assert!(matches!(reason(&settings(&provider), &[]).await, Reason::Endless { .. }));
}

#[tokio::test]
async fn the_pages_of_an_export_are_turned_by_a_header() {
    let provider = ending(json!({"state": "done"})).await;
    let page = |text: &str, locator: &str| {
        ResponseTemplate::new(200).set_body_string(text).insert_header("sforce-locator", locator)
    };
    let results = || Mock::given(path("/exports/7/results"));
    results()
        .and(query_param_is_missing("locator"))
        .respond_with(page("id,created\na,1\n", "MTA"))
        .mount(&provider)
        .await;
    results()
        .and(query_param("locator", "MTA"))
        .respond_with(page("id,created\nb,2\n", "null"))
        .expect(1)
        .mount(&provider)
        .await;
    let by_locator = [
        (
            "      files: files[*]\n",
            "    request: GET /exports/{job.id}/results\n    query: {locator: \"{cursor}\"}\n    next: {cursor: \"header:Sforce-Locator\"}\n",
        ),
        ("    unpack: gzip\n", ""),
    ];
    let (pages, coverage) = walk(&settings(&provider), &by_locator).await;
    assert_eq!((keys(&pages), coverage), (vec!["\"a\"".into(), "\"b\"".into()], Coverage::Complete));
}

#[tokio::test]
async fn a_file_that_breaks_off_is_asked_for_again_and_never_taken_for_the_whole() {
    let provider = ending(json!({"state": "done", "files": ["/a"]})).await;
    let whole = packed("id,created\na,1\nb,2\n");
    let cut = ResponseTemplate::new(200).set_body_raw(vec![0x1f, 0x8b, 8, 0, 0], "application/octet-stream");
    Mock::given(path("/a")).respond_with(in_turn([ResponseTemplate::new(503), whole])).mount(&provider).await;
    assert_eq!(keys(&walk(&settings(&provider), &[]).await.0).len(), 2);
    let broken = ending(json!({"state": "done", "files": ["/a"]})).await;
    Mock::given(path("/a")).respond_with(cut).mount(&broken).await;
    assert!(matches!(reason(&settings(&broken), &[]).await, Reason::NotAPage { .. }));
}

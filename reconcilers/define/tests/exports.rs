//! Exports: what is asked after each answer, until the last file or page is read.

use std::time::Duration;

use proptest::prelude::*;

use super::{DOMAIN, day, line, on_feed, provider};
use crate::define::definition::{Definition, Settings};
use crate::export::Wait;
use crate::page::{Answer, Next, Page, PageFault, PageRequest, Response};
use crate::reconciler::{Jobs, Reconciler as _};

/// A provider that exports orders into files.
pub(super) const EXPORTER: &str = r#"provider: shop
base: https://api.example.com/v1
hosts: [files.example.com]
auth: {bearer: "{secret.key}"}
rules:
  - {when: {status: 404}, do: empty}
  - {when: {status: 422}, do: halve}
feeds:
  orders:
    job:
      create: {request: POST /exports, body: {from: "{from}", to: "{to}"}, gives: {id: export.id}}
      running: {status: 409, body: {error.code: busy}}
      poll: "GET /exports/{job.id}"
      state: export.state
      ok: done
      empty: nothing
      bad: [failed, cancelled]
      message: export.reason
      every: 10s
      timeout: 10m
      files: export.urls[*]
    format: jsonl
    id: id
    mutable: false
    window: {clock: created_at, "on": created, as: rfc3339, grain: 1s}
    confirm: {one: "GET /orders/{id}", gone: 404}
"#;

fn exporter(changes: &[(&str, &str)]) -> Definition {
    let mut text = EXPORTER.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from:?} is not in the file");
        text = text.replacen(from, to, 1);
    }
    on_feed(&provider(&text), DOMAIN, &Settings::default())
}

fn response<'r>(status: u16, headers: &'r [(String, String)], body: &'r str) -> Response<'r> {
    Response { status, headers, body: body.as_bytes() }
}

fn answer(definition: &Definition, request: &PageRequest, status: u16, body: &str) -> Answer {
    definition.answer(request, &response(status, &[], body))
}

fn read(definition: &Definition, request: &PageRequest, status: u16, body: &str) -> Result<Page, PageFault> {
    assert_eq!(answer(definition, request, status, body), Answer::Read, "{body}");
    definition.read_page(&day(), request, &response(status, &[], body))
}

/// What follows an answer, as a text.
fn told(next: &Next) -> String {
    match next {
        Next::End => "the end".to_owned(),
        Next::Page(request) => format!("{} {}", request.method.as_str(), line(request)),
        Next::Later(later) => {
            let request = &later.request;
            format!("{:?} {} {} after {:?}", later.wait, request.method.as_str(), line(request), later.after)
        }
    }
}

fn follows(definition: &Definition, request: &PageRequest, body: &str) -> Next {
    read(definition, request, 200, body).unwrap_or_else(|fault| panic!("{body}: {fault}")).next
}

fn request(next: Next) -> PageRequest {
    match next {
        Next::Page(request) => request,
        Next::Later(later) => later.request,
        Next::End => panic!("the walk ended"),
    }
}

fn first(definition: &Definition) -> PageRequest {
    definition.first_page(&day())
}

/// The request for how far the job is.
fn poll(definition: &Definition) -> PageRequest {
    request(follows(definition, &first(definition), r#"{"export":{"id":7}}"#))
}

fn state(state: &str) -> String {
    format!(r#"{{"export":{{"state":"{state}","urls":["https://files.example.com/1","/two"]}}}}"#)
}

#[test]
fn a_job_is_begun_and_asked_about_and_its_files_are_read_in_their_order() {
    let definition = exporter(&[]);
    assert_eq!(definition.feed().jobs, Jobs::One);
    let create = first(&definition);
    assert_eq!(
        (line(&create).as_str(), create.body.as_ref().unwrap().text.as_str()),
        ("/exports?", r#"{"from":"2025-11-21T00:00:00Z","to":"2025-11-22T00:00:00Z"}"#)
    );
    let mut said = Vec::new();
    let mut next = follows(&definition, &create, r#"{"export":{"id":7}}"#);
    for body in [
        &state("queued"),
        &state("done"),
        "{\"id\":\"a\",\"created_at\":\"2025-11-21T01:00:00Z\"}\n{\"id\":\"b\"}\n",
        "",
    ] {
        said.push(told(&next));
        next = follows(&definition, &request(next), body);
    }
    said.push(told(&next));
    assert_eq!(
        said,
        [
            "Job(None) GET /exports/7? after 10s",
            "Job(Some(\"queued\")) GET /exports/7? after 10s",
            "GET -> https://files.example.com/1",
            "GET -> /two",
            "the end",
        ]
    );
}

#[test]
fn every_state_has_its_meaning_and_a_state_that_nobody_named_goes_on() {
    let definition = exporter(&[]);
    let asked = poll(&definition);
    for (status, word, expected) in [
        (200, "queued", "Job(Some(\"queued\")) GET /exports/7? after 10s"),
        (202, "running", "Job(Some(\"running\")) GET /exports/7? after 10s"),
        (200, "Done", "Job(Some(\"Done\")) GET /exports/7? after 10s"),
        (200, "nothing", "the end"),
        (200, "done", "GET -> https://files.example.com/1"),
        (202, "done", "GET -> https://files.example.com/1"),
    ] {
        assert_eq!(told(&read(&definition, &asked, status, &state(word)).unwrap().next), expected, "{word}");
    }
    let promised = read(&definition, &asked, 202, "").unwrap().next;
    assert_eq!(told(&promised), "Job(None) GET /exports/7? after 10s");
    for body in ["{}", "<html>", r#"{"export":{"state":null}}"#, ""] {
        let fault = read(&definition, &asked, 200, body).unwrap_err();
        assert_eq!(fault, PageFault::NothingAt("export.state".to_owned()), "{body}");
    }
}

#[test]
fn a_failed_job_fails_with_its_own_reason() {
    let definition = exporter(&[]);
    let asked = poll(&definition);
    let failed = |body: &str| answer(&definition, &asked, 200, body);
    assert_eq!(
        failed(r#"{"export":{"state":"failed","reason":"out of\nquota"}}"#),
        Answer::JobFailed("it ended as `failed`: out ofquota".to_owned())
    );
    assert_eq!(
        failed(r#"{"export":{"state":"cancelled"}}"#),
        Answer::JobFailed("it ended as `cancelled`".to_owned())
    );
}

#[test]
fn a_job_of_somebody_else_is_waited_for_and_never_taken_over() {
    let definition = exporter(&[]);
    let create = first(&definition);
    let busy = r#"{"error":{"code":"busy"},"export":{"id":9}}"#;
    let Next::Later(later) = read(&definition, &create, 409, busy).unwrap().next else { panic!("no wait") };
    assert_eq!(later.request, create);
    assert_eq!((later.wait, later.within), (Wait::Turn, Duration::from_mins(10)));
    assert!(
        matches!(answer(&definition, &create, 409, "{}"), Answer::Fail(_)),
        "another conflict is none of it"
    );
}

#[test]
fn what_a_job_cannot_be_asked_about_without_must_be_in_the_answer_that_begins_it() {
    let definition = exporter(&[]);
    let create = first(&definition);
    for body in ["{}", r#"{"export":{"id":null}}"#, "<html>"] {
        let fault = read(&definition, &create, 200, body).unwrap_err();
        assert_eq!(fault.to_string(), "the answer about the job holds no `export.id`");
        let again = read(&definition, &create, 202, body).unwrap().next;
        assert_eq!(told(&again), "Job(None) POST /exports? after 10s", "not begun yet");
    }
    let accepted = read(&definition, &create, 202, r#"{"export":{"id":"a/b"}}"#).unwrap().next;
    assert_eq!(told(&accepted), "Job(None) GET /exports/a%2Fb? after 10s");
}

#[test]
fn the_address_to_ask_at_may_be_a_link_that_the_first_answer_gave() {
    let definition = exporter(&[
        ("gives: {id: export.id}", "gives: {at: \"header:Location\"}"),
        ("\"GET /exports/{job.id}\"", "{request: \"GET {job.at}\", headers: {X-Own: \"1\"}}"),
    ]);
    let headers = [("location".to_owned(), "/v1/jobs/7?x=1".to_owned())];
    let page = definition.read_page(&day(), &first(&definition), &response(202, &headers, "")).unwrap();
    assert_eq!(told(&page.next), "Job(None) GET -> /v1/jobs/7?x=1 after 10s");
    assert_eq!(request(page.next).headers, [("x-own".to_owned(), "1".to_owned())]);
}

#[test]
fn files_may_be_named_by_a_request_of_their_own_that_uses_what_the_finished_job_gave() {
    let definition = exporter(&[
        (
            "\"GET /exports/{job.id}\"",
            "{request: \"GET /exports/{job.id}\", gives: {document: export.document}}",
        ),
        ("files: export.urls[*]", "files: {request: \"GET /documents/{job.document}\", urls: url}"),
    ]);
    let finished =
        follows(&definition, &poll(&definition), r#"{"export":{"state":"done","document":"d 1"}}"#);
    assert_eq!(told(&finished), "GET /documents/d%201?");
    let listed = request(finished);
    let file = follows(&definition, &listed, r#"{"url":"https://files.example.com/d?sig=1"}"#);
    assert_eq!(told(&file), "GET -> https://files.example.com/d?sig=1");
    assert_eq!(
        read(&definition, &listed, 200, "{}").unwrap_err(),
        PageFault::NothingAt("url".to_owned()),
        "a finished export that names no file is no empty one"
    );
}

#[test]
fn the_pages_of_an_export_are_turned_as_those_of_any_list() {
    let definition = exporter(&[(
        "      files: export.urls[*]\n    format: jsonl\n",
        "    request: GET /exports/{job.id}/results\n    query: {locator: \"{cursor}\", max: \"{size}\"}\n    format: csv\n    next: {cursor: \"header:Sforce-Locator\", size: 2}\n",
    )]);
    let mut asked = request(follows(&definition, &poll(&definition), r#"{"export":{"state":"done"}}"#));
    assert_eq!(line(&asked), "/exports/7/results?max=2");
    let mut lines = Vec::new();
    for locator in ["MTA=", "null"] {
        let headers = [("sforce-locator".to_owned(), locator.to_owned())];
        let body = "id,created_at,amount,currency,state\na,2025-11-21T01:00:00Z,1,eur,paid\n";
        let page = definition.read_page(&day(), &asked, &response(200, &headers, body)).unwrap();
        assert_eq!(page.items.len(), 1);
        lines.push(told(&page.next));
        if let Next::Page(next) = page.next {
            asked = next;
        }
    }
    assert_eq!(lines, ["GET /exports/7/results?locator=MTA=&max=2", "the end"]);
}

#[test]
fn without_a_question_of_its_own_the_first_request_is_sent_until_the_answer_is_there() {
    let definition = exporter(&[
        (
            "POST /exports, body: {from: \"{from}\", to: \"{to}\"}, gives: {id: export.id}",
            "GET /exports, query: {from: \"{from}\", to: \"{to}\"}",
        ),
        ("      poll: \"GET /exports/{job.id}\"\n", ""),
    ]);
    let create = first(&definition);
    let again = follows(&definition, &create, &state("queued"));
    let Next::Later(later) = &again else { panic!("{}", told(&again)) };
    assert_eq!(later.request, create);
    assert_eq!(told(&follows(&definition, &create, &state("done"))), "GET -> https://files.example.com/1");
    assert!(matches!(answer(&definition, &create, 200, &state("failed")), Answer::JobFailed(_)));
}

#[test]
fn an_export_without_files_is_empty_only_where_the_definition_says_so() {
    let strict = exporter(&[]);
    let lenient = exporter(&[("files: export.urls[*]", "total: export.rows\n      files: export.urls[*]?")]);
    let done =
        |rows: u64, urls: &str| format!(r#"{{"export":{{"state":"done","rows":{rows},"urls":{urls}}}}}"#);
    for urls in ["[]", "null"] {
        assert!(read(&strict, &poll(&strict), 200, &done(0, urls)).is_err(), "{urls}");
        assert_eq!(told(&follows(&lenient, &poll(&lenient), &done(0, urls))), "the end");
        assert!(read(&lenient, &poll(&lenient), 200, &done(3, urls)).is_err(), "three rows lie in no file");
    }
    for urls in [r#"["a",null]"#, r#"["a",{}]"#, r#"["a",""]"#, "{}"] {
        assert!(read(&lenient, &poll(&lenient), 200, &done(0, urls)).is_err(), "a file was left out: {urls}");
    }
    let file = request(follows(&lenient, &poll(&lenient), &done(3, r#"["a"]"#)));
    assert_eq!(read(&lenient, &file, 200, "{}").unwrap().total_rows, Some(3));
}

#[test]
fn a_rule_about_empty_lists_is_no_word_about_a_job_or_a_file() {
    let definition = exporter(&[]);
    let (create, asked) = (first(&definition), poll(&definition));
    let file = request(follows(&definition, &asked, &state("done")));
    let status = |request, status| answer(&definition, request, status, "");
    assert_eq!(status(&create, 404), Answer::Empty, "there is nothing to export");
    assert!(matches!(status(&asked, 404), Answer::Fail(_)), "a job that is not known is not an empty one");
    for good_no_more in [400, 404, 410] {
        assert!(matches!(status(&file, good_no_more), Answer::Restart(_)), "{good_no_more}");
    }
    assert!(matches!(status(&file, 403), Answer::Rejected(_)));
    assert!(matches!(status(&asked, 422), Answer::Halve(_)));
}

#[test]
fn what_graphql_says_beside_its_errors_is_no_word_about_a_job() {
    let definition = exporter(&[
        (
            "body: {from: \"{from}\", to: \"{to}\"}",
            "graphql: \"mutation\", vars: {from: \"{from}\", to: \"{to}\"}",
        ),
        (
            "\"GET /exports/{job.id}\"",
            "{request: POST /graphql, graphql: \"query\", vars: {id: \"{job.id}\"}}",
        ),
    ]);
    let half = r#"{"export":{"id":7,"state":"done","urls":["a"]},"errors":[{"message":"no"}]}"#;
    for request in [first(&definition), poll(&definition)] {
        assert!(matches!(answer(&definition, &request, 200, half), Answer::Fail(_)), "{}", line(&request));
    }
}

#[test]
fn links_and_values_are_not_printed() {
    let definition = exporter(&[]);
    let file = request(follows(&definition, &poll(&definition), &state("done")));
    let printed = format!("{:?}", file.position);
    assert!(printed.contains("files: 2") && !printed.contains("files.example.com"), "{printed}");
}

proptest! {
    #[test]
    fn a_walk_ends_only_as_the_provider_says_and_reads_every_file_once_in_order(
        states in proptest::collection::vec("[a-z]{1,9}", 0..20),
        files in proptest::collection::vec("[a-z0-9/]{1,9}", 1..9),
    ) {
        let definition = exporter(&[]);
        let asked = poll(&definition);
        for word in states.iter().filter(|word| !["done", "nothing", "failed", "cancelled"].contains(&word.as_str())) {
            let next = follows(&definition, &asked, &state(word));
            prop_assert!(matches!(&next, Next::Later(later) if later.request == asked), "{}", told(&next));
        }
        let urls = serde_json::to_string(&files).unwrap();
        let mut next = follows(&definition, &asked, &format!(r#"{{"export":{{"state":"done","urls":{urls}}}}}"#));
        let mut read = Vec::new();
        while let Next::Page(file) = next {
            read.push(line(&file).trim_start_matches("-> ").to_owned());
            next = follows(&definition, &file, "{\"id\":1}\n");
        }
        prop_assert_eq!(next, Next::End);
        prop_assert_eq!(read, files);
    }
}

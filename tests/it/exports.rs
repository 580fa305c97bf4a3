//! An export through the real binary: jobs at the provider, packed files on another origin, and the findings of both sides.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::api::Shelf;
use crate::world::{CANARY, World, charge, set};

/// What the provider does with jobs.
#[derive(Default)]
struct Jobs {
    /// The range of each job, by its number.
    ranges: Vec<(i64, i64)>,
    /// How often each job was asked about.
    polls: BTreeMap<usize, usize>,
    /// How often a job is refused because another one runs.
    busy: usize,
    /// The state in which jobs end.
    end: &'static str,
}

type Shared = Arc<Mutex<Jobs>>;

/// A world whose API exports its charges, with the server of its files.
async fn exporting(n: i64) -> (World, MockServer, Shared) {
    let world = World::agreeing(n).await;
    let files = MockServer::start().await;
    world.write("provider.yaml", &include_str!("world/export.yaml").replace("FILES", &files.uri()));
    let jobs = Arc::new(Mutex::new(Jobs { busy: 2, end: "DONE", ..Jobs::default() }));
    let state = Arc::clone(&jobs);
    let create = move |request: &Request| created(&mut state.lock().unwrap(), request);
    let (state, shelf) = (Arc::clone(&jobs), Arc::clone(&world.api.shelf));
    let poll = move |request: &Request| polled(&mut state.lock().unwrap(), &shelf.lock().unwrap(), request);
    let origin = files.uri();
    let list = move |request: &Request| {
        let job = last(request);
        let part = |part: usize| json!({"url": format!("{origin}/{job}/{part}?signature=x")});
        ResponseTemplate::new(200).set_body_json(json!({"parts": [part(0), part(1)]}))
    };
    let (state, shelf) = (Arc::clone(&jobs), Arc::clone(&world.api.shelf));
    let file = move |request: &Request| file(&state.lock().unwrap(), &shelf.lock().unwrap(), request);
    let api = &world.api.server;
    Mock::given(method("POST")).and(path_regex("^/v1/exports$")).respond_with(create).mount(api).await;
    Mock::given(method("GET")).and(path_regex("^/v1/exports/.+$")).respond_with(poll).mount(api).await;
    Mock::given(method("GET")).and(path_regex("^/v1/documents/.+$")).respond_with(list).mount(api).await;
    Mock::given(method("GET")).respond_with(file).mount(&files).await;
    (world, files, jobs)
}

fn last(request: &Request) -> String {
    request.url.path_segments().and_then(Iterator::last).unwrap_or_default().to_owned()
}

fn created(jobs: &mut Jobs, request: &Request) -> ResponseTemplate {
    if jobs.busy > 0 {
        jobs.busy -= 1;
        return ResponseTemplate::new(429).set_body_json(json!({"error": "busy"}));
    }
    let asked: Value = request.body_json().unwrap();
    jobs.ranges.push((asked["from"].as_i64().unwrap(), asked["to"].as_i64().unwrap()));
    ResponseTemplate::new(202).set_body_json(json!({"report_id": jobs.ranges.len() - 1}))
}

fn polled(jobs: &mut Jobs, shelf: &Shelf, request: &Request) -> ResponseTemplate {
    let job: usize = last(request).parse().unwrap();
    let polls = jobs.polls.entry(job).or_default();
    *polls += 1;
    let body = match *polls {
        1 => json!({"status": "IN_QUEUE"}),
        2 => json!({"status": "IN_PROGRESS"}),
        _ => {
            json!({"status": jobs.end, "document": job, "rows": rows(jobs, shelf, job).len(), "reason": "no such report"})
        }
    };
    ResponseTemplate::new(200).set_body_json(body)
}

fn rows<'s>(jobs: &Jobs, shelf: &'s Shelf, job: usize) -> Vec<&'s Value> {
    let (from, to) = jobs.ranges[job];
    let in_range = |charge: &&Value| (from..to).contains(&charge["created"].as_i64().unwrap());
    shelf.charges.iter().filter(in_range).collect()
}

/// Every other row of a job, as a packed table.
fn file(jobs: &Jobs, shelf: &Shelf, request: &Request) -> ResponseTemplate {
    let mut place = request.url.path_segments().unwrap().map(|part| part.parse::<usize>().unwrap());
    let (job, part) = (place.next().unwrap(), place.next().unwrap());
    let mut table = "id,created,amount,currency,status\n".to_owned();
    for row in rows(jobs, shelf, job).into_iter().skip(part).step_by(2) {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        writeln!(
            table,
            "{},{},{},{},{}",
            text("id"),
            row["created"],
            row["amount"],
            text("currency"),
            text("status")
        )
        .unwrap();
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(table.as_bytes()).unwrap();
    ResponseTemplate::new(200).set_body_raw(packed.finish().unwrap(), "binary/octet-stream")
}

#[tokio::test]
async fn what_was_lost_is_found_in_an_export_and_the_files_are_fetched_without_credentials() {
    let (world, files, jobs) = exporting(40).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.local(&charge("ch_invented", 100, 77)).await;
    world.change_upstream("ch_007", |charge| charge["amount"] = json!(9_999));
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.findings(), set(["missing ch_lost", "mismatched ch_007", "orphaned ch_invented"]));
    let begun = jobs.lock().unwrap().ranges.len();
    assert!((3..=4).contains(&begun), "{begun} jobs for thirty days in pieces of ten");
    assert_eq!(
        world.api.requests(),
        5,
        "one look-up for each finding, two of what is known to be there, and no list"
    );
    let downloads = files.received_requests().await.unwrap();
    assert_eq!(downloads.len(), 2 * begun);
    for asked in &downloads {
        assert!(!asked.headers.contains_key("authorization"));
        assert!(!asked.url.as_str().contains(CANARY));
    }
    let again = world.run();
    assert_eq!(again.code, 0, "{again:?}");
}

#[tokio::test]
async fn a_job_that_the_provider_cancels_for_want_of_data_verifies_its_range() {
    let (world, files, jobs) = exporting(0).await;
    jobs.lock().unwrap().end = "CANCELLED";
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(!outcome.domain()["verified_through"].is_null());
    assert!(files.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_job_that_fails_leaves_its_range_open_and_says_why() {
    let (world, _files, jobs) = exporting(3).await;
    jobs.lock().unwrap().end = "FATAL";
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.domain()["verified_through"].is_null());
    assert_eq!(outcome.findings(), set([]));
    let problem = outcome.domain()["problems"][0].as_str().unwrap().to_owned();
    assert!(problem.contains("the export failed: it ended as `FATAL`: no such report"), "{problem}");
    assert!(problem.contains("the export job of api"), "{problem}");
}

#[tokio::test]
async fn looking_at_an_export_starts_no_job_and_says_how_to_read_a_short_range() {
    let (world, _files, jobs) = exporting(3).await;
    for command in ["preview", "probe"] {
        let outcome = world.tieout(&[command, "api/charges"]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        for expected in
            ["would start a job", "POST /v1/exports", "\"report\":\"charges\"", "tieout plan DOMAIN"]
        {
            assert!(outcome.stderr.contains(expected), "{expected}: {}", outcome.stderr);
        }
    }
    let checked = world.tieout(&["check", "--online"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(checked.stdout.contains("it is an export"), "{}", checked.stdout);
    assert!(jobs.lock().unwrap().ranges.is_empty());
    let planned = world.tieout(&["plan", "shop.charges", "--since", "2020-01-01", "--until", "2020-01-02"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert_eq!(jobs.lock().unwrap().ranges.len(), 1);
}

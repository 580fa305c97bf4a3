//! `tieout test` and `tieout record`: what is played from files, and what is written into them.

use quick_xml::events::Event;
use serde_json::{Value, json};

use crate::world::{CANARY, World, charge, set};

/// Two pages of an hour, newest first.
const PAGES: [&str; 2] = [
    r#"{"request": {"path": "/v1/charges", "query": {"limit": "10", "created[gte]": "*", "created[lt]": "*"}},
        "response": {"body": {"has_more": true, "data": [
          {"id": "ch_4", "amount": 4900, "currency": "eur", "status": "succeeded", "created": 1763679600},
          {"id": "ch_3", "amount": 1250, "currency": "usd", "status": "succeeded", "created": 1763665200}]}}}"#,
    r#"{"request": {"path": "/v1/charges", "query": {"limit": "10", "starting_after": "ch_3", "created[gte]": "*", "created[lt]": "*"}},
        "response": {"body": {"has_more": false, "data": [
          {"id": "ch_2", "amount": 12000, "currency": "usd", "status": "succeeded", "created": 1763643600},
          {"id": "ch_1", "amount": 800, "currency": "jpy", "status": "failed", "created": 1763629200}]}}}"#,
];

const ROWS: &str = "id,amount_minor,currency,status,created_at,updated_at
ch_4,4900,EUR,PAID,2025-11-20T23:00:00Z,2025-11-20T23:00:02Z
ch_3,1200,USD,FAILED,2025-11-20T19:00:00Z,2025-11-20T19:00:01Z
ch_1,800,JPY,FAILED,2025-11-20T09:00:00Z,2025-11-20T09:00:02Z
";

/// A world whose domain has a fixture of two pages, and these tests, each as the members after its name.
async fn world(tests: &[(&str, &str)]) -> World {
    let world = World::agreeing(0).await;
    std::fs::create_dir_all(world.path().join("fixtures/two-pages")).unwrap();
    for (at, page) in PAGES.iter().enumerate() {
        world.write(&format!("fixtures/two-pages/page-{}.json", at + 1), page);
    }
    world.write("fixtures/two-pages/rows.csv", ROWS);
    let domain = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    let tests: Vec<String> = tests
        .iter()
        .map(|(name, rest)| {
            format!("  - {{name: {name}, fixture: fixtures/two-pages, now: 2025-11-21T02:00:00Z, {rest}}}\n")
        })
        .collect();
    let tests = tests.concat();
    world.write("charges.yaml", &format!("{domain}tests:\n{tests}"));
    world
}

const RIGHT: &str = "expect: {status: done, complete: true, verified_through: 2025-11-21T01:59:59Z, emits: 2, findings: [\
                     {kind: missing, key: ch_2}, {kind: mismatched, key: ch_3, fields: [amount, status]}]}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_is_a_night_from_files_and_reaches_nobody() {
    let world = world(&[("both are sent", RIGHT)]).await;
    // Neither the secret nor the database is needed.
    std::fs::remove_file(world.path().join("key")).unwrap();
    std::fs::remove_file(world.path().join("app.db")).unwrap();
    let outcome = world.tieout(&["test"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    assert_eq!(outcome.stdout, "ok      shop.charges  both are sent\ntest: 0 failed, 1 passed\n");
    assert_eq!(world.api.requests(), 0);
    for made in ["state.db", "queue.db", "app.db"] {
        assert!(!world.path().join(made).exists(), "{made}");
    }
    assert_eq!(world.tieout(&["test"]).stdout, outcome.stdout, "a test goes the same way each time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_as_it_was_to_be_is_told_field_by_field_and_nothing_else_is() {
    let wrong = "expect: {status: held, complete: true, verified_through: unchanged, emits: 1, findings: [\
                 {kind: orphaned, key: ch_2}, {kind: mismatched, key: ch_3, fields: [amount]}, {kind: missing, key: ch_9}]}";
    let world = world(&[("both are sent", RIGHT), ("somebody was mistaken", wrong)]).await;
    let outcome = world.tieout(&["test"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    insta::assert_snapshot!(outcome.stdout);
    let annotated = world.tieout(&["test", "--format", "github"]);
    assert_eq!(annotated.code, 1);
    insta::assert_snapshot!(annotated.stdout);
    let json = world.tieout(&["test", "--format", "json"]).json();
    assert_eq!(
        (&json["schema"], &json["passed"], &json["failed"]),
        (&json!("tieout.test/v1"), &json!(1), &json!(1))
    );
    let quiet = world.tieout(&["test", "--quiet"]);
    assert!(!quiet.stdout.contains("both are sent"), "{quiet:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_fails_leaves_coverage_where_it_was() {
    let unmoved = "expect: {status: partial, complete: false, verified_through: unchanged}";
    let faults = ["status: 500", "status: 429", "what: timeout", "what: truncated", "what: duplicate"];
    let named: Vec<(String, String)> = faults
        .iter()
        .map(|fault| (fault.replace(": ", " "), format!("faults: [{{page: 2, {fault}}}], {unmoved}")))
        .collect();
    let mut tests: Vec<(&str, &str)> =
        named.iter().map(|(name, rest)| (name.as_str(), rest.as_str())).collect();
    let twice = format!(
        "faults: [{{page: 2, status: 500, times: 2}}, {{page: 1, what: timeout, times: 1}}], {RIGHT}"
    );
    tests.push(("a page that comes at last", &twice));
    // What the list leaves out and the look-up finds is noticed.
    let empty = format!("faults: [{{page: 2, what: empty}}], {unmoved}");
    tests.push(("an empty page", &empty));
    let world = world(&tests).await;
    let outcome = world.tieout(&["test"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_no_file_answers_fails_a_test_whatever_it_expects() {
    let world = world(&[("both are sent", "expect: {}")]).await;
    world.edit("provider.yaml", "size: 10", "size: 20");
    let outcome = world.tieout(&["test"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("was GET /v1/charges?"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("limit=20"), "{}", outcome.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_may_stand_in_the_test_itself() {
    let rows = "rows: [{id: ch_4, amount_minor: 4900, currency: EUR, status: PAID, created_at: \"2025-11-20T23:00:00Z\", \
                updated_at: \"2025-11-20T23:00:02Z\"}, {id: ch_9, amount_minor: 1, currency: EUR, status: PAID, \
                created_at: \"2025-11-20T22:00:00Z\", updated_at: \"2025-11-20T22:00:02Z\"}], \
                expect: {findings: [{kind: missing, key: ch_1}, {kind: missing, key: ch_2}, {kind: missing, key: ch_3}, \
                {kind: orphaned, key: ch_9}]}";
    let world = world(&[("ours alone", rows)]).await;
    let outcome = world.tieout(&["test"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_without_a_test_is_no_green_nothing() {
    let world = world(&[("both are sent", RIGHT), ("nothing is expected", "expect: {}")]).await;
    assert_eq!(world.tieout(&["test", "shop.*/both*"]).code, 0);
    assert!(world.tieout(&["test", "both*"]).stdout.ends_with("0 failed, 1 passed\n"));
    let outcome = world.tieout(&["test", "stripe.*"]);
    assert_eq!(outcome.code, 2);
    insta::assert_snapshot!(outcome.stderr);
    let without = World::agreeing(0).await;
    assert_eq!(without.tieout(&["test"]).code, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tests_touch_of_their_domains_is_told_and_changes_no_exit_code() {
    let late = format!("faults: [{{page: 2, status: 500, times: 1}}], {RIGHT}");
    let world = world(&[("both are sent", RIGHT), ("a page that comes late", &late)]).await;
    let outcome = world.tieout(&["test", "--coverage"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    insta::assert_snapshot!(outcome.stdout);
    let json = world.tieout(&["test", "both*", "--coverage", "--format", "json"]).json();
    insta::assert_json_snapshot!(json["coverage"]);
    assert!(world.tieout(&["test", "--format", "json"]).json().get("coverage").is_none());
    let lines = world.tieout(&["test", "--coverage", "--format", "jsonl"]);
    let last: Value = serde_json::from_str(lines.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["tests"]), (&json!("covered"), &json!(2)));
    world.edit("charges.yaml", "emits: 2", "emits: 3");
    assert_eq!(world.tieout(&["test", "--coverage"]).code, 1);
    for format in ["junit", "github"] {
        let refused = world.tieout(&["test", "--coverage", "--format", format]);
        assert!(refused.code == 2 && refused.stderr.contains("`json` or `jsonl`"), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_without_tests_is_among_those_that_nothing_touches() {
    let world = world(&[("both are sent", RIGHT)]).await;
    let domain = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    let (domain, _) = domain.split_once("tests:").unwrap();
    world.write("refunds.yaml", &domain.replace("shop.charges", "shop.refunds"));
    let coverage = |args: &[&str]| {
        let json = world.tieout(&[&["test", "--coverage", "--format", "json"], args].concat()).json();
        let domains = json["coverage"].as_array().unwrap().clone();
        domains.iter().map(|one| (one["domain"].clone(), one["tests"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(coverage(&[]), [(json!("shop.charges"), json!(1)), (json!("shop.refunds"), json!(0))]);
    assert_eq!(coverage(&["shop.charges"]), [(json!("shop.charges"), json!(1))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_writes_the_file_beside_the_pages_and_never_a_definition() {
    let world = world(&[("by its file", "faults: []"), ("by hand", "expect: {emits: 7}")]).await;
    let definition = || std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    let before = definition();
    assert_eq!(world.tieout(&["test", "by its file"]).code, 1, "nothing says what is to come of it");
    let outcome = world.tieout(&["test", "--update"]);
    assert_eq!(outcome.code, 1, "what stands in a definition is changed by hand");
    insta::assert_snapshot!(outcome.stdout);
    assert_eq!(definition(), before);
    assert_eq!(world.tieout(&["test", "by its file"]).code, 0);
    world.edit("fixtures/two-pages/rows.csv", "1200,USD", "1250,USD");
    assert_eq!(world.tieout(&["test", "by its file"]).code, 1);
    let changed = world.tieout(&["test", "by its file", "--update"]);
    assert_eq!(changed.code, 0);
    assert!(changed.stdout.contains("-        \"amount\""), "{}", changed.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_server_reads_what_failed() {
    let world = world(&[("both <are> & sent", RIGHT), ("wrong", "expect: {emits: 3}")]).await;
    let outcome = world.tieout(&["test", "--format", "junit"]);
    assert_eq!(outcome.code, 1);
    let mut reader = quick_xml::Reader::from_str(&outcome.stdout);
    let (mut cases, mut failures) = (Vec::new(), 0);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "testcase" => {
                let name = tag.try_get_attribute("name").unwrap().unwrap();
                cases.push(name.value.into_owned());
            }
            Event::Start(tag) if tag.name().as_ref() == "failure" => failures += 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(cases, ["both &lt;are&gt; &amp; sent", "wrong"]);
    assert_eq!(failures, 1);
    assert!(outcome.stdout.contains("emits: expected 3, was 2"), "{}", outcome.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_tests_are_refused_where_they_stand() {
    let world = world(&[
        ("twice", "expect: {}"),
        ("twice!", "expect: {}"),
        ("no such word", "faults: [{page: 2, what: explodes}]"),
        ("both at once", "faults: [{page: 2, what: timeout, status: 500}]"),
        ("no such page", "faults: [{page: 0, status: 500}]"),
        ("no such kind", "expect: {findings: [{kind: lost, key: ch_1}]}"),
    ])
    .await;
    let outcome = world.tieout(&["check"]);
    assert_eq!(outcome.code, 2);
    insta::assert_snapshot!(outcome.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipped_provider_is_played_from_its_own_pages() {
    let world = World::agreeing(0).await;
    let recorded = |file: &str| {
        let path = format!("{}/reconcilers/stripe/fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let query =
        json!({"limit": "100", "created[gte]": "*", "created[lt]": "*", "starting_after": "ch_example0003"});
    let first =
        json!({"request": {"path": "/charges"}, "response": {"body": recorded("charges_page_1.json")}});
    let second = json!({"request": {"path": "/charges", "query": query}, "response": {"body": recorded("charges_page_2.json")}});
    std::fs::create_dir(world.path().join("pages")).unwrap();
    world.write("pages/page-1.json", &first.to_string());
    world.write("pages/page-2.json", &second.to_string());
    world.edit("charges.yaml", "feed: api/charges", "feed: stripe/charges");
    let config = std::fs::read_to_string(world.path().join("tieout.yaml")).unwrap();
    let stripe =
        "providers: {stripe: {secrets: {stripe_key: env:NOT_SET_ANYWHERE}, var: {account: acct_example1}}, ";
    world.write("tieout.yaml", &config.replace("providers: {", stripe));
    let domain = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    let tests = "tests:\n  - {name: all are missing, fixture: pages, now: 2025-11-21T12:00:00Z, start: 2025-11-21T00:00:00Z, \
                 expect: {complete: true, emits: 5}}\n";
    world.write("charges.yaml", &(domain + tests));
    let outcome = world.tieout(&["test"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

/// A world with charges of the last hours, of which one is missing here and one differs.
async fn drifting() -> World {
    let world = World::agreeing(0).await;
    for (id, hours) in [("ch_1", 3), ("ch_2", 4), ("ch_3", 5)] {
        let mut one = charge(id, hours, 1_000);
        one["billing_details"]["email"] = json!("ann@shop.example.org");
        if id != "ch_2" {
            world.local(&one).await;
        }
        one["amount"] = json!(if id == "ch_3" { 1_100 } else { 1_000 });
        world.upstream(&one);
    }
    world
}

fn texts(world: &World, folder: &str) -> String {
    let mut files: Vec<_> =
        std::fs::read_dir(world.path().join(folder)).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recorded_is_played_to_the_same_end_without_secrets_and_addresses() {
    let world = drifting().await;
    let recorded =
        world.tieout(&["record", "shop.charges", "--to", "fixtures/night", "--window", "12h", "-o", "json"]);
    assert_eq!(recorded.code, 0, "{recorded:?}");
    let recorded = recorded.json();
    assert_eq!((&recorded["pages"], &recorded["rows"]), (&json!(1), &json!(2)));
    assert_eq!(recorded["notes"], json!([]));
    let files = texts(&world, "fixtures/night");
    assert!(!files.contains(CANARY) && !files.contains("shop.example.org"), "{files}");
    assert!(files.contains("redacted-"), "{files}");
    assert!(!world.path().join("state.db").exists() && !world.path().join("queue.db").exists());

    let asked = world.api.requests();
    let domain = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    world.write("charges.yaml", &(domain + recorded["tests"].as_str().unwrap()));
    let played = world.tieout(&["test", "-o", "json"]);
    assert_eq!(played.code, 0, "{played:?}");
    let found = played.json()["tests"][0]["outcome"]["findings"].clone();
    let kinds = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["kind"], one["key"]).replace('"', ""));
    assert_eq!(kinds.collect::<std::collections::BTreeSet<_>>(), set(["missing ch_2", "mismatched ch_3"]));
    assert_eq!(world.api.requests(), asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_field_meets_its_row_behind_placeholders() {
    let world = World::agreeing(0).await;
    world.edit(
        "charges.yaml",
        "compare:\n",
        "compare:\n  email: {upstream: billing_details.email, local: email, fold: case}\n",
    );
    world.edit("charges.yaml", "money:", "privacy: {drop: [email]}\nmoney:");
    for column in ["SELECT id, "; 2] {
        world.edit("charges.yaml", column, "SELECT email, id, ");
    }
    world.sql("ALTER TABLE charges ADD COLUMN email TEXT").await;
    for (id, upstream, local) in [("ch_1", "Bo Lind", "BO LIND"), ("ch_2", "Cy Vance", "Dee Reed")] {
        let mut one = charge(id, 3, 1_000);
        one["billing_details"]["email"] = json!(upstream);
        world.both(&one).await;
        world.sql(&format!("UPDATE charges SET email = '{local}' WHERE id = '{id}'")).await;
    }
    let recorded =
        world.tieout(&["record", "shop.charges", "--to", "night", "--window", "12h", "-o", "json"]);
    assert_eq!(recorded.code, 0, "{recorded:?}");
    let files = texts(&world, "night");
    for name in ["Bo Lind", "BO LIND", "Cy Vance", "Dee Reed"] {
        assert!(!files.contains(name), "{files}");
    }
    let tests = recorded.json()["tests"].as_str().unwrap().to_owned();
    assert!(tests.contains("{kind: mismatched, key: \"ch_2\", fields: [\"email\"]}"), "{tests}");
    assert!(!tests.contains("ch_1"), "{tests}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_may_hold_a_secret_is_not_written() {
    const PLANTED: &str = "q9Zt4LwX2vKb7RmYc1NfH8sDgJ5p";
    let world = drifting().await;
    world.change_upstream("ch_1", |charge: &mut Value| {
        charge["metadata"]["order"] = json!(format!("it is {PLANTED}, keep it"));
    });
    let record = ["record", "shop.charges", "--to", "night", "--window", "12h"];
    let outcome = world.tieout(&record);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(
        outcome.stderr.contains("page-001.json $.response.body.data[0].metadata.order"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains(PLANTED) && !outcome.stdout.contains(PLANTED));
    assert!(!world.path().join("night").exists());
    let outcome = world.tieout(&[&record[..], &["--redact", "order"]].concat());
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(!texts(&world, "night").contains(PLANTED));
    let again = world.tieout(&[&record[..], &["--redact", "order"]].concat());
    assert_eq!(again.code, 2, "nothing is written over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_with_more_pages_than_wanted_is_not_recorded_and_asks_for_no_more() {
    let world = World::agreeing(25).await;
    let outcome =
        world.tieout(&["record", "shop.charges", "--to", "night", "--window", "48h", "--pages", "1"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("more than 1 pages"), "{}", outcome.stderr);
    assert!(!world.path().join("night").exists());
}

//! Providers that count the rows of a range: a hint, whatever they say.

use std::sync::Arc;

use serde_json::json;
use wiremock::matchers::path;
use wiremock::{Mock, Request, ResponseTemplate};

use crate::world::{Outcome, World, charge, set};

/// Sixty charges of a provider that hands out twenty rows for one query and says `times / 10` of their true number.
async fn counting(times: u64) -> World {
    let world = World::agreeing(60).await;
    world.upstream(&charge("ch_lost", 3, 500));
    world.local(&charge("ch_invented", 20, 5)).await;
    let count = "    count: {request: GET /v1/count, query: {\"created[gte]\": \"{from}\", \"created[lt]\": \"{to}\"}, at: n}\n";
    world.edit("provider.yaml", "    confirm:", &format!("{count}    confirm:"));
    world.edit("provider.yaml", "span: 1d", "span: 40d, cap: {rows: 20, then: halve}");
    let shelf = Arc::clone(&world.api.shelf);
    let answer = move |request: &Request| {
        let second = |name: &str| {
            let (_, text) = request.url.query_pairs().find(|(key, _)| key == name).unwrap();
            text.parse::<i64>().unwrap()
        };
        let range = second("created[gte]")..second("created[lt]");
        let held = shelf.lock().unwrap();
        let created = held.charges.iter().filter_map(|charge| charge["created"].as_i64());
        let n = created.filter(|at| range.contains(at)).count() as u64;
        ResponseTemplate::new(200).set_body_json(json!({ "n": n * times / 10 }))
    };
    Mock::given(path("/v1/count")).respond_with(answer).mount(&world.api.server).await;
    world
}

fn verified(outcome: &Outcome) -> (i32, u64, usize) {
    let domain = outcome.domain();
    let matched = domain["items"]["matched"].as_u64().unwrap();
    (outcome.code, matched, domain["problems"].as_array().unwrap().len())
}

#[tokio::test]
async fn a_lying_count_changes_neither_findings_nor_coverage() {
    let mut pages = Vec::new();
    for times in [10, 0, 10_000, 3] {
        let world = counting(times).await;
        let outcome = world.run();
        assert_eq!(
            outcome.findings(),
            set(["missing ch_lost", "orphaned ch_invented"]),
            "{times}: {outcome:?}"
        );
        assert_eq!(verified(&outcome), (0, 60, 0), "{times}: {outcome:?}");
        assert!(!outcome.domain()["verified_through"].is_null(), "{times}");
        world.api.change(|shelf| pages.push(shelf.lists.len()));
    }
    assert!(pages[0] < pages[1], "an honest count saves walks: {pages:?}");
}

#[tokio::test]
async fn a_probe_shows_what_the_provider_counts() {
    let world = counting(10).await;
    let outcome = world.tieout(&["probe", "api/charges", "--format", "json"]);
    let tests = outcome.json()["tests"].as_array().unwrap().clone();
    let count = tests.iter().find(|test| test["what"] == "count").unwrap_or_else(|| panic!("{tests:#?}"));
    assert_eq!(count["result"], "ok", "{count}");
    assert!(count.to_string().contains("61 rows are counted in the range"), "{count}");
}

//! A feed of changes: a token says where the next run goes on, and it is saved with what it stands for.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::world::{Outcome, World, charge, set};

const FEED: &str = "    request: GET /v1/changes
    query: {limit: \"{size}\", cursor: \"{cursor}\", token: \"{token}\"}
    rows: data
    id: id
    gone_if: {deleted: true}
    next: {cursor: next, save: token, size: 2}
    window: {clock: created, \"on\": created, as: epoch, filter: client}
";

/// What the provider has to say about changes.
#[derive(Default)]
struct Feed {
    /// Each change in its order.
    log: Vec<Value>,
    /// The queries of its requests.
    asked: Vec<String>,
    /// The oldest token that it still knows.
    knows_from: usize,
    /// Whether it refuses all pages but the first.
    breaks_off: bool,
}

/// A world whose provider lists changes, with everything that it holds as the first of them.
async fn world() -> (World, Arc<Mutex<Feed>>) {
    let world = World::agreeing(5).await;
    let provider = std::fs::read_to_string(world.path().join("provider.yaml")).unwrap();
    let (before, _) = provider.split_once("    request:").unwrap();
    let (_, confirm) = provider.split_once("    confirm:").unwrap();
    let rules = "rules:\n  - {when: {status: 410}, do: resync}\nfeeds:";
    let before = before.replacen("feeds:", rules, 1);
    world.write("provider.yaml", &format!("{before}{FEED}    confirm:{confirm}"));
    let mut log = Vec::new();
    world.api.change(|shelf| log.clone_from(&shelf.charges));
    let feed = Arc::new(Mutex::new(Feed { log, ..Feed::default() }));
    let held = Arc::clone(&feed);
    Mock::given(method("GET"))
        .and(path("/v1/changes"))
        .respond_with(move |request: &Request| held.lock().unwrap().answer(request))
        .mount(&world.api.server)
        .await;
    (world, feed)
}

impl Feed {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        self.asked.push(request.url.query().unwrap_or_default().to_owned());
        let number = |name: &str| {
            let pair = request.url.query_pairs().find(|(key, _)| key == name);
            pair.map(|(_, value)| value.parse::<usize>().unwrap())
        };
        let (since, cursor) = (number("token"), number("cursor"));
        if since.is_some_and(|since| since < self.knows_from) {
            return ResponseTemplate::new(410).set_body_json(json!({ "error": "token expired" }));
        }
        if cursor.is_some() && self.breaks_off {
            return ResponseTemplate::new(400).set_body_json(json!({ "error": "no" }));
        }
        let start = cursor.or(since).unwrap_or_default();
        let end = (start + number("limit").unwrap()).min(self.log.len());
        let next = (end < self.log.len()).then(|| end.to_string());
        let token = next.is_none().then(|| end.to_string());
        ResponseTemplate::new(200)
            .set_body_json(json!({ "data": self.log[start..end], "next": next, "token": token }))
    }

    /// The queries since somebody looked last.
    fn take_asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asked)
    }
}

/// A change that the provider knows and the local side missed: one charge is new, one differs, one is gone.
fn miss_three(world: &World, feed: &Mutex<Feed>) {
    let lost = charge("ch_lost", 5, 500);
    world.upstream(&lost);
    world.change_upstream("ch_001", |charge| charge["amount"] = json!(9_999));
    let mut changed = Value::Null;
    world.api.change(|shelf| {
        changed = shelf.charges.iter().find(|charge| charge["id"] == "ch_001").unwrap().clone();
        shelf.charges.retain(|charge| charge["id"] != "ch_003");
    });
    let gone = json!({ "id": "ch_003", "deleted": true });
    feed.lock().unwrap().log.extend([lost, changed, gone]);
}

fn missed() -> std::collections::BTreeSet<String> {
    set(["missing ch_lost", "mismatched ch_001", "orphaned ch_003"])
}

fn run(world: &World) -> Outcome {
    world.tieout(&["run", "--format", "json", "--limit", "0"])
}

#[tokio::test]
async fn the_second_run_reads_only_what_changed_since_the_first() {
    let (world, feed) = world().await;
    let first = run(&world);
    assert_eq!((first.code, first.findings()), (0, set([])), "{first:?}");
    assert_eq!(feed.lock().unwrap().take_asked(), ["limit=2", "limit=2&cursor=2", "limit=2&cursor=4"]);
    miss_three(&world, &feed);
    let second = run(&world);
    assert_eq!((second.code, second.findings()), (0, missed()), "{second:?}");
    assert_eq!(feed.lock().unwrap().take_asked(), ["limit=2&token=5", "limit=2&cursor=7&token=5"]);
    world.consume().await;
    let third = run(&world);
    assert_eq!(third.code, 0, "{third:?}");
    // The orphan is looked at again first of all, and only an item that is known to be there proves that it is still gone.
    assert_eq!(feed.lock().unwrap().take_asked(), ["limit=2", "limit=2&token=8"]);
    assert_eq!(third.domain()["follow_up"]["repaired"], 2, "{third:?}");
}

#[tokio::test]
async fn items_that_change_again_and_again_fill_page_after_page_and_are_no_circle() {
    let (world, feed) = world().await;
    assert_eq!(run(&world).code, 0);
    for amount in [1, 2, 3] {
        for id in ["ch_001", "ch_002"] {
            world.change_upstream(id, |charge| charge["amount"] = json!(amount));
            let mut now = Value::Null;
            world.api.change(|shelf| {
                now = shelf.charges.iter().find(|charge| charge["id"] == id).unwrap().clone();
            });
            feed.lock().unwrap().log.push(now);
        }
    }
    let outcome = run(&world);
    let changed = set(["mismatched ch_001", "mismatched ch_002"]);
    assert_eq!((outcome.code, outcome.findings()), (0, changed), "{outcome:?}");
}

#[tokio::test]
async fn a_run_that_breaks_off_keeps_the_token_and_the_next_one_misses_nothing() {
    let (world, feed) = world().await;
    assert_eq!(run(&world).code, 0);
    miss_three(&world, &feed);
    feed.lock().unwrap().breaks_off = true;
    let broken = run(&world);
    assert_eq!(broken.code, 3, "{broken:?}");
    assert!(broken.findings().is_subset(&missed()), "{broken:?}");
    feed.lock().unwrap().breaks_off = false;
    feed.lock().unwrap().take_asked();
    let whole = run(&world);
    assert_eq!(whole.code, 0, "{whole:?}");
    assert_eq!(
        feed.lock().unwrap().take_asked()[0],
        "limit=2&token=5",
        "the old token is the one that holds"
    );
    assert_eq!(
        broken.findings().union(&whole.findings()).cloned().collect::<std::collections::BTreeSet<_>>(),
        missed()
    );
}

#[tokio::test]
async fn a_token_that_is_not_known_any_more_makes_the_run_read_everything_and_say_so() {
    let (world, feed) = world().await;
    assert_eq!(run(&world).code, 0);
    miss_three(&world, &feed);
    feed.lock().unwrap().knows_from = 6;
    feed.lock().unwrap().take_asked();
    let outcome = run(&world);
    assert_eq!((outcome.code, outcome.findings()), (0, missed()), "{outcome:?}");
    let asked = feed.lock().unwrap().take_asked();
    assert_eq!(asked[..2], ["limit=2&token=5", "limit=2"], "{asked:?}");
    let notes = outcome.domain()["notes"].to_string();
    assert!(notes.contains("did not know the saved token any more; the whole feed was read"), "{notes}");
}

#[tokio::test]
async fn a_retry_out_of_quarantine_has_the_whole_log_read_again() {
    let (world, feed) = world().await;
    let mut nameless = charge("ch_named", 5, 500);
    world.upstream(&nameless);
    nameless["id"] = Value::Null;
    feed.lock().unwrap().log.push(nameless);
    let first = run(&world);
    assert_eq!(first.code, 3, "{first:?}");
    let drop = ["quarantine", "drop", "--all", "--yes", "--reason", "a test of theirs", "--by", "ada"];
    assert_eq!(world.tieout(&drop).code, 0);
    assert_eq!(run(&world).code, 0);
    // They gave it its key back, without saying so in the log.
    feed.lock().unwrap().log[5]["id"] = json!("ch_named");
    feed.lock().unwrap().take_asked();
    assert_eq!(run(&world).findings(), set([]), "nobody reads what comes before the token");
    assert_eq!(world.tieout(&["quarantine", "retry", "--all", "--yes"]).code, 0);
    feed.lock().unwrap().take_asked();
    let again = run(&world);
    assert_eq!((again.code, again.findings()), (0, set(["missing ch_named"])), "{again:?}");
    assert_eq!(feed.lock().unwrap().take_asked()[0], "limit=2", "from the beginning");
}

//! Changes of old items that a list of events tells of: the ids are looked up, and nothing else is read again.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::world::{Outcome, World, charge, set};

const EVENTS: &str = r#"  events:
    request: GET /v1/events
    query: {limit: "{size}", starting_after: "{cursor}", "created[gte]": "{from}", "created[lt]": "{to}"}
    rows: data
    id: id
    order: created desc
    mutable: false
    next: {cursor: "last:id", more: has_more, size: 10}
    window: {clock: created, as: epoch, grain: 1s, edges: "[)", span: 1d, lag: 0s}
    confirm: {one: "GET /v1/events/{id}", gone: 404}
"#;

#[derive(Default)]
struct Log {
    events: Vec<Value>,
    breaks: bool,
    asked: usize,
}

struct Followed {
    world: World,
    log: Arc<Mutex<Log>>,
}

fn answer(log: &mut Log, request: &Request) -> ResponseTemplate {
    log.asked += 1;
    if log.breaks {
        return ResponseTemplate::new(400).set_body_json(json!({ "error": "no" }));
    }
    let bound = |name: &str| {
        let pair = request.url.query_pairs().find(|(key, _)| key == name);
        pair.unwrap().1.parse::<i64>().unwrap()
    };
    let range = bound("created[gte]")..bound("created[lt]");
    let inside = log.events.iter().filter(|event| range.contains(&event["created"].as_i64().unwrap()));
    ResponseTemplate::new(200).set_body_json(json!({ "data": inside.collect::<Vec<_>>(), "has_more": false }))
}

impl Followed {
    /// A world of mutable charges whose changes are followed, after its first night.
    async fn new() -> Self {
        let world = World::agreeing(5).await;
        for old in 0..3 {
            world.both(&charge(&format!("ch_old{old}"), (10 + old) * 24, 700)).await;
        }
        world.edit("provider.yaml", "mutable: false", "mutable: true");
        let events = "    events: {feed: events, object: data.object.id, drives: changes}\n    confirm:";
        world.edit("provider.yaml", "    confirm:", events);
        let provider = std::fs::read_to_string(world.path().join("provider.yaml")).unwrap();
        world.write("provider.yaml", &format!("{}\n{EVENTS}", provider.trim_end()));
        let log = Arc::new(Mutex::new(Log::default()));
        let held = Arc::clone(&log);
        Mock::given(method("GET"))
            .and(path("/v1/events"))
            .respond_with(move |request: &Request| answer(&mut held.lock().unwrap(), request))
            .mount(&world.api.server)
            .await;
        let this = Self { world, log };
        let first = this.night();
        assert_eq!((first.code, first.findings()), (0, set([])), "{first:?}");
        this
    }

    fn night(&self) -> Outcome {
        self.world.run()
    }

    /// The provider tells that something happened to an item so many seconds ago.
    fn tells(&self, id: &str, seconds_ago: i64) {
        let created = chrono::Utc::now().timestamp() - seconds_ago;
        let mut log = self.log.lock().unwrap();
        let name = format!("evt_{}", log.events.len());
        log.events.push(json!({ "id": name, "created": created, "data": { "object": { "id": id } } }));
    }

    fn change(&self, id: &str) {
        self.world.change_upstream(id, |charge| charge["amount"] = json!(9_999));
    }

    fn take_look_ups(&self) -> Vec<String> {
        let mut api = self.world.api.shelf.lock().unwrap();
        api.lists.clear();
        let mut keys = std::mem::take(&mut api.look_ups);
        keys.sort_unstable();
        keys
    }

    fn axis(&self) -> Value {
        let shown = self.world.tieout(&["state", "show", "--format", "json"]).json();
        let clocks = shown["domains"][0]["members"][0]["clocks"].as_array().unwrap().clone();
        clocks.into_iter().find(|clock| clock["clock"] == "events").unwrap()
    }
}

#[tokio::test]
async fn an_old_item_that_changed_is_found_without_reading_it_again() {
    let it = Followed::new().await;
    it.world.followed_until(2).await;
    it.change("ch_old1");
    it.change("ch_old2");
    it.tells("ch_old1", 3_600);
    it.tells("ch_old1", 7_200);
    it.tells("ch_old0", 7_200);
    it.take_look_ups();
    let night = it.night();
    assert_eq!((night.code, night.findings()), (0, set(["mismatched ch_old1"])), "{night:?}");
    assert_eq!(it.take_look_ups(), ["ch_old0", "ch_old1"], "each once, and nobody else");
    assert_eq!(night.domain()["overlap"]["matched"], 1, "what is looked up is counted apart: {night:?}");
    let status = it.world.tieout(&["status", "--format", "json"]).json()["domains"][0].clone();
    assert!(!status["changes_through"].is_null(), "{status}");
    assert!(it.world.tieout(&["status"]).stdout.contains("shop.charges: changes through "));
    it.world.consume().await;
    let next = it.night();
    assert_eq!(next.domain()["follow_up"]["repaired"], 1, "{next:?}");
}

#[tokio::test]
async fn an_old_item_that_is_gone_is_found_and_a_new_one_is_left_to_its_page() {
    let it = Followed::new().await;
    it.world.followed_until(1).await;
    it.world.api.change(|shelf| shelf.charges.retain(|charge| charge["id"] != "ch_old1"));
    it.tells("ch_old1", 3_600);
    it.tells("ch_ancient", 3_600);
    it.world.upstream(&charge("ch_ancient", 24 * 400, 5));
    let night = it.night();
    assert_eq!((night.code, night.findings()), (0, set(["orphaned ch_old1"])), "{night:?}");
}

#[tokio::test]
async fn an_item_with_an_event_that_is_too_young_waits_for_the_next_night() {
    let it = Followed::new().await;
    it.world.edit("charges.yaml", "settle: 1s", "settle: 1h");
    it.world.followed_until(1).await;
    it.change("ch_old1");
    it.tells("ch_old1", 7_200);
    it.tells("ch_old1", 60);
    assert_eq!(it.night().findings(), set([]));
    it.world.edit("charges.yaml", "settle: 1h", "settle: 1s");
    assert_eq!(it.night().findings(), set(["mismatched ch_old1"]));
}

#[tokio::test]
async fn a_list_of_events_that_breaks_off_covers_nothing_and_loses_nothing() {
    let it = Followed::new().await;
    it.world.followed_until(1).await;
    let before = it.axis();
    it.change("ch_old1");
    it.tells("ch_old1", 3_600);
    it.log.lock().unwrap().breaks = true;
    let broken = it.night();
    assert_eq!((broken.code, broken.findings()), (3, set([])), "{broken:?}");
    assert!(broken.domain()["problems"].to_string().contains("not all events were followed"), "{broken:?}");
    assert_eq!(it.axis(), before);
    it.log.lock().unwrap().breaks = false;
    let next = it.night();
    assert_eq!((next.code, next.findings()), (0, set(["mismatched ch_old1"])), "{next:?}");
}

#[tokio::test]
async fn events_that_the_provider_forgot_are_named_and_nothing_is_concluded_about_them() {
    let it = Followed::new().await;
    it.world.edit(
        "provider.yaml",
        "lag: 0s}\n    confirm: {one: \"GET /v1/events",
        "lag: 0s, keep: 5d}\n    confirm: {one: \"GET /v1/events",
    );
    it.world.followed_until(9).await;
    it.change("ch_old1");
    it.change("ch_old2");
    it.tells("ch_old1", 3_600);
    let night = it.night();
    assert_eq!((night.code, night.findings()), (3, set(["mismatched ch_old1"])), "{night:?}");
    let problems = night.domain()["problems"].to_string();
    assert!(
        problems.contains("can no longer be followed, because the provider keeps its events for 5 days only"),
        "{problems}"
    );
    assert_eq!(it.axis()["holes"].as_array().unwrap().len(), 1, "{}", it.axis());
    assert_eq!(it.night().code, 0, "it is said once; the ledger keeps the hole");
}

#[tokio::test]
async fn where_there_is_a_wider_re_read_it_takes_the_place_of_forgotten_events() {
    let it = Followed::new().await;
    it.world.edit(
        "provider.yaml",
        "mutable: true",
        "mutable: true\n    overlap_scan: {back: 20d, every: 90d}",
    );
    it.night();
    it.world.edit(
        "provider.yaml",
        "lag: 0s}\n    confirm: {one: \"GET /v1/events",
        "lag: 0s, keep: 5d}\n    confirm: {one: \"GET /v1/events",
    );
    it.world.followed_until(9).await;
    it.change("ch_old2");
    let night = it.night();
    assert_eq!((night.code, night.findings()), (0, set(["mismatched ch_old2"])), "{night:?}");
    assert!(night.domain()["notes"].to_string().contains("are read again in their place"), "{night:?}");
}

#[tokio::test]
async fn an_outage_of_look_ups_leaves_what_events_are_about_suspected() {
    let it = Followed::new().await;
    it.world.followed_until(1).await;
    it.change("ch_old1");
    it.tells("ch_old1", 3_600);
    it.world.edit("charges.yaml", "settle: 1s,", "settle: 1s, max_lookups: 1,");
    it.tells("ch_old2", 3_600);
    let night = it.night();
    assert_eq!(night.code, 3, "{night:?}");
    assert!(night.domain()["problems"].to_string().contains("were not looked up"), "{night:?}");
    it.world.edit("charges.yaml", "max_lookups: 1,", "");
    let next = it.night();
    assert_eq!((next.code, next.findings()), (0, set(["mismatched ch_old1"])), "{next:?}");
}

#[tokio::test]
async fn definitions_that_cannot_drive_changes_say_why() {
    let world = World::agreeing(1).await;
    world.edit("provider.yaml", "mutable: false", "mutable: true");
    let warned = world.tieout(&["check"]);
    assert!(warned.stdout.contains("nothing reads them again"), "{warned:?}");
    assert!(
        warned.stdout.contains("drives: changes") || warned.stderr.contains("drives: changes"),
        "{warned:?}"
    );
    let events = "    events: {feed: events, object: data.object.id, drives: changes}\n    confirm:";
    world.edit("provider.yaml", "    confirm:", events);
    let provider = std::fs::read_to_string(world.path().join("provider.yaml")).unwrap();
    let with = |list: &str| format!("{}\n{list}", provider.trim_end());
    world.write("provider.yaml", &with(EVENTS));
    let good = world.tieout(&["check"]);
    assert!(good.code == 0 && good.stdout.ends_with("0 failed, 0 warnings\n"), "{good:?}");
    for (list, said) in [
        (
            EVENTS.replace("gone: 404}", "gone: 404, hydrate: true}"),
            "only the look-up of an entry shows what it is about",
        ),
        (EVENTS.replace("  events:", "  other:"), "there is no feed `events`"),
    ] {
        world.write("provider.yaml", &with(&list));
        let refused = world.tieout(&["check"]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(said), "{said}: {refused:?}");
    }
    world.write("provider.yaml", &with(EVENTS).replace("drives: changes", "drives: chanegs"));
    let typo = world.tieout(&["check"]);
    assert!(typo.code == 2 && typo.stderr.contains("changes"), "{typo:?}");
}

//! Channels that take messages, and those that do not.

use std::net::TcpListener;

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wiremock::Request;

use super::{Ear, notify, warnings};
use crate::world::{World, charge};

/// 24 bytes in base64, behind the prefix of such secrets.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn is_signed(request: &Request) -> bool {
    let header =
        |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let start = format!("{}.{}.", header("webhook-id"), header("webhook-timestamp"));
    let key = Key::new(HMAC_SHA256, &STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap());
    let tag = STANDARD.decode(header("webhook-signature").trim_start_matches("v1,")).unwrap_or_default();
    hmac::verify(&key, &[start.as_bytes(), &request.body].concat(), &tag).is_ok()
}

#[tokio::test]
async fn a_trouble_is_told_once_and_its_end_once_and_never_with_a_key() {
    let (world, slack, hook) = (World::agreeing(3).await, Ear::open().await, Ear::open().await);
    slack.hide(&world, "slack");
    world.write("hook", SECRET);
    let hooked = format!("webhook: {{url: \"{}/digests\", secret: \"file:hook\"}}", hook.server.uri());
    notify(&world, &format!("{{ops: {{slack: {{url: \"file:slack\"}}}}, hook: {{{hooked}}}}}"));
    world.upstream(&charge("ch_lost", 5, 41_290));
    let found = world.run();
    assert_eq!((found.code, warnings(&found.json())), (0, vec![]), "{found:?}");
    let requests = hook.heard().await;
    assert_eq!(requests.len(), 1);
    assert!(is_signed(&requests[0]));
    let digest: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(
        (
            &digest["schema"],
            &digest["status"],
            &digest["repeated"],
            &digest["open"]["amounts"],
            &digest["domains"][0]["began"]
        ),
        (
            &json!("tieout.digest/v1"),
            &json!("done"),
            &json!(false),
            &json!([{"currency": "USD", "amount": "412.90"}]),
            &json!(["differences"])
        ),
        "{digest}"
    );
    let told = slack.told().await;
    assert_eq!(told.len(), 1);
    let text = told[0]["text"].as_str().unwrap();
    assert!(
        text.contains("USD 412.90 open (1 finding, oldest ")
            && text.contains("new: 1 finding not repaired yet"),
        "{text}"
    );
    assert_eq!(told[0]["blocks"][0]["type"], "section");
    assert!(!format!("{told:?}{digest}").contains("ch_lost"), "a message names no item: {told:?}");

    let again = world.run();
    assert_eq!((again.code, slack.heard().await.len(), hook.heard().await.len()), (0, 0, 0), "{again:?}");

    // As if that had been more than a day ago.
    world.state("UPDATE notices SET told_at = '2000-01-01T00:00:00.000000Z'").await;
    let _later = world.run();
    let told = slack.told().await;
    assert!(
        told[0]["text"].as_str().unwrap().contains("Nothing has changed since you were told."),
        "{told:?}"
    );
    assert_eq!(hook.told().await[0]["repeated"], true);

    world.consume().await;
    let repaired = world.run();
    assert_eq!(repaired.code, 0, "{repaired:?}");
    let told = slack.told().await;
    let text = told[0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("[tieout] RECOVERED: shop.charges\n") && text.contains("recovered: differences"),
        "{text}"
    );
    assert_eq!(world.asked_of_state("SELECT COUNT(*) || '' FROM notices").await, "0");
    let over = world.run();
    assert_eq!((over.code, slack.heard().await.len()), (0, 0), "{over:?}");
}

#[tokio::test]
async fn a_plan_tells_nobody_and_a_channel_of_other_events_hears_nothing() {
    let (world, slack) = (World::agreeing(3).await, Ear::open().await);
    slack.hide(&world, "slack");
    notify(
        &world,
        "{ops: {slack: {url: \"file:slack\"}}, failures: {slack: {url: \"file:slack\"}, on: [failed]}}",
    );
    world.upstream(&charge("ch_lost", 5, 500));
    assert_eq!((world.plan().code, slack.heard().await.len()), (4, 0));
    assert_eq!((world.run().code, slack.heard().await.len()), (0, 1));
}

#[tokio::test]
async fn who_cannot_be_told_is_a_warning_and_is_told_by_the_next_run() {
    let (world, ear) = (World::agreeing(3).await, Ear::open().await);
    let (failing, gone) = (Ear::with(500).await, Ear::with(404).await);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    ear.hide(&world, "ear");
    failing.hide(&world, "failing");
    gone.hide(&world, "gone");
    world.write("closed", &format!("http://127.0.0.1:{port}/hush"));
    world.write("nowhere", "https://tieout.invalid/hush");
    let slack = |name: &str| format!("{name}: {{slack: {{url: \"file:{name}\"}}}}");
    let names = ["ear", "failing", "gone", "closed", "nowhere", "missing"];
    notify(&world, &format!("{{{}}}", names.map(slack).join(", ")));
    world.upstream(&charge("ch_lost", 5, 500));
    let run = world.run();
    assert_eq!(run.code, 0, "nothing of it changes how the run ended: {run:?}");
    let told = warnings(&run.json());
    let about = |name: &str| {
        let its = told.iter().find(|warning| warning.starts_with(&format!("notify.{name} ")));
        its.unwrap_or_else(|| panic!("{name}: {told:?}")).clone()
    };
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(about("failing").ends_with("answers with status 500"));
    assert!(
        about("gone")
            .ends_with("answers with status 404; look whether the address of the channel is still there")
    );
    assert!(about("closed").contains("connecting"), "{}", about("closed"));
    assert!(about("nowhere").contains("tieout.invalid"), "{}", about("nowhere"));
    assert!(about("missing").contains("cannot read the file"), "{}", about("missing"));
    assert!(!format!("{run:?}").contains("hush"), "an address is a secret: {run:?}");
    assert_eq!(
        (failing.heard().await.len(), gone.heard().await.len(), ear.heard().await.len()),
        (2, 1, 1),
        "once more, where that may help"
    );
    let kept = world.tieout(&["report", "show", "--format", "json"]).json();
    assert_eq!(warnings(&kept), told, "the stored report has them too");
    let shown = world.tieout(&["report", "show"]).stdout;
    assert!(shown.contains("warnings") && shown.contains("notify.failing was not told"), "{shown}");

    // They answer by now.
    let next = world.run();
    assert_eq!(next.code, 0, "{next:?}");
    assert_eq!((failing.heard().await.len(), gone.heard().await.len(), ear.heard().await.len()), (1, 1, 0));
}

#[tokio::test]
async fn a_state_store_that_cannot_be_opened_is_told_too() {
    let (world, slack) = (World::agreeing(1).await, Ear::open().await);
    slack.hide(&world, "slack");
    notify(&world, "{ops: {slack: {url: \"file:slack\"}}, nightly: {ping: {url: \"file:slack\"}}}");
    world.edit("tieout.yaml", "sqlite:state.db", "sqlite:nowhere/state.db");
    let run = world.run();
    assert_eq!(run.code, 1, "{run:?}");
    let heard = slack.heard().await;
    let paths: Vec<&str> = heard.iter().map(|request| request.url.path()).collect();
    assert_eq!(heard.len(), 3, "{paths:?}");
    assert!(paths.contains(&"/T0/B0/hush/start") && paths.contains(&"/T0/B0/hush/1"), "{paths:?}");
    let told = heard.iter().find(|request| request.url.path() == "/T0/B0/hush").unwrap();
    let told: Value = serde_json::from_slice(&told.body).unwrap();
    assert!(told["text"].as_str().unwrap().contains("new: failed (state store)"), "{told}");
}

#[tokio::test]
async fn a_test_says_what_became_of_it() {
    let (world, ear, gone, refusing) =
        (World::agreeing(0).await, Ear::open().await, Ear::with(410).await, Ear::with(403).await);
    assert_eq!(world.tieout(&["notify", "test"]).code, 2, "nobody is named");
    ear.hide(&world, "ear");
    gone.hide(&world, "gone");
    refusing.hide(&world, "refusing");
    let kinds =
        [("a", "slack", "ear"), ("b", "ping", "ear"), ("d", "slack", "gone"), ("e", "slack", "refusing")];
    let channels = kinds.map(|(name, kind, file)| format!("{name}: {{{kind}: {{url: \"file:{file}\"}}}}"));
    notify(&world, &format!("{{{}}}", channels.join(", ")));
    let all = world.tieout(&["notify", "test", "--format", "json"]);
    assert_eq!(all.code, 1, "{all:?}");
    let results: Vec<Value> =
        all.json()["tests"].as_array().unwrap().iter().map(|test| test["result"].clone()).collect();
    assert_eq!(results, ["ok", "ok", "failed", "failed"], "{all:?}");
    assert!(all.stdout.contains("answers with status 200") && !all.stdout.contains("hush"), "{all:?}");
    let heard = ear.heard().await;
    let paths: Vec<&str> = heard.iter().map(|request| request.url.path()).collect();
    assert_eq!(
        paths.iter().filter(|path| path.ends_with("/log")).count(),
        1,
        "a ping is only logged: {paths:?}"
    );
    assert!(heard.iter().all(|request| String::from_utf8_lossy(&request.body).contains("test")));
    let one = world.tieout(&["notify", "test", "a"]);
    assert_eq!((one.code, one.stdout.contains("notify: 0 failed, 0 warnings")), (0, true), "{one:?}");
    let refused = world.tieout(&["notify", "test", "e"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    let unknown = world.tieout(&["notify", "test", "aa"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert!(unknown.stderr.contains("there is no channel `aa`"), "{unknown:?}");
}

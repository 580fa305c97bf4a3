//! Pings for a service that alarms when none comes.

use super::{Ear, notify};
use crate::api::Fault;
use crate::world::{World, charge};

/// What came: paths, the runs they were about, and the last body.
async fn pings(ear: &Ear) -> (Vec<String>, Vec<String>, String) {
    let heard = ear.heard().await;
    let paths =
        heard.iter().map(|ping| ping.url.path().trim_start_matches("/T0/B0/hush").to_owned()).collect();
    let rid = |ping: &wiremock::Request| {
        ping.url.query_pairs().find(|(name, _)| name == "rid").unwrap().1.into_owned()
    };
    let body = heard.last().map(|ping| String::from_utf8(ping.body.clone()).unwrap()).unwrap_or_default();
    (paths, heard.iter().map(rid).collect(), body)
}

async fn world(ear: &Ear) -> World {
    let world = World::agreeing(3).await;
    ear.hide(&world, "ping");
    notify(&world, "{nightly: {ping: {url: \"file:ping\"}}}");
    world
}

#[tokio::test]
async fn a_run_says_that_it_begins_and_that_everything_was_verified() {
    let ear = Ear::open().await;
    let world = world(&ear).await;
    world.upstream(&charge("ch_lost", 5, 500));
    let run = world.run();
    let id = run.json()["run_id"].as_str().unwrap().to_owned();
    let (paths, rids, body) = pings(&ear).await;
    assert_eq!(paths, ["/start", ""], "differences are no reason to alarm: {run:?}");
    assert_eq!(rids, [id.clone(), id], "both are about the same run");
    assert!(body.starts_with("shop.charges: done\nrun ") && body.contains("DONE (exit 0)"), "{body}");
    assert!(!body.contains("ch_lost"), "{body}");
    // Each run says it, whether anything changed or not.
    let _next = world.run();
    assert_eq!(pings(&ear).await.0, ["/start", ""]);
}

#[tokio::test]
async fn a_run_that_did_not_verify_everything_says_its_exit_code() {
    let ear = Ear::open().await;
    let world = world(&ear).await;
    world.api.change(|shelf| shelf.always = Some(Fault::Says(401, "application/json", "{}".to_owned())));
    let run = world.run();
    assert_eq!(run.code, 7, "{run:?}");
    let (paths, _, body) = pings(&ear).await;
    assert_eq!(paths, ["/start", "/7"]);
    assert!(body.starts_with("shop.charges: failed (credentials"), "{body}");
}

#[tokio::test]
async fn what_is_held_is_no_success_in_any_night_before_the_approval() {
    let ear = Ear::open().await;
    let world = world(&ear).await;
    world.upstream(&charge("ch_lost", 5, 500));
    world.upstream(&charge("ch_other", 5, 500));
    assert_eq!(world.tieout(&["run", "--max-emits", "1"]).code, 5);
    assert_eq!(pings(&ear).await.0, ["/start", "/5"]);
    let next = world.run();
    assert_eq!((next.code, pings(&ear).await.0), (5, vec!["/start".to_owned(), "/5".to_owned()]));
    assert_eq!(world.tieout(&["approve", "latest", "--expect", "2"]).code, 0);
    let over = world.run();
    assert_eq!((over.code, pings(&ear).await.0), (0, vec!["/start".to_owned(), String::new()]), "{over:?}");
}

#[tokio::test]
async fn a_run_that_looks_at_a_part_is_only_logged() {
    let ear = Ear::open().await;
    let world = world(&ear).await;
    let run = world.tieout(&["run", "--key", "ch_001"]);
    assert_eq!((run.code, pings(&ear).await.0), (0, vec!["/log".to_owned()]), "{run:?}");
    assert_eq!((world.plan().code, pings(&ear).await.0), (0, vec![]));
    // A domain that the run leaves out was not verified.
    let other = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
    world.write("other.yaml", &other.replace("domain: shop.charges", "domain: shop.other"));
    let run = world.tieout(&["run", "shop.charges"]);
    assert_eq!((run.code, pings(&ear).await.0), (0, vec!["/log".to_owned()]), "{run:?}");
    world.edit(
        "tieout.yaml",
        "{ping: {url: \"file:ping\"}}",
        "{ping: {url: \"file:ping\"}, domains: [shop.charges]}",
    );
    let run = world.tieout(&["run", "shop.charges"]);
    assert_eq!((run.code, pings(&ear).await.0), (0, vec!["/start".to_owned(), String::new()]), "{run:?}");
    let run = world.tieout(&["run", "shop.other"]);
    assert_eq!((run.code, pings(&ear).await.0), (0, vec![]), "the run is not about it: {run:?}");
}

#[tokio::test]
async fn a_run_whose_definition_is_wrong_says_so_and_so_does_one_whose_secret_is_not_set() {
    let ear = Ear::open().await;
    let world = world(&ear).await;
    world.edit("charges.yaml", "changed:", "chnged:");
    let run = world.run();
    let (paths, _, body) = pings(&ear).await;
    assert_eq!((run.code, paths), (2, vec!["/start".to_owned(), "/2".to_owned()]), "{run:?}");
    assert!(body.starts_with("shop.charges: failed (definition"), "{body}");
    world.edit("charges.yaml", "chnged:", "changed:");
    world.edit("tieout.yaml", "file:key", "env:TIEOUT_TEST_NOT_SET");
    let run = world.run();
    let (paths, _, body) = pings(&ear).await;
    assert_eq!((run.code, paths), (2, vec!["/start".to_owned(), "/2".to_owned()]), "{run:?}");
    assert!(body.starts_with("shop.charges: failed (configuration"), "{body}");
}

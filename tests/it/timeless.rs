//! A feed whose items have no time: the whole of it is walked, and both sides meet by key.

use serde_json::json;

use crate::api::Fault;
use crate::postgres::Postgres;
use crate::stores::on_postgres;
use crate::world::{World, charge, set};

/// A world whose list shows everything and whose items are compared without any time.
pub(crate) async fn world() -> World {
    let world = World::agreeing(25).await;
    world.edit("provider.yaml", ", \"created[gte]\": \"{from}\", \"created[lt]\": \"{to}\"", "");
    world.edit("provider.yaml", "    order: created desc\n", "");
    world.edit(
        "provider.yaml",
        "window: {clock: created, as: epoch, grain: 1s, edges: \"[)\", span: 1d, lag: 0s}",
        "window: {clock: none}",
    );
    world.edit("charges.yaml", "  clock: created_at\n", "");
    world.edit("charges.yaml", " WHERE created_at >= :from AND created_at < :to", "");
    world
}

async fn differ(world: &World) {
    world.upstream(&charge("ch_lost", 24 * 900, 500));
    world.change_upstream("ch_007", |charge| charge["amount"] = json!(9_999));
    world.local(&charge("ch_invented", 24 * 700, 77)).await;
}

#[tokio::test]
async fn what_differs_is_found_whenever_it_was_made_and_followed_until_it_is_repaired() {
    let world = world().await;
    differ(&world).await;
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.findings(), set(["missing ch_lost", "mismatched ch_007", "orphaned ch_invented"]));
    assert_eq!(outcome.domain()["items"]["upstream"], 26);
    assert_eq!(outcome.domain()["items"]["local"], 26);
    world.consume().await;
    let next = world.run();
    assert_eq!((next.code, &next.domain()["follow_up"]["repaired"]), (0, &json!(2)), "{next:?}");
    assert_eq!(next.domain()["items"]["matched"], 26);
    assert!(!next.domain()["verified_through"].is_null());
}

#[tokio::test]
async fn a_list_that_breaks_off_makes_no_orphan() {
    let world = world().await;
    differ(&world).await;
    let broken = Fault::Says(400, "application/json", json!({ "error": "no" }).to_string());
    world.api.change(|shelf| shelf.faults = [None, Some(broken)].into());
    let outcome = world.run();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(!outcome.findings().contains("orphaned ch_invented"), "{outcome:?}");
    assert!(outcome.domain()["verified_through"].is_null());
}

#[tokio::test]
async fn it_works_alike_on_postgresql() {
    let postgres = Postgres::create().await;
    let world = world().await;
    differ(&world).await;
    on_postgres(&world, &postgres).await;
    postgres.sql(crate::stores::QUEUE).await;
    let outcome = world.run();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.findings(), set(["missing ch_lost", "mismatched ch_007", "orphaned ch_invented"]));
    postgres.drop().await;
}

#[tokio::test]
async fn a_local_side_that_does_not_fit_is_refused_with_what_to_do() {
    for (file, from, to, said) in [
        ("charges.yaml", "  key: id\n", "  key: id\n  clock: created_at\n", "has no clock"),
        (
            "provider.yaml",
            "{clock: none}",
            "{clock: created, as: epoch, filter: client}",
            "`local.clock` is missing",
        ),
        (
            "provider.yaml",
            "{clock: none}",
            "{clock: none, span: 1d}",
            "`span` means nothing beside `clock: none`",
        ),
        ("provider.yaml", "{clock: none}", "{clock: created}", "the key `as` is missing"),
    ] {
        let world = world().await;
        world.edit(file, from, to);
        let outcome = world.tieout(&["check"]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.contains(said), "{said}: {outcome:?}");
    }
    let world = world().await;
    world.edit("charges.yaml", " FROM charges\n", " FROM charges WHERE created_at >= :from\n");
    let outcome = world.tieout(&["check", "--online"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stdout.contains("`:from` has no value in this statement"), "{outcome:?}");
}

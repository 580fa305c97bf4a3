//! A feed that hands out what changed since a saved token.

use serde_json::json;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::Feed;

use super::double::Double;
use super::world::{World, at, findings, item, set};
use crate::report::Status;

fn changes() -> Double {
    let double = Double::new(at(0));
    Double { feed: Feed { changes: true, ..double.feed.clone() }, ..double }
}

async fn saved(world: &World) -> Option<String> {
    world.store.saved_token(&changes().domain, &Each::default(), "shop/items").await.unwrap()
}

#[tokio::test]
async fn the_first_run_reads_all_and_the_next_one_what_changed_since() {
    let world = World::new().await;
    world.both(&[item("a", 1), item("b", 2), item("c", 3)]).await;
    world.local(&[item("old", 1)]).await;
    world.upstream(&[item("lost", 4)]);
    world.change(|shelf| shelf.extra = json!({ "token": "t1" }));
    let first = world.run(changes()).await;
    assert_eq!(findings(&first), set(["missing lost"]), "absence proves nothing: {first:?}");
    assert_eq!((first.status, saved(&world).await), (Status::Done, Some("t1".to_owned())));

    world.change(|shelf| {
        shelf.items.retain(|item| item.id != "b");
        shelf.extra = json!({ "token": "t2", "gone": ["b", "never had"] });
    });
    let second = world.run(changes()).await;
    assert_eq!(findings(&second), set(["missing lost", "orphaned b"]), "{second:?}");
    assert!(world.lists().last().unwrap().contains("since=t1"));
    assert_eq!(saved(&world).await, Some("t2".to_owned()));
}

#[tokio::test]
async fn a_walk_that_breaks_off_saves_no_token() {
    let world = World::new().await;
    world.upstream(&[item("a", 1), item("b", 2), item("c", 3)]);
    world.change(|shelf| {
        shelf.extra = json!({ "token": "t1" });
        shelf.moods = [None, Some(400)].into();
    });
    let report = world.run(changes()).await;
    assert_eq!((report.status, saved(&world).await), (Status::Partial, None), "{report:?}");
    assert_eq!(findings(&report), set(["missing a", "missing b"]));
}

#[tokio::test]
async fn a_token_that_expired_is_dropped_and_the_whole_feed_is_read() {
    let world = World::new().await;
    world.both(&[item("a", 1), item("b", 2)]).await;
    world.change(|shelf| shelf.extra = json!({ "token": "t1" }));
    world.run(changes()).await;
    world.change(|shelf| {
        shelf.extra = json!({ "token": "t2" });
        shelf.moods = [Some(412)].into();
    });
    let report = world.run(changes()).await;
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert!(report.notes.iter().any(|note| note.contains("whole feed")), "{report:?}");
    assert!(!world.lists().last().unwrap().contains("since"));
    assert_eq!(saved(&world).await, Some("t2".to_owned()));
}

#[tokio::test]
async fn whoever_asks_for_everything_gets_the_whole_feed_and_goes_on_from_the_token_of_that() {
    let world = World::new().await;
    world.both(&[item("a", 1), item("b", 2)]).await;
    world.change(|shelf| shelf.extra = json!({ "token": "t1" }));
    world.run(changes()).await;
    world.unlocal("a").await;
    world.change(|shelf| {
        shelf.extra = json!({ "token": "t2" });
        shelf.moods = [Some(400)].into();
    });
    let broken = world.full(changes(), 100).await;
    assert_eq!((broken.status, saved(&world).await), (Status::Partial, Some("t1".to_owned())), "{broken:?}");
    let full = world.full(changes(), 100).await;
    assert_eq!((full.status, findings(&full)), (Status::Done, set(["missing a"])), "{full:?}");
    assert!(!world.lists().last().unwrap().contains("since"));
    assert_eq!(saved(&world).await, Some("t2".to_owned()));
}

//! What became of the events of a day: each counts once.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::window::Window;

use super::on_both_stores;
use super::world::{World, domain, event_id, finding};
use crate::finding::State;
use crate::store::{Commit, DecidedCount};

on_both_stores!(every_event_of_a_day_counts_once_by_what_became_of_it);

async fn every_event_of_a_day_counts_once_by_what_became_of_it(world: World) {
    let now = world.store.now().await.unwrap();
    let hour = Duration::from_hours(1);
    let day = Window::new(now - hour, now + hour).unwrap();
    let count = async |window: Window| world.store.decided(&domain(), window).await.unwrap();
    assert_eq!(count(day).await, DecidedCount::default());
    world.make_pending(&["sent", "repaired", "dead", "waits"]).await;
    world.acknowledge(&["sent", "repaired"]).await;
    world.store.bury(event_id("dead"), "rejected", "no").await.unwrap();
    let repaired = Commit { findings: vec![finding("repaired", State::Repaired)], ..Commit::default() };
    world.store.commit(&world.lease, repaired).await.unwrap();
    let decided = DecidedCount { repaired: 1, unrepaired: 1, dead: 1, undelivered: 1, superseded: 0 };
    assert_eq!(count(day).await, decided);
    let before = Window::new(Instant::from_micros(0), now - hour).unwrap();
    assert_eq!(count(before).await, DecidedCount::default());
    let other = "shop.refunds".parse().unwrap();
    assert_eq!(world.store.decided(&other, day).await.unwrap(), DecidedCount::default());
    let superseded = Commit { supersede: vec![event_id("waits"), event_id("dead")], ..Commit::default() };
    world.store.commit(&world.lease, superseded).await.unwrap();
    let decided = DecidedCount { repaired: 1, unrepaired: 1, superseded: 2, ..DecidedCount::default() };
    assert_eq!(count(day).await, decided);
}

//! One writer per domain, and nothing from a writer that lost its lease.

use tieout_reconcilers::name::Each;

use super::on_both_stores;
use super::world::{World, begin_run, domain, finding, window};
use crate::finding::State;
use crate::store::{Commit, Covered, Release, StoreError};

on_both_stores!(
    a_held_lease_says_by_whom,
    a_lease_given_back_is_free_at_once,
    a_lease_that_ran_out_can_be_renewed_until_somebody_takes_it,
    a_stale_token_commits_nothing,
    a_stale_token_releases_and_renews_nothing,
    the_token_grows_with_every_holder,
    another_domain_is_not_covered_by_the_lease,
    only_one_of_many_gets_the_lease,
);

async fn a_held_lease_says_by_whom(world: World) {
    let taken = world.store.acquire(&domain(), &Each::default(), world.lease.run_id(), "second").await;
    let Err(StoreError::Held { holder, age, .. }) = taken else { panic!("{taken:?}") };
    assert_eq!(holder, "first");
    assert!(age.as_secs() < 60, "{age:?}");
}

async fn a_lease_given_back_is_free_at_once(world: World) {
    world.store.release_lease(&world.lease).await.unwrap();
    let stale = world.store.renew(&world.lease).await;
    assert!(matches!(stale, Err(StoreError::LeaseLost { .. })), "{stale:?}");
    world.store.acquire(&domain(), &Each::default(), world.lease.run_id(), "second").await.unwrap();
}

async fn a_lease_that_ran_out_can_be_renewed_until_somebody_takes_it(world: World) {
    world.age("leases", "expires_at").await;
    world.store.renew(&world.lease).await.unwrap();
    let second = world.store.acquire(&domain(), &Each::default(), world.lease.run_id(), "second").await;
    assert!(matches!(second, Err(StoreError::Held { .. })), "{second:?}");
}

async fn a_stale_token_commits_nothing(world: World) {
    world.take_over().await;
    let commit = Commit {
        findings: vec![finding("ch_1", State::Open)],
        events: vec![super::world::event("ch_1")],
        coverage: Some(Covered { clock: "created".to_owned(), window: window(0, 10) }),
        ..Commit::default()
    };
    let stale = world.store.commit(&world.lease, commit).await;
    assert!(matches!(stale, Err(StoreError::LeaseLost { .. })), "{stale:?}");
    assert_eq!(world.store.show(&super::world::id("ch_1")).await.unwrap(), None);
    assert_eq!(world.store.unsent().await.unwrap(), vec![]);
    assert_eq!(world.store.coverage(&domain(), &Each::default(), "created").await.unwrap(), vec![]);
}

async fn a_stale_token_releases_and_renews_nothing(world: World) {
    world.stage(&world.lease, &["ch_1"]).await;
    world.take_over().await;
    let mut asked = false;
    let released = world
        .store
        .release(&world.lease, |_| {
            asked = true;
            Release::Pending
        })
        .await;
    assert!(matches!(released, Err(StoreError::LeaseLost { .. })), "{released:?}");
    assert!(!asked);
    assert!(matches!(world.store.renew(&world.lease).await, Err(StoreError::LeaseLost { .. })));
    assert!(matches!(world.store.release_lease(&world.lease).await, Err(StoreError::LeaseLost { .. })));
    assert!(world.store.claim("billing", 10, "relay").await.unwrap().is_empty());
}

async fn the_token_grows_with_every_holder(world: World) {
    let second = world.take_over().await;
    let third = world.take_over().await;
    assert!(world.store.renew(&second).await.is_err());
    world.store.renew(&third).await.unwrap();
}

async fn another_domain_is_not_covered_by_the_lease(world: World) {
    let mut foreign = finding("ch_1", State::Open);
    foreign.id.domain = "shop.refunds".parse().unwrap();
    let commit = Commit { findings: vec![foreign], ..Commit::default() };
    assert!(matches!(world.store.commit(&world.lease, commit).await, Err(StoreError::LeaseLost { .. })));
}

async fn only_one_of_many_gets_the_lease(world: World) {
    let refunds = "shop.refunds".parse().unwrap();
    let run_id = begin_run(&world.store).await;
    let each = Each::default();
    let tries = (0..8).map(|_| world.store.acquire(&refunds, &each, run_id, "one of many"));
    let taken = futures::future::join_all(tries).await;
    assert_eq!(taken.iter().filter(|lease| lease.is_ok()).count(), 1, "{taken:?}");
}

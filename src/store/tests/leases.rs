//! One writer per domain, and nothing from a writer that lost its lease.

use tieout_reconcilers::name::Each;

use super::on_every_store;
use super::world::{World, begin_run, domain, finding, window};
use crate::finding::State;
use crate::process::Process;
use crate::store::{Commit, Covered, LEASE_TIME, Release, StoreError};

on_every_store!(
    a_held_lease_says_by_whom,
    a_lease_given_back_is_free_at_once,
    a_lease_that_ran_out_can_be_renewed_until_somebody_takes_it,
    a_stale_token_commits_nothing,
    a_stale_token_releases_and_renews_nothing,
    the_token_grows_with_every_holder,
    another_domain_is_not_covered_by_the_lease,
    only_one_of_many_gets_the_lease,
    one_sign_of_life_keeps_all_leases_of_a_run_and_no_others,
    a_process_that_is_proven_dead_holds_nothing,
    a_run_that_is_fenced_off_writes_nothing_more,
);

async fn a_held_lease_says_by_whom(world: World) {
    let taken = world.store.acquire(&domain(), &Each::default(), world.lease.run_id(), "second").await;
    let Err(StoreError::Held { holder, age, .. }) = taken else { panic!("{taken:?}") };
    assert_eq!(holder, "first");
    assert!(age < LEASE_TIME, "{age:?}");
}

async fn a_lease_given_back_is_free_at_once(world: World) {
    world.store.release_lease(&world.lease).await.unwrap();
    assert!(!world.keeps(&world.lease).await);
    world.store.acquire(&domain(), &Each::default(), world.lease.run_id(), "second").await.unwrap();
}

async fn a_lease_that_ran_out_can_be_renewed_until_somebody_takes_it(world: World) {
    world.age("leases", "expires_at").await;
    assert!(world.keeps(&world.lease).await);
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
    let asked = std::sync::atomic::AtomicBool::new(false);
    let released = world
        .store
        .release(&world.lease, |_| {
            asked.store(true, std::sync::atomic::Ordering::SeqCst);
            Release::Pending
        })
        .await;
    assert!(matches!(released, Err(StoreError::LeaseLost { .. })), "{released:?}");
    assert!(!asked.into_inner());
    assert!(!world.keeps(&world.lease).await);
    assert!(matches!(world.store.release_lease(&world.lease).await, Err(StoreError::LeaseLost { .. })));
    assert!(world.store.claim("billing", 0, 10, "relay").await.unwrap().is_empty());
}

async fn the_token_grows_with_every_holder(world: World) {
    let second = world.take_over().await;
    let third = world.take_over().await;
    assert!(third.token() > second.token() && second.token() > world.lease.token());
    assert!(!world.keeps(&second).await);
    assert!(world.keeps(&third).await);
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

async fn one_sign_of_life_keeps_all_leases_of_a_run_and_no_others(world: World) {
    let (run_id, other) = (world.lease.run_id(), begin_run(&world.store).await);
    let mut own = vec![world.lease.clone()];
    for member in ["a", "b"] {
        own.push(world.store.acquire(&domain(), &Each::stored(member), run_id, "first").await.unwrap());
    }
    let theirs = world.store.acquire(&domain(), &Each::stored("c"), other, "second").await.unwrap();
    world.age("leases", "expires_at").await;
    let mut kept = world.store.beat(run_id).await.unwrap().kept;
    kept.sort_by_key(|lease| lease.each().clone());
    assert_eq!(kept, own);
    let again = world.store.acquire(&domain(), theirs.each(), run_id, "third").await;
    again.expect("the lease of the other run has lapsed");
    let taken = world.store.acquire(&domain(), &Each::stored("a"), other, "third").await;
    assert!(matches!(taken, Err(StoreError::Held { .. })), "{taken:?}");
}

async fn a_process_that_is_proven_dead_holds_nothing(world: World) {
    let Some(this) = Process::this() else { return };
    world.held_by_process(&this.to_string()).await;
    let alive = world.store.acquire(&domain(), &Each::default(), world.lease.run_id(), "second").await;
    assert!(matches!(alive, Err(StoreError::Held { .. })), "{alive:?}");
    // The same number, and another beginning.
    let text = this.to_string();
    let (place, _) = text.rsplit_once(' ').unwrap();
    world.held_by_process(&format!("{place} 1")).await;
    let taken =
        world.store.acquire(&domain(), &Each::default(), world.lease.run_id(), "second").await.unwrap();
    assert!(taken.token() > world.lease.token());
    let stale = world.store.commit(&world.lease, Commit::default()).await;
    assert!(matches!(stale, Err(StoreError::LeaseLost { .. })), "{stale:?}");
}

async fn a_run_that_is_fenced_off_writes_nothing_more(world: World) {
    let other = "shop.refunds".parse().unwrap();
    let run_id = world.lease.run_id();
    let second = world.store.acquire(&other, &Each::default(), run_id, "first").await.unwrap();
    world.store.fence_off(run_id, Some(&other)).await.unwrap();
    assert_eq!(world.store.beat(run_id).await.unwrap().kept, std::slice::from_ref(&world.lease));
    world.store.fence_off(run_id, None).await.unwrap();
    for lease in [&world.lease, &second] {
        let stale = world.store.commit(lease, Commit::default()).await;
        assert!(matches!(stale, Err(StoreError::LeaseLost { .. })), "{stale:?}");
    }
    world.store.acquire(&domain(), &Each::default(), begin_run(&world.store).await, "second").await.unwrap();
}

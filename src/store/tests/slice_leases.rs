//! Leases of single slices: claimed once, fenced, and back with the run that offers them when their reader is silent.

use tieout_reconcilers::name::Each;
use tieout_reconcilers::window::{Purpose, Slice, Window};
use uuid::Uuid;

use super::on_both_stores;
use super::world::{World, domain, window};
use crate::store::{Bookmark, Fence, Led, SliceLease, StoreError, StoreSettings};

on_both_stores!(
    a_slice_is_claimed_once_oldest_first,
    a_reader_leaves_a_bookmark_and_gives_the_slice_back,
    nothing_is_offered_in_the_name_of_a_lost_lease,
    nothing_is_claimed_of_a_run_that_is_silent,
    what_nobody_has_claimed_comes_back_newest_first,
    a_silent_reader_loses_its_slice_and_writes_nothing_more,
    a_reader_that_gives_signs_of_life_keeps_its_slice,
    whoever_takes_the_domain_over_takes_its_slices_back,
    it_is_known_who_leads_a_domain,
    nobody_waits_for_a_reader_that_stands_still_in_the_midst_of_a_write,
);

fn slice((from, to): (i64, i64)) -> Slice {
    Slice { newest: to == 30, ..Slice::new(window(from, to), Purpose::Coverage) }
}

async fn offer(world: &World, ranges: &[(i64, i64)]) {
    let slices: Vec<Slice> = ranges.iter().copied().map(slice).collect();
    world.store.offer(&world.lease, &slices, window(0, 1).from()).await.unwrap();
}

async fn claim(world: &World, reader: Uuid) -> Option<SliceLease> {
    world.store.claim_slice(&domain(), reader, "second").await.unwrap()
}

async fn write(world: &World, lease: &SliceLease) -> Result<(), StoreError> {
    let (purpose, window) = (Purpose::Coverage, lease.slice().window);
    let bookmark =
        Bookmark { purpose, window, format: 1, fingerprint: "same".to_owned(), state: "{}".to_owned() };
    world.store.put_bookmark(&Fence::Slice(lease.clone()), &bookmark).await.map(drop)
}

async fn away(world: &World, most: usize) -> Vec<Window> {
    let away = world.store.take_back(&world.lease, most).await.unwrap();
    away.into_iter().map(|(_, window)| window).collect()
}

async fn a_slice_is_claimed_once_oldest_first(world: World) {
    offer(&world, &[(20, 30), (0, 10)]).await;
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    let claimed = [claim(&world, one).await, claim(&world, other).await, claim(&world, one).await];
    let slices = claimed.map(|lease| lease.map(|lease| lease.slice()));
    assert_eq!(slices, [Some(slice((0, 10))), Some(slice((20, 30))), None]);
}

async fn a_reader_leaves_a_bookmark_and_gives_the_slice_back(world: World) {
    offer(&world, &[(0, 10)]).await;
    let reader = Uuid::now_v7();
    let lease = claim(&world, reader).await.unwrap();
    assert_eq!(away(&world, 9).await, [window(0, 10)]);
    write(&world, &lease).await.unwrap();
    world.store.give_back_slice(&lease).await.unwrap();
    assert_eq!(away(&world, 9).await, []);
    let [kept] = world.store.bookmarks(&domain(), &Each::default()).await.unwrap().try_into().unwrap();
    assert_eq!((kept.run_id, kept.bookmark.unwrap().window), (reader.to_string(), window(0, 10)));
}

async fn nothing_is_offered_in_the_name_of_a_lost_lease(world: World) {
    world.take_over().await;
    let offered = world.store.offer(&world.lease, &[slice((0, 10))], window(0, 1).from()).await;
    assert!(matches!(offered, Err(StoreError::LeaseLost { .. })), "{offered:?}");
}

async fn nothing_is_claimed_of_a_run_that_is_silent(world: World) {
    offer(&world, &[(0, 10)]).await;
    world.age("leases", "expires_at").await;
    assert_eq!(claim(&world, Uuid::now_v7()).await, None);
}

async fn what_nobody_has_claimed_comes_back_newest_first(world: World) {
    offer(&world, &[(0, 10), (10, 20), (20, 30)]).await;
    claim(&world, Uuid::now_v7()).await.unwrap();
    assert_eq!(away(&world, 0).await, [window(20, 30), window(10, 20), window(0, 10)]);
    assert_eq!(away(&world, 1).await, [window(10, 20), window(0, 10)]);
    assert_eq!(away(&world, 9).await, [window(0, 10)]);
}

async fn a_silent_reader_loses_its_slice_and_writes_nothing_more(world: World) {
    offer(&world, &[(0, 10)]).await;
    let silent = claim(&world, Uuid::now_v7()).await.unwrap();
    world.age("slice_leases", "expires_at").await;
    assert_eq!(away(&world, 0).await, []);
    offer(&world, &[(0, 10)]).await;
    let next = claim(&world, Uuid::now_v7()).await.unwrap();
    for lost in [write(&world, &silent).await, world.store.give_back_slice(&silent).await] {
        assert!(matches!(lost, Err(StoreError::LeaseLost { .. })), "{lost:?}");
    }
    write(&world, &next).await.unwrap();
}

async fn a_reader_that_gives_signs_of_life_keeps_its_slice(world: World) {
    offer(&world, &[(0, 10)]).await;
    let lease = claim(&world, Uuid::now_v7()).await.unwrap();
    world.age("slice_leases", "expires_at").await;
    world.store.keep_slices(&[lease.claim()]).await.unwrap();
    assert_eq!(away(&world, 9).await, [window(0, 10)]);
}

async fn whoever_takes_the_domain_over_takes_its_slices_back(world: World) {
    offer(&world, &[(0, 10), (10, 20)]).await;
    let lease = claim(&world, Uuid::now_v7()).await.unwrap();
    world.take_over().await;
    let late = write(&world, &lease).await;
    assert!(matches!(late, Err(StoreError::LeaseLost { .. })), "{late:?}");
    assert_eq!(claim(&world, Uuid::now_v7()).await, None);
}

async fn nobody_waits_for_a_reader_that_stands_still_in_the_midst_of_a_write(world: World) {
    offer(&world, &[(0, 10), (10, 20)]).await;
    claim(&world, Uuid::now_v7()).await.unwrap();
    world.age("slice_leases", "expires_at").await;
    // SQLite has one writer, and no row to lock.
    if matches!(world.settings, StoreSettings::Sqlite { .. }) {
        return;
    }
    let mut standing = world.store.write("test").await.unwrap();
    standing.rows("SELECT claim FROM slice_leases WHERE claim IS NOT NULL FOR UPDATE", &[]).await.unwrap();
    assert_eq!(away(&world, 9).await, [window(0, 10)]);
    standing.commit().await.unwrap();
    assert_eq!(away(&world, 9).await, []);
}

async fn it_is_known_who_leads_a_domain(world: World) {
    let led = async || world.store.led(&domain()).await.unwrap();
    assert_eq!(led().await, Led::ByTheLiving(world.lease.run_id()));
    world.age("leases", "expires_at").await;
    assert_eq!(led().await, Led::ByTheDead);
    world.store.release_lease(&world.lease).await.unwrap();
    assert_eq!(led().await, Led::ByNobody);
}

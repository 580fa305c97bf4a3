//! Bookmarks: written under the lease, gone with their slice, and told where they are damaged.

use std::time::Duration;

use tieout_reconcilers::name::Each;
use tieout_reconcilers::window::{Purpose, Window};

use super::on_both_stores;
use super::world::{World, domain, window};
use crate::store::{Bookmark, Commit, KeptBookmark, Rewind, StoreError};

on_both_stores!(
    what_is_written_is_read_back,
    a_bookmark_takes_the_place_of_what_it_overlaps,
    whoever_lost_the_lease_writes_none,
    the_commit_of_a_range_removes_its_bookmarks,
    only_the_wanted_ones_are_kept,
    a_damaged_row_is_told_and_goes,
    a_rewind_takes_all_of_them,
);

fn bookmark(purpose: Purpose, window: Window) -> Bookmark {
    let state = r#"{"page": "\u0000 \ud83e\udd80"}"#.to_owned();
    Bookmark { purpose, window, format: 1, fingerprint: "same".to_owned(), state }
}

async fn put(world: &World, purpose: Purpose, range: (i64, i64)) {
    world.store.put_bookmark(&world.fence(), &bookmark(purpose, window(range.0, range.1))).await.unwrap();
}

async fn kept(world: &World) -> Vec<KeptBookmark> {
    world.store.bookmarks(&domain(), &Each::default()).await.unwrap()
}

async fn windows(world: &World) -> Vec<(Purpose, Window)> {
    let kept = kept(world).await.into_iter();
    kept.map(|one| one.bookmark.map(|bookmark| (bookmark.purpose, bookmark.window)).unwrap()).collect()
}

async fn what_is_written_is_read_back(world: World) {
    put(&world, Purpose::Coverage, (0, 10)).await;
    let [one] = kept(&world).await.try_into().unwrap();
    assert_eq!(one.bookmark, Some(bookmark(Purpose::Coverage, window(0, 10))));
    assert_eq!(one.run_id, world.lease.run_id().to_string());
    assert!(one.age < Duration::from_mins(1), "{:?}", one.age);
    world.age("bookmarks", "written_at").await;
    assert!(kept(&world).await[0].age >= Duration::from_hours(1));
}

async fn a_bookmark_takes_the_place_of_what_it_overlaps(world: World) {
    put(&world, Purpose::Coverage, (0, 10)).await;
    put(&world, Purpose::Overlap, (0, 10)).await;
    put(&world, Purpose::Coverage, (10, 20)).await;
    put(&world, Purpose::Coverage, (5, 10)).await;
    let expected = [
        (Purpose::Overlap, window(0, 10)),
        (Purpose::Coverage, window(5, 10)),
        (Purpose::Coverage, window(10, 20)),
    ];
    assert_eq!(windows(&world).await, expected);
}

async fn whoever_lost_the_lease_writes_none(world: World) {
    world.take_over().await;
    let stale = world.store.put_bookmark(&world.fence(), &bookmark(Purpose::Coverage, window(0, 10))).await;
    assert!(matches!(stale, Err(StoreError::LeaseLost { .. })), "{stale:?}");
    assert_eq!(kept(&world).await, vec![]);
}

async fn the_commit_of_a_range_removes_its_bookmarks(world: World) {
    for range in [(0, 10), (10, 20), (20, 30)] {
        put(&world, Purpose::Coverage, range).await;
    }
    put(&world, Purpose::Overlap, (10, 20)).await;
    let read = Some((Purpose::Coverage, window(5, 20)));
    world.store.commit(&world.lease, Commit { read, ..Commit::default() }).await.unwrap();
    assert_eq!(
        windows(&world).await,
        [(Purpose::Overlap, window(10, 20)), (Purpose::Coverage, window(20, 30))]
    );
}

async fn only_the_wanted_ones_are_kept(world: World) {
    put(&world, Purpose::Coverage, (0, 10)).await;
    put(&world, Purpose::Coverage, (10, 20)).await;
    let wanted = [(Purpose::Coverage, window(10, 20))];
    world.store.keep_bookmarks(&world.lease, &wanted).await.unwrap();
    assert_eq!(windows(&world).await, wanted);
}

async fn a_damaged_row_is_told_and_goes(world: World) {
    put(&world, Purpose::Coverage, (0, 10)).await;
    put(&world, Purpose::Coverage, (10, 20)).await;
    let mut tx = world.store.write("test").await.unwrap();
    tx.execute(
        "UPDATE bookmarks SET purpose = 'fun' WHERE from_at = (SELECT MIN(from_at) FROM bookmarks)",
        &[],
    )
    .await
    .unwrap();
    tx.execute("UPDATE bookmarks SET state = '{}' WHERE purpose <> 'fun'", &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(kept(&world).await.iter().all(|one| one.bookmark.is_none()));
    world.store.keep_bookmarks(&world.lease, &[]).await.unwrap();
    assert_eq!(kept(&world).await, vec![]);
}

async fn a_rewind_takes_all_of_them(world: World) {
    put(&world, Purpose::Coverage, (0, 10)).await;
    let rewind = Rewind { to: window(5, 10).from(), forget_token_of: None };
    world.store.rewind(&world.lease, &rewind, "somebody").await.unwrap();
    assert_eq!(kept(&world).await, vec![]);
}

//! What a person may change: coverage goes back and never forward, a dead lease is broken and a living one is not.

use tieout_reconcilers::name::Each;

use super::on_both_stores;
use super::world::{World, at, domain, window};
use crate::store::{Commit, Covered, Force, OverlapDone, Rewind, SavedToken, StoreError, Unlocked};

on_both_stores!(
    a_rewind_takes_back_what_lies_behind_it_along_every_clock,
    a_rewind_forgets_the_token_of_a_change_feed_and_never_shows_it,
    a_stale_lease_takes_nothing_back,
    a_lease_that_ran_out_is_broken_and_its_holder_writes_nothing_more,
    a_living_lease_is_broken_only_by_force,
    nothing_is_broken_where_nobody_holds_anything,
);

async fn cover(world: &World, clock: &str, from: i64, to: i64) {
    let coverage = Some(Covered { clock: clock.to_owned(), window: window(from, to) });
    world.store.commit(&world.lease, Commit { coverage, ..Commit::default() }).await.unwrap();
}

fn to(second: i64) -> Rewind {
    Rewind { to: at(second), forget_token_of: None }
}

async fn a_rewind_takes_back_what_lies_behind_it_along_every_clock(world: World) {
    for (clock, from, end) in
        [("created", 0, 10), ("created", 20, 30), ("created", 40, 50), ("events", 5, 45)]
    {
        cover(&world, clock, from, end).await;
    }
    let overlap = Some(OverlapDone { clock: "created".to_owned(), through: at(50) });
    world.store.commit(&world.lease, Commit { overlap, ..Commit::default() }).await.unwrap();
    world.store.rewind(&world.lease, &to(25), "me").await.unwrap();
    let kept = world.store.kept_state(&domain()).await.unwrap();
    let axes = &kept.members[&Each::default()].axes;
    assert_eq!(axes["created"].verified, [window(0, 10), window(20, 25)]);
    assert_eq!(axes["events"].verified, [window(5, 25)]);
    assert_eq!(axes["created"].overlap.unwrap().through, at(25));
    let acts: Vec<_> =
        kept.by_hand.iter().map(|act| (act.act.as_str(), act.detail.as_str(), act.who.as_str())).collect();
    assert_eq!(acts, [("rewind", "to 1970-01-01T00:00:25Z", "me")]);
    world.store.rewind(&world.lease, &to(90), "me").await.unwrap();
    let ledger = world.store.coverage(&domain(), &Each::default(), "created").await.unwrap();
    assert_eq!(ledger, [window(0, 10), window(20, 25)], "nothing ever grows");
}

async fn a_rewind_forgets_the_token_of_a_change_feed_and_never_shows_it(world: World) {
    let token = Some(SavedToken { feed: "shop/changes".to_owned(), token: "secret".to_owned() });
    world.store.commit(&world.lease, Commit { token, ..Commit::default() }).await.unwrap();
    let kept = world.store.kept_state(&domain()).await.unwrap();
    assert_eq!(kept.members[&Each::default()].token.as_ref().unwrap().feed, "shop/changes");
    assert!(!format!("{kept:?}").contains("secret"));
    let rewind = Rewind { forget_token_of: Some("shop/changes".to_owned()), ..to(0) };
    world.store.rewind(&world.lease, &rewind, "me").await.unwrap();
    assert_eq!(world.store.saved_token(&domain(), &Each::default(), "shop/changes").await.unwrap(), None);
}

async fn a_stale_lease_takes_nothing_back(world: World) {
    cover(&world, "created", 0, 10).await;
    world.take_over().await;
    let stale = world.store.rewind(&world.lease, &to(5), "me").await;
    assert!(matches!(stale, Err(StoreError::LeaseLost { .. })), "{stale:?}");
    let kept = world.store.kept_state(&domain()).await.unwrap();
    assert_eq!(kept.members[&Each::default()].axes["created"].verified, [window(0, 10)]);
    assert_eq!(kept.by_hand, []);
}

async fn unlock(world: &World, force: Force) -> Unlocked {
    world.store.unlock(&domain(), &Each::default(), force, "me").await.unwrap()
}

async fn a_lease_that_ran_out_is_broken_and_its_holder_writes_nothing_more(world: World) {
    world.age("leases", "expires_at").await;
    assert_eq!(unlock(&world, Force::No).await, Unlocked::Broken { holder: "first".to_owned() });
    assert!(!world.keeps(&world.lease).await);
    world.store.acquire(&domain(), &Each::default(), world.lease.run_id(), "second").await.unwrap();
    let stale = world.store.commit(&world.lease, Commit::default()).await;
    assert!(matches!(stale, Err(StoreError::LeaseLost { .. })), "{stale:?}");
    let kept = world.store.kept_state(&domain()).await.unwrap();
    assert_eq!(kept.by_hand[0].detail, "was held by first");
}

async fn a_living_lease_is_broken_only_by_force(world: World) {
    let Unlocked::Alive { holder, since, last_sign, lapses_at } = unlock(&world, Force::No).await else {
        panic!("a living lease was broken")
    };
    assert!(holder == "first" && since <= last_sign && last_sign < lapses_at, "{holder} {since} {last_sign}");
    assert!(world.keeps(&world.lease).await);
    assert_eq!(unlock(&world, Force::Yes).await, Unlocked::Broken { holder: "first".to_owned() });
    assert!(!world.keeps(&world.lease).await);
}

async fn nothing_is_broken_where_nobody_holds_anything(world: World) {
    let unknown = "shop.nothing".parse().unwrap();
    let free = world.store.unlock(&unknown, &Each::default(), Force::Yes, "me").await.unwrap();
    assert_eq!(free, Unlocked::Free);
    world.store.release_lease(&world.lease).await.unwrap();
    assert_eq!(unlock(&world, Force::No).await, Unlocked::Free);
    assert_eq!(world.store.kept_state(&domain()).await.unwrap().by_hand, []);
}

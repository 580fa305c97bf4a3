//! Limits that processes share: each moment is given once, whoever asks at the same time.

use std::collections::BTreeSet;
use std::time::Duration;

use tieout_reconcilers::instant::Instant;

use super::on_every_store;
use super::world::World;
use crate::store::{Standing, Store};

on_every_store!(
    nobody_decides_from_what_somebody_else_has_decided_from,
    the_first_who_asks_of_a_limit_finds_nothing_and_the_next_what_was_decided,
    limits_of_other_names_stand_by_themselves,
);

/// Takes the next of an endless row of moments, a second apart.
async fn next(store: &Store, limit: &str) -> Instant {
    let decide = |Standing { next, .. }: Standing| {
        let next = next.unwrap_or(Instant::from_micros(0));
        (next, next + Duration::from_secs(1))
    };
    store.advance(limit, decide).await.unwrap()
}

async fn nobody_decides_from_what_somebody_else_has_decided_from(world: World) {
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let settings = world.settings.clone();
        asking.spawn(async move {
            let store = Store::open(&settings).await.unwrap();
            let mut got = Vec::new();
            for _ in 0..10 {
                got.push(next(&store, "shop").await.micros() / 1_000_000);
            }
            store.close().await;
            got
        });
    }
    let got: BTreeSet<i64> = asking.join_all().await.into_iter().flatten().collect();
    assert_eq!(got, (0..40).collect());
}

async fn the_first_who_asks_of_a_limit_finds_nothing_and_the_next_what_was_decided(world: World) {
    let due = Instant::from_micros(4_711_000);
    let first = world.store.advance("shop", |standing| (standing, due)).await.unwrap();
    assert_eq!(first.next, None);
    let second = world.store.advance("shop", |standing| (standing, due)).await.unwrap();
    assert_eq!(second.next, Some(due));
    assert!(second.now >= first.now);
}

async fn limits_of_other_names_stand_by_themselves(world: World) {
    for seconds in 0..3 {
        assert_eq!(next(&world.store, "shop").await, Instant::from_micros(seconds * 1_000_000));
    }
    assert_eq!(next(&world.store, "bank").await, Instant::from_micros(0));
}

//! Tokens in the state store: one refresher among processes, and nothing readable at rest.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use secrecy::{ExposeSecret as _, SecretString};
use tieout_reconcilers::instant::Instant;

use super::{StoreShelf, StoreVault};
use crate::source::auth::{Claim, Kept, Vault};
use crate::source::kept::{KeptPage, PageName, Shelf as _};
use crate::store::Store;
use crate::store::tests::{World, on_both_stores};

on_both_stores! {
    what_is_kept_is_read_by_another_process_and_is_not_readable_at_rest,
    one_of_many_processes_becomes_the_refresher,
    a_claim_that_ran_out_is_taken_over_and_its_holder_keeps_nothing_more,
    another_key_opens_nothing_and_says_what_to_do,
    a_page_is_read_by_another_process_and_is_not_readable_at_rest,
    a_page_opens_for_its_own_request_and_key_only_and_its_newest_state_counts,
}

fn key(text: &str) -> SecretString {
    SecretString::from(text.repeat(32))
}

/// Another process: it has nothing in common with the first but the database.
async fn process(world: &World) -> StoreVault {
    StoreVault::new(Store::open(&world.settings).await.unwrap(), &key("k")).unwrap()
}

fn tokens(number: u32) -> Kept {
    Kept {
        origin: "seed".to_owned(),
        refresh: format!("CANARY-r{number}").into(),
        access: format!("CANARY-a{number}").into(),
        until: Some(Instant::from_micros(1_764_000_000_000_000)),
        base: Some("https://a.example.com".to_owned()),
    }
}

async fn claimed(vault: &StoreVault) -> i64 {
    match vault.claim("xero").await.unwrap() {
        Claim::Ours(claim, _) => claim,
        Claim::Busy => panic!("busy"),
    }
}

async fn what_is_kept_is_read_by_another_process_and_is_not_readable_at_rest(world: World) {
    let (one, other) = (process(&world).await, process(&world).await);
    assert!(Vault::read(&other, "xero").await.unwrap().is_none());
    let claim = claimed(&one).await;
    one.keep("xero", claim, &tokens(1)).await.unwrap();
    let kept = Vault::read(&other, "xero").await.unwrap().unwrap();
    assert_eq!((kept.refresh.expose_secret(), kept.access.expose_secret()), ("CANARY-r1", "CANARY-a1"));
    assert_eq!((kept.origin, kept.until, kept.base), ("seed".to_owned(), tokens(1).until, tokens(1).base));
    let at_rest = world.store.token("xero").await.unwrap().unwrap();
    assert!(at_rest.starts_with("v1.") && !at_rest.contains("CANARY"), "{at_rest}");
}

async fn one_of_many_processes_becomes_the_refresher(world: World) {
    let vaults = join_all((0..4).map(|_| process(&world))).await;
    let claims = join_all(vaults.iter().map(|vault| vault.claim("xero"))).await;
    let ours = claims.into_iter().filter(|claim| matches!(claim, Ok(Claim::Ours(1, None)))).count();
    assert_eq!(ours, 1);
    vaults[0].release("xero", 1).await.unwrap();
    assert!(matches!(vaults[1].claim("xero").await.unwrap(), Claim::Ours(2, None)));
}

async fn a_claim_that_ran_out_is_taken_over_and_its_holder_keeps_nothing_more(world: World) {
    let (slow, quick) = (process(&world).await, process(&world).await);
    let old = claimed(&slow).await;
    world.age("tokens", "expires_at").await;
    let new = claimed(&quick).await;
    slow.keep("xero", old, &tokens(1)).await.unwrap_err();
    // Nor does it give a claim back that is not its own any more.
    slow.release("xero", old).await.unwrap();
    assert!(matches!(slow.claim("xero").await.unwrap(), Claim::Busy));
    quick.keep("xero", new, &tokens(2)).await.unwrap();
    let kept = Vault::read(&slow, "xero").await.unwrap().unwrap();
    assert_eq!(kept.access.expose_secret(), "CANARY-a2");
}

async fn another_key_opens_nothing_and_says_what_to_do(world: World) {
    let vault = process(&world).await;
    let claim = claimed(&vault).await;
    vault.keep("xero", claim, &tokens(1)).await.unwrap();
    let other = StoreVault::new(world.store.clone(), &key("x")).unwrap();
    let fault = Vault::read(&other, "xero").await.unwrap_err();
    assert!(fault.to_string().starts_with("what the state store keeps for `xero` does not open"), "{fault}");
}

mod rotation {
    use super::*;
    use crate::source::tests::two_processes_refresh_once;

    on_both_stores! { two_processes_over_one_store_refresh_once }

    async fn two_processes_over_one_store_refresh_once(world: World) {
        let vaults = [process(&world).await, process(&world).await];
        let limit = Duration::from_secs(30);
        let both = vaults.map(|vault| Arc::new(vault) as Arc<dyn Vault>);
        tokio::time::timeout(limit, two_processes_refresh_once(both)).await.unwrap();
    }
}

fn page(body: &str) -> KeptPage {
    KeptPage {
        validator: "\"1\"".to_owned(),
        owner: "digest".to_owned(),
        read_at: Instant::from_micros(1_764_000_000_000_000),
        headers: vec![("link".to_owned(), "</2>; rel=next".to_owned())],
        body: body.to_owned(),
    }
}

fn name(request: &str) -> PageName {
    PageName { provider: "shop".parse().unwrap(), request: request.to_owned() }
}

fn shelf(store: &Store, key_of: &str) -> StoreShelf {
    StoreShelf::new(store.clone(), &key(key_of)).unwrap()
}

async fn a_page_is_read_by_another_process_and_is_not_readable_at_rest(world: World) {
    shelf(&world.store, "k").put(&name("a"), &page("CANARY")).await.unwrap();
    let other = Store::open(&world.settings).await.unwrap();
    assert_eq!(shelf(&other, "k").take(&name("a")).await.unwrap(), Some(page("CANARY")));
    let at_rest = other.kept_page("shop", "a").await.unwrap().unwrap();
    assert!(at_rest.starts_with("v1.") && !at_rest.contains("CANARY"), "{at_rest}");
}

async fn a_page_opens_for_its_own_request_and_key_only_and_its_newest_state_counts(world: World) {
    let ours = shelf(&world.store, "k");
    ours.put(&name("a"), &page("old")).await.unwrap();
    ours.put(&name("a"), &page("new")).await.unwrap();
    assert_eq!(ours.take(&name("a")).await.unwrap(), Some(page("new")));
    assert_eq!(ours.take(&name("b")).await.unwrap(), None);
    assert_eq!(shelf(&world.store, "x").take(&name("a")).await.unwrap(), None);
    let sealed = world.store.kept_page("shop", "a").await.unwrap().unwrap();
    world.store.keep_page("shop", "b", &sealed).await.unwrap();
    assert_eq!(ours.take(&name("b")).await.unwrap(), None, "a page that was moved to another request");
}

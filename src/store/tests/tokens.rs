//! Who may refresh a token: one at a time, until it has kept one, is silent for too long, or is dead.

use super::on_both_stores;
use super::world::World;
use crate::process::Process;
use crate::store::TokenClaim;

on_both_stores!(
    one_refreshes_at_a_time_and_leaves_what_it_got,
    a_claim_that_ran_out_is_taken_over,
    a_claim_of_a_process_that_is_proven_dead_is_taken_over_at_once,
    what_a_program_claims_that_names_no_process_is_nobody_s_before_it_runs_out,
);

async fn claim(world: &World) -> TokenClaim {
    world.store.claim_token("shop").await.unwrap()
}

/// Another process with the same number.
fn dead() -> Option<String> {
    let this = Process::this()?.to_string();
    let (place, _) = this.rsplit_once(' ')?;
    Some(format!("{place} 1"))
}

async fn one_refreshes_at_a_time_and_leaves_what_it_got(world: World) {
    assert_eq!(claim(&world).await, TokenClaim::Ours(1, None));
    assert_eq!(claim(&world).await, TokenClaim::Busy);
    assert!(world.store.keep_token("shop", 1, "sealed").await.unwrap());
    assert_eq!(claim(&world).await, TokenClaim::Ours(2, Some("sealed".to_owned())));
}

async fn a_claim_that_ran_out_is_taken_over(world: World) {
    assert_eq!(claim(&world).await, TokenClaim::Ours(1, None));
    world.age("tokens", "expires_at").await;
    assert_eq!(claim(&world).await, TokenClaim::Ours(2, None));
    assert!(!world.store.keep_token("shop", 1, "late").await.unwrap());
}

async fn a_claim_of_a_process_that_is_proven_dead_is_taken_over_at_once(world: World) {
    let Some(dead) = dead() else { return };
    assert_eq!(claim(&world).await, TokenClaim::Ours(1, None));
    world.held_by_process(&dead).await;
    assert_eq!(claim(&world).await, TokenClaim::Ours(2, None));
    assert_eq!(claim(&world).await, TokenClaim::Busy);
}

async fn what_a_program_claims_that_names_no_process_is_nobody_s_before_it_runs_out(world: World) {
    let Some(dead) = dead() else { return };
    assert_eq!(claim(&world).await, TokenClaim::Ours(1, None));
    world.held_by_process(&dead).await;
    let mut tx = world.store.write("test").await.unwrap();
    tx.execute("UPDATE tokens SET claim = claim + 1", &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(claim(&world).await, TokenClaim::Busy);
}

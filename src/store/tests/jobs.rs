//! Whose turn a domain is among the runs of one job, which do it once.

use tieout_reconcilers::name::Each;
use uuid::Uuid;

use super::on_both_stores;
use super::world::{World, begin_run, domain};
use crate::store::{Lease, OfJob, StoreError};

on_both_stores!(
    what_a_run_of_the_job_let_go_of_no_other_run_of_it_takes,
    what_a_run_of_the_job_is_known_to_have_failed_with_is_taken_again,
    what_a_dead_run_of_the_job_had_is_taken_over,
    another_job_and_a_run_of_no_job_take_it,
    members_of_a_fan_out_are_taken_one_by_one,
);

async fn take(world: &World, run_id: Uuid, job: &str, failed: &[Uuid]) -> Result<Lease, StoreError> {
    let job = OfJob { name: job.to_owned(), failed: failed.to_vec() };
    world.store.acquire_for_job((&domain(), &Each::default()), run_id, "one", &job).await
}

/// A run of the job had the domain, and let go of it.
async fn had(world: &World, job: &str) -> Uuid {
    world.store.release_lease(&world.lease).await.unwrap();
    let run_id = begin_run(&world.store).await;
    let lease = take(world, run_id, job, &[]).await.unwrap();
    world.store.release_lease(&lease).await.unwrap();
    run_id
}

async fn what_a_run_of_the_job_let_go_of_no_other_run_of_it_takes(world: World) {
    let first = had(&world, "nightly").await;
    let taken = take(&world, begin_run(&world.store).await, "nightly", &[]).await;
    assert!(matches!(taken, Err(StoreError::HadByJob { run_id, .. }) if run_id == first), "{taken:?}");
    assert_eq!(world.store.had_by_job(&domain(), "nightly").await.unwrap(), Some(first));
    assert!(take(&world, first, "nightly", &[]).await.is_ok(), "its own run may have it again");
}

async fn what_a_run_of_the_job_is_known_to_have_failed_with_is_taken_again(world: World) {
    let first = had(&world, "nightly").await;
    let second = begin_run(&world.store).await;
    assert!(take(&world, second, "nightly", &[first]).await.is_ok());
    assert_eq!(world.store.had_by_job(&domain(), "nightly").await.unwrap(), Some(second));
}

async fn what_a_dead_run_of_the_job_had_is_taken_over(world: World) {
    world.store.release_lease(&world.lease).await.unwrap();
    take(&world, begin_run(&world.store).await, "nightly", &[]).await.unwrap();
    world.age("leases", "expires_at").await;
    assert!(take(&world, begin_run(&world.store).await, "nightly", &[]).await.is_ok());
}

async fn another_job_and_a_run_of_no_job_take_it(world: World) {
    let first = had(&world, "nightly").await;
    let by_hand = begin_run(&world.store).await;
    let lease = world.store.acquire(&domain(), &Each::default(), by_hand, "ada").await.unwrap();
    world.store.release_lease(&lease).await.unwrap();
    let known = world.store.had_by_job(&domain(), "nightly").await.unwrap();
    assert_eq!(known, Some(first), "a run of no job is no run of the job");
    assert!(take(&world, begin_run(&world.store).await, "the next night", &[]).await.is_ok());
    assert_eq!(world.store.had_by_job(&domain(), "nightly").await.unwrap(), None);
}

async fn members_of_a_fan_out_are_taken_one_by_one(world: World) {
    let (first, second) = (begin_run(&world.store).await, begin_run(&world.store).await);
    let member = Each::stored("eu");
    let job = OfJob { name: "nightly".to_owned(), failed: Vec::new() };
    let take =
        async |run_id| world.store.acquire_for_job((&domain(), &member), run_id, "one", &job).await.unwrap();
    let lease = take(first).await;
    world.store.release_lease(&lease).await.unwrap();
    take(second).await;
}

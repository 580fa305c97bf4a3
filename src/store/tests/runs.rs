//! Runs are found again, and dead ones are closed.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::on_both_stores;
use super::world::{World, at};
use crate::report::Status;
use crate::store::{RunMode, RunRow, StoreError};

on_both_stores!(
    a_run_is_found_by_its_age_or_by_the_beginning_of_its_id,
    a_finished_run_keeps_its_report,
    a_run_without_a_heartbeat_is_closed,
    a_presumed_interruption_gives_way_to_the_truth,
);

async fn begin(world: &World, id: &str, started_at: Instant) -> Uuid {
    let run_id = id.parse().unwrap();
    let run = RunRow {
        run_id,
        started_at,
        mode: RunMode::Plan,
        trigger: "schedule".to_owned(),
        args_json: r#"["--key","a"]"#.to_owned(),
        version: "1.2.3".to_owned(),
    };
    world.store.begin_run(&run).await.unwrap();
    run_id
}

async fn a_run_is_found_by_its_age_or_by_the_beginning_of_its_id(world: World) {
    let later = world.store.now().await.unwrap() + Duration::from_mins(1);
    let first = begin(&world, "ffff0000-0000-7000-8000-00000000000a", at(1)).await;
    let last = begin(&world, "ffff1111-0000-7000-8000-00000000000b", later).await;
    let found = async |selector: &str| world.store.find_run(selector).await.map(|run| run.summary.run_id);
    assert_eq!(found("latest").await.unwrap(), last);
    assert_eq!(found("latest~1").await.unwrap(), world.lease.run_id());
    assert_eq!(found("latest~2").await.unwrap(), first);
    assert_eq!(found("FFFF1").await.unwrap(), last);
    assert_eq!(found(&first.to_string()).await.unwrap(), first);
    assert!(matches!(found("ffff").await, Err(StoreError::AmbiguousRun(_))));
    for unknown in ["latest~3", "latest~x", "latest-1", "", "%", "_", "eeee9999", "' OR 1=1"] {
        assert!(matches!(found(unknown).await, Err(StoreError::NoSuchRun(_))), "{unknown}");
    }
    let newest: Vec<Uuid> = world.store.runs(2).await.unwrap().iter().map(|run| run.run_id).collect();
    assert_eq!(newest, [last, world.lease.run_id()]);
}

async fn a_finished_run_keeps_its_report(world: World) {
    let run_id = begin(&world, "ffff0000-0000-7000-8000-00000000000a", at(1)).await;
    world.store.beat(run_id).await.unwrap();
    world.store.finish_run(run_id, Status::Partial, 3, r#"{"a":1}"#).await.unwrap();
    world.store.finish_run(run_id, Status::Done, 0, "{}").await.unwrap();
    let run = world.store.find_run("ffff").await.unwrap();
    assert_eq!((run.summary.status, run.summary.exit_code), (Status::Partial, Some(3)));
    assert_eq!(run.report_json.as_deref(), Some(r#"{"a":1}"#));
    assert_eq!((run.summary.mode, run.summary.started_at), (RunMode::Plan, at(1)));
    assert_eq!(run.args_json, r#"["--key","a"]"#);
    assert!(run.summary.finished_at.is_some());
}

async fn a_run_without_a_heartbeat_is_closed(world: World) {
    let dead = begin(&world, "ffff0000-0000-7000-8000-00000000000a", at(1)).await;
    world.age("runs", "heartbeat_at").await;
    world.store.beat(world.lease.run_id()).await.unwrap();
    assert_eq!(world.store.close_dead_runs().await.unwrap(), [dead]);
    assert!(world.store.close_dead_runs().await.unwrap().is_empty());
    let run = world.store.find_run("ffff").await.unwrap();
    assert_eq!((run.summary.status, run.summary.exit_code), (Status::Interrupted, None));
}

async fn a_presumed_interruption_gives_way_to_the_truth(world: World) {
    world.age("runs", "heartbeat_at").await;
    world.store.close_dead_runs().await.unwrap();
    world.store.finish_run(world.lease.run_id(), Status::Done, 0, "{}").await.unwrap();
    assert_eq!(world.store.find_run("latest").await.unwrap().summary.status, Status::Done);
}

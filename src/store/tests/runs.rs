//! Runs are found again, and dead ones are closed.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::on_both_stores;
use super::world::{World, at, event, finding};
use crate::finding::{Finding, State};
use crate::process::Process;
use crate::report::Status;
use crate::store::{Commit, Release, RunMode, RunRow, StoreError};

on_both_stores!(
    a_run_is_found_by_its_age_or_by_the_beginning_of_its_id,
    a_finished_run_keeps_its_report,
    a_run_without_a_sign_of_life_is_dead_and_closed_once,
    a_run_whose_process_is_proven_dead_is_dead_at_once,
    a_run_that_gives_a_sign_of_life_before_it_is_closed_goes_on,
    a_presumed_interruption_gives_way_to_the_truth,
    what_a_run_left_is_counted_and_nothing_of_another_run,
    a_run_that_goes_on_with_another_is_linked_to_it,
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
        resumes: None,
    };
    world.store.begin_run(&run).await.unwrap();
    run_id
}

async fn a_run_is_found_by_its_age_or_by_the_beginning_of_its_id(world: World) {
    let later = world.store.now().await.unwrap() + Duration::from_mins(1);
    let first = begin(&world, "ffff0000-0000-7000-8000-00000000000a", at(1)).await;
    let last = begin(&world, "ffff1111-0000-7000-8000-00000000000b", later).await;
    let found = async |selector: &str| {
        world.store.find_run(&selector.parse().unwrap()).await.map(|run| run.summary.run_id)
    };
    assert_eq!(found("latest").await.unwrap(), last);
    assert_eq!(found("latest~1").await.unwrap(), world.lease.run_id());
    assert_eq!(found("latest~2").await.unwrap(), first);
    assert_eq!(found("FFFF1").await.unwrap(), last);
    assert_eq!(found(&first.to_string()).await.unwrap(), first);
    assert!(matches!(found("ffff").await, Err(StoreError::AmbiguousRun(_))));
    for unknown in ["latest~3", "latest:failed", "latest:running~3", "eeee9999"] {
        assert!(matches!(found(unknown).await, Err(StoreError::NoSuchRun(_))), "{unknown}");
    }
    world.store.finish_run(first, Status::Failed, 1, "{}", &[]).await.unwrap();
    assert_eq!(found("latest:failed").await.unwrap(), first);
    assert_eq!(found("latest:running").await.unwrap(), last);
    assert_eq!(found("latest:running~1").await.unwrap(), world.lease.run_id());
    assert!(matches!(found("latest:failed~1").await, Err(StoreError::NoSuchRun(_))));
    let newest: Vec<Uuid> = world.store.runs(2).await.unwrap().iter().map(|run| run.run_id).collect();
    assert_eq!(newest, [last, world.lease.run_id()]);
}

async fn a_finished_run_keeps_its_report(world: World) {
    let run_id = begin(&world, "ffff0000-0000-7000-8000-00000000000a", at(1)).await;
    world.store.beat(run_id).await.unwrap();
    world.store.finish_run(run_id, Status::Partial, 3, r#"{"a":1}"#, &[]).await.unwrap();
    world.store.finish_run(run_id, Status::Done, 0, "{}", &[]).await.unwrap();
    let run = world.store.find_run(&"ffff".parse().unwrap()).await.unwrap();
    assert_eq!((run.summary.status, run.summary.exit_code), (Status::Partial, Some(3)));
    assert_eq!(run.report_json.as_deref(), Some(r#"{"a":1}"#));
    assert_eq!((run.summary.mode, run.summary.started_at), (RunMode::Plan, at(1)));
    assert_eq!(run.args_json, r#"["--key","a"]"#);
    assert!(run.summary.finished_at.is_some());
}

async fn a_run_without_a_sign_of_life_is_dead_and_closed_once(world: World) {
    let dead = begin(&world, "ffff0000-0000-7000-8000-00000000000a", at(1)).await;
    assert!(!world.store.is_dead(dead).await.unwrap());
    world.age("runs", "heartbeat_at").await;
    world.store.beat(world.lease.run_id()).await.unwrap();
    let found = world.store.dead_runs().await.unwrap().pop().unwrap();
    assert_eq!(found.summary.run_id, dead);
    let next = world.lease.run_id();
    assert!(world.store.close_dead_run(&found, r#"{"a":1}"#, Some(next), &[]).await.unwrap());
    assert!(!world.store.close_dead_run(&found, "{}", None, &[]).await.unwrap(), "somebody was quicker");
    assert_eq!(world.store.dead_runs().await.unwrap(), []);
    let run = world.store.find_run(&"ffff".parse().unwrap()).await.unwrap();
    assert_eq!((run.summary.status, run.summary.exit_code), (Status::Interrupted, None));
    assert_eq!((run.summary.successor, run.report_json.as_deref()), (Some(next), Some(r#"{"a":1}"#)));
}

async fn a_run_whose_process_is_proven_dead_is_dead_at_once(world: World) {
    let Some(this) = Process::this() else { return };
    world.held_by_process(&this.to_string()).await;
    assert_eq!(world.store.dead_runs().await.unwrap(), []);
    let text = this.to_string();
    world.held_by_process(&format!("{} 1", text.rsplit_once(' ').unwrap().0)).await;
    assert_eq!(world.store.dead_runs().await.unwrap().len(), 1);
}

async fn a_run_that_gives_a_sign_of_life_before_it_is_closed_goes_on(world: World) {
    world.age("runs", "heartbeat_at").await;
    let found = world.store.dead_runs().await.unwrap().pop().unwrap();
    world.store.beat(world.lease.run_id()).await.unwrap();
    assert!(!world.store.close_dead_run(&found, "{}", None, &[]).await.unwrap());
    assert_eq!(
        world.store.find_run(&"latest".parse().unwrap()).await.unwrap().summary.status,
        Status::Running
    );
}

async fn a_presumed_interruption_gives_way_to_the_truth(world: World) {
    world.age("runs", "heartbeat_at").await;
    let found = world.store.dead_runs().await.unwrap().pop().unwrap();
    world.store.close_dead_run(&found, "{}", None, &[]).await.unwrap();
    world.store.finish_run(world.lease.run_id(), Status::Done, 0, "{}", &[]).await.unwrap();
    assert_eq!(world.store.find_run(&"latest".parse().unwrap()).await.unwrap().summary.status, Status::Done);
}

async fn what_a_run_left_is_counted_and_nothing_of_another_run(world: World) {
    world.stage(&world.lease, &["ch_0"]).await;
    let second = world.take_over().await;
    let found = |key: &str| Finding { run_id: second.run_id(), ..finding(key, State::Open) };
    let findings = vec![found("ch_1"), found("ch_2")];
    let commit = Commit { findings, events: vec![event("ch_1"), event("ch_2")], ..Commit::default() };
    world.store.commit(&second, commit).await.unwrap();
    world.store.end_domain(second.run_id(), "shop.refunds", r#"{"ended":1}"#).await.unwrap();
    world.store.release(&second, |_| Release::Pending).await.unwrap();
    let remains = world.store.remains(second.run_id()).await.unwrap();
    let of = |state: &str| (super::world::domain().to_string(), state.to_owned());
    assert_eq!(remains.findings, [(of("open"), 2)].into());
    assert_eq!(remains.events, [(of("pending"), 2)].into());
    assert_eq!(remains.ended, [("shop.refunds".to_owned(), r#"{"ended":1}"#.to_owned())].into());
    world.store.finish_run(second.run_id(), Status::Done, 0, "{}", &[]).await.unwrap();
    assert_eq!(
        world.store.remains(second.run_id()).await.unwrap().ended,
        [].into(),
        "its report says it now"
    );
}

async fn a_run_that_goes_on_with_another_is_linked_to_it(world: World) {
    let run_id = "ffff0000-0000-7000-8000-00000000000a".parse().unwrap();
    let run = RunRow {
        run_id,
        started_at: at(1),
        mode: RunMode::Run,
        trigger: "manual".to_owned(),
        args_json: "{}".to_owned(),
        version: "1.2.3".to_owned(),
        resumes: Some(world.lease.run_id()),
    };
    world.store.begin_run(&run).await.unwrap();
    let links = async |of: Uuid| {
        let run = world.store.run(of).await.unwrap().summary;
        (run.resumes, run.successor)
    };
    assert_eq!(links(run_id).await, (Some(world.lease.run_id()), None));
    assert_eq!(links(world.lease.run_id()).await, (None, Some(run_id)));
}

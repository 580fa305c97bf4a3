//! One writer per domain: real processes that begin at once, die, are paused, wait for each other and are shut out.

use crate::both::{State, on_both};
use crate::pgbouncer::Pooler;
use crate::postgres::Postgres;
use crate::process::{Process, until, until_so};
use crate::world::{Outcome, World, charge};

/// How many processes begin at once.
const CROWD: usize = 6;

/// Makes a run rest for a minute, with its lease in hand, once it has looked up what it found.
fn rests(world: &World) {
    world.edit("provider.yaml", "mutable: false", "mutable: true\n    overlap_scan: {back: 3d, every: 1d}");
    world.edit("charges.yaml", "settle: 1s", "settle: 1m");
    world.upstream(&charge("ch_lost", 5, 500));
    world.change_upstream("ch_001", |charge| charge["amount"] = serde_json::json!(5));
}

/// Starts a run that rests, and lets later ones not rest.
fn resting(world: &World, args: &[&str]) -> Process {
    let run = Process::start(world, args);
    until("the run looks something up", || !world.api.shelf.lock().unwrap().look_ups.is_empty());
    world.edit("charges.yaml", "settle: 1m", "settle: 0s");
    run
}

/// The number of rows that a question finds.
async fn count(world: &World, state: &State, question: &str) -> i64 {
    match state {
        State::Sqlite => {
            world.asked_of_state(&format!("SELECT CAST(({question}) AS TEXT)")).await.parse().unwrap()
        }
        State::Postgres(postgres) => postgres.count(&question.replace("FROM ", "FROM tieout.")).await,
    }
}

/// What was found was found once, and was sent once.
async fn is_undoubled(world: &World, state: &State, n: usize) {
    let events = world.events().await;
    let mut ids: Vec<&str> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((events.len(), ids.len()), (n, n), "{events:?}");
    let n = i64::try_from(n).unwrap();
    assert_eq!(count(world, state, "SELECT COUNT(*) FROM findings").await, n);
    assert_eq!(count(world, state, "SELECT COUNT(*) FROM finding_history WHERE state = 'open'").await, n);
    assert_eq!(count(world, state, "SELECT COUNT(*) FROM outbox").await, n);
}

/// Several processes at once: each either had the lease, by itself, or says who has it.
async fn crowd(world: &World, state: &State) {
    for n in 0..5 {
        world.upstream(&charge(&format!("ch_lost{n}"), 5, 500));
    }
    let all: Vec<Process> = (0..CROWD).map(|_| Process::start(world, &["run", "--format", "json"])).collect();
    let ended: Vec<Outcome> = all.into_iter().map(|one| one.end().0).collect();
    let worked = ended.iter().filter(|one| one.code == 0).count();
    let locked = ended.iter().filter(|one| one.code == 6).count();
    assert!(worked > 0 && worked + locked == CROWD, "{ended:?}");
    is_undoubled(world, state, 5).await;
    // Each holder had a token of its own.
    let tokens = count(world, state, "SELECT MAX(token) FROM leases").await;
    assert_eq!(usize::try_from(tokens).unwrap(), worked);
    assert_eq!(count(world, state, "SELECT COUNT(*) FROM leases WHERE holder IS NOT NULL").await, 0);
    assert_eq!(count(world, state, "SELECT COUNT(*) FROM runs WHERE status = 'running'").await, 0);
}

#[tokio::test]
async fn of_processes_that_begin_at_once_one_writes_and_nothing_is_doubled() {
    on_both(crowd).await;
}

#[tokio::test]
async fn leases_hold_behind_a_transaction_pooler() {
    let postgres = Postgres::create().await;
    let server: url::Url = postgres.url().parse().unwrap();
    let pooler = Pooler::before(&server).await;
    let world = World::agreeing(3).await;
    world.edit("tieout.yaml", "sqlite:state.db", &pooler.url(&server));
    let state = State::Postgres(postgres);
    crowd(&world, &state).await;
    let State::Postgres(postgres) = state else { unreachable!() };
    drop(pooler);
    postgres.drop().await;
}

#[tokio::test]
async fn whoever_waits_begins_when_the_holder_is_done_and_sends_nothing_twice() {
    on_both(async |world, state| {
        for n in 0..3 {
            world.upstream(&charge(&format!("ch_lost{n}"), 5, 500));
        }
        let wait = ["run", "--format", "json", "--if-locked", "wait"];
        let all: Vec<Process> = (0..4).map(|_| Process::start(world, &wait)).collect();
        for one in all {
            let (ended, _) = one.end();
            assert_eq!(ended.code, 0, "{ended:?}");
        }
        is_undoubled(world, state, 3).await;
        assert_eq!(count(world, state, "SELECT MAX(token) FROM leases").await, 4);
    })
    .await;
}

#[tokio::test]
async fn a_process_that_was_killed_is_followed_at_once_by_whoever_waits_on_its_host() {
    let world = World::agreeing(3).await;
    rests(&world);
    let first = resting(&world, &["run"]);
    let next = Process::start(&world, &["run", "--format", "json", "--if-locked", "wait"]);
    let wait = "SELECT CAST(COUNT(*) AS TEXT) FROM runs WHERE status = 'running'";
    until_so("both runs have begun", async || world.asked_of_state(wait).await == "2").await;
    first.kill();
    let lapses = world.asked_of_state("SELECT expires_at FROM leases").await;
    let (ended, _) = next.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    let taken = world.asked_of_state("SELECT acquired_at FROM leases").await;
    assert!(taken < lapses, "it was taken at {taken}, and would have lapsed at {lapses}");
    is_undoubled(&world, &State::Sqlite, 2).await;
}

#[tokio::test]
async fn a_process_that_slept_through_its_lease_commits_nothing_when_it_wakes_and_says_so() {
    let world = World::agreeing(3).await;
    rests(&world);
    let first = resting(&world, &["run", "--format", "json"]);
    // Not in the midst of a write: a process that sleeps there keeps the file, and nobody else writes at all.
    let stored = "SELECT CAST(COUNT(*) AS TEXT) FROM findings WHERE state = 'suspected'";
    until_so("what has to settle is stored", async || world.asked_of_state(stored).await == "1").await;
    first.signal("STOP");
    // It is alive, so that nobody can prove anything: the lease has to lapse.
    let next = Process::start(&world, &["run", "--format", "json", "--if-locked", "wait"]);
    let (ended, _) = next.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    is_undoubled(&world, &State::Sqlite, 2).await;
    first.signal("CONT");
    let (woken, _) = first.end();
    assert_eq!(woken.code, 1, "{woken:?}");
    assert_eq!(woken.domain()["failure"], "lease_lost");
    assert_eq!(woken.json()["exit"]["reasons"], serde_json::json!(["lease_lost:shop.charges"]));
    is_undoubled(&world, &State::Sqlite, 2).await;
    let shown = world.tieout(&["report", "show", "latest~1", "--format", "json"]);
    assert_eq!(shown.json()["status"], "failed", "its own word stands: {shown:?}");
}

#[tokio::test]
async fn after_an_unlock_the_old_holder_ends_and_writes_nothing_more() {
    on_both(async |world, state| {
        rests(world);
        let holder = resting(world, &["run", "--format", "json"]);
        let refused = world.tieout(&["state", "unlock", "shop.charges"]);
        assert_eq!(refused.code, 6, "{refused:?}");
        let broken = world.tieout(&["state", "unlock", "shop.charges", "--force"]);
        assert_eq!(broken.code, 0, "{broken:?}");
        let (ended, _) = holder.end();
        assert_eq!((ended.code, ended.domain()["failure"].as_str()), (1, Some("lease_lost")), "{ended:?}");
        assert_eq!(world.events().await.len(), 0);
        assert_eq!(count(world, state, "SELECT COUNT(*) FROM outbox WHERE state <> 'staged'").await, 0);
        assert_eq!(world.run().code, 0);
        is_undoubled(world, state, 2).await;
    })
    .await;
}

#[tokio::test]
async fn waiting_for_a_lease_ends_with_the_deadline_and_with_a_signal() {
    let world = World::agreeing(3).await;
    rests(&world);
    let holder = resting(&world, &["run"]);
    let late = world.tieout(&["run", "--format", "json", "--if-locked", "wait", "--deadline", "1500ms"]);
    assert_eq!((late.code, late.domain()["failure"].as_str()), (6, Some("locked")), "{late:?}");
    let waiting = Process::start(&world, &["run", "--format", "json", "--if-locked", "wait"]);
    let running = "SELECT CAST(COUNT(*) AS TEXT) FROM runs WHERE status = 'running'";
    until_so("it waits", async || world.asked_of_state(running).await == "2").await;
    waiting.signal("TERM");
    let (ended, _) = waiting.end();
    assert_eq!((ended.code, ended.json()["status"].as_str()), (143, Some("interrupted")), "{ended:?}");
    holder.kill();
}

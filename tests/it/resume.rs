//! The real binary dies in the middle of its slices, and the next one reads on from there.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::both::{State, on_both};
use crate::world::{Outcome, World, charge, set};

/// How many charges there are beside those of the world, ten to a page.
const CHARGES: i64 = 300;

/// Charges of twenty days, two lost ones and one that is nobody's.
async fn fill(world: &World) {
    for n in 0..CHARGES {
        world.both(&charge(&format!("ch_x{n:03}"), 6 + n * 24 * 20 / CHARGES, 1_000 + n)).await;
    }
    world.upstream(&charge("ch_lost_new", 30, 500));
    world.upstream(&charge("ch_lost_old", 24 * 18, 500));
    world.local(&charge("ch_invented", 24 * 10, 77)).await;
    world.change_upstream("ch_x200", |charge| charge["amount"] = json!(9_999));
    world.api.change(|shelf| shelf.pace = Duration::from_millis(100));
}

fn found() -> std::collections::BTreeSet<String> {
    set(["missing ch_lost_new", "missing ch_lost_old", "orphaned ch_invented", "mismatched ch_x200"])
}

/// One slice, however long.
fn in_one_slice(world: &World) {
    world.edit("provider.yaml", "span: 1d", "span: 40d");
}

fn run(lanes: &str) -> [&str; 5] {
    ["run", "--format", "json", "--concurrency", lanes]
}

fn n_lists(world: &World) -> usize {
    world.api.shelf.lock().unwrap().lists.len()
}

/// The process of a run, once the provider has got so many list requests.
pub(crate) fn begun(world: &World, lanes: &str, lists: usize) -> Child {
    let mut process = world.command(&run(lanes)).spawn().unwrap();
    let patience = Instant::now() + Duration::from_mins(1);
    while n_lists(world) < lists {
        assert!(Instant::now() < patience, "only {} list requests", n_lists(world));
        assert_eq!(process.try_wait().unwrap(), None, "it ended by itself");
        std::thread::sleep(Duration::from_millis(1));
    }
    process
}

async fn lapse(world: &World, state: &State) {
    state.sql(world, "UPDATE leases SET expires_at = '2000-01-01T00:00:00+00:00'").await;
}

fn notes(outcome: &Outcome) -> String {
    outcome.domain()["notes"].to_string()
}

/// What a run reports that nobody killed, with the list requests that it takes.
async fn undisturbed(change: fn(&World)) -> (Value, usize) {
    let world = World::agreeing(3).await;
    change(&world);
    fill(&world).await;
    world.api.change(|shelf| shelf.pace = Duration::ZERO);
    let outcome = world.tieout(&run("1"));
    assert_eq!(outcome.findings(), found(), "{outcome:?}");
    (outcome.domain()["items"].clone(), n_lists(&world))
}

#[tokio::test]
async fn a_killed_run_is_carried_on_and_repeats_hardly_anything() {
    let (items, expected) = undisturbed(in_one_slice).await;
    on_both(async |world, state| {
        in_one_slice(world);
        fill(world).await;
        let mut process = begun(world, "1", 20);
        process.kill().unwrap();
        process.wait().unwrap();
        lapse(world, state).await;
        let killed_at = n_lists(world);

        let began = Instant::now();
        let mut process = begun(world, "1", killed_at + 1);
        assert!(began.elapsed() < Duration::from_secs(5), "no progress for {:?}", began.elapsed());
        process.kill().unwrap();
        process.wait().unwrap();
        lapse(world, state).await;

        let last = world.tieout(&run("1"));
        assert_eq!((last.code, last.findings()), (0, found()), "{last:?}");
        assert_eq!(last.domain()["items"], items, "{last:?}");
        assert!(notes(&last).contains("read on from where an earlier run had stopped"), "{last:?}");
        // Two deaths: the page that was asked for each time, and as many as were read while the bookmark before was still being
        // written; and the time that passed meanwhile is read as well.
        assert!(n_lists(world) <= expected + 8, "{} list requests instead of {expected}", n_lists(world));
        let sent = world.events().await.len();
        let again = world.tieout(&run("1"));
        assert_eq!((again.code, world.events().await.len()), (0, sent), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn eight_slices_side_by_side_are_all_carried_on() {
    let (_, expected) = undisturbed(|world| world.edit("provider.yaml", "span: 1d", "span: 4d")).await;
    let world = World::agreeing(3).await;
    world.edit("provider.yaml", "span: 1d", "span: 4d");
    fill(&world).await;
    let mut process = begun(&world, "8", 24);
    process.kill().unwrap();
    process.wait().unwrap();
    world.forget_lease().await;
    let last = world.tieout(&run("8"));
    assert_eq!((last.code, last.findings()), (0, found()), "{last:?}");
    assert!(notes(&last).contains("ranges were read on from where an earlier run had stopped"), "{last:?}");
    assert!(n_lists(&world) < expected + 24, "{} list requests instead of {expected}", n_lists(&world));
    assert!(!last.domain()["verified_through"].is_null(), "{last:?}");
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_keeps_the_page_in_hand() {
    let (items, expected) = undisturbed(in_one_slice).await;
    let world = World::agreeing(3).await;
    in_one_slice(&world);
    fill(&world).await;
    let process = begun(&world, "1", 15);
    let asked = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
    assert!(asked.success());
    let ended = process.wait_with_output().unwrap();
    // One page may be asked for again, and the time that passed meanwhile is read as well.
    assert_eq!(ended.status.code(), Some(143), "{ended:?}");
    let last = world.tieout(&run("1"));
    assert_eq!((last.code, last.findings()), (0, found()), "{last:?}");
    assert_eq!(last.domain()["items"], items, "{last:?}");
    assert!(n_lists(&world) <= expected + 2, "{} list requests instead of {expected}", n_lists(&world));
}

#[tokio::test]
async fn a_deadline_keeps_what_was_read_for_the_next_run() {
    let (_, expected) = undisturbed(in_one_slice).await;
    let world = World::agreeing(3).await;
    in_one_slice(&world);
    fill(&world).await;
    let mut in_time = run("1").to_vec();
    in_time.extend(["--deadline", "2s"]);
    let first = world.tieout(&in_time);
    assert_eq!(first.code, 3, "{first:?}");
    assert!(n_lists(&world) > 2, "{} list requests", n_lists(&world));
    let last = world.tieout(&run("1"));
    assert_eq!((last.code, last.findings()), (0, found()), "{last:?}");
    assert!(n_lists(&world) <= expected + 2, "{} list requests instead of {expected}", n_lists(&world));
}

#[tokio::test]
async fn a_definition_that_was_changed_meanwhile_reads_the_slice_from_its_start() {
    let world = World::agreeing(3).await;
    in_one_slice(&world);
    fill(&world).await;
    let mut process = begun(&world, "1", 15);
    process.kill().unwrap();
    process.wait().unwrap();
    world.forget_lease().await;
    world.edit("charges.yaml", "currency: {fold: case}", "currency: {fold: [case, space]}");
    let last = world.tieout(&run("1"));
    assert_eq!((last.code, last.findings()), (0, found()), "{last:?}");
    assert!(notes(&last).contains("the definition, the account or the base has changed since"), "{last:?}");
}

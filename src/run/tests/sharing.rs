//! Runs that share a domain: one holds it and judges, the others read slices for it, and any of them may die.

use std::collections::BTreeMap;
use std::time::Duration;

use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::reconciler::Order;
use tokio_util::sync::CancellationToken;

use super::carrying_on::{Left, counts, double, left, whole, world};
use super::double::Double;
use super::world::World;
use crate::report::{DomainReport, Status};
use crate::run::{Job, Options, Shard, run};
use crate::store::Led;

/// So short that a domain has ten slices.
const SPAN: u64 = 10;

fn domain() -> Double {
    double(SPAN, Order::Ascending)
}

fn name() -> DomainName {
    "shop.items".parse().unwrap()
}

/// A world whose provider is slow enough for a second run to come in time.
async fn slow() -> World {
    let world = world(Order::Ascending).await;
    world.change(|shelf| shelf.pace = Duration::from_millis(150));
    world
}

async fn worked(job: Job) -> DomainReport {
    run_of(&job).await
}

async fn run_of(job: &Job) -> DomainReport {
    run(job, &mut BTreeMap::new()).await.unwrap().domains.remove(0)
}

/// Waits until somebody holds the domain.
async fn begun(world: &World) {
    while !matches!(world.store.led(&name()).await.unwrap(), Led::ByTheLiving(_)) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until a slice is claimed.
async fn claimed(world: &World) {
    while world.slices_claimed().await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How many ranges a report says were read by somebody else, or for somebody else.
fn n_read(report: &DomainReport, what: &str) -> u64 {
    let note = report.notes.iter().find(|note| note.contains(what)).unwrap_or_else(|| panic!("{report:?}"));
    note.split(' ').next().unwrap().parse().unwrap()
}

async fn expected() -> (DomainReport, Left) {
    let (report, left, _) = whole(SPAN, Order::Ascending).await;
    (report, left)
}

#[tokio::test]
async fn two_runs_share_a_domain_and_come_to_the_same_as_one() {
    let (alone, expected) = expected().await;
    let world = slow().await;
    let (leader, reader) = (world.sharing(domain(), 100).await, world.sharing(domain(), 100).await);
    let late = async {
        begun(&world).await;
        worked(reader).await
    };
    let (led, read) = tokio::join!(worked(leader), late);
    assert_eq!(counts(&led), counts(&alone), "{led:?}");
    assert_eq!(left(&world).await, expected);
    assert_eq!((read.status, read.findings.len()), (Status::Skipped, 0), "{read:?}");
    let n = n_read(&read, "ranges were read for the run that works on the domain");
    assert!(n > 0 && n == n_read(&led, "ranges were read by other processes"), "{n}: {led:?}");
    assert!(read.pages > 0 && led.pages < alone.pages + read.pages, "{} {}", read.pages, led.pages);
}

#[tokio::test]
async fn a_slice_whose_reader_dies_is_read_by_the_run_that_offered_it() {
    let (alone, expected) = expected().await;
    let world = slow().await;
    let (leader, reader) = (world.sharing(domain(), 100).await, world.sharing(domain(), 100).await);
    let dies = async {
        begun(&world).await;
        tokio::select! {
            report = worked(reader) => panic!("{report:?}"),
            () = claimed(&world) => {}
        }
        world.state("UPDATE slice_leases SET expires_at = '2000-01-01T00:00:00.000000Z'").await;
    };
    let (led, ()) = tokio::join!(worked(leader), dies);
    assert_eq!(counts(&led), counts(&alone), "{led:?}");
    assert_eq!(left(&world).await, expected);
}

#[tokio::test]
async fn a_reader_takes_the_domain_over_from_a_run_that_dies() {
    let (_, expected) = expected().await;
    let world = slow().await;
    let (leader, reader) = (world.sharing(domain(), 100).await, world.sharing(domain(), 100).await);
    let led = async {
        tokio::select! {
            report = worked(leader) => panic!("{report:?}"),
            () = claimed(&world) => {}
        }
        world.lapse().await;
    };
    let late = async {
        begun(&world).await;
        worked(reader).await
    };
    let ((), read) = tokio::join!(led, late);
    assert_eq!(read.status, Status::Done, "{read:?}");
    assert_eq!(left(&world).await, expected);
}

#[tokio::test]
async fn a_reader_takes_the_domain_over_from_a_run_that_is_asked_to_stop() {
    let (_, expected) = expected().await;
    let world = slow().await;
    let (leader, reader) = (world.sharing(domain(), 100).await, world.sharing(domain(), 100).await);
    let asked = CancellationToken::new();
    let leader = Job { cancel: asked.clone(), ..leader };
    let stopped = async {
        claimed(&world).await;
        asked.cancel();
    };
    let late = async {
        begun(&world).await;
        worked(reader).await
    };
    let (led, read, ()) = tokio::join!(worked(leader), late, stopped);
    assert_eq!((led.status, read.status), (Status::Interrupted, Status::Done), "{read:?}");
    assert_eq!(left(&world).await, expected);
}

#[tokio::test]
async fn a_reader_that_began_earlier_reads_no_further_than_it_may_judge() {
    let (alone, expected) = expected().await;
    let world = slow().await;
    let (leader, reader) = (world.sharing(domain(), 100).await, world.sharing(domain(), 95).await);
    let late = async {
        begun(&world).await;
        worked(reader).await
    };
    let (led, read) = tokio::join!(worked(leader), late);
    assert!(n_read(&read, "ranges were read for the run") > 0, "{read:?}");
    assert_eq!(counts(&led), counts(&alone), "{led:?}");
    assert_eq!(left(&world).await, expected);
}

#[tokio::test]
async fn a_reader_that_is_asked_to_stop_writes_down_how_far_it_is() {
    let (alone, expected) = expected().await;
    let world = slow().await;
    let (leader, reader) = (world.sharing(domain(), 100).await, world.sharing(domain(), 100).await);
    let asked = CancellationToken::new();
    let reader = Job { cancel: asked.clone(), ..reader };
    let late = async {
        begun(&world).await;
        let stopped = async {
            claimed(&world).await;
            asked.cancel();
        };
        tokio::join!(worked(reader), stopped).0
    };
    let (led, read) = tokio::join!(worked(leader), late);
    assert_eq!(read.status, Status::Interrupted, "{read:?}");
    assert_eq!(counts(&led), counts(&alone), "{led:?}");
    assert_eq!(left(&world).await, expected);
}

#[tokio::test]
async fn what_another_definition_has_read_is_read_again() {
    let (alone, expected) = expected().await;
    let world = slow().await;
    let mut other = domain();
    other.policy.max_emits += 1;
    let (leader, reader) = (world.sharing(domain(), 100).await, world.sharing(other, 100).await);
    let late = async {
        begun(&world).await;
        worked(reader).await
    };
    let (led, read) = tokio::join!(worked(leader), late);
    assert!(n_read(&read, "ranges were read for the run") > 0, "{read:?}");
    assert!(!led.notes.iter().any(|note| note.contains("read by other processes")), "{led:?}");
    assert_eq!(counts(&led), counts(&alone), "{led:?}");
    assert_eq!(left(&world).await, expected);
}

#[tokio::test]
async fn whoever_comes_to_a_run_that_offers_nothing_waits_for_its_end() {
    let world = slow().await;
    let reader = world.sharing(domain(), 100).await;
    let late = async {
        begun(&world).await;
        worked(reader).await
    };
    let (led, read) = tokio::join!(world.night(domain(), 100), late);
    assert_eq!((led.status, read.status), (Status::Done, Status::Skipped), "{read:?}");
    assert_eq!(n_read(&read, "ranges were read for the run"), 0);
    let bookmarks = world.store.bookmarks(&name(), &Each::default()).await.unwrap();
    assert_eq!(bookmarks, []);
}

/// A run of a job, at a second after the start of the world.
async fn of_job(world: &World, job: &str, second: i64) -> Job {
    let run = world.sharing(domain(), second).await;
    let shard = Shard { job: Some(job.to_owned()), index: Some(3) };
    Job { options: Options { shard, ..run.options.clone() }, ..run }
}

#[tokio::test]
async fn what_a_run_of_a_job_is_through_with_no_other_run_of_it_reads() {
    let world = world(Order::Ascending).await;
    let led = worked(of_job(&world, "nightly", 100).await).await;
    assert_eq!(led.status, Status::Done, "{led:?}");
    let n_asked = world.lists().len();
    let late = worked(of_job(&world, "nightly", 150).await).await;
    assert_eq!((late.status, late.pages), (Status::Skipped, 0), "{late:?}");
    assert!(late.notes[0].ends_with("of the same job was through with the domain before"), "{late:?}");
    assert_eq!(world.lists().len(), n_asked);
    let next = worked(of_job(&world, "the next night", 150).await).await;
    assert_eq!(next.status, Status::Done, "{next:?}");
    assert!(world.lists().len() > n_asked);
}

#[tokio::test]
async fn what_a_run_of_a_job_was_not_through_with_the_next_run_of_it_reads() {
    let world = world(Order::Ascending).await;
    world.change(|shelf| shelf.moods = vec![Some(404); 40].into());
    let first = worked(of_job(&world, "nightly", 100).await).await;
    assert!(matches!(first.status, Status::Partial | Status::Failed), "{first:?}");
    world.change(|shelf| shelf.moods.clear());
    let second = worked(of_job(&world, "nightly", 100).await).await;
    assert_eq!(second.status, Status::Done, "{second:?}");
}

#[tokio::test]
async fn who_holds_a_domain_says_which_shard_it_is() {
    let world = slow().await;
    let run = of_job(&world, "nightly", 100).await;
    let asks = async {
        begun(&world).await;
        let held = world.store.acquire(&name(), &Each::default(), run.run_id, "somebody else").await;
        assert!(held.unwrap_err().to_string().contains("is held by shard 3, process "));
    };
    let (led, ()) = tokio::join!(run_of(&run), asks);
    assert_eq!(led.status, Status::Done, "{led:?}");
}

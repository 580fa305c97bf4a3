//! Runs that look again at what they have sent, by a clock that moves while they wait.

use std::time::Duration;

use tieout_reconcilers::reconciler::Policy;

use super::double::Double;
use super::fanning::accounts;
use super::world::{Item, World, at, item};
use crate::report::{DomainReport, LookedAgain, RunReport, Status};

const TEN_MINUTES: Duration = Duration::from_mins(10);

/// A domain that sends, and sends again as soon as it may.
fn eager() -> Double {
    let double = Double::new(at(0));
    let policy = Policy { reemit_after: Duration::ZERO, ..double.policy.clone() };
    Double { queue: Some("shop"), policy, ..double }
}

async fn world(lost: &[Item]) -> World {
    let world = World::new().await;
    world.both(&[item("a", 10), item("b", 20)]).await;
    world.upstream(lost);
    world
}

fn domain(report: &RunReport) -> &DomainReport {
    &report.domains[0]
}

fn states(report: &RunReport) -> Vec<(&str, &str)> {
    domain(report).findings.iter().map(|finding| (finding.key.as_str(), finding.state.as_str())).collect()
}

#[tokio::test]
async fn what_the_consumer_applies_soon_is_repaired_in_the_same_report_and_no_longer_waited_for() {
    let world = world(&[item("lost", 33)]).await;
    // The first look-up confirms the suspect; the consumer has applied the event by the fourth.
    world.write_at_look_up("lost", 4..=4, "INSERT INTO items VALUES ('lost', 1, 1750000033, '')");
    let report = world.confirming(eager(), 100, TEN_MINUTES).await;
    let again = LookedAgain { emitted: 1, repaired: 1, looks: 3, seconds: 7.0 };
    assert_eq!(domain(&report).looked_again, Some(again), "{report:?}");
    assert_eq!((states(&report), report.status), (vec![("lost", "repaired")], Status::Done));
    let tonight = domain(&report).tonight;
    assert_eq!((tonight.new, tonight.repaired, tonight.time_to_repair.map(|took| took.of)), (1, 1, Some(1)));
    assert_eq!((domain(&report).standing.emitted, world.sent()), (0, 1));

    let next = world.confirming(eager(), 200, TEN_MINUTES).await;
    assert_eq!((domain(&next).follow_up.checked, domain(&next).looked_again), (0, None), "{next:?}");
}

#[tokio::test]
async fn what_is_not_applied_is_looked_at_ever_more_seldom_until_the_time_is_over_and_not_sent_again() {
    let world = world(&[item("lost", 33)]).await;
    let report = world.confirming(eager(), 100, TEN_MINUTES).await;
    // After 1, 3, 7, 15, 31, 63, 127, 255 and 511 seconds, and at the end.
    let again = LookedAgain { emitted: 1, repaired: 0, looks: 10, seconds: 600.0 };
    assert_eq!(domain(&report).looked_again, Some(again), "{report:?}");
    assert_eq!((states(&report), report.exit.code), (vec![("lost", "emitted")], 0));
    let note = "1 of 1 findings that were sent were not seen repaired within 10m; the next run looks again";
    assert!(domain(&report).notes.iter().any(|told| told == note), "{report:?}");
    assert_eq!((world.sent(), world.take_look_ups().len()), (1, 11));
}

#[tokio::test]
async fn look_ups_that_prove_nothing_repair_nothing() {
    let world = world(&[item("lost", 33)]).await;
    // Once it was confirmed, every look-up says "gone", as an outage does: neither side would have the item.
    world.change(|shelf| shelf.blind = 1..usize::MAX);
    let report = world.confirming(eager(), 100, Duration::from_secs(3)).await;
    let again = domain(&report).looked_again.map(|again| (again.emitted, again.repaired, again.looks));
    assert_eq!(again, Some((1, 0, 2)), "{report:?}");
    assert_eq!(states(&report), [("lost", "emitted")]);
}

#[tokio::test]
async fn each_member_of_a_fan_out_is_looked_at_for_itself() {
    let world = World::new().await;
    let of = |id: &str, account| Item { account, ..item(id, 30) };
    world.upstream(&[of("lost", "one"), of("lost", "two")]);
    let fanned = || Double { queue: Some("shop"), ..accounts(&["one", "two"]) };
    let report = world.confirming(fanned(), 100, Duration::from_secs(1)).await;
    let again = domain(&report).looked_again.map(|again| (again.emitted, again.repaired, again.looks));
    assert_eq!(again, Some((2, 0, 1)), "{report:?}");
    // Nobody holds a lease any more: the next run is not refused.
    let next = world.confirming(fanned(), 200, Duration::from_secs(1)).await;
    assert_eq!(domain(&next).failure, None, "{next:?}");
}

#[tokio::test]
async fn a_run_that_sent_nothing_looks_at_nothing_again() {
    let world = world(&[]).await;
    let report = world.confirming(eager(), 100, TEN_MINUTES).await;
    assert_eq!((domain(&report).looked_again, report.exit.code), (None, 0));
    assert!(world.take_look_ups().is_empty());
}

//! Events between their commit and the acknowledgement.

use std::collections::BTreeSet;
use std::time::Duration;

use tieout_reconcilers::discrepancy::Kind;
use uuid::Uuid;

use super::on_both_stores;
use super::world::{World, event, event_id, finding, id};
use crate::event::Start;
use crate::finding::State;
use crate::process::Process;
use crate::store::{Commit, OutboxState, Outgoing, Release, StagedBy};

on_both_stores!(
    nothing_is_claimed_before_the_release,
    what_a_dead_run_staged_is_released_with_the_next,
    a_run_may_let_go_what_it_staged_itself_and_leave_the_rest,
    a_held_release_holds_the_findings_with_its_reason,
    an_event_held_from_the_beginning_is_not_released,
    an_acknowledged_event_makes_its_finding_emitted,
    an_event_superseded_on_its_way_is_sent_and_its_finding_stays_healed,
    two_relays_get_disjoint_claims,
    a_claim_lapses,
    claims_can_be_given_back,
    a_part_of_a_claim_is_given_back_and_nothing_of_another,
    what_a_dead_relay_has_claimed_is_free_at_once,
    a_newer_event_of_a_key_waits_for_the_older_one,
    a_claim_looks_at_nothing_before_the_number_that_it_is_told,
    a_failed_event_is_due_later,
    unsent_events_are_counted,
);

async fn claim(world: &World, relay: &str) -> BTreeSet<Uuid> {
    let claimed = world.store.claim("billing", 0, 10, relay).await.unwrap();
    claimed.iter().map(|event: &Outgoing| event.event_id).collect()
}

fn ids(keys: &[&str]) -> BTreeSet<Uuid> {
    keys.iter().map(|key| event_id(key)).collect()
}

async fn nothing_is_claimed_before_the_release(world: World) {
    world.stage(&world.lease, &["ch_1"]).await;
    assert_eq!(claim(&world, "relay").await, ids(&[]));
    assert_eq!(world.store.next_due("billing").await.unwrap(), None);
    let released = world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
    assert_eq!(released.staged.by_kind[&Kind::Missing], 1);
    assert_eq!(world.store.next_due("billing").await.unwrap(), Some(Duration::ZERO));
    assert_eq!(claim(&world, "relay").await, ids(&["ch_1"]));
    assert!(world.store.claim("other", 0, 10, "relay").await.unwrap().is_empty());
}

async fn what_a_dead_run_staged_is_released_with_the_next(world: World) {
    world.stage(&world.lease, &["ch_1", "ch_3"]).await;
    let second = world.take_over().await;
    world.stage(&second, &["ch_2"]).await;
    let staged = world.store.staged(&second).await.unwrap();
    assert_eq!((staged.count, staged.from_earlier_runs), (3, 2));
    let released = world.store.release(&second, |_| Release::Pending).await.unwrap();
    assert_eq!(released.staged, staged);
    assert_eq!(claim(&world, "relay").await, ids(&["ch_1", "ch_2", "ch_3"]));
}

async fn a_run_may_let_go_what_it_staged_itself_and_leave_the_rest(world: World) {
    world.stage(&world.lease, &["ch_1"]).await;
    let second = world.take_over().await;
    world.stage(&second, &["ch_2"]).await;
    let own = StagedBy::ThisRun;
    let staged = world.store.staged_by(&second, own).await.unwrap();
    assert_eq!((staged.count, staged.from_earlier_runs), (1, 0));
    let held = Release::Held { reason: "max_emits".to_owned() };
    world.store.release_by(&second, own, |_| held.clone()).await.unwrap();
    assert_eq!(
        (world.finding("ch_1").await.state, world.finding("ch_2").await.state),
        (State::Open, State::Held)
    );
    world.stage(&second, &["ch_3"]).await;
    world.store.release_by(&second, own, |_| Release::Pending).await.unwrap();
    assert_eq!(claim(&world, "relay").await, ids(&["ch_3"]));
    assert_eq!(world.store.staged(&second).await.unwrap().count, 1);
}

async fn a_held_release_holds_the_findings_with_its_reason(world: World) {
    world.stage(&world.lease, &["ch_1"]).await;
    let findings = vec![finding("ch_2", State::Suspected)];
    world.store.commit(&world.lease, Commit { findings, ..Commit::default() }).await.unwrap();
    let reason = "max_emits".to_owned();
    let decision = Release::Held { reason };
    let released = world.store.release(&world.lease, |_| decision.clone()).await.unwrap();
    assert_eq!(released.decision, decision);

    let record = world.store.show(&id("ch_1")).await.unwrap().unwrap();
    assert_eq!((record.finding.state, record.finding.reason.as_deref()), (State::Held, Some("max_emits")));
    assert_eq!(record.finding.run_id, world.lease.run_id());
    assert_eq!(record.history.last().unwrap().note.as_deref(), Some("max_emits"));
    let event = record.event.unwrap();
    assert_eq!((event.state, event.reason.as_deref()), (OutboxState::Held, Some("max_emits")));
    assert_eq!(world.finding("ch_2").await.state, State::Suspected);
    assert_eq!(claim(&world, "relay").await, ids(&[]));
}

async fn an_event_held_from_the_beginning_is_not_released(world: World) {
    let mut kept_back = event("ch_1");
    kept_back.start = Start::Held;
    let commit =
        Commit { findings: vec![finding("ch_1", State::Held)], events: vec![kept_back], ..Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    let released = world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
    assert_eq!(released.staged.count, 0);
    assert_eq!(world.event_state("ch_1").await, OutboxState::Held);
    assert_eq!(claim(&world, "relay").await, ids(&[]));
}

async fn an_acknowledged_event_makes_its_finding_emitted(world: World) {
    world.make_pending(&["ch_1", "ch_2"]).await;
    world.acknowledge(&["ch_1"]).await;
    world.acknowledge(&["ch_1"]).await;
    world.store.acknowledge(&[0]).await.unwrap();
    world.store.acknowledge(&[]).await.unwrap();
    let emitted = world.finding("ch_1").await;
    assert_eq!(emitted.state, State::Emitted);
    assert!(emitted.acknowledged_at.unwrap() <= world.store.now().await.unwrap());
    assert_eq!(world.history("ch_1").await, [(1, State::Open), (1, State::Emitted)]);
    assert_eq!(world.event_state("ch_1").await, OutboxState::Sent);
    assert_eq!(world.finding("ch_2").await.state, State::Open);
}

async fn an_event_superseded_on_its_way_is_sent_and_its_finding_stays_healed(world: World) {
    world.make_pending(&["ch_1"]).await;
    claim(&world, "relay").await;
    let (findings, supersede) = (vec![finding("ch_1", State::Healed)], vec![event_id("ch_1")]);
    world.store.commit(&world.lease, Commit { findings, supersede, ..Commit::default() }).await.unwrap();
    assert_eq!(world.event_state("ch_1").await, OutboxState::Superseded);
    world.acknowledge(&["ch_1"]).await;
    assert_eq!(world.event_state("ch_1").await, OutboxState::Sent);
    assert_eq!(world.finding("ch_1").await.state, State::Healed);
}

async fn two_relays_get_disjoint_claims(world: World) {
    let keys: Vec<String> = (0..40).map(|number| format!("ch_{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    world.make_pending(&keys).await;
    let relays: Vec<String> = (0..4).map(|number| format!("relay {number}")).collect();
    let claims = futures::future::join_all(relays.iter().map(|relay| claim(&world, relay))).await;
    let claimed: usize = claims.iter().map(BTreeSet::len).sum();
    let distinct: BTreeSet<Uuid> = claims.into_iter().flatten().collect();
    assert_eq!(distinct.len(), claimed);
    // What a relay passed over because another was just claiming it is there for its next claim.
    assert_eq!(claimed + claim(&world, "late").await.len() + 2 * claim(&world, "later").await.len(), 40);
}

async fn a_claim_lapses(world: World) {
    world.make_pending(&["ch_1"]).await;
    assert_eq!(claim(&world, "killed").await, ids(&["ch_1"]));
    assert_eq!(claim(&world, "next").await, ids(&[]));
    let due = world.store.next_due("billing").await.unwrap().unwrap();
    assert!(due > Duration::from_secs(30), "{due:?}");
    world.age("outbox_pending", "claimed_until").await;
    assert_eq!(claim(&world, "next").await, ids(&["ch_1"]));
}

async fn claims_can_be_given_back(world: World) {
    world.make_pending(&["ch_1"]).await;
    claim(&world, "stopped").await;
    world.store.release_claims("another").await.unwrap();
    assert_eq!(claim(&world, "next").await, ids(&[]));
    world.store.release_claims("stopped").await.unwrap();
    assert_eq!(claim(&world, "next").await, ids(&["ch_1"]));
}

async fn a_part_of_a_claim_is_given_back_and_nothing_of_another(world: World) {
    world.make_pending(&["ch_1", "ch_2", "ch_3"]).await;
    let claimed = world.store.claim("billing", 0, 2, "relay 1").await.unwrap();
    let [first, second] = [0, 1].map(|at: usize| claimed[at].event_id);
    let third = claim(&world, "relay 10").await;
    let all: Vec<Uuid> = third.iter().copied().chain([first]).collect();
    world.store.give_back(&all, "relay 1").await.unwrap();
    assert_eq!(claim(&world, "next").await, BTreeSet::from([first]));
    world.store.release_claims("relay 1").await.unwrap();
    assert_eq!(claim(&world, "next").await, BTreeSet::from([second]));
    world.store.release_claims("relay").await.unwrap();
    assert_eq!(claim(&world, "next").await, third, "the claims of a relay are named after it");
}

async fn what_a_dead_relay_has_claimed_is_free_at_once(world: World) {
    world.stage(&world.lease, &["ch_1", "ch_2"]).await;
    world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
    let alive = Process::this().unwrap().to_string();
    // The same number, begun at another time: whoever that was is gone.
    let dead = format!("{alive}1 relay");
    assert_eq!(world.store.claim("billing", 0, 1, &dead).await.unwrap().len(), 1);
    assert_eq!(claim(&world, &format!("{alive} relay")).await.len(), 1);
    world.store.release_dead_claims().await.unwrap();
    assert_eq!(claim(&world, "another").await.len(), 1, "the living relay keeps what it has");
}

async fn a_newer_event_of_a_key_waits_for_the_older_one(world: World) {
    world.make_pending(&["ch_1"]).await;
    let mut newer = event("ch_1");
    newer.id = event_id("newer");
    let commit = Commit { events: vec![newer, event("ch_2")], ..Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
    assert_eq!(claim(&world, "relay").await, ids(&["ch_1", "ch_2"]));
    assert_eq!(claim(&world, "relay").await, ids(&[]));
    world.acknowledge(&["ch_1"]).await;
    assert_eq!(claim(&world, "relay").await, ids(&["newer"]));
}

async fn a_claim_looks_at_nothing_before_the_number_that_it_is_told(world: World) {
    world.make_pending(&["ch_1"]).await;
    world.make_pending(&["ch_2"]).await;
    let mut newer = event("ch_1");
    newer.id = event_id("newer");
    world.store.commit(&world.lease, Commit { events: vec![newer], ..Commit::default() }).await.unwrap();
    world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
    let second = world.store.claim("billing", 2, 10, "relay").await.unwrap();
    assert_eq!(
        second.iter().map(|event| (event.seq, event.event_id)).collect::<Vec<_>>(),
        [(2, event_id("ch_2"))]
    );
    assert_eq!(claim(&world, "relay").await, ids(&["ch_1"]), "the newer event of its key waited for it");
}

async fn a_failed_event_is_due_later(world: World) {
    world.make_pending(&["ch_1"]).await;
    claim(&world, "relay").await;
    let hour = Duration::from_hours(1);
    world.store.retry_later(event_id("ch_1"), "no room", hour).await.unwrap();
    assert_eq!(claim(&world, "relay").await, ids(&[]));
    let due = world.store.next_due("billing").await.unwrap().unwrap();
    assert!(due > hour / 2 && due <= hour, "{due:?}");
    world.age("outbox_pending", "due_at").await;
    assert_eq!(world.store.claim("billing", 0, 1, "relay").await.unwrap()[0].attempts, 1);
}

async fn unsent_events_are_counted(world: World) {
    world.make_pending(&["ch_1", "ch_2", "ch_3"]).await;
    world.acknowledge(&["ch_1"]).await;
    world.store.bury(event_id("ch_2"), "poison", "cannot be stored").await.unwrap();
    let counts = world.store.unsent().await.unwrap();
    let counts: Vec<_> = counts.iter().map(|row| (row.queue.as_str(), row.state, row.count)).collect();
    assert_eq!(counts, [("billing", OutboxState::Dead, 1), ("billing", OutboxState::Pending, 1)]);
}

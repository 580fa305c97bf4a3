//! What people do to findings, and what a run that works meanwhile does to that: nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use tieout_reconcilers::name::Each;

use super::on_both_stores;
use super::world::{World, at, domain, event, event_id, finding, id};
use crate::finding::{Finding, Identity, Ignored, State};
use crate::plan::{Act, Refusal};
use crate::store::{ActsRefused, Approval, Commit, Did, OutboxState, Release};

on_both_stores!(
    an_ignored_finding_withdraws_its_event_and_is_not_followed,
    an_ignored_finding_is_followed_again_when_that_lapses,
    a_run_that_did_not_know_leaves_an_ignored_finding_alone,
    a_run_overwrites_no_owner,
    every_act_is_written_down_with_who_and_why,
    an_act_that_makes_no_sense_for_one_finding_changes_none,
    nothing_is_done_to_what_nobody_ever_found,
    what_is_on_its_way_when_it_is_ignored_is_sent_and_remembered,
    a_parked_finding_is_opened_in_an_episode_of_its_own,
    an_approval_of_exactly_what_is_held_lets_it_go,
    an_approval_of_another_number_changes_nothing,
    an_approval_under_a_lost_lease_changes_nothing,
    what_was_superseded_meanwhile_is_not_approved,
);

fn ids<const N: usize>(keys: [&str; N]) -> BTreeSet<Identity> {
    keys.into_iter().map(id).collect()
}

fn ignore(until: Option<tieout_reconcilers::instant::Instant>) -> Act {
    Act::Ignore(Ignored { until, why: "known".to_owned() })
}

async fn did<const N: usize>(world: &World, keys: [&str; N], act: &Act) -> Vec<Finding> {
    match world.store.act(&ids(keys), act, "ada").await.unwrap() {
        Did::All(findings) => findings,
        Did::Nothing(refused) => panic!("{refused:?}"),
    }
}

async fn followed(world: &World) -> Vec<String> {
    let followed = world.store.followed(&domain(), &Each::default(), 10).await.unwrap();
    followed.iter().map(|finding| finding.id.key.to_string()).collect()
}

async fn an_ignored_finding_withdraws_its_event_and_is_not_followed(world: World) {
    world.make_pending(&["ch_1"]).await;
    let ignored = did(&world, ["ch_1"], &ignore(None)).await;
    assert_eq!(world.finding("ch_1").await, ignored[0]);
    assert_eq!((ignored[0].state, ignored[0].event_id), (State::Ignored, None));
    assert_eq!(world.event_state("ch_1").await, OutboxState::Superseded);
    assert_eq!(followed(&world).await, [""; 0]);
}

async fn an_ignored_finding_is_followed_again_when_that_lapses(world: World) {
    world.make_pending(&["ch_1"]).await;
    let soon = world.store.now().await.unwrap() + Duration::from_hours(1);
    did(&world, ["ch_1"], &ignore(Some(soon))).await;
    assert_eq!(followed(&world).await, [""; 0]);
    world.age("findings", "ignored_until").await;
    assert_eq!(followed(&world).await, ["ch_1"]);
}

/// The run read the finding before the person ignored it, and commits after.
async fn a_run_that_did_not_know_leaves_an_ignored_finding_alone(world: World) {
    world.make_pending(&["ch_1"]).await;
    let read = world.finding("ch_1").await;
    did(&world, ["ch_1"], &ignore(None)).await;
    let stays = world.finding("ch_1").await;
    let renewed = Finding { last_seen: at(5_000), ..read };
    let findings = vec![renewed, finding("ch_2", State::Open)];
    let mut newer = event("ch_1");
    newer.id = event_id("newer");
    let commit = Commit { findings, events: vec![newer, event("ch_2")], ..Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    assert_eq!(world.finding("ch_1").await, stays);
    assert_eq!(world.finding("ch_2").await.state, State::Open, "the others are stored");
    let staged = world.store.staged(&world.lease).await.unwrap();
    assert_eq!(staged.count, 1, "nothing about it is staged");
}

async fn a_run_overwrites_no_owner(world: World) {
    world.make_pending(&["ch_1"]).await;
    let read = world.finding("ch_1").await;
    did(&world, ["ch_1"], &Act::Assign { to: "grace".to_owned() }).await;
    let healed = Finding { state: State::Healed, ..read };
    let commit = Commit { findings: vec![healed], ..Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    let stored = world.finding("ch_1").await;
    assert_eq!((stored.state, stored.owner.as_deref()), (State::Healed, Some("grace")));
}

async fn every_act_is_written_down_with_who_and_why(world: World) {
    world.make_pending(&["ch_1"]).await;
    let until = at(4_000_000_000);
    let acts = [
        Act::Assign { to: "grace".to_owned() },
        ignore(Some(until)),
        Act::Note { text: "asked the bank".to_owned() },
        Act::Reopen { why: Some("the bank says no".to_owned()) },
        Act::Unassign,
    ];
    for act in &acts {
        did(&world, ["ch_1"], act).await;
    }
    let record = world.store.show(&id("ch_1")).await.unwrap().unwrap();
    let told: Vec<_> = record.history[1..]
        .iter()
        .map(|entry| {
            assert_eq!(entry.actor.as_deref(), Some("ada"));
            (entry.act.as_deref().unwrap(), entry.state, entry.note.as_deref().unwrap_or("-"))
        })
        .collect();
    let expected = [
        ("assign", State::Open, "to grace"),
        ("ignore", State::Ignored, "until 2096-10-02T07:06:40Z: known"),
        ("note", State::Ignored, "asked the bank"),
        ("reopen", State::Open, "the bank says no"),
        ("unassign", State::Open, "-"),
    ];
    assert_eq!(told, expected);
    assert_eq!(record.finding.owner, None);
}

async fn an_act_that_makes_no_sense_for_one_finding_changes_none(world: World) {
    world.make_pending(&["ch_1"]).await;
    let findings = vec![finding("ch_2", State::Repaired)];
    world.store.commit(&world.lease, Commit { findings, ..Commit::default() }).await.unwrap();
    let refused = world.store.act(&ids(["ch_1", "ch_2"]), &ignore(None), "ada").await.unwrap();
    let why = vec![(id("ch_2"), Refusal::Over(State::Repaired))];
    assert_eq!(refused, Did::Nothing(ActsRefused::Refused(why)));
    assert_eq!(world.finding("ch_1").await.state, State::Open);
    assert_eq!(world.event_state("ch_1").await, OutboxState::Pending);
    let past = world.store.act(&ids(["ch_1"]), &ignore(Some(at(0))), "ada").await.unwrap();
    assert_eq!(past, Did::Nothing(ActsRefused::Refused(vec![(id("ch_1"), Refusal::Past(at(0)))])));
}

async fn nothing_is_done_to_what_nobody_ever_found(world: World) {
    world.make_pending(&["ch_1"]).await;
    let unknown = world.store.act(&ids(["ch_1", "ch_9"]), &ignore(None), "ada").await.unwrap();
    assert_eq!(unknown, Did::Nothing(ActsRefused::Unknown(vec![id("ch_9")])));
    assert_eq!(world.finding("ch_1").await.state, State::Open);
}

async fn what_is_on_its_way_when_it_is_ignored_is_sent_and_remembered(world: World) {
    world.make_pending(&["ch_1"]).await;
    assert_eq!(world.store.claim("billing", 0, 10, "relay").await.unwrap().len(), 1);
    did(&world, ["ch_1"], &ignore(None)).await;
    world.acknowledge(&["ch_1"]).await;
    did(&world, ["ch_1"], &Act::Reopen { why: None }).await;
    // The next look asks for the same event, which is the same drift.
    let reopened = world.finding("ch_1").await;
    let asks = Finding { event_id: Some(event_id("ch_1")), ..reopened };
    let commit = Commit { findings: vec![asks], events: vec![event("ch_1")], ..Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    let stored = world.finding("ch_1").await;
    assert_eq!(stored.state, State::Emitted, "nobody would ever acknowledge it again");
    assert!(stored.acknowledged_at.is_some());
}

async fn a_parked_finding_is_opened_in_an_episode_of_its_own(world: World) {
    let parked = Finding {
        reemissions: 3,
        reason: Some("sent 4 times and never repaired".to_owned()),
        acknowledged_at: Some(at(900)),
        ..finding("ch_1", State::Recurring)
    };
    world.store.commit(&world.lease, Commit { findings: vec![parked], ..Commit::default() }).await.unwrap();
    let opened = did(&world, ["ch_1"], &Act::Reopen { why: None }).await.remove(0);
    assert_eq!((opened.state, opened.episode, opened.reemissions), (State::Open, 2, 0));
    assert_eq!((opened.event_id, opened.acknowledged_at, opened.reason), (None, None, None));
}

/// Two findings that a run holds, and the run.
async fn hold(world: &World) -> uuid::Uuid {
    world.stage(&world.lease, &["ch_1", "ch_2"]).await;
    let reason = "max_emits".to_owned();
    world.store.release(&world.lease, |_| Release::Held { reason: reason.clone() }).await.unwrap();
    world.lease.run_id()
}

async fn approve(world: &World, run: uuid::Uuid, expected: u64) -> Approval {
    world.store.approve(std::slice::from_ref(&world.lease), run, expected, "ada").await.unwrap()
}

async fn an_approval_of_exactly_what_is_held_lets_it_go(world: World) {
    let run = hold(&world).await;
    let held = world.store.held().await.unwrap();
    assert_eq!((held.len(), held[0].run_id, held[0].events, held[0].findings), (1, run, 2, 2));
    assert_eq!(held[0].reason.as_deref(), Some("max_emits"));
    assert_eq!(world.store.held_members(&domain(), run).await.unwrap(), [Each::default()]);
    assert_eq!(approve(&world, run, 2).await, Approval::Released { events: 2, findings: 2 });
    let open = world.finding("ch_1").await;
    assert_eq!((open.state, open.reason, open.held_by), (State::Open, None, None));
    assert_eq!(world.event_state("ch_1").await, OutboxState::Pending);
    assert_eq!(world.store.claim("billing", 0, 10, "relay").await.unwrap().len(), 2);
    let history = world.store.show(&id("ch_1")).await.unwrap().unwrap().history;
    let last = history.last().unwrap();
    assert_eq!((last.act.as_deref(), last.actor.as_deref()), (Some("approve"), Some("ada")));
    assert_eq!(world.store.held().await.unwrap(), []);
}

async fn an_approval_of_another_number_changes_nothing(world: World) {
    let run = hold(&world).await;
    assert_eq!(approve(&world, run, 3).await, Approval::Differs { events: 2 });
    assert_eq!(approve(&world, uuid::Uuid::nil(), 2).await, Approval::Differs { events: 0 });
    assert_eq!(world.finding("ch_1").await.state, State::Held);
    assert_eq!(world.event_state("ch_1").await, OutboxState::Held);
}

async fn an_approval_under_a_lost_lease_changes_nothing(world: World) {
    let run = hold(&world).await;
    world.take_over().await;
    assert!(world.store.approve(std::slice::from_ref(&world.lease), run, 2, "ada").await.is_err());
    assert_eq!(world.finding("ch_1").await.state, State::Held);
}

async fn what_was_superseded_meanwhile_is_not_approved(world: World) {
    let run = hold(&world).await;
    let healed = Finding { state: State::Healed, ..world.finding("ch_1").await };
    let commit = Commit { findings: vec![healed], supersede: vec![event_id("ch_1")], ..Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    assert_eq!(approve(&world, run, 2).await, Approval::Differs { events: 1 });
    assert_eq!(approve(&world, run, 1).await, Approval::Released { events: 1, findings: 1 });
    assert_eq!(world.event_state("ch_1").await, OutboxState::Superseded);
}

//! A commit is whole, happens once, and forgets nothing that it did not know of.

use std::time::Duration;

use tieout_reconcilers::name::Each;
use tieout_reconcilers::window::{Purpose, Slice};

use super::on_both_stores;
use super::world::{World, at, domain, event, event_id, finding, id, window};
use crate::finding::State;
use crate::store::{Commit, Covered, OutboxState, OverlapDone, Release, SavedToken, SliceDone};

on_both_stores!(
    a_slice_is_committed_whole,
    committing_twice_is_committing_once,
    what_was_sent_stays_sent,
    a_superseded_event_is_staged_again_when_its_drift_is_back,
    a_dead_event_stays_dead,
    a_thousand_findings_are_one_commit,
    a_commit_keeps_an_acknowledgement_that_it_did_not_know_of,
    a_zero_character_in_a_reason_is_made_visible,
    a_payload_is_kept_to_the_byte,
    a_token_gives_way_to_the_next_one_and_a_lost_lease_saves_none,
);

fn whole() -> Commit {
    Commit {
        read: None,
        slice: Some(SliceDone {
            slice: Slice::new(window(0, 10), Purpose::Coverage),
            counts_json: r#"{"matched":7}"#.to_owned(),
        }),
        coverage: Some(Covered { clock: "created".to_owned(), window: window(0, 10) }),
        overlap: Some(OverlapDone { clock: "created".to_owned(), through: at(10) }),
        token: Some(SavedToken { feed: "shop/charges".to_owned(), token: "t1".to_owned() }),
        findings: vec![finding("ch_1", State::Open), finding("ch_2", State::Suspected)],
        events: vec![event("ch_1")],
        supersede: Vec::new(),
        quarantine: crate::quarantine::Weighed::default(),
    }
}

async fn a_slice_is_committed_whole(world: World) {
    world.store.commit(&world.lease, whole()).await.unwrap();
    let (store, each) = (&world.store, Each::default());
    assert_eq!(store.coverage(&domain(), &each, "created").await.unwrap(), vec![window(0, 10)]);
    assert_eq!(store.last_overlap(&domain(), &each, "created").await.unwrap().unwrap().through, at(10));
    assert_eq!(store.last_overlap(&domain(), &each, "updated").await.unwrap(), None);
    assert_eq!(store.saved_token(&domain(), &each, "shop/charges").await.unwrap().as_deref(), Some("t1"));
    assert_eq!(store.saved_token(&domain(), &each, "shop/refunds").await.unwrap(), None);
    let slices = store.slices_of(world.lease.run_id()).await.unwrap();
    assert_eq!(slices[0].counts_json, r#"{"matched":7}"#);
    assert_eq!(world.finding("ch_1").await, finding("ch_1", State::Open));
    assert_eq!(world.event_state("ch_1").await, OutboxState::Staged);
}

async fn committing_twice_is_committing_once(world: World) {
    world.store.commit(&world.lease, whole()).await.unwrap();
    world.store.commit(&world.lease, whole()).await.unwrap();
    let (store, each) = (&world.store, Each::default());
    assert_eq!(store.coverage(&domain(), &each, "created").await.unwrap(), vec![window(0, 10)]);
    assert_eq!(store.slices_of(world.lease.run_id()).await.unwrap().len(), 1);
    assert_eq!(world.history("ch_1").await, vec![(1, State::Open)]);
    assert_eq!(store.unsent().await.unwrap()[0].count, 1);
}

async fn what_was_sent_stays_sent(world: World) {
    world.make_pending(&["ch_1"]).await;
    world.acknowledge(&["ch_1"]).await;
    let supersede = vec![event_id("ch_1")];
    world.store.commit(&world.lease, Commit { supersede, ..Commit::default() }).await.unwrap();
    world.stage(&world.lease, &["ch_1"]).await;
    assert_eq!(world.event_state("ch_1").await, OutboxState::Sent);
}

async fn a_superseded_event_is_staged_again_when_its_drift_is_back(world: World) {
    world.make_pending(&["ch_1"]).await;
    let supersede = vec![event_id("ch_1")];
    world.store.commit(&world.lease, Commit { supersede, ..Commit::default() }).await.unwrap();
    assert_eq!(world.event_state("ch_1").await, OutboxState::Superseded);
    assert!(world.store.claim("billing", 0, 10, "relay").await.unwrap().is_empty());

    world.stage(&world.lease, &["ch_1"]).await;
    assert_eq!(world.event_state("ch_1").await, OutboxState::Staged);
}

async fn a_dead_event_stays_dead(world: World) {
    world.make_pending(&["ch_1"]).await;
    world.store.bury(event_id("ch_1"), "poison", "cannot be stored").await.unwrap();
    world.stage(&world.lease, &["ch_1"]).await;
    let event = world.store.show(&id("ch_1")).await.unwrap().unwrap().event.unwrap();
    assert_eq!((event.state, event.class.as_deref()), (OutboxState::Dead, Some("poison")));
    assert_eq!(event.reason.as_deref(), Some("cannot be stored"));
}

async fn a_thousand_findings_are_one_commit(world: World) {
    let keys: Vec<String> = (0..1_000).map(|number| format!("ch_{number:04}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let begun = std::time::Instant::now();
    world.stage(&world.lease, &keys).await;
    // Generous for a loaded machine; a statement for each row takes many times as long.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let followed = world.store.followed(&domain(), &Each::default(), 10_000).await.unwrap();
    assert_eq!(followed.iter().map(|finding| finding.id.key.as_str()).collect::<Vec<_>>(), keys);
    let released = world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
    assert_eq!(released.staged.count, 1_000);
}

async fn a_commit_keeps_an_acknowledgement_that_it_did_not_know_of(world: World) {
    for (written, kept) in [(State::Open, State::Emitted), (State::Healed, State::Repaired)] {
        let key = written.as_str();
        world.make_pending(&[key]).await;
        world.acknowledge(&[key]).await;
        let findings = vec![finding(key, written)];
        world.store.commit(&world.lease, Commit { findings, ..Commit::default() }).await.unwrap();
        let stored = world.finding(key).await;
        assert_eq!(stored.state, kept);
        assert!(stored.acknowledged_at.is_some());
    }
}

async fn a_zero_character_in_a_reason_is_made_visible(world: World) {
    let mut unreadable = finding("ch_1", State::Open);
    unreadable.reason = Some("found a\0b".to_owned());
    let commit = Commit { findings: vec![unreadable], ..Commit::default() };
    world.store.commit(&world.lease, commit).await.unwrap();
    assert_eq!(world.finding("ch_1").await.reason.as_deref(), Some("found a\u{2400}b"));
}

async fn a_payload_is_kept_to_the_byte(world: World) {
    let payload = r#"{"id":9007199254740993,"amount":1.10,"text":"a\u0000b \u00e9 é"}"#;
    let mut odd = event("ch_1");
    odd.payload = payload.to_owned();
    world.store.commit(&world.lease, Commit { events: vec![odd], ..Commit::default() }).await.unwrap();
    world.store.release(&world.lease, |_| Release::Pending).await.unwrap();
    assert_eq!(world.store.claim("billing", 0, 1, "relay").await.unwrap()[0].payload, payload);
}

async fn a_token_gives_way_to_the_next_one_and_a_lost_lease_saves_none(world: World) {
    let commit = |token: &str| Commit {
        token: Some(SavedToken { feed: "shop/charges".to_owned(), token: token.to_owned() }),
        ..Commit::default()
    };
    world.store.commit(&world.lease, commit("t1")).await.unwrap();
    world.store.commit(&world.lease, commit("t2")).await.unwrap();
    world.store.release_lease(&world.lease).await.unwrap();
    assert!(world.store.commit(&world.lease, commit("t3")).await.is_err());
    let saved = world.store.saved_token(&domain(), &Each::default(), "shop/charges").await.unwrap();
    assert_eq!(saved.as_deref(), Some("t2"));
}

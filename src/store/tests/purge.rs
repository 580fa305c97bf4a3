//! Old events are taken out and counted, and none that a finding still rests on.

use std::time::Duration;

use super::on_both_stores;
use super::world::{World, domain, event_id, finding, id};
use crate::finding::{Finding, State};
use crate::store::{Commit, Keep, OutboxState, Purged};

on_both_stores!(
    what_was_sent_long_ago_goes_once_its_finding_is_over,
    a_dead_letter_has_a_clock_of_its_own_and_its_finding_is_parked,
    what_was_dropped_is_kept_as_long_after_that_as_if_it_had_died_then,
    many_events_go_in_several_transactions,
    nothing_goes_once_the_work_is_to_end,
);

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

async fn purge(world: &World, keep: Keep) -> Purged {
    world.store.purge_events(&domain(), keep, || true).await.unwrap()
}

/// Sends events, an hour ago, and ends their findings.
async fn sent(world: &World, keys: &[&str]) {
    world.make_pending(keys).await;
    world.acknowledge(keys).await;
    world.age("outbox", "staged_at").await;
    world.age("outbox", "finished_at").await;
}

async fn over(world: &World, keys: &[&str]) {
    let findings: Vec<Finding> = keys.iter().map(|key| finding(key, State::Repaired)).collect();
    world.store.commit(&world.lease, Commit { findings, ..Commit::default() }).await.unwrap();
}

async fn what_was_sent_long_ago_goes_once_its_finding_is_over(world: World) {
    sent(&world, &["over", "followed"]).await;
    over(&world, &["over"]).await;
    let keep = Keep { sent: DAY, dead: DAY };
    assert_eq!(purge(&world, keep).await, Purged::default(), "it is not old enough");
    let keep = Keep { sent: MINUTE, dead: DAY };
    assert_eq!(purge(&world, keep).await, Purged { sent: 1, ..Purged::default() });
    assert_eq!(world.event_state("followed").await, OutboxState::Sent);
    assert!(world.store.letters(&[event_id("over")]).await.unwrap().is_empty());
    assert_eq!(purge(&world, keep).await, Purged::default());
}

async fn a_dead_letter_has_a_clock_of_its_own_and_its_finding_is_parked(world: World) {
    world.make_pending(&["ch_1", "waiting"]).await;
    world.store.bury(event_id("ch_1"), "poison", "no").await.unwrap();
    world.age("outbox", "staged_at").await;
    let keep = Keep { sent: MINUTE, dead: MINUTE };
    assert_eq!(purge(&world, keep).await, Purged::default(), "its clock starts when it dies");
    world.age("outbox", "finished_at").await;
    let mut tx = world.store.write("test").await.unwrap();
    tx.execute("UPDATE outbox SET finished_at = NULL WHERE state = 'pending'", &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(purge(&world, Keep { sent: MINUTE, dead: DAY }).await, Purged::default());
    assert_eq!(purge(&world, keep).await, Purged { dead: 1, ..Purged::default() });
    assert_eq!(world.finding("ch_1").await.state, State::Recurring);
    assert_eq!(world.event_state("waiting").await, OutboxState::Pending);
    assert_eq!(world.finding("waiting").await.state, State::Open);
    let history = world.store.show(&id("ch_1")).await.unwrap().unwrap().history;
    let told = history.into_iter().find_map(|entry| Some((entry.act?, entry.actor?)));
    assert_eq!(told, Some(("expire".to_owned(), "tieout".to_owned())));
}

async fn what_was_dropped_is_kept_as_long_after_that_as_if_it_had_died_then(world: World) {
    world.make_pending(&["ch_1"]).await;
    world.store.bury(event_id("ch_1"), "poison", "no").await.unwrap();
    world.age("outbox", "finished_at").await;
    world.store.drop_dead_letters(&[event_id("ch_1")], "ada", "closed").await.unwrap();
    let keep = Keep { sent: MINUTE, dead: MINUTE };
    assert_eq!(purge(&world, keep).await, Purged::default(), "it died long ago, and was dropped just now");
    world.age("outbox", "dropped_at").await;
    assert_eq!(purge(&world, Keep { sent: MINUTE, dead: DAY }).await, Purged::default());
    let before = world.store.show(&id("ch_1")).await.unwrap().unwrap();
    assert_eq!(purge(&world, keep).await, Purged { dropped: 1, ..Purged::default() });
    assert!(world.store.letters(&[event_id("ch_1")]).await.unwrap().is_empty());
    let after = world.store.show(&id("ch_1")).await.unwrap().unwrap();
    assert_eq!((&after.finding, &after.history), (&before.finding, &before.history), "it expired of nothing");
    assert_eq!(after.finding.state, State::Recurring);
}

async fn many_events_go_in_several_transactions(world: World) {
    let keys: Vec<String> = (0..1_100).map(|number| format!("ch_{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    sent(&world, &keys).await;
    over(&world, &keys).await;
    let purged = purge(&world, Keep { sent: MINUTE, dead: DAY }).await;
    assert_eq!(purged, Purged { sent: 1_100, ..Purged::default() });
}

async fn nothing_goes_once_the_work_is_to_end(world: World) {
    sent(&world, &["ch_1"]).await;
    over(&world, &["ch_1"]).await;
    let keep = Keep { sent: MINUTE, dead: MINUTE };
    let purged = world.store.purge_events(&domain(), keep, || false).await.unwrap();
    assert_eq!(purged, Purged::default());
}

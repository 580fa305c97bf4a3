//! What cannot be read: it is written with its slice or not at all, a person's word holds as long as it is the same, and what is read
//! again is taken out of coverage and of nothing else.

use tieout_reconcilers::name::Each;
use tieout_reconcilers::window::Window;

use super::on_both_stores;
use super::world::{World, domain, window};
use crate::quarantine::{Class, Entry, EntryId, Kind, Sighting, State, Weighed};
use crate::store::{Commit, Covered, QuarantineFilter, ReadAgain};

on_both_stores!(
    what_is_committed_twice_is_seen_once,
    what_a_person_accepted_stays_accepted_until_it_is_gone,
    neither_a_page_nor_what_cannot_be_told_is_ever_accepted,
    what_is_read_again_is_taken_out_of_coverage_and_of_nothing_else,
    a_stale_lease_writes_nothing_and_has_nothing_read_again,
);

fn sighting(name: &str, kind: Kind) -> Sighting {
    Sighting {
        id: EntryId::of(&domain(), &Each::default(), kind, &[name]),
        kind,
        class: Class::Key,
        place: "page 1, row 2".to_owned(),
        key: None,
        reason: "the item has no key".to_owned(),
        fingerprint: Some(name.to_owned()),
    }
}

fn seen(name: &str, window: Window) -> Commit {
    let quarantine = Weighed { seen: vec![(sighting(name, Kind::Item), window)], ..Weighed::default() };
    Commit { quarantine, ..Commit::default() }
}

async fn all(world: &World) -> Vec<Entry> {
    world.store.quarantined(&QuarantineFilter::default()).await.unwrap()
}

async fn only(world: &World) -> Entry {
    let mut all = all(world).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn what_is_committed_twice_is_seen_once(world: World) {
    for _ in 0..2 {
        world.store.commit(&world.lease, seen("a", window(0, 10))).await.unwrap();
    }
    let entry = only(&world).await;
    assert_eq!((entry.times, entry.state, entry.window), (1, State::Open, window(0, 10)));
    assert_eq!(entry.seen, sighting("a", Kind::Item));
    assert_eq!(entry.first_run, world.lease.run_id());
    let none = QuarantineFilter { domains: vec!["shop.others".parse().unwrap()], states: Vec::new() };
    assert_eq!(world.store.quarantined(&none).await.unwrap(), []);
}

async fn what_a_person_accepted_stays_accepted_until_it_is_gone(world: World) {
    world.store.commit(&world.lease, seen("a", window(0, 10))).await.unwrap();
    let accept = async || world.store.accept_quarantined(&all(&world).await, "ada", "a test").await.unwrap();
    assert_eq!((accept().await, accept().await), (1, 0));
    world.store.commit(&world.lease, seen("a", window(0, 20))).await.unwrap();
    let entry = only(&world).await;
    assert_eq!((entry.state, entry.window), (State::Accepted, window(0, 20)));
    let accepted = entry.accepted.unwrap();
    assert_eq!((accepted.by.as_str(), accepted.why.as_str()), ("ada", "a test"));
    let gone = Weighed { gone: vec![entry.seen.id], ..Weighed::default() };
    world.store.commit(&world.lease, Commit { quarantine: gone, ..Commit::default() }).await.unwrap();
    assert_eq!(only(&world).await.state, State::Gone);
    assert_eq!(world.store.quarantined_of(&domain(), &Each::default()).await.unwrap(), []);
    world.store.commit(&world.lease, seen("a", window(0, 10))).await.unwrap();
    let entry = only(&world).await;
    assert_eq!((entry.state, entry.accepted), (State::Open, None), "nobody has said so about this one");
}

async fn neither_a_page_nor_what_cannot_be_told_is_ever_accepted(world: World) {
    let nameless = Sighting { fingerprint: None, ..sighting("b", Kind::Item) };
    let seen = vec![(sighting("a", Kind::Page), window(0, 10)), (nameless, window(0, 10))];
    let quarantine = Weighed { seen, ..Weighed::default() };
    world.store.commit(&world.lease, Commit { quarantine, ..Commit::default() }).await.unwrap();
    assert_eq!(world.store.accept_quarantined(&all(&world).await, "ada", "no").await.unwrap(), 0);
    assert!(all(&world).await.iter().all(|entry| entry.state == State::Open));
    assert!(world.store.kept_state(&domain()).await.unwrap().by_hand.is_empty());
}

fn again(entries: Vec<Entry>) -> ReadAgain {
    ReadAgain { entries, clock: "created".to_owned(), forget_token_of: None, who: "ada".to_owned() }
}

async fn what_is_read_again_is_taken_out_of_coverage_and_of_nothing_else(world: World) {
    for clock in ["created", "events"] {
        let coverage = Some(Covered { clock: clock.to_owned(), window: window(0, 100) });
        world.store.commit(&world.lease, Commit { coverage, ..seen("a", window(10, 20)) }).await.unwrap();
    }
    world.store.accept_quarantined(&all(&world).await, "ada", "a test").await.unwrap();
    for _ in 0..2 {
        world.store.read_quarantined_again(&world.lease, &again(all(&world).await)).await.unwrap();
        let ledger = async |clock| world.store.coverage(&domain(), &Each::default(), clock).await.unwrap();
        assert_eq!(ledger("created").await, [window(0, 10), window(20, 100)]);
        assert_eq!(ledger("events").await, [window(0, 100)]);
    }
    assert_eq!(only(&world).await.state, State::Open);
    let acts = world.store.kept_state(&domain()).await.unwrap().by_hand;
    assert_eq!(acts[0].act, "quarantine retry");
}

async fn a_stale_lease_writes_nothing_and_has_nothing_read_again(world: World) {
    world.store.commit(&world.lease, seen("a", window(0, 10))).await.unwrap();
    let entries = all(&world).await;
    world.store.release_lease(&world.lease).await.unwrap();
    assert!(world.store.commit(&world.lease, seen("b", window(0, 10))).await.is_err());
    assert!(world.store.read_quarantined_again(&world.lease, &again(entries.clone())).await.is_err());
    assert_eq!(all(&world).await, entries);
}

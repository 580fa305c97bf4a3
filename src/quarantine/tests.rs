//! The laws of quarantine.

use proptest::prelude::*;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::name::{DomainName, Each};
use tieout_reconcilers::window::Window;
use uuid::Uuid;

use super::*;

fn window(from: i64, to: i64) -> Window {
    Window::new(Instant::from_micros(from), Instant::from_micros(to)).unwrap()
}

fn sighting(name: &str) -> Sighting {
    let domain: DomainName = "shop.charges".parse().unwrap();
    Sighting {
        id: EntryId::of(&domain, &Each::default(), Kind::Item, &[name]),
        kind: Kind::Item,
        class: Class::Key,
        place: "page 1, row 1".to_owned(),
        key: None,
        reason: "the item has no key".to_owned(),
        fingerprint: Some(name.to_owned()),
    }
}

fn entry(name: &str, window: Window, state: State) -> Entry {
    let at = Instant::from_micros(0);
    Entry {
        domain: "shop.charges".parse().unwrap(),
        each: Each::default(),
        seen: sighting(name),
        window,
        state,
        first_seen: at,
        last_seen: at,
        times: 1,
        first_run: Uuid::nil(),
        last_run: Uuid::nil(),
        accepted: None,
    }
}

fn whole(from: i64, to: i64) -> Read {
    Read { window: window(from, to), is_whole: true }
}

#[test]
fn what_a_whole_reading_of_its_range_does_not_show_is_gone() {
    let mut known =
        Known::of([entry("a", window(0, 10), State::Open), entry("b", window(0, 10), State::Accepted)]);
    let weighed = known.take(whole(0, 20), Vec::new(), 0);
    assert_eq!(weighed.gone.len(), 2);
    assert_eq!((known.count(State::Open), known.count(State::Accepted)), (0, 0));
}

#[test]
fn a_reading_that_broke_off_says_nothing_about_what_it_did_not_show() {
    let mut known = Known::of([entry("a", window(0, 10), State::Open)]);
    let weighed = known.take(Read { is_whole: false, ..whole(0, 20) }, Vec::new(), 0);
    assert!(weighed.is_empty());
    assert_eq!(known.count(State::Open), 1);
}

#[test]
fn a_range_that_is_read_in_halves_leaves_what_it_does_not_show_in_the_other_half() {
    let mut known = Known::of([entry("a", window(0, 10), State::Accepted)]);
    let id = sighting("a").id;
    assert_eq!(known.take(whole(0, 5), Vec::new(), 0).narrowed, [(id.clone(), window(5, 10))]);
    assert!(known.take(whole(6, 8), Vec::new(), 0).is_empty(), "the middle leaves two ranges");
    assert!(known.accepts(&id));
    assert_eq!(known.take(whole(5, 10), Vec::new(), 0).gone, [id]);
}

#[test]
fn what_is_seen_again_stays_accepted_and_something_else_in_its_place_is_open() {
    let mut known = Known::of([entry("a", window(0, 10), State::Accepted)]);
    known.take(whole(0, 10), vec![sighting("a")], 0);
    assert!(known.accepts(&sighting("a").id));
    let weighed = known.take(whole(0, 10), vec![sighting("changed")], 0);
    assert_eq!(weighed.gone, [sighting("a").id]);
    assert!(!known.accepts(&sighting("changed").id));
    assert_eq!((known.count(State::Open), known.count(State::Accepted)), (1, 0));
}

#[test]
fn what_was_gone_and_comes_again_was_not_accepted() {
    let known = Known::of([entry("a", window(0, 10), State::Gone)]);
    assert!(!known.accepts(&sighting("a").id));
}

#[test]
fn however_much_cannot_be_read_only_some_is_kept_and_the_rest_is_counted() {
    let mut known = Known::default();
    let sightings = |from: usize, to: usize| (from..to).map(|n| sighting(&n.to_string())).collect::<Vec<_>>();
    assert_eq!(known.take(whole(0, 10), sightings(0, MOST - 1), 7).seen.len(), MOST - 1);
    assert_eq!(known.take(whole(10, 20), sightings(MOST, MOST + 3), 0).seen.len(), 1);
    assert_eq!((known.count(State::Open), known.left_out()), (MOST as u64, 9));
    let again = known.take(whole(20, 30), sightings(0, 5), 0);
    assert_eq!(again.seen.len(), 5, "what is known already is kept");
}

#[test]
fn the_same_thing_seen_twice_in_a_slice_is_one_entry() {
    let mut known = Known::default();
    assert_eq!(known.take(whole(0, 10), vec![sighting("a"), sighting("a")], 0).seen.len(), 1);
}

#[test]
fn an_id_is_hexadecimal_and_may_be_cut_off() {
    let id = sighting("a").id;
    assert!(id.begins_with(&id.as_str()[..4].parse().unwrap()));
    assert_eq!(id.as_str().parse(), Ok(id.clone()));
    for wrong in ["", "abc", "xyzt", "ABCD", "00000000000000000"] {
        assert_eq!(wrong.parse::<EntryId>(), Err(NotAnEntryId), "{wrong:?}");
    }
}

proptest! {
    /// Whatever is read whole, in whatever pieces: an entry is gone exactly when the pieces leave no room for it, and never before.
    #[test]
    fn nothing_is_gone_before_its_whole_range_was_read(
        pieces in prop::collection::vec((0_i64..12, 1_i64..6), 1..8),
        (from, long) in (0_i64..8, 1_i64..6),
    ) {
        let mut known = Known::of([entry("a", window(from, from + long), State::Open)]);
        let mut unread: std::collections::BTreeSet<i64> = (from..from + long).collect();
        for (at, long) in pieces {
            let weighed = known.take(whole(at, at + long), Vec::new(), 0);
            unread.retain(|tick| !(at..at + long).contains(tick));
            prop_assert!(weighed.gone.is_empty() || unread.is_empty());
        }
    }
}

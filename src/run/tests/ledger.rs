//! Nights in a row with faults anywhere, against a ledger that is kept by looking at what the provider showed.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tieout_reconcilers::name::Each;

use super::double::Double;
use super::world::{Item, World, at, findings, item};

/// The last second that a night looks at.
const END: i64 = 600;

/// The seconds of the windows that the provider has shown from their first page to their last.
fn shown_whole(shown: &[String], items: &[Item]) -> BTreeSet<i64> {
    let mut pages: BTreeMap<(i64, i64), BTreeSet<usize>> = BTreeMap::new();
    for query in shown {
        let value = |name: &str| {
            let pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.parse::<i64>().unwrap())
        };
        let start = at(0).micros() / 1_000_000;
        let window = (value("from").unwrap() - start, value("to").unwrap() - start);
        pages.entry(window).or_default().insert(usize::try_from(value("cursor").unwrap_or(0)).unwrap());
    }
    let is_whole = |((from, to), seen): &(&(i64, i64), &BTreeSet<usize>)| {
        let n = items.iter().filter(|item| (*from..*to).contains(&item.at)).count();
        (0..n.max(1)).step_by(2).all(|cursor| seen.contains(&cursor))
    };
    pages.iter().filter(is_whole).flat_map(|((from, to), _)| *from..*to).collect()
}

async fn ledger(world: &World) -> BTreeSet<i64> {
    let verified = world.store.coverage(&Double::new(at(0)).domain, &Each::default(), "at").await.unwrap();
    let second =
        |at: tieout_reconcilers::instant::Instant| (at.micros() - super::world::at(0).micros()) / 1_000_000;
    verified.iter().flat_map(|range| second(range.from())..second(range.to())).collect()
}

#[tokio::test]
async fn nothing_is_verified_that_was_not_shown_whole_and_in_the_end_nothing_was_overlooked() {
    let faults = proptest::collection::vec(proptest::option::weighted(0.35, Just(400_u16)), 0..14);
    let world_of = (proptest::collection::btree_set(0..END, 0..40), proptest::collection::vec(faults, 1..4));
    let mut runner = TestRunner::deterministic();
    for _ in 0..12 {
        let (seconds, nights) = world_of.new_tree(&mut runner).unwrap().current();
        let items: Vec<Item> = seconds.iter().map(|second| item(&format!("i{second}"), *second)).collect();
        let world = World::new().await;
        world.upstream(&items);
        let told = format!("{seconds:?} {nights:?}");
        let (mut shown, mut found) = (BTreeSet::new(), BTreeSet::new());
        for faults in nights.into_iter().chain([Vec::new()]) {
            world.change(|shelf| {
                shelf.shown.clear();
                shelf.moods = faults.into();
            });
            let report = world.night(Double::new(at(0)), END).await;
            found.extend(findings(&report));
            let mut tonight = Vec::new();
            world.change(|shelf| tonight.clone_from(&shelf.shown));
            shown.extend(shown_whole(&tonight, &items));
            // Where three ranges in a row gave nothing, what was read beside them is read again: less is verified, never more.
            let verified = ledger(&world).await;
            assert!(verified.is_subset(&shown), "{told}: {verified:?} and {shown:?}");
            let through = (0..END).find(|second| !verified.contains(second)).unwrap_or(END);
            let expected = (through > 0).then(|| at(through).to_string());
            assert_eq!(report.verified_through, expected, "{told}");
        }
        assert_eq!(ledger(&world).await, (0..END).collect(), "{told}");
        let expected: BTreeSet<String> = items.iter().map(|item| format!("missing {}", item.id)).collect();
        assert_eq!(found, expected, "{told}");
    }
}

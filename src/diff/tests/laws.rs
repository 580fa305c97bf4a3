//! Random worlds beside the oracle.

use proptest::prelude::*;
use tieout_reconcilers::reconciler::{Filter, Order};

use super::oracle::expected;
use super::world::{Outcome, Thing, Walk, World, run, run_to};
use crate::diff::{Doubt, Looks};

/// What the table holds beside an item.
#[derive(Debug, Clone)]
enum Beside {
    Nothing,
    Copy,
    Other(Thing),
}

fn thing() -> impl Strategy<Value = Thing> {
    let at = prop_oneof![9 => (0_i64..24).prop_map(Some), 1 => Just(None)];
    (at, proptest::option::of(0_i64..3), 0_i64..3).prop_map(|(at, version, cents)| Thing {
        key: String::new(),
        at,
        version,
        cents,
    })
}

fn beside() -> impl Strategy<Value = Beside> {
    prop_oneof![2 => Just(Beside::Nothing), 3 => Just(Beside::Copy), 3 => thing().prop_map(Beside::Other)]
}

/// Items with a clock, and rows, at most one of each per key and in random order.
fn things() -> impl Strategy<Value = (Vec<Thing>, Vec<Thing>)> {
    let listed =
        proptest::option::weighted(0.8, thing().prop_filter("has a clock", |thing| thing.at.is_some()));
    proptest::collection::vec((listed, beside()), 0..24)
        .prop_map(sides)
        .prop_flat_map(|(items, rows)| (Just(items).prop_shuffle(), Just(rows).prop_shuffle()))
}

fn sides(pairs: Vec<(Option<Thing>, Beside)>) -> (Vec<Thing>, Vec<Thing>) {
    let (mut items, mut rows) = (Vec::new(), Vec::new());
    for (n, (item, beside)) in pairs.into_iter().enumerate() {
        let named = |thing: Thing| Thing { key: format!("k{n}"), ..thing };
        let item = item.map(named);
        match (&item, beside) {
            (Some(item), Beside::Copy) => rows.push(item.clone()),
            (_, Beside::Other(other)) => rows.push(named(other)),
            _ => {}
        }
        items.extend(item);
    }
    (items, rows)
}

fn orders() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Ascending), Just(Order::Descending), Just(Order::None)]
}

fn filters() -> impl Strategy<Value = Filter> {
    prop_oneof![4 => Just(Filter::Server), 1 => Just(Filter::Client)]
}

/// Pages of random length, each beginning with the last `overlap` items of those before it.
fn cut(items: &[Thing], lengths: &[usize], overlap: usize) -> Vec<Vec<Thing>> {
    let (mut pages, mut taken) = (Vec::new(), 0);
    for length in lengths.iter().cycle() {
        if taken == items.len() {
            break;
        }
        let end = (taken + length).min(items.len());
        pages.push(items[taken.saturating_sub(overlap)..end].to_vec());
        taken = end;
    }
    pages
}

fn sorted(mut items: Vec<Thing>, order: Order) -> Vec<Thing> {
    match order {
        Order::Ascending => items.sort_by_key(|item| item.at),
        Order::Descending => items.sort_by_key(|item| std::cmp::Reverse(item.at)),
        Order::None => {}
    }
    items
}

/// How a world is served: order, filter, batch, page lengths, overlap and window.
type Served = (Order, Filter, usize, Vec<usize>, usize, (i64, i64));

fn served() -> impl Strategy<Value = Served> {
    let window = (0_i64..8, 12_i64..24);
    (orders(), filters(), 1_usize..7, proptest::collection::vec(1_usize..6, 1..5), 0_usize..4, window)
}

/// A feed that keeps its word: its order is as declared, and pages overlap by less than a batch.
pub(super) fn honest() -> impl Strategy<Value = World> {
    (things(), served()).prop_map(|((items, rows), (order, filter, batch, lengths, overlap, window))| {
        let pages = cut(&sorted(items, order), &lengths, overlap.min(batch));
        World { pages, rows, order, filter, batch, window }
    })
}

/// A feed whose order is not the one it declares.
pub(super) fn disorderly() -> impl Strategy<Value = World> {
    (things(), served()).prop_map(|((items, rows), (order, filter, batch, lengths, _, window))| World {
        pages: cut(&items, &lengths, 0),
        rows,
        order,
        filter,
        batch,
        window,
    })
}

fn as_expected(world: &World, outcome: &Outcome) -> Result<(), TestCaseError> {
    let expected = expected(world);
    prop_assert_eq!(&outcome.suspects, &expected.suspects);
    let tally = &outcome.tally;
    prop_assert_eq!(
        (tally.upstream, tally.local, tally.matched),
        (expected.upstream, expected.local, expected.matched)
    );
    let money = (tally.upstream_money.minor("USD"), tally.local_money.minor("USD"));
    prop_assert_eq!(money, (expected.cents, expected.cents));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn an_honest_feed_gives_exactly_what_looking_at_everything_gives(world in honest()) {
        let outcome = run(&world);
        as_expected(&world, &outcome)?;
        prop_assert_eq!(outcome.doubts, []);
    }

    #[test]
    fn a_broken_order_costs_a_doubt_and_no_finding(world in disorderly()) {
        let outcome = run(&world);
        as_expected(&world, &outcome)?;
        prop_assert!(outcome.doubts.iter().all(|doubt| *doubt == Doubt::OrderBroken));
    }

    #[test]
    fn every_local_range_is_read_exactly_once(world in prop_oneof![honest(), disorderly()]) {
        let mut ranges = run(&world).ranges;
        ranges.sort_unstable();
        prop_assert_eq!(ranges.first().unwrap().from(), world.window().from());
        prop_assert_eq!(ranges.last().unwrap().to(), world.window().to());
        prop_assert!(ranges.windows(2).all(|pair| pair[0].to() == pair[1].from()));
    }

    #[test]
    fn whoever_is_compared_with_himself_is_no_suspect(world in honest()) {
        let rows: Vec<Thing> = world.pages.iter().flatten().cloned().collect();
        let mut alike = rows.clone();
        alike.sort_by(|a, b| a.key.cmp(&b.key));
        alike.dedup();
        let outcome = run(&World { rows: alike, ..world });
        prop_assert!(outcome.suspects.is_empty());
        prop_assert_eq!(outcome.doubts, []);
        prop_assert_eq!(outcome.tally.upstream, outcome.tally.matched);
    }

    #[test]
    fn where_pages_are_cut_and_how_large_a_batch_is_does_not_matter(
        world in honest(), lengths in proptest::collection::vec(1_usize..9, 1..4), batch in 1_usize..9,
    ) {
        let items: Vec<Thing> = {
            let mut seen = std::collections::BTreeSet::new();
            world.pages.iter().flatten().filter(|item| seen.insert(item.key.clone())).cloned().collect()
        };
        let other = World { pages: cut(&items, &lengths, 0), batch, ..world.clone() };
        let (one, other) = (run(&world), run(&other));
        prop_assert_eq!(one.suspects, other.suspects);
        prop_assert_eq!((one.tally.upstream, one.tally.local), (other.tally.upstream, other.tally.local));
    }

    #[test]
    fn a_walk_that_was_cut_off_says_nothing_wrong_about_what_it_saw(world in honest(), keep in 0_usize..4) {
        let seen = World { pages: world.pages.iter().take(keep).cloned().collect(), ..world };
        let outcome = run_to(&seen, Walk::CutOff);
        let expected = expected(&seen);
        for (key, suspect) in &outcome.suspects {
            prop_assert_eq!(expected.suspects.get(key), Some(suspect), "{}", key);
        }
        for (key, suspect) in &expected.suspects {
            prop_assert!(suspect.0 == Looks::LocalOnly || outcome.suspects.contains_key(key), "{} was lost", key);
        }
        prop_assert_eq!((outcome.tally.upstream, outcome.tally.matched), (expected.upstream, expected.matched));
    }

    /// Whatever is listed how often and in whatever order, and however often a row comes: what differs under every one
    /// of its appearances is a suspect, there is one suspect per key, and the counts add up (which `run` checks).
    #[test]
    fn chaos_hides_nothing(
        (items, rows) in things(), again in proptest::collection::vec((0_usize..24, thing(), 0_u8..4), 0..12),
        rows_again in proptest::collection::vec(0_usize..24, 0..4), (order, filter, batch, lengths, _, window) in served(),
    ) {
        let mut listed = items.clone();
        for (nth, other, how) in again {
            let Some(twin) = items.get(nth).cloned() else { continue };
            let place = nth * 7 % (listed.len() + 1);
            listed.insert(place, if how == 0 { Thing { key: twin.key, ..other } } else { twin });
        }
        let mut held = rows.clone();
        held.extend(rows_again.iter().filter_map(|nth| rows.get(*nth)).cloned());
        let world = World { pages: cut(&listed, &lengths, 0), rows: held, order, filter, batch, window };
        let outcome = run(&world);
        let is_inside = |thing: &Thing| thing.at.is_some_and(|at| window.0 <= at && at < window.1);
        for item in &items {
            let twins: Vec<&Thing> = listed.iter().filter(|twin| twin.key == item.key).collect();
            let row = rows.iter().find(|row| row.key == item.key);
            let differs = |twin: &&&Thing| match row {
                None => true,
                Some(row) => row.cents != twin.cents && (row.version.is_none() || twin.version.is_none() || row.version <= twin.version),
            };
            if twins.iter().all(|twin| is_inside(twin)) && twins.iter().filter(differs).count() == twins.len() {
                prop_assert!(outcome.suspects.contains_key(&item.key), "{} was lost", item.key);
            }
        }
    }
}

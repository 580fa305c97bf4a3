//! The tie-out of everything that can be judged, in both directions: what differs is explained to the last cent.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use proptest::prelude::*;
use tieout_reconcilers::compare::{CLOCK, FIELDS, Field, Fields, KEY, MoneyFields, Rule, VERSION};
use tieout_reconcilers::direction::{Direction, Roles};
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::Unit;
use tieout_reconcilers::page::Seen;
use tieout_reconcilers::path::Path;
use tieout_reconcilers::projection::{At, Projection};
use tieout_reconcilers::row::Row;
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::window::Window;

use super::double::Double;
use super::world::at;
use crate::confirm::{Ages, Judge};
use crate::diff::SliceDiff;
use crate::plan::Look;
use crate::report::{DomainReport, check};
use crate::run::account::Account;
use crate::run::summary::blank;

/// What a side holds of an item: minor units, a currency, a version, and whether it is young.
#[derive(Debug, Clone)]
struct Held {
    minor: Option<i64>,
    currency: Option<&'static str>,
    version: Option<i64>,
    second: i64,
}

/// An item on both sides, as the walk sees it and as the look-up does.
#[derive(Debug, Clone)]
struct Story {
    listed: (Option<Held>, Option<Held>),
    looked_up: (Option<Held>, Option<Held>),
    /// Whether a person said to leave alone how it differs.
    is_ignored: bool,
}

fn held() -> impl Strategy<Value = Option<Held>> {
    let minor = prop_oneof![4 => (0_i64..3).prop_map(Some), 1 => Just(None), 1 => any::<i64>().prop_map(Some), 1 => Just(Some(i64::MIN))];
    let currency = prop_oneof![4 => Just(Some("USD")), 1 => Just(Some("usd")), 1 => Just(Some("JPY")), 1 => Just(Some("KWD")),
        1 => Just(Some("dollars")), 1 => Just(None)];
    let version = prop_oneof![2 => Just(None), 1 => (0_i64..2).prop_map(Some)];
    let whole = (minor, currency, version, 0_i64..120);
    proptest::option::weighted(
        0.8,
        whole.prop_map(|(minor, currency, version, second)| Held { minor, currency, version, second }),
    )
}

fn story() -> impl Strategy<Value = Story> {
    (held(), held(), held(), held(), any::<bool>(), any::<bool>()).prop_map(
        |(a, b, c, d, rests, is_ignored)| {
            let listed = (a, b);
            let looked_up = if rests { listed.clone() } else { (c, d) };
            Story { listed, looked_up, is_ignored }
        },
    )
}

fn domain(direction: Direction) -> Double {
    let double = Double::new(at(0));
    let field = |name: &str, rule| Field::named(&path(name), rule);
    let money = MoneyFields { amount: 0, currency: 1, upstream: Unit::Minor, local: Unit::Minor };
    let fields = vec![field("minor", Rule::Exact), field("currency", Rule::fold_case())];
    Double { fields: Fields { money: Some(money), direction, ..Fields::of(fields) }, ..double }
}

fn path(text: &str) -> Path {
    Path::try_from(text.to_owned()).unwrap()
}

fn items(held: &[(String, &Held)]) -> (Items, String) {
    let mut slots = vec![None; FIELDS + 2];
    for (slot, name) in
        [(KEY, "id"), (CLOCK, "at"), (VERSION, "version"), (FIELDS, "minor"), (FIELDS + 1, "currency")]
    {
        slots[slot] = Some(path(name));
    }
    let rows: Vec<_> = held
        .iter()
        .map(|(key, held)| {
            let second = at(held.second).micros() / 1_000_000;
            serde_json::json!({ "id": key, "at": second, "version": held.version, "minor": held.minor, "currency": held.currency })
        })
        .collect();
    let text = serde_json::Value::from(rows).to_string();
    let projection = Projection::new(&At::required(Path::root()), &slots, &[], 1_000);
    (projection.read(text.as_bytes()).unwrap().items, text)
}

fn row(key: &str, held: &Held) -> Row<'static> {
    Row {
        key: key.to_owned().into(),
        clock: Some(at(held.second)),
        changed: Some(at(held.second)),
        version: held.version.map_or(Scalar::Null, Scalar::Int),
        fields: vec![
            held.minor.map_or(Scalar::Null, Scalar::Int),
            held.currency.map_or(Scalar::Null, |code| Scalar::Text(code.into())),
        ],
        whole: None,
    }
}

/// Goes the way of a slice: streams both sides past each other, reads the suspects again, and counts.
fn account_for(direction: Direction, stories: &[Story]) -> DomainReport {
    let domain = domain(direction);
    let named: Vec<(String, &Story)> =
        stories.iter().enumerate().map(|(n, story)| (format!("k{n}"), story)).collect();
    let window = Window::new(at(0), at(100)).unwrap();
    let mut diff = SliceDiff::new(&domain.fields, &domain.feed, window);
    let mut listed: Vec<(String, &Held)> =
        named.iter().filter_map(|(key, story)| Some((key.clone(), story.listed.0.as_ref()?))).collect();
    listed.sort_by_key(|(_, held)| held.second);
    diff.take(&items(&listed).0);
    let local: BTreeMap<&str, &Held> =
        named.iter().filter_map(|(key, story)| Some((key.as_str(), story.listed.1.as_ref()?))).collect();
    for (key, held) in local.iter().filter(|(_, held)| window.contains(at(held.second))) {
        diff.meet(row(key, held));
    }
    diff.close(window);
    let unmatched = diff.finish();
    let found: HashMap<Key, Row<'static>> = unmatched
        .keys()
        .into_iter()
        .filter_map(|key| local.get(key.as_str()).map(|held| (key.clone(), row(key.as_str(), held))))
        .collect();
    let difference = unmatched.resolve(&found, &HashMap::new());

    let mut account = Account::of(direction);
    account.add(&difference.tally, 0);
    let ages = Ages {
        ceiling: &|| at(90),
        local_ceiling: at(90),
        rested: &|key| !key.as_str().ends_with('3'),
        ahead: &|_| None,
    };
    for suspect in &difference.suspects {
        account.pend(suspect);
        let story = named.iter().find(|(key, _)| key == suspect.key.as_str()).unwrap().1;
        let seen = story.looked_up.0.as_ref().map_or(Seen::Gone, |held| {
            let (items, text) = items(&[(suspect.key.to_string(), held)]);
            Seen::Item(items, text.into())
        });
        let row = story.looked_up.1.as_ref().map(|held| row(suspect.key.as_str(), held));
        let after = row.map(|row| (suspect.key.clone(), row)).into_iter().collect();
        let judge = Judge { reconciler: &domain, ceiling: at(90), ages, before: None, after: &after };
        let judged = judge.pair(&suspect.key, &seen);
        account.unpend(suspect);
        match judged.observation.look {
            Look::Differs(_) if story.is_ignored => account.leave_alone(suspect, &judged),
            _ => account.judge(suspect, &judged),
        }
    }
    DomainReport { items: account.items, amounts: account.money.tie_out(), ..blank(&domain) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_is_judged_adds_up_and_leaves_nothing_unexplained(
        outbound: bool,
        stories in proptest::collection::vec(story(), 0..8),
    ) {
        let direction = if outbound { Direction::Outbound } else { Direction::Inbound };
        let report = account_for(direction, &stories);
        prop_assert_eq!(check(&report), Ok(()), "{:?}", report.items);
        for line in &report.amounts {
            let unexplained: rust_decimal::Decimal = line.unexplained.parse().unwrap();
            prop_assert!(unexplained.is_zero(), "{line:?}");
        }
    }
}

proptest! {
    /// What is left alone is on its sides, and neither drift nor money.
    #[test]
    fn what_a_person_ignores_is_counted_as_ignored_on_the_sides_that_have_it(
        outbound: bool,
        stories in proptest::collection::vec(story(), 0..8),
    ) {
        let direction = if outbound { Direction::Outbound } else { Direction::Inbound };
        let told = |is_ignored| {
            let stories: Vec<Story> = stories.iter().map(|story| Story { is_ignored, ..story.clone() }).collect();
            account_for(direction, &stories)
        };
        let (followed, ignored) = (told(false), told(true));
        let (drift, left) = (followed.items, ignored.items);
        let only = direction.sides(Roles { truth: drift.missing, copy: drift.orphaned });
        prop_assert_eq!(left.ignored.upstream, drift.mismatched + only.0 + drift.unreadable.upstream - left.unreadable.upstream);
        prop_assert_eq!(left.ignored.local, drift.mismatched + only.1 + drift.unreadable.local - left.unreadable.local);
        prop_assert_eq!((left.missing, left.mismatched, left.orphaned), (0, 0, 0));
        prop_assert_eq!((left.upstream, left.local, left.matched, left.pending), (drift.upstream, drift.local, drift.matched, drift.pending));
        prop_assert_eq!(check(&ignored), Ok(()));
        for line in &ignored.amounts {
            let difference: rust_decimal::Decimal = line.difference.parse().unwrap();
            prop_assert!(difference.is_zero(), "{line:?}");
        }
    }
}

#[test]
fn an_amount_in_another_currency_is_a_difference_in_both() {
    let held = |minor, currency| {
        Some(Held { minor: Some(minor), currency: Some(currency), version: None, second: 1 })
    };
    let sides = (held(100, "USD"), held(300, "EUR"));
    let told = |direction| {
        let story = Story { listed: sides.clone(), looked_up: sides.clone(), is_ignored: false };
        let report = account_for(direction, &[story]);
        let line = |line: &crate::report::Amount| {
            format!("{} {} {}", line.currency, line.difference, line.mismatched)
        };
        report.amounts.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(told(Direction::Inbound), ["EUR -3.00 -3.00", "USD 1.00 1.00"]);
    assert_eq!(told(Direction::Outbound), ["EUR 3.00 3.00", "USD -1.00 -1.00"]);
}

#[test]
fn a_night_of_nothing_ties_out() {
    assert_eq!(account_for(Direction::Inbound, &[]).amounts, []);
    assert_eq!(Duration::ZERO, domain(Direction::Outbound).policy.settle);
}

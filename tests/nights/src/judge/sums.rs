//! What an honest night must have counted and added up, item by item.
//!
//! Only nights in which both sides stood still are added up here, and whose list was not late: then there is one answer.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Reads;
use super::life::Life;
use super::truth::{Look, look};
use super::{Night, Wrong};
use crate::story::{Feed, Item, Name, Row};

/// Minor units by currency and by what they are part of.
type Money = BTreeMap<String, BTreeMap<&'static str, i64>>;

#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    counts: BTreeMap<&'static str, u64>,
    money: BTreeMap<String, BTreeMap<&'static str, String>>,
}

/// Compares the report's counts and amounts.
pub(super) fn sums(
    night: &Night<'_>,
    reads: &BTreeMap<&str, Reads>,
    lives: &BTreeMap<Name, Life>,
) -> Vec<Wrong> {
    let Some(domain) = night.seen.domain().filter(|_| has_one_answer(night)) else { return Vec::new() };
    let items = &domain.items;
    let said = Sums {
        counts: [
            ("matched", items.matched),
            ("mismatched", items.mismatched),
            ("missing", items.missing),
            ("orphaned", items.orphaned),
            ("pending upstream", items.pending.upstream),
            ("pending local", items.pending.local),
            ("ignored upstream", items.ignored.upstream),
            ("ignored local", items.ignored.local),
            ("upstream", items.upstream),
            ("local", items.local),
        ]
        .into(),
        money: domain
            .amounts
            .iter()
            .map(|amount| {
                let parts = [
                    ("upstream", &amount.upstream),
                    ("local", &amount.local),
                    ("missing", &amount.missing),
                    ("mismatched", &amount.mismatched),
                    ("orphaned", &amount.orphaned),
                    ("unexplained", &amount.unexplained),
                ];
                (
                    amount.currency.clone(),
                    parts.into_iter().map(|(part, text)| (part, text.clone())).collect(),
                )
            })
            .collect(),
    };
    let true_sums = sums_of(night, reads, lives);
    if said == true_sums {
        return Vec::new();
    }
    vec![Wrong::untrue(None, format!("adds up to {said:?} and should to {true_sums:?}"))]
}

/// Compares how the report says that findings stand.
pub(super) fn standing(night: &Night<'_>, lives: &BTreeMap<Name, Life>) -> Option<Wrong> {
    let said = &night.seen.domain()?.standing;
    let said = [said.suspected, said.open, said.emitted, said.held, said.recurring, said.ignored];
    let states = ["suspected", "open", "emitted", "held", "recurring", "ignored"];
    let stand = states.map(|state| lives.values().filter(|life| life.state == state).count() as u64);
    let says = || format!("says that findings stand at {said:?} and they do at {stand:?} ({states:?})");
    (said != stand).then(|| Wrong::untrue(None, says()))
}

fn has_one_answer(night: &Night<'_>) -> bool {
    let [first, others @ ..] = night.moments else { return false };
    let variety = night.variety();
    matches!(variety.feed, Feed::Created | Feed::Client)
        && night.evidence().is_honest()
        // The bound that such a provider's clock sets is not known before its first answer.
        && variety.provider_ahead >= 0
        && first.listed == first.upstream
        && others.iter().all(|other| (&other.upstream, &other.local) == (&first.upstream, &first.local))
}

fn sums_of(night: &Night<'_>, reads: &BTreeMap<&str, Reads>, lives: &BTreeMap<Name, Life>) -> Sums {
    let sides = &night.moments[0];
    let mut counts: BTreeMap<&'static str, u64> = [
        "matched",
        "mismatched",
        "missing",
        "orphaned",
        "pending upstream",
        "pending local",
        "ignored upstream",
        "ignored local",
        "upstream",
        "local",
    ]
    .map(|part| (part, 0))
    .into();
    let mut money = Money::new();
    let names: BTreeSet<&Name> = sides.upstream.keys().chain(sides.local.keys()).collect();
    for name in names {
        let is_read = reads[name.member].is_fresh(night.variety(), sides, name);
        if is_read {
            let pair = (sides.upstream.get(name), sides.local.get(name));
            add(night, pair, lives.get(name), &mut counts, &mut money);
        }
    }
    let sign = if night.variety().is_outbound { -1 } else { 1 };
    let shown = |(currency, parts): (String, BTreeMap<&'static str, i64>)| {
        let part = |part| parts.get(part).copied().unwrap_or_default();
        let difference = sign * (part("upstream") - part("local"));
        let unexplained = difference - part("missing") - part("mismatched") + part("orphaned");
        let all = ["upstream", "local", "missing", "mismatched", "orphaned"].map(|name| (name, part(name)));
        let texts = all.into_iter().chain([("unexplained", unexplained)]);
        let texts = texts.map(|(name, minor)| (name, major(&currency, minor))).collect();
        (currency, texts)
    };
    Sums { counts, money: money.into_iter().map(shown).collect() }
}

fn add(
    night: &Night<'_>,
    (item, row): (Option<&Item>, Option<&Row>),
    life: Option<&Life>,
    counts: &mut BTreeMap<&'static str, u64>,
    money: &mut Money,
) {
    let variety = night.variety();
    let mut count = |part, n: bool| *counts.entry(part).or_default() += u64::from(n);
    count("upstream", item.is_some());
    count("local", row.is_some());
    let mut sum = |part, of: Option<(String, i64)>, sign: i64| {
        if let Some((currency, minor)) = of {
            *money.entry(currency).or_default().entry(part).or_default() += sign * minor;
        }
    };
    let upstream = item.map(|item| (item.currency.to_uppercase(), item.amount));
    let local = row.map(|row| (row.currency.clone(), row.amount));
    // What is waited for longer than `settle` is left to the next night.
    let has_rested = variety.rest() <= variety.settle;
    let kind = match look(variety, night.bounds(), item, row, has_rested) {
        Look::Young(_) => {
            count("pending upstream", item.is_some());
            count("pending local", row.is_some());
            return;
        }
        Look::Agrees => "matched",
        // What somebody said to leave alone explains nothing either.
        Look::Differs(found) if life.is_some_and(|life| life.state == "ignored" && life.is_about(&found)) => {
            count("ignored upstream", item.is_some());
            count("ignored local", row.is_some());
            return;
        }
        Look::Differs(found) => found.kind,
    };
    count(kind, true);
    // What differs and is no difference, because the row is ahead, explains nothing.
    if kind == "matched" && is_ahead(item, row) {
        return;
    }
    sum("upstream", upstream.clone(), 1);
    sum("local", local.clone(), 1);
    let (truth, copy) = if variety.is_outbound { (local, upstream) } else { (upstream, local) };
    match kind {
        "missing" => sum("missing", truth, 1),
        "orphaned" => sum("orphaned", copy, 1),
        "mismatched" => {
            sum("mismatched", truth, 1);
            sum("mismatched", copy, -1);
        }
        _ => {}
    }
}

/// Whether a row that is no difference holds other values all the same.
fn is_ahead(item: Option<&Item>, row: Option<&Row>) -> bool {
    item.zip(row).is_some_and(|(item, row)| {
        let upstream = (item.amount, item.currency.to_uppercase(), item.status.to_uppercase());
        upstream != (row.amount, row.currency.clone(), row.status.clone())
    })
}

/// Minor units as people write them.
fn major(currency: &str, minor: i64) -> String {
    let places = match currency {
        "JPY" => 0,
        "KWD" => 3,
        _ => 2,
    };
    let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    let unit = 10_u64.pow(places);
    match places {
        0 => format!("{sign}{minor}"),
        _ => format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = places as usize),
    }
}

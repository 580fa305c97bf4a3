//! What is different between two runs: findings that came, went, or stand elsewhere. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::money::Money;
use uuid::Uuid;

use crate::finding::{Finding, Identity, State};
use crate::store::Stood;

/// What is different between the end of one run and that of a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportDiff {
    /// The earlier run.
    pub from: Uuid,
    /// The later one.
    pub to: Uuid,
    /// Every domain of both.
    pub domains: Vec<DomainDiff>,
}

/// What is different in a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomainDiff {
    /// The domain.
    pub domain: String,
    /// Findings that were not over at the end of the earlier run.
    pub before: u64,
    /// Findings that were not over at the end of the later one.
    pub after: u64,
    /// Findings that there were not before, or that had ended.
    pub new: u64,
    /// Findings that were there and have ended.
    pub gone: u64,
    /// Findings that are in another state, or in another episode.
    pub changed: u64,
    /// What the new ones move, per currency.
    pub new_amounts: Vec<AmountLine>,
    /// What those moved that have ended.
    pub gone_amounts: Vec<AmountLine>,
    /// The findings, by member and key.
    pub findings: Vec<FindingChange>,
}

/// A sum in one currency; amounts of either sign count as they are large.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AmountLine {
    /// ISO 4217.
    pub currency: String,
    /// A decimal string.
    pub amount: String,
}

/// A finding that came, went or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingChange {
    /// Which of the three.
    pub change: Change,
    /// The member of the fan-out, where the feed has one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub each: String,
    /// The item.
    pub key: String,
    /// What is wrong, as it was seen last.
    pub kind: Option<Kind>,
    /// How it stood, where it was not over.
    pub before: Option<State>,
    /// How it stands.
    pub after: Option<State>,
    /// The newest life that is meant.
    pub episode: u32,
    /// The money it moves, as it was seen last: a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Its currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// What happened to a finding between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It came, or came back.
    New,
    /// It ended.
    Gone,
    /// It stands elsewhere.
    Changed,
}

impl ReportDiff {
    /// Whether nothing is different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.domains.iter().all(|domain| domain.findings.is_empty())
    }
}

impl DomainDiff {
    /// Compares how the findings of a domain stood. `known` are they as they are now, which says what they are about.
    #[must_use]
    pub fn of(domain: &str, before: &[Stood], after: &[Stood], known: &[Finding]) -> Self {
        let by_id = |all: &[Stood]| -> BTreeMap<Identity, Stood> {
            all.iter().map(|stood| (stood.id.clone(), stood.clone())).collect()
        };
        let (before, after) = (by_id(before), by_id(after));
        let known: BTreeMap<&Identity, &Finding> =
            known.iter().map(|finding| (&finding.id, finding)).collect();
        let ids: BTreeSet<&Identity> = before.keys().chain(after.keys()).collect();
        let mut diff = Self {
            domain: domain.to_owned(),
            before: before.values().filter(|stood| !stood.state.is_over()).count() as u64,
            after: after.values().filter(|stood| !stood.state.is_over()).count() as u64,
            new: 0,
            gone: 0,
            changed: 0,
            new_amounts: Vec::new(),
            gone_amounts: Vec::new(),
            findings: Vec::new(),
        };
        let mut sums: [BTreeMap<&str, i128>; 2] = Default::default();
        for id in ids {
            let (was, is) = (before.get(id), after.get(id));
            let Some(change) = change(was, is) else { continue };
            let finding = known.get(id).copied();
            let sum = match change {
                Change::New => (&mut diff.new, Some(&mut sums[0])),
                Change::Gone => (&mut diff.gone, Some(&mut sums[1])),
                Change::Changed => (&mut diff.changed, None),
            };
            *sum.0 += 1;
            let money = finding.and_then(|finding| finding.amount.as_ref());
            if let (Some(sums), Some(money)) = (sum.1, money) {
                *sums.entry(&money.currency).or_default() += money.minor.abs();
            }
            diff.findings.push(FindingChange {
                change,
                each: id.each.as_str().to_owned(),
                key: id.key.to_string(),
                kind: finding.map(|finding| finding.kind),
                before: was.map(|stood| stood.state).filter(|state| !state.is_over()),
                after: is.map(|stood| stood.state),
                episode: is.or(was).map_or(1, |stood| stood.episode),
                amount: money.map(ToString::to_string),
                currency: money.map(|money| money.currency.to_string()),
            });
        }
        let [new, gone] = sums.map(lines);
        Self { new_amounts: new, gone_amounts: gone, ..diff }
    }
}

fn change(was: Option<&Stood>, is: Option<&Stood>) -> Option<Change> {
    let lives = |stood: Option<&Stood>| stood.is_some_and(|stood| !stood.state.is_over());
    match (lives(was), lives(is)) {
        (false, true) => Some(Change::New),
        (true, false) => Some(Change::Gone),
        (true, true) => {
            let place = |stood: Option<&Stood>| stood.map(|stood| (stood.state, stood.episode));
            (place(was) != place(is)).then_some(Change::Changed)
        }
        // It came and went in between.
        (false, false) => None,
    }
}

fn lines(sums: BTreeMap<&str, i128>) -> Vec<AmountLine> {
    let line = |(currency, minor): (&str, i128)| AmountLine {
        currency: currency.to_owned(),
        amount: Money { currency: currency.into(), minor }.to_string(),
    };
    sums.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tieout_reconcilers::key::Key;

    use super::*;
    use crate::report::text::samples;

    fn stood(key: &str, state: State, episode: u32) -> Stood {
        let key = Key::checked(key).unwrap();
        Stood { id: Identity { key, ..samples::finding(state).id }, episode, state }
    }

    #[test]
    fn what_came_went_and_moved_is_told_apart() {
        let before = [
            stood("a", State::Open, 1),
            stood("b", State::Emitted, 1),
            stood("c", State::Held, 1),
            stood("e", State::Emitted, 1),
        ];
        let after = [
            stood("a", State::Repaired, 1),
            stood("b", State::Emitted, 1),
            stood("c", State::Open, 1),
            stood("d", State::Open, 2),
            stood("e", State::Emitted, 2),
            stood("f", State::Healed, 1),
        ];
        let diff = DomainDiff::of("shop.charges", &before, &after, &[]);
        let told: Vec<_> = diff.findings.iter().map(|one| (one.key.as_str(), one.change)).collect();
        let expected =
            [("a", Change::Gone), ("c", Change::Changed), ("d", Change::New), ("e", Change::Changed)];
        assert_eq!(told, expected);
        assert_eq!((diff.before, diff.after), (4, 4));
        assert_eq!((diff.new, diff.gone, diff.changed), (1, 1, 2));
    }

    fn some() -> impl Strategy<Value = Vec<Stood>> {
        let state = proptest::sample::select(State::ALL.to_vec());
        let one = ("[a-e]", state, 1_u32..3);
        proptest::collection::vec(one, 0..6).prop_map(|all| {
            let by_key: BTreeMap<_, _> = all.into_iter().map(|(key, state, at)| (key, (state, at))).collect();
            by_key.into_iter().map(|(key, (state, at))| stood(&key, state, at)).collect()
        })
    }

    proptest! {
        #[test]
        fn the_sums_add_up_and_nothing_differs_from_itself(before in some(), after in some()) {
            let diff = DomainDiff::of("a.b", &before, &after, &[]);
            prop_assert_eq!(diff.before + diff.new, diff.after + diff.gone);
            prop_assert!(DomainDiff::of("a.b", &after, &after, &[]).findings.is_empty());
        }
    }
}

//! The findings that a report lists: the first ones by kind and key, however many there are, in bounded memory.

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;

use crate::finding::{Finding, State};
use crate::report::PlannedFinding;

/// The findings of a run so far, each in its newest state.
#[derive(Debug)]
pub(super) struct Listing {
    limit: usize,
    shown: BTreeMap<(Kind, Key, Each), (Finding, Option<String>)>,
    /// All of them, by a hash of their key: eight bytes each.
    all: HashSet<u64>,
    /// How many other members of the domain have.
    elsewhere: u64,
    hasher: RandomState,
}

impl Listing {
    /// A listing that keeps at most `limit` findings.
    pub(super) fn of_at_most(limit: usize) -> Self {
        Self {
            limit,
            shown: BTreeMap::new(),
            all: HashSet::new(),
            elsewhere: 0,
            hasher: RandomState::default(),
        }
    }

    /// Notes the newest state of a finding, with the type of its event where it has one.
    pub(super) fn note(&mut self, finding: &Finding, event_type: Option<&str>) {
        let (key, each) = (&finding.id.key, &finding.id.each);
        // A finding may have changed its kind since it was noted.
        for kind in [Kind::Missing, Kind::Mismatched, Kind::Orphaned, Kind::Unreadable] {
            self.shown.remove(&(kind, key.clone(), each.clone()));
        }
        let hash = self.hasher.hash_one((key, each));
        if matches!(finding.state, State::Healed | State::Repaired | State::Ignored) {
            self.all.remove(&hash);
            return;
        }
        self.all.insert(hash);
        let place = (finding.kind, key.clone(), each.clone());
        self.shown.insert(place, (finding.clone(), event_type.map(str::to_owned)));
        if self.shown.len() > self.limit {
            self.shown.pop_last();
        }
    }

    /// Takes over what was noted about another member of the same domain.
    pub(super) fn absorb(&mut self, other: Self) {
        self.elsewhere += other.elsewhere + other.all.len() as u64;
        self.shown.extend(other.shown);
        while self.shown.len() > self.limit {
            self.shown.pop_last();
        }
    }

    /// The kept findings in order, and how many there are beyond them. Where a limit tripped, what was to be sent is held.
    pub(super) fn finish(self, is_held: bool) -> (Vec<PlannedFinding>, u64) {
        let all = self.all.len() as u64 + self.elsewhere;
        let more = all.saturating_sub(self.shown.len() as u64);
        (self.shown.into_values().map(|(finding, event)| listed(finding, event, is_held)).collect(), more)
    }
}

/// A finding as the report lists it.
fn listed(finding: Finding, event_type: Option<String>, is_held: bool) -> PlannedFinding {
    let state = match finding.state {
        State::Open if is_held && event_type.is_some() => State::Held,
        state => state,
    };
    PlannedFinding {
        each: finding.id.each.as_str().to_owned(),
        key: finding.id.key.to_string(),
        kind: finding.kind.as_str().to_owned(),
        state: state.as_str().to_owned(),
        episode: finding.episode,
        owner: finding.owner,
        fields: finding.fields,
        reason: finding.reason,
        cause: finding.cause.as_ref().map(|explained| explained.cause.as_str().to_owned()),
        cause_why: finding.cause.and_then(|explained| explained.why),
        amount: finding.amount.as_ref().map(ToString::to_string),
        currency: finding.amount.map(|amount| amount.currency.to_string()),
        event_type,
        event_id: finding.event_id,
    }
}

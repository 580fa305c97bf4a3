//! The findings that a report lists: the first ones by kind and key, however many there are, in bounded memory.

use std::collections::BTreeMap;

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;

use crate::finding::{Finding, State};
use crate::plan::Stand;
use crate::report::{Found, PlannedFinding};

/// The findings of a run so far, each in its newest state.
#[derive(Debug)]
pub(super) struct Listing {
    limit: usize,
    shown: BTreeMap<(Kind, Key, Each), (Finding, Option<String>)>,
    /// How many there are, shown or not.
    all: u64,
    /// Those of them that were judged.
    found: Found,
}

impl Listing {
    /// A listing that keeps at most `limit` findings.
    pub(super) fn of_at_most(limit: usize) -> Self {
        Self { limit, shown: BTreeMap::new(), all: 0, found: Found::default() }
    }

    /// Notes the newest state of a finding, where it stood before, and the type of its event where it has one.
    pub(super) fn note(&mut self, finding: &Finding, stood: Option<&Stand>, event_type: Option<&str>) {
        let (key, each) = (&finding.id.key, &finding.id.each);
        // A finding may have changed its kind since it was noted.
        let mut earlier_type = None;
        for kind in [Kind::Missing, Kind::Mismatched, Kind::Orphaned, Kind::Unreadable] {
            if let Some((earlier, its_type)) = self.shown.remove(&(kind, key.clone(), each.clone())) {
                earlier_type = its_type.filter(|_| earlier.event_id == finding.event_id);
            }
        }
        // What this run wrote before was noted before.
        if let Some(stood) = stood.filter(|stood| stood.run_id == finding.run_id && is_listed(stood.state)) {
            self.all = self.all.saturating_sub(1);
            if is_judged(stood.state) {
                self.found.take_away(stood.kind, stood.amount.as_ref());
            }
        }
        if !is_listed(finding.state) {
            return;
        }
        self.all += 1;
        if is_judged(finding.state) {
            self.found.add(finding.kind, finding.amount.as_ref());
        }
        let place = (finding.kind, key.clone(), each.clone());
        // Whoever sees it twice tonight makes its event once.
        let event_type = event_type.map(str::to_owned).or(earlier_type);
        self.shown.insert(place, (finding.clone(), event_type));
        if self.shown.len() > self.limit {
            self.shown.pop_last();
        }
    }

    /// Takes over what was noted about another member of the same domain.
    pub(super) fn absorb(&mut self, other: Self) {
        self.all += other.all;
        self.found.absorb(other.found);
        self.shown.extend(other.shown);
        while self.shown.len() > self.limit {
            self.shown.pop_last();
        }
    }

    /// What was judged to be wrong, shown or not.
    pub(super) fn found(&self) -> Found {
        self.found.clone()
    }

    /// The kept findings in order, and how many there are beyond them. Where a limit tripped, what was to be sent is held.
    pub(super) fn finish(self, is_held: bool) -> (Vec<PlannedFinding>, u64) {
        let more = self.all.saturating_sub(self.shown.len() as u64);
        (self.shown.into_values().map(|(finding, event)| listed(finding, event, is_held)).collect(), more)
    }
}

/// Whether a finding in a state is still somebody's concern.
const fn is_listed(state: State) -> bool {
    !matches!(state, State::Healed | State::Repaired | State::Ignored)
}

/// Whether it was judged: what is only suspected is nobody's verdict.
const fn is_judged(state: State) -> bool {
    is_listed(state) && !matches!(state, State::Suspected)
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
        dead_letter: None,
        clock: finding.clock,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::samples;

    fn keyed(key: &str, state: State) -> Finding {
        let finding = samples::finding(state);
        let key = Key::checked(key).unwrap();
        Finding { id: crate::finding::Identity { key, ..finding.id.clone() }, ..finding }
    }

    #[test]
    fn a_finding_that_is_noted_again_in_its_run_counts_once_and_one_that_ends_not_at_all() {
        let mut listing = Listing::of_at_most(1);
        let [suspected, open] = [State::Suspected, State::Open].map(|state| keyed("a", state));
        listing.note(&suspected, None, None);
        listing.note(&open, Some(&Stand::from(&suspected)), None);
        listing.note(&keyed("b", State::Open), None, None);
        let earlier = Stand { run_id: uuid::Uuid::nil(), ..Stand::from(&open) };
        listing.note(&keyed("c", State::Emitted), Some(&earlier), None);
        listing.note(&keyed("d", State::Repaired), Some(&earlier), None);
        let healed = keyed("b", State::Healed);
        listing.note(&healed, Some(&Stand::from(&keyed("b", State::Open))), None);
        listing.note(&keyed("e", State::Suspected), None, None);
        assert_eq!(listing.found().findings(), 2, "a and c: what is suspected was not judged");
        let (shown, more) = listing.finish(false);
        assert_eq!((shown.len(), shown[0].key.as_str(), more), (1, "a", 2), "a, c and e are left");
    }
}

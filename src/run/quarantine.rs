//! What a slice could not read: it is told to the quarantine, and what a person accepted there holds nothing back.

use std::collections::{HashMap, HashSet};

use tieout_reconcilers::compare::Side;
use tieout_reconcilers::discrepancy::Kind as Drift;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::{Purpose, Slice};

use super::domain::Night;
use super::outcome::Failure;
use crate::confirm::{Confirmation, Judged};
use crate::diff::{Difference, Faulty, Looks, Suspect};
use crate::local::{Read as LocalRead, RowFault};
use crate::plan::Look;
use crate::quarantine::{Class, EntryId, Kind, Known, Read, Sighting, State, Weighed};
use crate::report::{QuarantineLine, QuarantineReport};
use crate::source::{BadPage, Coverage, Reason};

/// How many entries a report lists.
const LISTED: usize = 20;

/// What a slice could not read.
pub(super) struct Unread {
    /// What is to be written down of that.
    pub(super) weighed: Weighed,
    /// Whether a person accepted every item without a key.
    pub(super) are_items_accepted: bool,
}

impl Night<'_> {
    /// Reads what is in quarantine.
    pub(super) async fn recall_quarantine(&mut self) -> Result<(), Failure> {
        let entries = self.job.store.quarantined_of(self.sides.reconciler.domain(), &self.sides.each).await?;
        self.quarantine = Known::of(entries);
        Ok(())
    }

    /// Takes in what a slice could not read, and says so where nobody accepted it.
    pub(super) fn quarantine(
        &mut self,
        slice: &Slice,
        coverage: &Coverage,
        difference: &Difference,
        rows: &LocalRead,
    ) -> Unread {
        let items = self.items(slice, difference);
        let bad_rows: Vec<Sighting> = rows.faults.iter().map(|fault| self.row(fault)).collect();
        let are_items_accepted = difference.faulty.left_out == 0 && items.iter().all(|one| self.accepts(one));
        if are_items_accepted && !items.is_empty() {
            let (from, to, n) = (slice.window.from(), slice.window.to(), items.len());
            self.remark(format!(
                "{from} to {to}: left out, as somebody accepted: {n} without a usable key; nothing is concluded there about rows that \
                 met no item"
            ));
        }
        self.say_row_faults(rows, &bad_rows);
        let untold = difference.faulty.left_out + rows.n_faults() - rows.faults.len() as u64;
        let pages = self.pages(slice, coverage);
        // A log of changes that goes on from its token shows what changed since, and not what is there.
        let is_whole = *coverage == Coverage::Complete && slice.token.is_none();
        let read = Read { window: slice.window, is_whole };
        let sightings = items.into_iter().chain(bad_rows).chain(pages).collect();
        Unread { weighed: self.quarantine.take(read, sightings, untold), are_items_accepted }
    }

    fn accepts(&self, one: &Sighting) -> bool {
        one.fingerprint.is_some() && self.quarantine.accepts(&one.id)
    }

    fn id(&self, kind: Kind, words: &[&str]) -> EntryId {
        EntryId::of(self.sides.reconciler.domain(), &self.sides.each, kind, words)
    }

    fn items(&self, slice: &Slice, difference: &Difference) -> Vec<Sighting> {
        let from = slice.window.from().to_string();
        let of = |one: &Faulty| {
            let place = match one.row {
                Some(row) => format!("page {}, row {row}", one.page),
                None => format!("page {}", one.page),
            };
            let fingerprint = one.fingerprint.map(|print| print.to_string());
            let id = match &fingerprint {
                Some(print) => self.id(Kind::Item, &[print.as_str()]),
                None => self.id(Kind::Item, &[&from, &place]),
            };
            let class = if one.row.is_some() { Class::Shape } else { Class::Key };
            Sighting {
                id,
                kind: Kind::Item,
                class,
                place,
                key: None,
                reason: one.reason.clone(),
                fingerprint,
            }
        };
        difference.faulty.told.iter().map(of).collect()
    }

    fn row(&self, fault: &RowFault) -> Sighting {
        let fingerprint = fault.fingerprint.map(|print| print.to_string());
        let place = format!("column `{}`", fault.column);
        Sighting {
            id: self.id(Kind::Row, &[fingerprint.as_deref().unwrap_or_default(), &place]),
            kind: Kind::Row,
            class: if fault.key.is_some() { Class::Value } else { Class::Key },
            place,
            key: fault.key.clone(),
            reason: fault.to_string(),
            fingerprint,
        }
    }

    /// Pages that could not be read. One is named by its place: what it holds instead may be another each time.
    fn pages(&self, slice: &Slice, coverage: &Coverage) -> Vec<Sighting> {
        let Coverage::Partial(reasons) = coverage else { return Vec::new() };
        let from = slice.window.from().to_string();
        let purpose = match slice.purpose {
            Purpose::Coverage => "coverage",
            Purpose::Overlap => "overlap",
        };
        let bad = reasons.iter().filter_map(Reason::bad_page);
        let of = |page: BadPage<'_>| {
            let place =
                page.number.map_or_else(|| "export job".to_owned(), |number| format!("page {number}"));
            Sighting {
                id: self.id(Kind::Page, &[purpose, &from, &place]),
                kind: Kind::Page,
                class: if page.sha256.is_some() { Class::Shape } else { Class::TooLarge },
                place,
                key: None,
                reason: page.why,
                fingerprint: page.sha256.map(str::to_owned),
            }
        };
        bad.map(of).collect()
    }

    /// Local rows that could not be used make the slice's evidence no worse, but somebody has to know.
    fn say_row_faults(&mut self, rows: &LocalRead, sightings: &[Sighting]) {
        let mut open = rows.faults.iter().zip(sightings).filter(|(_, one)| !self.accepts(one));
        let first = open.next().map(|(fault, _)| format!(": {fault}"));
        let n_open = usize::from(first.is_some()) + open.count();
        let n_accepted = (sightings.len() - n_open) as u64;
        let unusable = rows.n_faults() - n_accepted;
        if unusable > 0 {
            self.doubt(format!("{unusable} local values cannot be used{}", first.unwrap_or_default()));
        }
        if n_accepted > 0 {
            self.remark(format!(
                "{n_accepted} local values that cannot be used are left out, as somebody accepted"
            ));
        }
    }

    /// Takes rows that met no item of a range where an item has no key: each of them may be its row. They are looked up, because what is
    /// found makes the walk doubtful, and not even suspected of being absent.
    pub(super) fn put_aside(&mut self, rest: Vec<Suspect>, purpose: Purpose) -> Vec<Suspect> {
        let (aside, rest): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|suspect| suspect.looks == Looks::LocalOnly);
        if !aside.is_empty() {
            self.resting_since = Some(self.job.clocks.process.stopwatch());
        }
        self.aside.extend(aside.iter().map(|suspect| suspect.key.clone()));
        self.resting.extend(aside.into_iter().map(|suspect| (suspect, purpose)));
        rest
    }

    /// Takes out of confirmations what would be concluded about rows that were put aside, and says which those are. What could not be looked
    /// up stays unknown.
    pub(super) fn set_aside(
        &mut self,
        suspects: &[Suspect],
        purpose: Purpose,
        all: &mut [Confirmation],
    ) -> HashSet<Key> {
        let mut keys = HashSet::new();
        if self.aside.is_empty() {
            return keys;
        }
        let absent = self.direction().kind_of_only(Side::Local);
        let suspects: HashMap<&Key, &Suspect> = suspects.iter().map(|one| (&one.key, one)).collect();
        for confirmation in all {
            let aside = &self.aside;
            let unknown = confirmation.unknown.iter().map(|(key, _)| key);
            keys.extend(unknown.filter(|key| aside.contains(*key)).cloned());
            let is_aside = |one: &mut Judged| {
                aside.contains(&one.observation.key) && concludes(&one.observation.look, absent)
            };
            let taken: Vec<Judged> = confirmation.judged.extract_if(.., is_aside).collect();
            for judged in taken {
                if let Some(suspect) = suspects.get(&judged.observation.key) {
                    let account = self.account_of(purpose);
                    account.unpend(suspect);
                    account.leave_alone(suspect, &judged);
                }
                keys.insert(judged.observation.key);
            }
        }
        keys
    }

    /// What the report says about it.
    pub(super) fn quarantine_report(&self) -> Option<QuarantineReport> {
        let (open, accepted) = (self.quarantine.count(State::Open), self.quarantine.count(State::Accepted));
        let left_out = self.quarantine.left_out();
        if open + accepted + left_out == 0 {
            return None;
        }
        let line = |(id, kind, class, place, state): (&EntryId, Kind, Class, &str, State)| QuarantineLine {
            id: id.to_string(),
            kind,
            class,
            place: place.to_owned(),
            state,
        };
        let entries = self.quarantine.list().take(LISTED).map(line).collect();
        Some(QuarantineReport { open, accepted, left_out, entries })
    }
}

/// Whether a look says that an item is not there.
fn concludes(look: &Look, absent: Drift) -> bool {
    match look {
        Look::Young(found) | Look::Differs(found) => found.kind == absent,
        Look::Agrees => false,
    }
}

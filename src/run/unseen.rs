//! Coverage that waits: where local rows met no item, a walk counts as complete only once look-ups say that none of them exists.
//!
//! A list that drifts, ends too early or shows items late looks whole to whoever reads it. What gives it away is an item that it
//! did not show and that a look-up by id finds in the same window: then something else may have been left out with it.

use std::collections::HashSet;

use chrono::TimeDelta;
use tieout_reconcilers::compare::Side;
use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::{Purpose, Window};

use super::domain::{Night, Proven};
use super::outcome::Failure;
use crate::confirm::{Confirmation, Judged};
use crate::diff::{Looks, Suspect};
use crate::plan::{Look, Plan};
use crate::store::Covered;

/// A provider's clock that is further behind than this is no clock to judge by: hardly anything would be old enough.
const FURTHEST_BEHIND: TimeDelta = TimeDelta::days(1);

/// A window that was walked to its end, with the local rows that met no item.
pub(super) struct Withheld {
    window: Window,
    coverage: Option<Covered>,
    /// What a run has to read on that goes on after this one was killed.
    read: Option<(Purpose, Window)>,
    unmet: HashSet<Key>,
}

impl Night<'_> {
    /// Keeps back what a slice proved until its unmet rows were looked up.
    pub(super) fn withhold(&mut self, window: Window, unmet: HashSet<Key>, proven: &mut Proven) {
        if !unmet.is_empty() && !bug!("unseen_covers") {
            let (coverage, read) = (proven.coverage.take(), proven.read.take());
            self.withheld.push(Withheld { window, coverage, read, unmet });
        }
    }

    /// Doubts the walks that did not show what a look-up finds, and concludes nothing from what else they did not show.
    pub(super) fn doubt_unseen(&mut self, confirmations: &mut [Confirmation]) {
        let mut problems = Vec::new();
        // What a row looks like that upstream does not have.
        let absent = self.direction().kind_of_only(Side::Local);
        let is_timeless = self.sides.reconciler.feed().timeless;
        let mut n_came = 0;
        for walk in &mut self.withheld {
            let unknown = confirmations.iter().flat_map(|confirmation| &confirmation.unknown);
            let n_unknown = unknown.filter(|(key, _)| walk.unmet.contains(key)).count();
            let judged = confirmations.iter_mut().flat_map(|confirmation| &mut confirmation.judged);
            let its: Vec<_> = judged.filter(|one| walk.unmet.contains(&one.observation.key)).collect();
            let n_unseen = its.iter().filter(|one| is_unseen(one, walk.window)).count();
            let n_unreadable = its.iter().filter(|one| is_unreadable(one)).count();
            if is_timeless {
                n_came += its.iter().filter(|one| one.upstream && !is_unreadable(one)).count();
            }
            if n_unseen > 0 || n_unknown > 0 || n_unreadable > 0 {
                walk.coverage = None;
            }
            if n_unreadable > 0 {
                problems.push(unreadable(walk.window, n_unreadable));
            }
            if n_unseen > 0 {
                for one in its {
                    suspect_only(&mut one.observation.look, absent);
                }
                problems.push(unseen(walk.window, n_unseen));
            }
        }
        for problem in problems {
            self.doubt(problem);
        }
        // Nothing says whether such an item was there when the walk passed its place.
        if n_came > 0 {
            self.remark(format!(
                "{n_came} items that the walk did not show are found by key; they may have come while it went on"
            ));
        }
    }

    /// Concludes nothing from any of the walks.
    pub(super) fn disbelieve(&mut self) {
        self.withheld.iter_mut().for_each(|walk| walk.coverage = None);
    }

    /// Stores what the walks proved whose unmet rows turned out not to exist. None of them is carried on.
    pub(super) async fn believe(&mut self) -> Result<(), Failure> {
        for walk in std::mem::take(&mut self.withheld) {
            if walk.coverage.is_some() || walk.read.is_some() {
                let proven = Proven { coverage: walk.coverage, read: walk.read, ..Proven::default() };
                self.commit(Plan::default(), proven).await?;
            }
        }
        Ok(())
    }

    /// Says where the provider's clock kept nearly everything from being judged.
    pub(super) fn doubt_clock(&mut self) {
        let behind = self.sides.client.first_skew().filter(|skew| -*skew > FURTHEST_BEHIND);
        if let Some(behind) = behind {
            self.doubt(format!(
                "the provider's clock, as its `Date` header says, is {} days behind ours; nothing newer than that was judged",
                -behind.num_days()
            ));
        }
    }
}

/// What a person needs to know of items that a walk did not show.
fn unseen(window: Window, n_unseen: usize) -> String {
    let (from, to) = (window.from(), window.to());
    format!(
        "{from} to {to}: the walk did not show {n_unseen} items that the look-up by id finds; does the list leave some out \
         by default, or show them later than `lag`? the range will be read again"
    )
}

/// What a person needs to know of items that a walk did not show, and of which nobody can tell whether they exist.
fn unreadable(window: Window, n_unreadable: usize) -> String {
    let (from, to) = (window.from(), window.to());
    format!(
        "{from} to {to}: the walk did not show {n_unreadable} items whose look-up by id cannot be read; whether they exist is not \
         known, and the range will be read again"
    )
}

/// The rows that met no item.
pub(super) fn unmet(suspects: &[Suspect]) -> HashSet<Key> {
    let unmet = suspects.iter().filter(|suspect| suspect.looks == Looks::LocalOnly);
    unmet.map(|suspect| suspect.key.clone()).collect()
}

/// Whether a look-up found what the walk of a window should have shown.
fn is_unseen(judged: &Judged, window: Window) -> bool {
    let lies_inside = judged.observation.clock.is_some_and(|at| window.contains(at));
    judged.upstream && lies_inside && !is_unreadable(judged)
}

fn is_unreadable(judged: &Judged) -> bool {
    matches!(&judged.observation.look, Look::Differs(found) if found.kind == Kind::Unreadable)
}

/// An absence that a doubtful walk suggested stays a suspicion.
fn suspect_only(look: &mut Look, absent: Kind) {
    if let Look::Differs(found) = look
        && found.kind == absent
    {
        *look = Look::Young(found.clone());
    }
}

//! What an earlier run had begun to read: the slices that can be carried on are read first, from where they stand, and the report
//! says what became of them.

use std::sync::Arc;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::Scope;
use super::bookmark::{Marks, Opened, can_be_carried_on, fingerprint};
use super::domain::Night;
use super::outcome::Failure;
use super::slice::Read;
use crate::confirm::Sides;
use crate::coverage::{Around, around};
use crate::store::Fence;

/// The slices of a night.
pub(super) struct Slices {
    /// Those that an earlier run had begun.
    pub(super) carried_on: Vec<(Slice, Opened)>,
    /// The others.
    pub(super) others: Vec<Slice>,
}

/// What was carried on so far.
#[derive(Debug, Default)]
pub(super) struct Resumed {
    ranges: u64,
    pages: u64,
    /// How many ranges others read for this run.
    by_others: u64,
    /// The oldest ceiling of a wider re-read that was carried on: a change after it may not have been seen.
    overlap_ceiling: Option<Instant>,
}

/// What was found of earlier runs.
#[derive(Default)]
pub(super) struct Found {
    /// Of everything that must be the same for a bookmark to mean something; nothing where nobody asked for what coverage needs, or
    /// where slices of the feed cannot be carried on.
    fingerprint: Option<String>,
    opened: Vec<Option<Opened>>,
    /// Whether there is something that cannot be used.
    is_littered: bool,
}

impl Found {
    /// Where the run began to read that died.
    pub(super) fn begins(&self) -> Option<Instant> {
        self.opened.iter().flatten().map(|one| one.begins).min()
    }
}

impl Night<'_> {
    /// Finds what earlier runs had begun to read.
    pub(super) async fn find_begun(&mut self) -> Result<Found, Failure> {
        let Some(fingerprint) = self.fingerprint() else { return Ok(Found::default()) };
        let (reconciler, store) = (Arc::clone(&self.sides.reconciler), &self.job.store);
        let kept = store.bookmarks(reconciler.domain(), &self.sides.each).await?;
        let mut found = Found { is_littered: !kept.is_empty(), ..Found::default() };
        for kept in kept {
            let range = kept.bookmark.as_ref().map(|bookmark| bookmark.window);
            match Opened::read(kept, &fingerprint, reconciler.feed()) {
                Ok(good) => found.opened.push(Some(good)),
                Err(why) => self.remark(not_carried_on(range, &why)),
            }
        }
        Ok(Found { fingerprint: Some(fingerprint), ..found })
    }

    /// Which of the planned slices can be carried on. All other bookmarks are forgotten.
    pub(super) async fn take_up(&mut self, planned: Vec<Slice>, found: Found) -> Result<Slices, Failure> {
        let Found { fingerprint, mut opened, is_littered } = found;
        let begins = planned.iter().filter(|slice| slice.purpose == Purpose::Coverage);
        let begins = begins.map(|slice| slice.window.from()).min().unwrap_or_else(|| self.ceiling());
        let (store, often) = (self.job.store.clone(), self.job.options.bookmarks);
        let parts = self.lease.clone().zip(fingerprint);
        let Some((lease, fingerprint)) = parts else {
            return Ok(Slices { carried_on: Vec::new(), others: planned });
        };
        let windows: Vec<(Purpose, Window)> =
            opened.iter().flatten().map(|one| (one.purpose, one.window)).collect();
        let Around { carried_on, others } = around(&planned, &windows);
        if is_littered {
            let fitting = carried_on.iter().map(|(_, slice)| (slice.purpose, slice.window));
            store.keep_bookmarks(&lease, &fitting.collect::<Vec<_>>()).await?;
        }
        let fence = Fence::Member(lease);
        self.marks = Some(Arc::new(Marks { store, fence, fingerprint, begins, often }));
        let open = |(place, slice): (usize, Slice)| Some((slice, opened.get_mut(place)?.take()?));
        Ok(Slices { carried_on: carried_on.into_iter().filter_map(open).collect(), others })
    }

    fn fingerprint(&self) -> Option<String> {
        let is_for_coverage = matches!(self.job.options.scope, Scope::Coverage | Scope::Backfill(_));
        let can_be =
            is_for_coverage && can_be_carried_on(self.sides.reconciler.feed()) && self.lease.is_some();
        let Sides { client, reconciler, each, .. } = self.sides.as_ref();
        if can_be { fingerprint(client, reconciler.as_ref(), each).ok() } else { None }
    }

    /// Takes note of what a slice owes to an earlier run.
    pub(super) fn note_resumed(&mut self, read: &Read) {
        let window = read.slice.window;
        if read.began_anew {
            self.remark(format!(
                "{} to {} was read from its start: what an earlier run had read of it did not lead on",
                window.from(),
                window.to()
            ));
        }
        let Some(before) = read.carried_on else { return };
        if before.is_of_others {
            self.resumed.by_others += 1;
        } else {
            self.resumed.ranges += 1;
            self.resumed.pages += before.pages;
        }
        if read.slice.purpose == Purpose::Overlap {
            let oldest = self.resumed.overlap_ceiling.map_or(before.ceiling, |at| at.min(before.ceiling));
            self.resumed.overlap_ceiling = Some(oldest);
        }
    }

    /// Says how much did not have to be read again.
    pub(super) fn say_resumed(&mut self) {
        let Resumed { ranges, pages, by_others, .. } = self.resumed;
        if by_others > 0 {
            self.remark(format!("{by_others} ranges were read by other processes"));
        }
        if ranges > 0 {
            self.remark(format!(
                "{ranges} ranges were read on from where an earlier run had stopped; {pages} pages were not read again"
            ));
        }
    }

    /// The instant up to which tonight's wider re-read shows every change.
    pub(super) fn overlap_through(&self) -> Instant {
        let ceiling = self.ceiling();
        self.resumed.overlap_ceiling.map_or(ceiling, |before| before.min(ceiling))
    }
}

fn not_carried_on(range: Option<Window>, why: &dyn std::fmt::Display) -> String {
    match range {
        Some(range) => {
            format!(
                "what an earlier run had begun to read, {} to {}, is read from its start: {why}",
                range.from(),
                range.to()
            )
        }
        None => format!("what an earlier run had begun to read is read from its start: {why}"),
    }
}

//! What of a domain is read, slice by slice, and when a provider is left alone.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Feed;
use tieout_reconcilers::spoken::Spoken;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::domain::Night;
use super::events::Following;
use super::flight::Flight;
use super::offers::Offers;
use super::outcome::Failure;
use super::resume::Slices;
use super::shape::Shape;
use super::slice::{Read, Seen};
use super::{IfLocked, Scope};
use crate::coverage::{self, Known};
use crate::going::LAST_WORDS;
use crate::source::{Coverage, NextStep};
use crate::store::{Commit, OverlapDone};

/// What the state store knows of the coverage of a member.
pub(super) struct Ledger {
    /// Verified ranges, sorted and merged.
    pub(super) verified: Vec<Window>,
    /// Where the first run began, whatever came of it.
    began: Option<Instant>,
    /// When the last wider re-read was complete.
    last_overlap: Option<Instant>,
}

/// After how many ranges in a row without a single page a provider is left alone until the next run.
pub(super) const MAX_IN_VAIN: u32 = 3;

impl Night<'_> {
    /// Reads the slices side by side and judges them one after the other, oldest first. Says whether that shows every change
    /// that the feed's `overlap_scan` promises to find.
    pub(super) async fn read_slices(&mut self, following: Option<&Following>) -> Result<bool, Failure> {
        let found = self.find_begun().await?;
        let (slices, sees_all_changes) = self.slices(following, found.begins()).await?;
        let Slices { carried_on, others } = self.take_up(slices, found).await?;
        let mut shape = Shape::new(self.sides.reconciler.feed(), others);
        let mut flight = Flight::of(self.reading(), carried_on, self.offers());
        let flown = self.fly(&mut shape, &mut flight).await;
        flight.recall().await;
        self.say_resumed();
        match flown {
            Err(failure) => return Err(Box::pin(self.land(failure, flight, &mut shape)).await),
            // What is under way is left to the next run.
            Ok(()) => flight.stop().await,
        }
        if let Some(why) = self.counting.why_not() {
            self.report.notes.push(format!("ranges are not counted before they are read: {why}"));
        }
        if self.sides.reconciler.feed().conditional.is_some() && !self.sides.client.keeps_pages() {
            let note = "pages that are unchanged are sent again: `state: {key: ...}` is needed to keep them encrypted";
            self.report.notes.push(note.to_owned());
        }
        Ok(sees_all_changes)
    }

    /// What others may read, where the work is shared and slices can be carried on.
    fn offers(&self) -> Option<Offers> {
        let is_shared = self.job.options.if_locked == IfLocked::Join;
        let (marks, lease) = self.marks.clone().zip(self.lease.clone()).filter(|_| is_shared)?;
        Some(Offers::of(marks, lease, Arc::clone(&self.sides), self.lanes.all))
    }

    /// Reads slice after slice, until nothing is left, or nothing more is to be asked for.
    async fn fly(&mut self, shape: &mut Shape, flight: &mut Flight) -> Result<(), Failure> {
        let mut in_vain = 0;
        loop {
            self.stop.check()?;
            let left = flight.len() + shape.len();
            if left > 0 && self.job.options.is_late() {
                self.doubt(format!("the deadline came; {left} more ranges are left to the next run"));
                return Ok(());
            }
            if in_vain >= MAX_IN_VAIN && left > 0 {
                self.doubt(format!("{in_vain} ranges in a row gave no page; {left} more were not tried"));
                return Ok(());
            }
            let next = tokio::select! {
                next = flight.next(shape) => next,
                () = self.job.options.late(), if left > 0 => continue,
                failure = self.stop.asked() => return Err(failure),
            };
            let Some(read) = next.transpose().map_err(|failure| self.stop.cause_of(failure))? else {
                return Ok(());
            };
            in_vain = if gave_nothing(&read) { in_vain + 1 } else { 0 };
            if self.take_in(read, shape, flight).await?.is_break() {
                return Ok(());
            }
        }
    }

    /// After a signal, what can be carried on later writes down how far it is; what cannot may come to its end for a little while. What was
    /// read whole is judged and committed: it need not be read again. What can no longer be looked up stays suspected, and the next run
    /// begins with it.
    async fn land(&mut self, failure: Failure, mut flight: Flight, shape: &mut Shape) -> Failure {
        if !matches!(failure, Failure::Interrupted) {
            return failure;
        }
        let mut late = pin!(tokio::time::sleep(LAST_WORDS));
        loop {
            let landed = tokio::select! {
                landed = flight.land() => landed,
                () = &mut late => return failure,
            };
            match landed {
                None => return failure,
                Some(Ok(read)) if is_whole(&read) => {
                    if self.take_in(read, shape, &mut flight).await.is_err() {
                        return failure;
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Judges what a slice left over, or sends for its halves; a break leaves out what is left of the feed.
    async fn take_in(
        &mut self,
        read: Read,
        shape: &mut Shape,
        flight: &mut Flight,
    ) -> Result<ControlFlow<()>, Failure> {
        let next_step = read.next_step();
        self.note_resumed(&read);
        let Read { slice, pages, was_resynced, seen, .. } = read;
        if let Seen::Counted(count) = seen {
            let halves = if self.counting.is_believed() { shape.split(&slice) } else { None };
            match halves {
                Some(halves) => flight.insert(halves),
                None => flight.walk(slice, count),
            }
            return Ok(ControlFlow::Continue(()));
        }
        if was_resynced {
            let note = "the provider did not know the saved token any more; the whole feed was read";
            self.report.notes.push(note.to_owned());
        }
        if next_step == NextStep::Halve {
            if let Some(halves) = shape.halve(&slice) {
                flight.insert(halves);
                return Ok(ControlFlow::Continue(()));
            }
            self.say_indivisible(&slice, &seen);
        }
        shape.learn(slice.window, pages);
        if let Seen::Whole { difference, walked, rows, confirmation } = seen {
            self.judge_slice(&slice, *difference, walked, &rows, confirmation).await?;
        }
        if next_step == NextStep::LeaveOut {
            let left = flight.len() + shape.len();
            if left > 0 {
                self.doubt(format!("{left} more ranges of the feed were not tried"));
            }
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    }

    /// A slice that cannot be halved any more is partial, and a person has to know what helps.
    fn say_indivisible(&mut self, slice: &Slice, seen: &Seen) {
        let (from, to) = (slice.window.from(), slice.window.to());
        self.doubt(match seen {
            Seen::TooLarge => {
                format!("the range {from} to {to} holds more items than fit in memory and cannot be split")
            }
            _ => format!(
                "the range {from} to {to} cannot be split any further: more rows than the provider's cap share it; \
                 use `cap: {{then: rekey}}` where the provider lists by id"
            ),
        });
    }

    /// What is to be read, and whether that shows every change that the feed's `overlap_scan` promises to find.
    async fn slices(
        &mut self,
        following: Option<&Following>,
        begun: Option<Instant>,
    ) -> Result<(Vec<Slice>, bool), Failure> {
        let reconciler = self.sides.reconciler.clone();
        let (feed, policy) = (reconciler.feed(), reconciler.policy());
        if let Scope::Backfill(asked) = self.job.options.scope {
            let slices = self.slices_to_fill(asked).await?;
            return Ok((self.of_member(slices), false));
        }
        if feed.changes {
            return Ok((self.changes().await?, false));
        }
        if let Scope::Range(range) = &self.job.options.scope {
            let (kept, lost) = coverage::kept(feed, self.start, *range);
            let judged = kept.and_then(|kept| kept.until(self.ceiling()));
            let slices = judged.map_or_else(Vec::new, |range| coverage::slices_of(feed, range));
            if let Some(lost) = lost {
                self.doubt_forgotten(feed, lost);
            }
            return Ok((self.of_member(slices), false));
        }
        let mut ledger = self.ledger().await?;
        if following.is_some_and(|following| following.lost.is_some()) {
            // What was lost of the events is what a wider re-read is for, due or not.
            ledger.last_overlap = None;
        }
        // A first run reads everything anew, which is all that a wider re-read could do.
        let is_first = ledger.began.is_none();
        // One that died before its first slice was done has begun all the same.
        ledger.began = ledger.began.or(begun);
        let known = self.known_of(&ledger);
        let is_full = matches!(self.job.options.scope, Scope::Full);
        let slices = if is_full {
            coverage::everything(feed, policy, &known)
        } else {
            coverage::slices(feed, policy, &known)
        };
        let lost = coverage::out_of_reach(feed, policy, &known);
        let forgotten = if is_full { coverage::forgotten(feed, policy, &known) } else { Vec::new() };
        let rereads = slices.iter().any(|slice| slice.purpose == Purpose::Overlap)
            || is_full && coverage::reaches_back(feed, &known, &slices);
        let sees_all_changes = feed.overlap.is_some() && (is_first || rereads);
        if let (true, None, Some(first), false) = (is_first, policy.start, slices.first(), feed.timeless) {
            let note = first_run(feed, first.window.from());
            self.report.notes.push(note);
        }
        for lost in lost {
            self.doubt_lost(feed, lost);
        }
        for range in forgotten {
            self.say_forgotten(feed, range);
        }
        Ok((self.of_member(slices), sees_all_changes))
    }

    /// What the state store knows of the coverage of this member.
    pub(super) async fn ledger(&self) -> Result<Ledger, Failure> {
        let (domain, each, store) = (self.sides.reconciler.domain(), &self.sides.each, &self.job.store);
        let clock = &self.sides.reconciler.feed().clock;
        let verified = store.coverage(domain, each, clock).await?;
        let began = store.first_slice(domain, each).await?;
        let scanned = store.last_overlap(domain, each, clock).await?;
        Ok(Ledger { verified, began, last_overlap: scanned.map(|scanned| scanned.completed_at) })
    }

    /// Where this member's coverage was asked to begin.
    pub(super) async fn begins(&self) -> Result<Option<Instant>, Failure> {
        let began = self.job.store.first_slice(self.sides.reconciler.domain(), &self.sides.each).await?;
        Ok(self.sides.reconciler.policy().start.or(began))
    }

    /// What is known of it at this run's start.
    pub(super) fn known_of<'l>(&self, ledger: &'l Ledger) -> Known<'l> {
        let Ledger { verified, began, last_overlap } = ledger;
        let (began, last_overlap) = (*began, *last_overlap);
        Known { verified, began, last_overlap, now: self.start, ceiling: self.ceiling() }
    }

    /// The one slice of a change feed: what changed since the saved token, or all of it. That somebody asked for a range, or for
    /// everything, is a reason to read all of it.
    async fn changes(&self) -> Result<Vec<Slice>, Failure> {
        let (domain, feed) = (self.sides.reconciler.domain(), self.sides.reconciler.feed());
        let (each, store) = (&self.sides.each, &self.job.store);
        let asked = matches!(self.job.options.scope, Scope::Range(_) | Scope::Full);
        let token = if asked { None } else { store.saved_token(domain, each, &feed.name).await? };
        let began = store.first_slice(domain, each).await?;
        let start = self.sides.reconciler.policy().start.or(began);
        let start = start.unwrap_or(self.start - coverage::DEFAULT_BACK).floor(feed.grain);
        // The window only says what the ledger may take for read: changes lie where they lie.
        let window = Window::new(start, self.ceiling());
        let slice = |window| Slice { token: token.map(Into::into), ..Slice::new(window, Purpose::Coverage) };
        Ok(self.of_member(window.map(slice).into_iter().collect()))
    }

    /// Slices of the member of the fan-out that this night is about.
    fn of_member(&self, slices: Vec<Slice>) -> Vec<Slice> {
        let each = &self.sides.each;
        slices.into_iter().map(|slice| Slice { each: each.clone(), ..slice }).collect()
    }

    /// Notes that a wider re-read is complete.
    pub(super) async fn overlap_done(&mut self) -> Result<(), Failure> {
        let (Some(lease), true) = (&self.lease, self.report.complete) else { return Ok(()) };
        let clock = self.sides.reconciler.feed().clock.clone();
        let done = OverlapDone { clock, through: self.overlap_through() };
        Ok(self.job.store.commit(lease, Commit { overlap: Some(done), ..Commit::default() }).await?)
    }
}

/// Whether a slice was read to its end.
fn is_whole(read: &Read) -> bool {
    matches!(&read.seen, Seen::Whole { walked, .. } if walked.coverage == Coverage::Complete)
}

/// Whether a slice neither gave a page nor came to its end. A provider that refuses a range as too large does answer.
fn gave_nothing(read: &Read) -> bool {
    let Seen::Whole { walked, .. } = &read.seen else { return false };
    walked.coverage != Coverage::Complete && read.pages == 0 && read.next_step() != NextStep::Halve
}

/// Where a first run begins that nobody told where to begin.
fn first_run(feed: &Feed, from: Instant) -> String {
    match feed.retention.filter(|keep| *keep < coverage::DEFAULT_BACK) {
        Some(keep) => {
            let keep = Spoken(keep);
            format!("first run: it begins at {from}, because the provider keeps items for {keep} only")
        }
        None => {
            format!("first run: it begins 30 days back, at {from}; `policy: {{start: ...}}` says otherwise")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_first_run_says_why_it_begins_where_it_does() {
        let said = |keep: Option<Duration>| {
            first_run(&Feed { retention: keep, ..Feed::default() }, Instant::from_micros(0))
        };
        let usual = "first run: it begins 30 days back, at 1970-01-01T00:00:00Z; `policy: {start: ...}` says otherwise";
        assert_eq!(said(None), usual);
        assert_eq!(said(Some(Duration::from_hours(90 * 24))), usual);
        assert_eq!(
            said(Some(Duration::from_hours(7 * 24))),
            "first run: it begins at 1970-01-01T00:00:00Z, because the provider keeps items for 7 days only"
        );
    }
}

//! What of a domain is read, slice by slice, and when a provider is left alone.

use std::collections::VecDeque;

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Filter;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::Scope;
use super::domain::Night;
use super::outcome::Failure;
use super::slice::{self, Read};
use crate::coverage::{self, Known};
use crate::source::Coverage;
use crate::store::{Commit, OverlapDone};

/// After how many ranges in a row without a single page a provider is left alone until the next run.
const MAX_IN_VAIN: u32 = 3;

impl Night<'_> {
    /// Reads and judges every slice, oldest first.
    pub(super) async fn read_slices(&mut self) -> Result<(), Failure> {
        let (slices, sees_all_changes) = self.slices().await?;
        let mut queue: VecDeque<Slice> = slices.into();
        let mut in_vain = 0;
        while let Some(slice) = queue.pop_front() {
            self.stop_if_cancelled()?;
            if in_vain >= MAX_IN_VAIN {
                self.doubt(format!(
                    "{in_vain} ranges in a row gave no page; {} more were not tried",
                    queue.len() + 1
                ));
                break;
            }
            let pages = self.pace.pages;
            match slice::read(self.job, &self.sides, &slice, &mut self.pace).await? {
                Read::Whole { difference, coverage, rows } => {
                    self.say_row_faults(&rows);
                    let is_whole = coverage == Coverage::Complete;
                    self.judge_slice(&slice, *difference, coverage).await?;
                    in_vain = if is_whole || self.pace.pages > pages { 0 } else { in_vain + 1 };
                }
                Read::TooLarge => self.split(&slice, &mut queue),
            }
        }
        if sees_all_changes { self.overlap_done().await } else { Ok(()) }
    }

    /// Two halves take the place of a slice that holds too much; a feed that cannot filter has no halves.
    fn split(&mut self, slice: &Slice, queue: &mut VecDeque<Slice>) {
        let feed = self.sides.reconciler.feed();
        let middle = Instant::from_micros(slice.window.from().micros().midpoint(slice.window.to().micros()))
            .floor(feed.grain);
        let halves = (Window::new(slice.window.from(), middle), Window::new(middle, slice.window.to()));
        let ((Some(older), Some(newer)), Filter::Server) = (halves, feed.filter) else {
            self.doubt(format!(
                "the range {} to {} holds more items than fit in memory and cannot be split",
                slice.window.from(),
                slice.window.to()
            ));
            return;
        };
        queue.push_front(Slice { window: newer, ..slice.clone() });
        queue.push_front(Slice { window: older, ..slice.clone() });
    }

    /// What is to be read, and whether that shows every change that the feed's `overlap_scan` promises to find.
    async fn slices(&mut self) -> Result<(Vec<Slice>, bool), Failure> {
        let reconciler = &self.sides.reconciler;
        let (feed, policy) = (reconciler.feed(), reconciler.policy());
        let ceiling = self.ceiling();
        if let Scope::Range(range) = &self.job.options.scope {
            let judged = range.until(ceiling);
            return Ok((judged.map_or_else(Vec::new, |range| coverage::slices_of(feed, range)), false));
        }
        let (domain, each) = (reconciler.domain(), &self.sides.each);
        let verified = self.job.store.coverage(domain, each, &feed.clock).await?;
        let began = self.job.store.first_slice(domain, each).await?;
        let last_overlap =
            self.job.store.last_overlap(domain, each, &feed.clock).await?.map(|overlap| overlap.completed_at);
        let known = Known { verified: &verified, began, last_overlap, now: self.start, ceiling };
        let slices = coverage::slices(feed, policy, &known);
        let lost = coverage::out_of_reach(feed, policy, &known);
        // A first run reads everything anew, which is all that a wider re-read could do.
        let is_first = began.is_none();
        let rereads = slices.iter().any(|slice| slice.purpose == Purpose::Overlap);
        let sees_all_changes = feed.overlap.is_some() && (is_first || rereads);
        if let (true, None, Some(first)) = (is_first, policy.start, slices.first()) {
            let note = format!(
                "first run: it begins 30 days back, at {}; `policy: {{start: ...}}` says otherwise",
                first.window.from()
            );
            self.report.notes.push(note);
        }
        let keep = humantime::format_duration(feed.retention.unwrap_or_default()).to_string();
        for lost in lost {
            self.doubt(format!(
                "{} to {} was never verified, and the provider keeps items for {keep} only; nothing can be proved about \
                 it any more: `policy: {{start: ...}}` leaves it out",
                lost.from(),
                lost.to()
            ));
        }
        Ok((slices, sees_all_changes))
    }

    async fn overlap_done(&mut self) -> Result<(), Failure> {
        let (Some(lease), true) = (&self.lease, self.report.complete) else { return Ok(()) };
        let clock = self.sides.reconciler.feed().clock.clone();
        let done = OverlapDone { clock, through: self.ceiling() };
        Ok(self.job.store.commit(lease, Commit { overlap: Some(done), ..Commit::default() }).await?)
    }
}

//! What a walk proved when it ends: all there is, or less and why.

use tieout_reconcilers::page::{PageRequest, Unseen};
use tieout_reconcilers::reconciler::{Cure, Filter};

use super::Walker;
use crate::source::reason::Reason;
use crate::source::walk::Coverage;

impl Walker {
    /// Why the range has to be read in halves: the provider counts more rows than it hands out, or has handed out as many.
    pub(super) fn capped(&self, request: &PageRequest) -> Option<Reason> {
        let cap = self.reconciler.feed().cap.filter(|cap| cap.then == Cure::Halve)?;
        let is_reached = self.rows >= cap.rows || self.total.is_some_and(|total| total > cap.rows);
        is_reached.then(|| Reason::Capped { at: Box::new(self.site(request)), rows: cap.rows })
    }

    /// The end that the provider marked, if its own count agrees.
    pub(super) fn end(&mut self, last: &PageRequest) -> Coverage {
        let at = Box::new(self.site(last));
        let counted = self.counted();
        // A list without rows need not say anything else.
        let unseen = self.unseen.as_mut().filter(|_| self.rows > 0).and_then(Vec::pop);
        match (counted, unseen) {
            (Some(said), _) if said != self.rows => {
                let seen = self.rows;
                self.partial(Reason::TotalMismatch { at, said, seen })
            }
            (_, Some(Unseen { place, .. })) => self.partial(Reason::Unseen { at, place }),
            _ if !self.gaps.is_empty() => Coverage::Partial(std::mem::take(&mut self.gaps)),
            _ => Coverage::Complete,
        }
    }

    /// The provider's count, where it is one of the rows that the walk hands out.
    fn counted(&self) -> Option<u64> {
        let feed = self.reconciler.feed();
        // A count that stops at the cap says that there are at least as many.
        let is_cut_off =
            |total: u64| feed.cap.is_some_and(|cap| cap.then == Cure::Rekey && cap.rows == total);
        // A feed that we filter may hand out only the rows of the window, while the provider counts all.
        self.total.filter(|total| feed.filter == Filter::Server && !is_cut_off(*total))
    }

    /// A page may be used and still not be all that the provider has.
    pub(super) fn gap(&mut self, request: &PageRequest, why: String) {
        let gap = Reason::Gap { at: Box::new(self.site(request)), why };
        self.gaps.push(gap);
    }

    /// The end before the end, and why.
    pub(super) fn partial(&mut self, reason: Reason) -> Coverage {
        // Whoever asked for the walk says it once; here it only helps to see when it happened.
        tracing::debug!(%reason, "the walk is partial");
        let mut reasons = std::mem::take(&mut self.gaps);
        reasons.push(reason);
        Coverage::Partial(reasons)
    }
}

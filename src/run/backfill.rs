//! Filling holes: what of a range was never verified is read, and nothing else. Each slice that is committed makes the hole
//! smaller, so a backfill that was stopped goes on where it ended.

use tieout_reconcilers::reconciler::Feed;
use tieout_reconcilers::spoken::Spoken;
use tieout_reconcilers::window::{Slice, Window};

use super::Scope;
use super::domain::Night;
use super::outcome::Failure;
use crate::coverage::{self, Unfilled};

/// How many filled ranges a report lists.
const LISTED: usize = 20;

impl Night<'_> {
    /// The slices that a backfill reads. The report says what there is to fill, and what nobody can fill any more.
    pub(super) async fn slices_to_fill(&mut self, asked: Option<Window>) -> Result<Vec<Slice>, Failure> {
        let reconciler = self.sides.reconciler.clone();
        let feed = reconciler.feed();
        if feed.changes {
            let note =
                "nothing to fill: a feed of changes has no ranges, and a run goes on from its saved token";
            self.remark(note.to_owned());
            return Ok(Vec::new());
        }
        let ledger = self.ledger().await?;
        let Unfilled { readable, lost } =
            coverage::unfilled(feed, reconciler.policy(), &self.known_of(&ledger), asked);
        if readable.is_empty() && lost.is_empty() {
            self.remark(nothing_to_fill(asked, &ledger.verified));
        }
        for lost in lost {
            self.doubt_lost(feed, lost);
        }
        let slices = coverage::slices_filling(feed, &readable);
        self.to_fill = readable;
        Ok(slices)
    }

    /// Says which ranges a backfill has filled, and how much of them is left.
    pub(super) async fn say_filled(&mut self) -> Result<(), Failure> {
        if !matches!(self.job.options.scope, Scope::Backfill(_)) || self.to_fill.is_empty() {
            return Ok(());
        }
        let verified = self.ledger().await?.verified;
        let left = coverage::without(&self.to_fill, &verified);
        let filled = coverage::without(&self.to_fill, &left);
        for range in filled.iter().take(LISTED) {
            self.remark(format!("filled {} to {}", range.from(), range.to()));
        }
        if let Some(more) = filled.len().checked_sub(LISTED).filter(|more| *more > 0) {
            self.remark(format!("filled {more} more ranges"));
        }
        for range in left {
            self.doubt(format!(
                "{} to {} is not filled yet; the same command goes on",
                range.from(),
                range.to()
            ));
        }
        Ok(())
    }

    /// Nothing is read, and so nothing concluded, of what somebody asked for and the provider does not keep any more.
    pub(super) fn doubt_forgotten(&mut self, feed: &Feed, lost: Window) {
        let keep = Spoken(feed.retention.unwrap_or_default());
        self.doubt(format!(
            "{} to {} was not read: the provider keeps items for {keep} only, so what it does not show proves nothing",
            lost.from(),
            lost.to()
        ));
    }

    /// What was verified once stays so, though nobody can read it again.
    pub(super) fn say_forgotten(&mut self, feed: &Feed, range: Window) {
        let keep = Spoken(feed.retention.unwrap_or_default());
        self.remark(format!(
            "{} to {} was verified earlier and not read again: the provider keeps items for {keep} only",
            range.from(),
            range.to()
        ));
    }

    /// Nothing can be proved about a range that the provider does not keep any more.
    pub(super) fn doubt_lost(&mut self, feed: &Feed, lost: Window) {
        let keep = Spoken(feed.retention.unwrap_or_default());
        self.doubt(format!(
            "{} to {} was never verified, and the provider keeps items for {keep} only; nothing can be proved about \
             it any more: `policy: {{start: ...}}` leaves it out",
            lost.from(),
            lost.to()
        ));
    }
}

fn nothing_to_fill(asked: Option<Window>, verified: &[Window]) -> String {
    match (asked, verified.first().zip(verified.last())) {
        (Some(asked), _) => format!("nothing to fill: {} to {} is verified", asked.from(), asked.to()),
        (None, Some((_, last))) => format!("nothing to fill: coverage has no hole before {}", last.to()),
        (None, None) => "nothing to fill: nothing is verified yet, and a run begins there".to_owned(),
    }
}

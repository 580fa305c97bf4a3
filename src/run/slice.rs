//! One slice: its pages stream past the local rows of the same range, and what differs is left over.

use std::ops::ControlFlow;
use std::sync::Arc;

use tieout_reconcilers::window::{Slice, Window};

use super::Job;
use super::outcome::Failure;
use crate::confirm::{Sides, rows_by_key};
use crate::diff::{Difference, SliceDiff};
use crate::local::{LocalError, Read as LocalRead, Reader};
use crate::progress::Progress;
use crate::source::{Coverage, Walk};

/// How many bytes of items a slice without order may hold before it has to be split.
const MAX_HAND_BYTES: usize = 32 << 20;

/// How the reading of a slice ended.
pub(super) enum Read {
    /// To its end, or as far as the walk could go.
    Whole {
        /// What differs.
        difference: Box<Difference>,
        /// What the walk proved.
        coverage: Coverage,
        /// What was wrong with local rows.
        rows: LocalRead,
    },
    /// The slice holds more than fits; its halves must be read instead.
    TooLarge,
}

/// What one domain has read so far.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Pace {
    /// Pages.
    pub(super) pages: u64,
    /// Items.
    pub(super) items: u64,
}

/// Reads both sides of a slice.
pub(super) async fn read(job: &Job, sides: &Sides, slice: &Slice, pace: &mut Pace) -> Result<Read, Failure> {
    let reconciler = &sides.reconciler;
    let mut diff = SliceDiff::new(reconciler.fields(), reconciler.feed(), slice.window);
    let mut walk = Walk::start(sides.client.clone(), Arc::clone(reconciler), slice.clone());
    let mut rows = LocalRead::default();
    loop {
        let next = tokio::select! {
            next = walk.next() => next,
            () = job.cancel.cancelled() => return Err(Failure::Interrupted),
        };
        let Some(walked) = next else { break };
        pace.pages += 1;
        pace.items += walked.items.len() as u64;
        job.watcher.saw(Progress::Page {
            domain: reconciler.domain().as_str(),
            pages: pace.pages,
            items: pace.items,
        });
        diff.take(&walked.items);
        diff.take_nameless(walked.faults.len());
        while let Some(range) = diff.ready() {
            rows.add(meet_rows(&sides.reader, &mut diff, range).await?);
        }
        if diff.hand_bytes() > MAX_HAND_BYTES {
            return Ok(Read::TooLarge);
        }
    }
    let coverage = walk.coverage().await;
    match diff.rest() {
        Some(rest) if coverage == Coverage::Complete => {
            rows.add(meet_rows(&sides.reader, &mut diff, rest).await?);
        }
        // The rows of a range whose items were not all seen would only look like orphans.
        _ => diff.close_unread(),
    }
    let unmatched = diff.finish();
    let (stragglers, read) = rows_by_key(&sides.reader, &unmatched.keys()).await?;
    rows.add(read);
    Ok(Read::Whole { difference: Box::new(unmatched.resolve(&stragglers)), coverage, rows })
}

async fn meet_rows(
    reader: &Reader,
    diff: &mut SliceDiff<'_>,
    range: Window,
) -> Result<LocalRead, LocalError> {
    let mut meet = |row: tieout_reconcilers::row::Row<'_>| {
        diff.meet(row);
        ControlFlow::Continue(())
    };
    let read = reader.rows(range, &mut meet).await?;
    diff.close(range);
    Ok(read)
}

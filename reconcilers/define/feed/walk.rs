//! How a feed is walked: from page to page, along its window.

use crate::define::checked::{Checked, Fault, Placed};
use crate::define::document::Problems;
use crate::define::next_file::NextFile;
use crate::define::paging::Paging;
use crate::define::problem::Spot;
use crate::define::window_file::{OrderWord, OverlapFile, WindowDefinition, WindowFile};

/// The words that say how a feed is walked.
pub(super) struct WalkWords {
    pub(super) next: Option<Placed<NextFile>>,
    pub(super) window: Placed<WindowFile>,
    pub(super) order: Option<Checked<OrderWord>>,
    pub(super) mutable: Option<bool>,
    pub(super) overlap: Option<OverlapFile>,
}

/// What a feed comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ComesIn {
    /// Pages, each of which leads to the next.
    Pages,
    /// Files of an export, which are named as a whole.
    Files,
}

/// How a feed is walked, as far as its words can be understood.
pub(super) struct Walk {
    pub(super) paging: Option<Paging>,
    pub(super) window: Option<WindowDefinition>,
    /// Where the paging stands, or the feed if it is not written.
    pub(super) next_spot: Spot,
    pub(super) window_spot: Spot,
}

impl WalkWords {
    /// `feed` is where the feed stands.
    pub(super) fn compile(self, comes_in: ComesIn, feed: Spot, problems: &mut Problems<'_>) -> Walk {
        let window_spot = self.window.spot;
        let (paging, next_spot) = match comes_in {
            ComesIn::Pages => paging_of_pages(self.next, feed, problems),
            ComesIn::Files => paging_of_files(self.next, feed, problems),
        };
        let mutable = self.mutable.unwrap_or(true);
        let window = WindowDefinition::compile(self.window, self.order, mutable, self.overlap, problems);
        Walk { paging, window, next_spot, window_spot }
    }
}

/// How pages are reached, and where that stands.
fn paging_of_pages(
    next: Option<Placed<NextFile>>,
    feed: Spot,
    problems: &mut Problems<'_>,
) -> (Option<Paging>, Spot) {
    let Some(next) = next else {
        problems.add(feed, Fault::new("the key `next` is missing in this block"));
        return (None, feed);
    };
    (next.value.compile(next.spot, problems), next.spot)
}

/// Files need no way from one to the next.
fn paging_of_files(
    next: Option<Placed<NextFile>>,
    feed: Spot,
    problems: &mut Problems<'_>,
) -> (Option<Paging>, Spot) {
    let Some(next) = next else { return (Some(Paging::single()), feed) };
    let paging = next.value.compile(next.spot, problems);
    if paging.as_ref().is_some_and(|paging| *paging != Paging::single()) {
        let fault = Fault::new("the pages of this feed are the files of its job, which are named together");
        problems.add(next.spot, fault.with_help("leave `next` out"));
    }
    (paging, next.spot)
}

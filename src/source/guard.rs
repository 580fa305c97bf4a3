//! Notices a walk that would never end: repeated requests, repeated pages, too many pages, too many empty ones.
//!
//! It remembers every request and every page of the walk as a hash, so it finds cycles of any length.

use std::collections::HashSet;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;
use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::page::PageRequest;
use url::Url;

use super::provider::Caps;

/// Why a walk would not come to an end by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Endless {
    /// The provider points back to a page that was read already.
    #[error("the way on leads to a request that this walk has sent before")]
    RepeatedRequest,
    /// A page holds exactly the keys of an earlier page.
    #[error("the page holds exactly the items of an earlier page of this walk")]
    RepeatedPage,
    /// There are too many pages.
    #[error("there are more than {0} pages")]
    TooManyPages(u64),
    /// Page after page is empty and each says that more follows.
    #[error("{0} pages in a row are empty and still say that more follows")]
    TooManyEmptyPages(u32),
}

/// What a walk has seen.
#[derive(Debug)]
pub struct Guard {
    state: RandomState,
    requests: HashSet<u64, RandomState>,
    pages: HashSet<u64, RandomState>,
    max_pages: u64,
    max_empty: u32,
    sent: u64,
    empty_in_a_row: u32,
}

impl Guard {
    /// A guard that has seen nothing.
    #[must_use]
    pub fn new(caps: &Caps) -> Self {
        Self {
            state: RandomState::default(),
            requests: HashSet::default(),
            pages: HashSet::default(),
            max_pages: caps.pages,
            max_empty: caps.empty_pages,
            sent: 0,
            empty_in_a_row: 0,
        }
    }

    /// Lets a request pass that is new and within the number of pages.
    pub fn before(&mut self, to: &Url, request: &PageRequest) -> Result<(), Endless> {
        if self.sent >= self.max_pages {
            return Err(Endless::TooManyPages(self.max_pages));
        }
        self.sent += 1;
        let seen = self.state.hash_one((to, request.method, &request.headers, &request.body));
        if self.requests.insert(seen) { Ok(()) } else { Err(Endless::RepeatedRequest) }
    }

    /// Lets a page of `rows` rows pass whose keys are not those of an earlier page, in whatever order.
    pub fn after(&mut self, items: &Items, rows: usize, more_follows: bool) -> Result<(), Endless> {
        if rows == 0 {
            self.empty_in_a_row += 1;
            let too_many = more_follows && self.empty_in_a_row >= self.max_empty;
            return if too_many { Err(Endless::TooManyEmptyPages(self.empty_in_a_row)) } else { Ok(()) };
        }
        self.empty_in_a_row = 0;
        if items.is_empty() {
            return Ok(());
        }
        let keys = items.iter().map(|item| self.state.hash_one(item.slot(KEY)));
        let seen = keys.fold(rows as u64, u64::wrapping_add);
        if self.pages.insert(seen) { Ok(()) } else { Err(Endless::RepeatedPage) }
    }
}

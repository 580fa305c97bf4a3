//! What a few requests to a feed brought.

use chrono::TimeDelta;
use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::ItemView;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::{Next, Page, Unseen};
use tieout_reconcilers::reconciler::Feed;
use tieout_reconcilers::window::Window;

/// The keys and clocks of one page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaf {
    /// One entry for every row that could be projected: its key and its clock, where they can be read.
    pub rows: Vec<(Option<Key>, Option<Instant>)>,
    /// Rows that could not be projected.
    pub unreadable: usize,
    /// Why it is not all that there is, where the provider says so.
    pub gaps: Vec<String>,
    /// Where the definition looks for something that this page, which has rows, does not hold.
    pub unseen: Vec<Unseen>,
    /// Whether the page says that more follows.
    pub more_follows: bool,
}

/// What the look-up of a key of the first page brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// The item.
    Found,
    /// The answer says that there is none, although the list just showed it.
    Gone,
    /// Nothing that could be read, and why.
    Failed(String),
}

/// What a few requests to a feed brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The range that was asked for.
    pub window: Window,
    /// Its first page.
    pub first: Leaf,
    /// Its second page, where there is one.
    pub second: Option<Leaf>,
    /// The range cut in two at a clock that was seen: the instant, and the first page of either part.
    pub cut: Option<(Instant, Leaf, Leaf)>,
    /// The look-up of a key of the first page, where it had one.
    pub look_up: Option<LookUp>,
    /// How many rows the provider counts in the range, or why it does not say, where it can be asked.
    pub count: Option<Result<u64, String>>,
    /// Whether the answers say how much is left where `limits` looks; nothing where it looks nowhere.
    pub left: Option<bool>,
    /// How far the provider's clock is ahead of ours, where it tells the time.
    pub skew: Option<TimeDelta>,
}

impl Leaf {
    /// What is needed of a page.
    #[must_use]
    pub fn of(page: &Page, feed: &Feed) -> Self {
        let row = |item: ItemView<'_>| (Key::from_json(item.slot(KEY)).ok(), feed.clock_format.of(item));
        Self {
            rows: page.items.iter().map(row).collect(),
            unreadable: page.faults.len(),
            gaps: page.gaps.clone(),
            unseen: page.unseen.clone(),
            more_follows: matches!(page.next, Next::Page(_)),
        }
    }

    /// The keys that could be read.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.rows.iter().filter_map(|(key, _)| key.as_ref())
    }

    /// The clocks that could be read.
    pub fn clocks(&self) -> impl Iterator<Item = Instant> + Clone {
        self.rows.iter().filter_map(|(_, clock)| *clock)
    }
}

impl Evidence {
    /// What the definition looks for and no page with rows holds.
    pub fn unseen(&self) -> impl Iterator<Item = &Unseen> {
        let second = self.second.as_ref();
        self.first.unseen.iter().filter(move |one| second.is_none_or(|page| page.unseen.contains(one)))
    }

    /// The rows of both pages, in the order they came.
    pub fn rows(&self) -> impl Iterator<Item = &(Option<Key>, Option<Instant>)> {
        self.first.rows.iter().chain(self.second.iter().flat_map(|second| &second.rows))
    }
}

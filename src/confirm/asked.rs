//! The page that is asked for where no item is known that is there: it shows some, or that there is none.

use std::sync::{Mutex, PoisonError};

use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::{self, Wanted};
use tieout_reconcilers::reconciler::Feed;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::Sides;
use super::sentinel::KEPT;
use crate::coverage::DEFAULT_BACK;
use crate::source::{Glance, glance};

/// How many pages a run asks for because it knows no item that is there.
const MAX_ASKED: u32 = 10;

/// The pages that a run has asked for.
#[derive(Debug, Default)]
pub(super) struct Asked(Mutex<Past>);

#[derive(Debug, Default)]
struct Past {
    times: u32,
    last: Page,
}

/// What became of a page that was asked for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// It came, with items or as the end of an empty list.
    Came,
    /// It did not come, or cannot be read, or is empty and not the last, so that nobody knows what is there.
    #[default]
    Failed,
    /// The feed has no page that may be asked for by itself.
    None,
}

impl Asked {
    /// Asks for a page of the last time up to now: what became of it, and its last items. Where that was done often enough, the
    /// last one stands for it, without its items.
    pub(super) async fn ask(&self, sides: &Sides, now: Instant) -> (Page, Vec<Wanted>) {
        {
            let mut past = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if past.times >= MAX_ASKED {
                return (past.last, Vec::new());
            }
            past.times += 1;
        }
        let (page, newest) = asked_now(sides, now).await;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last = page;
        (page, newest)
    }
}

async fn asked_now(sides: &Sides, now: Instant) -> (Page, Vec<Wanted>) {
    let (client, reconciler) = (&sides.client, sides.reconciler.as_ref());
    let feed = reconciler.feed();
    let back = feed.max_span.map_or(DEFAULT_BACK, |longest| longest.min(DEFAULT_BACK));
    let Some(window) = Window::new((now - back).floor(feed.grain), now.floor(feed.grain)) else {
        return (Page::None, Vec::new());
    };
    let slice = Slice { each: sides.each.clone(), ..Slice::new(window, Purpose::Coverage) };
    let request = reconciler.first_page(&slice);
    // An export is no page, and too much to ask for one item.
    if !request.asks_for_rows() {
        return (Page::None, Vec::new());
    }
    match glance(client, reconciler, &slice, &request, None).await {
        Ok(Glance { page: None, .. }) => (Page::Came, Vec::new()),
        Ok(Glance { page: Some(page), .. }) => {
            let newest = last_items(&page.items, feed);
            let tells = !newest.is_empty() || shows_that_nothing_is_there(&page);
            (if tells { Page::Came } else { Page::Failed }, newest)
        }
        Err(reason) => {
            tracing::debug!(domain = %reconciler.domain(), %reason, "no item is known that a look-up must find");
            (Page::Failed, Vec::new())
        }
    }
}

fn last_items(page: &Items, feed: &Feed) -> Vec<Wanted> {
    (page.len().saturating_sub(KEPT)..page.len()).filter_map(|at| wanted(page, at, feed)).collect()
}

/// Whether a page says that the feed has no item: not where it shows some that cannot be read, or more may follow.
fn shows_that_nothing_is_there(page: &page::Page) -> bool {
    page.items.is_empty()
        && page.faults.is_empty()
        && page.gaps.is_empty()
        && matches!(page.next, page::Next::End)
}

/// An item of a page, if it can be looked up.
pub(super) fn wanted(page: &Items, at: usize, feed: &Feed) -> Option<Wanted> {
    let item = page.get(at)?;
    let clock = feed.clock_format.of(item);
    let key = Key::from_json(item.slot(KEY)).ok()?;
    Some(Wanted { key, clock })
}

//! Items that are known to be there. An outage, a lost right or a lagging replica may answer every look-up with "gone", also the
//! one for an item that the list has just shown: then nothing is concluded from any absence.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::{Seen, Wanted};
use tieout_reconcilers::reconciler::Feed;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::Sides;
use crate::coverage::DEFAULT_BACK;
use crate::source::{glance, lookup};

/// How many are kept: some may have been deleted since the list showed them, and a log of changes shows what is long gone.
const KEPT: usize = 8;
/// How many pages a run asks for because it knows no item that is there.
const MAX_ASKED: u32 = 10;

/// Items that the lists of this run have shown.
#[derive(Debug, Default)]
pub struct Sentinels {
    seen: Mutex<VecDeque<Wanted>>,
    /// How many pages were asked for because none of them was there.
    asked: AtomicU32,
}

/// What a look-up for an item that is known to be there says of look-ups that find nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Control {
    /// It is found.
    Found(Wanted),
    /// No item is known to be there: the feed has shown none.
    Nobody,
    /// None of those that are known to be there is found.
    Blind,
}

impl Sentinels {
    /// Takes note of a page that a list has shown: of its first and its last item, if look-ups must know them by now.
    pub fn saw(&self, page: &Items, feed: &Feed, known_before: Instant) {
        let last = page.len().saturating_sub(1);
        self.keep([0, last].into_iter().filter_map(|at| wanted(page, at, feed, known_before)));
    }

    fn keep(&self, wanted: impl Iterator<Item = Wanted>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for one in wanted {
            seen.retain(|known| known.key != one.key);
            seen.push_front(one);
            seen.truncate(KEPT);
        }
    }

    fn newest(&self) -> Vec<Wanted> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Looks up items that are known to be there, one after the other until one is found. Where none is, because the lists of
    /// this run were empty or what they showed was deleted since, a page of now is asked for; a feed that shows no item at all
    /// has no sentinel.
    pub(super) async fn before(&self, sides: &Sides, now: Instant) -> Control {
        let known = self.newest();
        match first_found(sides, &known).await {
            Search::Found(found) => return Control::Found(found),
            Search::Unanswered => return Control::Blind,
            Search::AllGone => {}
        }
        if !self.ask(sides, now).await {
            return if known.is_empty() { Control::Nobody } else { Control::Blind };
        }
        let mut shown = self.newest();
        shown.retain(|wanted| !known.contains(wanted));
        match first_found(sides, &shown).await {
            Search::Found(found) => Control::Found(found),
            Search::AllGone if known.is_empty() && shown.is_empty() => Control::Nobody,
            Search::AllGone | Search::Unanswered => Control::Blind,
        }
    }

    /// Whether such an item is still found: only then were the look-ups in between answered by somebody who sees. The one that
    /// was found before is asked for first; it may have been deleted in between.
    pub(super) async fn after(&self, sides: &Sides, now: Instant, before: &Control) -> bool {
        match before {
            Control::Found(wanted) => match first_found(sides, std::slice::from_ref(wanted)).await {
                Search::Found(_) => true,
                Search::AllGone => matches!(self.before(sides, now).await, Control::Found(_)),
                Search::Unanswered => false,
            },
            Control::Nobody => true,
            Control::Blind => false,
        }
    }

    /// Asks for a page of the last time up to now, unless that was done often enough. Whether it came.
    async fn ask(&self, sides: &Sides, now: Instant) -> bool {
        if self.asked.fetch_add(1, Ordering::Relaxed) >= MAX_ASKED {
            return false;
        }
        let (client, reconciler) = (&sides.client, sides.reconciler.as_ref());
        let feed = reconciler.feed();
        let back = feed.max_span.map_or(DEFAULT_BACK, |longest| longest.min(DEFAULT_BACK));
        let Some(window) = Window::new((now - back).floor(feed.grain), now.floor(feed.grain)) else {
            return false;
        };
        let slice = Slice { each: sides.each.clone(), ..Slice::new(window, Purpose::Coverage) };
        let request = reconciler.first_page(&slice);
        // An export is no page, and too much to ask for one item.
        if !request.asks_for_rows() {
            return false;
        }
        match glance(client, reconciler, &slice, &request, None).await {
            Ok(glance) => {
                if let Some(page) = glance.page {
                    let newest = page.items.len().saturating_sub(KEPT)..page.items.len();
                    self.keep(newest.filter_map(|at| wanted(&page.items, at, feed, now)));
                }
                true
            }
            Err(reason) => {
                tracing::debug!(domain = %reconciler.domain(), %reason, "no item is known that a look-up must find");
                false
            }
        }
    }
}

/// An item of a page, if look-ups must know it by now.
fn wanted(page: &Items, at: usize, feed: &Feed, known_before: Instant) -> Option<Wanted> {
    let item = page.get(at)?;
    let clock = feed.clock_format.of(item);
    let is_settled = clock.is_none_or(|at| at + feed.confirm_after < known_before);
    let key = Key::from_json(item.slot(KEY)).ok()?;
    is_settled.then_some(Wanted { key, clock })
}

/// How a search for the first of some items that is there ended.
enum Search {
    /// With this one.
    Found(Wanted),
    /// All of them are gone.
    AllGone,
    /// With a look-up that failed: further ones would only fail as well.
    Unanswered,
}

async fn first_found(sides: &Sides, known: &[Wanted]) -> Search {
    let (client, reconciler) = (&sides.client, sides.reconciler.as_ref());
    for wanted in known {
        let looked_up = lookup(client, reconciler, &sides.each, std::slice::from_ref(wanted)).await;
        match looked_up.confirmed.first().map(|one| &one.seen) {
            None => return Search::Unanswered,
            Some(Seen::Gone) => {}
            Some(_) => return Search::Found(wanted.clone()),
        }
    }
    Search::AllGone
}

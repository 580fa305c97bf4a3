//! Items that are known to be there. An outage, a lost right or a lagging replica may answer every look-up with "gone", also the
//! one for an item that the list has just shown: then nothing is concluded from any absence.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::page::{Seen, Wanted};
use tieout_reconcilers::reconciler::Feed;
use tieout_reconcilers::window::{Purpose, Slice, Window};
use tokio::sync::OnceCell;

use super::Sides;
use crate::coverage::DEFAULT_BACK;
use crate::source::{glance, lookup};

/// How many are kept: one may have been deleted since the list showed it.
const KEPT: usize = 3;

/// Items that the lists of this run have shown.
#[derive(Debug, Default)]
pub struct Sentinels {
    seen: Mutex<VecDeque<Wanted>>,
    /// Whether a page was asked for because the run had shown nothing.
    asked: OnceCell<()>,
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
    /// Takes note of a page that a list has shown: of one item that look-ups must know by now.
    pub fn saw(&self, page: &Items, feed: &Feed, known_before: Instant) {
        let ends = [page.len().checked_sub(1), (!page.is_empty()).then_some(0)];
        let wanted = |at: usize| {
            let item = page.get(at)?;
            let clock = feed.clock_format.of(item);
            let is_settled = clock.is_none_or(|at| at + feed.confirm_after < known_before);
            let key = Key::from_json(item.slot(KEY)).ok()?;
            is_settled.then_some(Wanted { key, clock })
        };
        if let Some(wanted) = ends.into_iter().flatten().find_map(wanted) {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.retain(|known| known.key != wanted.key);
            seen.push_front(wanted);
            seen.truncate(KEPT);
        }
    }

    fn newest(&self) -> Vec<Wanted> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Looks up items that are known to be there, one after the other until one is found. Before the first list of a run, and
    /// where the lists were empty, one page is asked for; a feed that shows no item at all has no sentinel.
    pub(super) async fn before(&self, sides: &Sides, now: Instant) -> Control {
        if self.newest().is_empty() {
            self.asked.get_or_init(|| self.ask(sides, now)).await;
        }
        let known = self.newest();
        if known.is_empty() {
            return Control::Nobody;
        }
        for wanted in known {
            if is_found(sides, &wanted).await {
                return Control::Found(wanted);
            }
        }
        Control::Blind
    }

    /// Whether the same item is still found: only then were the look-ups in between answered by somebody who sees.
    pub(super) async fn after(&self, sides: &Sides, before: &Control) -> bool {
        match before {
            Control::Found(wanted) => is_found(sides, wanted).await,
            Control::Nobody => true,
            Control::Blind => false,
        }
    }

    /// Asks for a page of the last time up to now.
    async fn ask(&self, sides: &Sides, now: Instant) {
        let (client, reconciler) = (&sides.client, sides.reconciler.as_ref());
        let feed = reconciler.feed();
        let back = feed.max_span.map_or(DEFAULT_BACK, |longest| longest.min(DEFAULT_BACK));
        let Some(window) = Window::new((now - back).floor(feed.grain), now.floor(feed.grain)) else { return };
        let slice = Slice { each: sides.each.clone(), ..Slice::new(window, Purpose::Coverage) };
        let request = reconciler.first_page(&slice);
        // An export is no page, and too much to ask for one item.
        if !request.asks_for_rows() {
            return;
        }
        match glance(client, reconciler, &slice, &request, None).await {
            Ok(glance) => {
                if let Some(page) = glance.page {
                    self.saw(&page.items, feed, now);
                }
            }
            Err(reason) => {
                tracing::debug!(domain = %reconciler.domain(), %reason, "no item is known that a look-up must find");
            }
        }
    }
}

async fn is_found(sides: &Sides, wanted: &Wanted) -> bool {
    let (client, reconciler) = (&sides.client, sides.reconciler.as_ref());
    let looked_up = lookup(client, reconciler, &sides.each, std::slice::from_ref(wanted)).await;
    looked_up.confirmed.iter().any(|one| !matches!(one.seen, Seen::Gone))
}

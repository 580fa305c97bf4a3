//! Items that are known to be there. An outage, a lost right or a lagging replica may answer every look-up with "gone", also the
//! one for an item that the list has just shown: then nothing is concluded from any absence.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::page::{Seen, Wanted};
use tieout_reconcilers::reconciler::Feed;

use super::Sides;
use super::asked::{Asked, Page, wanted};
use crate::source::lookup;

/// How many are kept: some may have been deleted since the list showed them, and a log of changes shows what is long gone.
pub(super) const KEPT: usize = 8;

/// Items that the lists of this run have shown.
#[derive(Debug, Default)]
pub struct Sentinels {
    seen: Mutex<VecDeque<Wanted>>,
    asked: Asked,
}

/// What a look-up for an item that is known to be there says of look-ups that find nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Control {
    /// It is found.
    Found(Wanted),
    /// No item is known to be there: the feed shows none, or has no page to show them on.
    Nobody,
    /// None of those that are known to be there is found, or nobody knows whether there is one.
    Blind,
}

impl Sentinels {
    /// Takes note of a page that a list has shown: of its first and its last item. Those that look-ups need not know yet come
    /// last: once found they prove as much, but where they are not found others must be asked for.
    pub fn saw(&self, page: &Items, feed: &Feed, now: Instant) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for at in [0, page.len().saturating_sub(1)] {
            let Some(one) = wanted(page, at, feed) else { continue };
            seen.retain(|known| known.key != one.key);
            if one.clock.is_none_or(|at| at + feed.confirm_after < now) {
                seen.push_front(one);
            } else {
                seen.push_back(one);
            }
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
        if bug!("no_sentinel") {
            return Control::Nobody;
        }
        let known = self.newest();
        match first_found(sides, &known).await {
            Search::Found(found) => return Control::Found(found),
            Search::Unanswered => return Control::Blind,
            Search::AllGone => {}
        }
        let (page, newest) = self.asked.ask(sides, now).await;
        self.keep(newest);
        let mut shown = self.newest();
        shown.retain(|wanted| !known.contains(wanted));
        match first_found(sides, &shown).await {
            Search::Found(found) => Control::Found(found),
            Search::AllGone if page != Page::Failed && known.is_empty() && shown.is_empty() => {
                Control::Nobody
            }
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

    /// Takes note of items that a page of now shows, in place of those that were not found.
    fn keep(&self, newest: Vec<Wanted>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for one in newest {
            seen.retain(|known| known.key != one.key);
            seen.push_front(one);
        }
        seen.truncate(KEPT);
    }
}

/// How a search for the first of some items that is there ended.
enum Search {
    /// With this one.
    Found(Wanted),
    /// All of them are gone.
    AllGone,
    /// With none that is there, and with a look-up that failed or whose answer does not tell.
    Unanswered,
}

async fn first_found(sides: &Sides, known: &[Wanted]) -> Search {
    let (client, reconciler) = (&sides.client, sides.reconciler.as_ref());
    let mut is_all_told = true;
    for wanted in known {
        let looked_up = lookup(client, reconciler, &sides.each, std::slice::from_ref(wanted)).await;
        match looked_up.confirmed.first().map(|one| &one.seen) {
            // Further ones would only fail as well.
            None => return Search::Unanswered,
            Some(Seen::Gone) => {}
            Some(Seen::Item(..)) => return Search::Found(wanted.clone()),
            Some(Seen::Unreadable(_)) => is_all_told = false,
        }
    }
    if is_all_told { Search::AllGone } else { Search::Unanswered }
}

//! Asks a feed the few questions that its definition can be tested with.

use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::page::{Next, Page, PageRequest, Seen, Wanted};
use tieout_reconcilers::reconciler::{Filter, Reconciler};
use tieout_reconcilers::window::{Slice, Window};
use url::Url;

use super::evidence::{Evidence, Leaf, LookUp};
use crate::source::{Client, Reason, count, glance, lookup};

/// Asks for two pages of a slice, for the first page of either part of it, for one item by its key, and for a count where there
/// is one.
pub async fn look(client: &Client, reconciler: &dyn Reconciler, slice: &Slice) -> Result<Evidence, Reason> {
    let eyes = Eyes { client, reconciler };
    let (first, from) = eyes.page(slice, &reconciler.first_page(slice), None).await?;
    let second = match &first.next {
        Next::Page(request) => Some(eyes.page(slice, request, Some(&from)).await?.0),
        Next::Later(_) | Next::End => None,
    };
    let mut evidence = Evidence {
        window: slice.window,
        first: eyes.leaf(&first),
        second: second.as_ref().map(|page| eyes.leaf(page)),
        cut: None,
        look_up: None,
        count: None,
        left: None,
        skew: client.first_skew(),
    };
    evidence.cut = eyes.cut(slice, &evidence).await?;
    evidence.look_up = eyes.look_up(slice, &evidence.first).await;
    evidence.count = count(client, reconciler, slice).await;
    evidence.left = client.tells_what_is_left(&slice.each);
    Ok(evidence)
}

struct Eyes<'e> {
    client: &'e Client,
    reconciler: &'e dyn Reconciler,
}

impl Eyes<'_> {
    async fn page(
        &self,
        slice: &Slice,
        request: &PageRequest,
        from: Option<&Url>,
    ) -> Result<(Page, Url), Reason> {
        let seen = glance(self.client, self.reconciler, slice, request, from).await?;
        Ok((seen.page.unwrap_or_default(), seen.fetched.url))
    }

    fn leaf(&self, page: &Page) -> Leaf {
        Leaf::of(page, self.reconciler.feed())
    }

    /// Both parts of the slice, cut at a clock that has rows on either side.
    async fn cut(&self, slice: &Slice, evidence: &Evidence) -> Result<Option<(Instant, Leaf, Leaf)>, Reason> {
        let feed = self.reconciler.feed();
        if feed.filter == Filter::Client || feed.changes {
            return Ok(None);
        }
        let mut ticks: Vec<Instant> =
            evidence.rows().filter_map(|(_, clock)| Some(clock.as_ref()?.floor(feed.grain))).collect();
        ticks.retain(|tick| slice.window.contains(*tick));
        ticks.sort_unstable();
        ticks.dedup();
        // The lowest tick has nothing below it, so cutting there would prove nothing.
        let Some(at) = ticks.get(1 + ticks.len().saturating_sub(1) / 2).or(ticks.get(1)).copied() else {
            return Ok(None);
        };
        let parts = (Window::new(slice.window.from(), at), Window::new(at, slice.window.to()));
        let (Some(older), Some(newer)) = parts else { return Ok(None) };
        let older = self.first_leaf(&Slice { window: older, ..slice.clone() }).await?;
        let newer = self.first_leaf(&Slice { window: newer, ..slice.clone() }).await?;
        Ok(Some((at, older, newer)))
    }

    async fn first_leaf(&self, slice: &Slice) -> Result<Leaf, Reason> {
        let (page, _) = self.page(slice, &self.reconciler.first_page(slice), None).await?;
        Ok(self.leaf(&page))
    }

    async fn look_up(&self, slice: &Slice, first: &Leaf) -> Option<LookUp> {
        let (key, clock) = first.rows.iter().find_map(|(key, clock)| Some((key.clone()?, *clock)))?;
        let mut found = lookup(self.client, self.reconciler, &slice.each, &[Wanted { key, clock }]).await;
        let outcome = match (found.confirmed.pop(), found.failed.pop()) {
            (Some(confirmed), _) => match confirmed.seen {
                Seen::Item(..) => LookUp::Found,
                Seen::Gone => LookUp::Gone,
                Seen::Unreadable(why) => LookUp::Failed(why),
            },
            (None, Some((_, reason))) => LookUp::Failed(reason.to_string()),
            (None, None) => LookUp::Failed("no answer says anything about the key".to_owned()),
        };
        Some(outcome)
    }
}

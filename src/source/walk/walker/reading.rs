//! What a walk takes out of an answer: the rows that it hands out, and what the page says about the rest.

use std::time::SystemTime;

use tieout_reconcilers::export::Stage;
use tieout_reconcilers::pace::retry_after;
use tieout_reconcilers::page::{Next, Page, PageRequest, Target, Unseen};
use tieout_reconcilers::projection::ItemFault;

use super::Walker;
use crate::source::fetch::Answered;
use crate::source::guard::Step;
use crate::source::http::Fetched;
use crate::source::hydrate::hydrate;
use crate::source::reason::Reason;
use crate::source::walk::waypoint::Stands;
use crate::source::walk::{WalkedPage, not_a_page};

impl Walker {
    /// Reads one answer: a page, or no page where it is about a job. Nothing where the provider says that there is none.
    pub(super) async fn read(
        &mut self,
        request: &PageRequest,
    ) -> Result<Option<(Option<WalkedPage>, Next)>, Reason> {
        self.number += u64::from(request.asks_for_rows());
        let fetched = match self.fetch(request).await? {
            Answered::Read(fetched) => fetched,
            Answered::Partly(fetched, why) => {
                self.gap(request, why);
                fetched
            }
            Answered::Empty(_) => return Ok(None),
        };
        self.answered = Some(tokio::time::Instant::now());
        let page = self.reconciler.read_page(&self.slice, request, &fetched.response());
        let page = page.map_err(|fault| not_a_page(self.site(request), fault, &fetched))?;
        if !request.asks_for_rows() {
            return Ok(Some((None, self.follow_job(request, fetched, page.next))));
        }
        let (page, next) = self.take(request, fetched, page).await?;
        Ok(Some((Some(page), next)))
    }

    /// Where an answer about a job leads, and how long after it.
    fn follow_job(&mut self, request: &PageRequest, fetched: Fetched, mut next: Next) -> Next {
        if let Next::Later(later) = &mut next {
            let asked = retry_after(&fetched.response(), SystemTime::now());
            later.after = later.after.max(asked.unwrap_or_default());
        }
        // Links are relative to the answer that gave them, and not to one that says "not yet".
        if !matches!(&next, Next::Later(later) if later.request == *request) {
            self.page = Some(fetched.url);
        }
        next
    }

    /// Takes out of a page what is wanted of it.
    async fn take(
        &mut self,
        request: &PageRequest,
        mut fetched: Fetched,
        page: Page,
    ) -> Result<(WalkedPage, Next), Reason> {
        let fetched_at = SystemTime::now();
        let rows = page.items.len() + page.faults.len() + page.gone.len();
        let step = self.step(request, &page, rows)?;
        if !page.partial.is_empty() {
            // Look-ups take room of their own, and whoever waits for room must hold none.
            fetched.held.leave();
        }
        let page = hydrate(&self.client, self.reconciler.as_ref(), &self.slice.each, page).await?;
        let Page { items, faults, next, total_rows, gone, gaps, ceiling, token, unseen, partial: _ } = page;
        self.warn(request, &faults);
        for why in gaps {
            self.gap(request, why);
        }
        self.keep_token(request, token);
        self.rows += rows as u64;
        self.miss(unseen);
        self.total = total_rows.or(self.total);
        if !matches!(request.stage(), Some(Stage::File(_))) {
            self.page = Some(fetched.url);
        }
        // The body is not needed any more, and what waits for the comparison is much smaller.
        drop(fetched.body);
        fetched.held.shrink(items.size_bytes());
        let (number, stands) = (self.number, self.stands(&next, step));
        let page =
            WalkedPage { number, items, faults, gone, ceiling, fetched_at, stands, _held: fetched.held };
        Ok((page, next))
    }

    /// What a page adds to the trail, where it leads on.
    fn step(&mut self, request: &PageRequest, page: &Page, rows: usize) -> Result<Step, Reason> {
        let more_follows = matches!(page.next, Next::Page(_));
        let step = self.guard.after(&page.items, rows, more_follows);
        step.map_err(|endless| self.endless(request, endless))
    }

    fn warn(&self, request: &PageRequest, faults: &[ItemFault]) {
        if let Some(first) = faults.first() {
            let at = self.site(request);
            tracing::warn!(%at, rows = faults.len(), %first, "rows of a page cannot be used");
        }
    }

    /// Remembers the newest token of a change feed.
    fn keep_token(&mut self, request: &PageRequest, token: Option<String>) {
        let kept = token.and_then(|token| self.client.without_keys(&request.each, &token).ok());
        self.token = kept.or(self.token.take());
    }

    /// Remembers what no page has shown so far.
    fn miss(&mut self, unseen: Vec<Unseen>) {
        match &mut self.unseen {
            Some(all) => all.retain(|one| unseen.contains(one)),
            None => self.unseen = Some(unseen.into_iter().filter(|one| one.is_proof).collect()),
        }
    }

    /// Where the walk can be carried on. One that is not all there is any more, or part of an export, is begun again instead.
    fn stands(&self, next: &Next, step: Step) -> Option<Stands> {
        let Next::Page(next) = next else { return None };
        if !self.reconciler.feed().is_led || !self.gaps.is_empty() || next.position.export.is_some() {
            return None;
        }
        let target = match &next.target {
            Target::Link(link) => Target::Link(self.client.without_keys(&next.each, link).ok()?),
            path @ Target::Path { .. } => path.clone(),
        };
        let (number, rows, total) = (self.number, self.rows, self.total);
        let (unseen, page, step) = (self.unseen.clone(), self.page.clone(), Some(step));
        Some(Stands { next: PageRequest { target, ..next.clone() }, number, rows, total, unseen, page, step })
    }
}

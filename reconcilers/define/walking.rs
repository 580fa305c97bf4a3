//! The way through the pages of a slice: the first request, and what a page leads to.

use super::definition::Definition;
use super::feed::FeedDefinition;
use super::fill::Fill;
use super::follow::follow;
use super::following::{Following, Said};
use super::job::{JobDefinition, Outcome};
use super::paging::{By, First, Keep, Paging};
use super::placeholder::Slot;
use super::reader::plain;
use super::rows::ReadRows;
use crate::compare::CLOCK;
use crate::instant::Instant;
use crate::items::ItemView;
use crate::page::{Next, PageFault, PageRequest, Position, Response, Unseen};
use crate::reconciler::Filter;
use crate::window::Slice;

/// Where a page leads, and what it says about the whole.
pub(super) struct WayOn {
    pub(super) next: Next,
    pub(super) total_rows: Option<u64>,
    pub(super) ceiling: Option<Instant>,
    pub(super) token: Option<String>,
    pub(super) unseen: Vec<Unseen>,
}

impl Definition {
    fn request_at(&self, slice: &Slice, position: Position) -> PageRequest {
        let member = self.member(&slice.each);
        let fill = Fill {
            bounds: self.feed.bounds(slice),
            each: member.as_ref(),
            token: slice.token.as_deref().filter(|_| self.feed.feed.changes),
            ..self.feed.paging.fill(&position)
        };
        let is_first = position.page == 0;
        let template = match (&self.feed.job, &position.export) {
            (Some(JobDefinition { result: Outcome::Pages(pages), .. }), Some(_)) => pages,
            _ => &self.feed.request,
        };
        let request = match (&self.feed.paging.keep, &self.feed.paging.by) {
            (Keep::Named(names), By::Cursor { .. }) if !is_first => template.keeping(names).render(&fill),
            _ => template.render(&fill),
        };
        PageRequest { each: slice.each.clone(), position, ..request }
    }

    /// The request that a walk begins with, or begins anew with behind an id.
    pub(super) fn request_from_the_start(&self, slice: &Slice, rekey: Option<String>) -> PageRequest {
        if self.feed.job.is_some() {
            let create = self.request_at(slice, Position::default());
            let position = Position { export: Some(Box::default()), ..Position::default() };
            return PageRequest { position, ..create };
        }
        self.first_request_at(slice, Position { rekey, ..Position::default() })
    }

    /// The request for the first page, from a position that says what is known before.
    pub(super) fn first_request_at(&self, slice: &Slice, start: Position) -> PageRequest {
        let By::Cursor { first, .. } = &self.feed.paging.by else { return self.request_at(slice, start) };
        let cursor = first.as_ref().and_then(|first| match first {
            First::Text(text) => Some(text.clone()),
            First::From => self.feed.bounds(slice).map(|bounds| bounds.from()),
        });
        self.request_at(slice, Position { cursor, ..start })
    }

    /// The first request of a run that goes on from a saved token: the token is the link, or the cursor, or has a
    /// parameter of its own.
    pub(super) fn request_from_token(&self, slice: &Slice, token: &str) -> PageRequest {
        if matches!(self.feed.paging.by, By::Url(_)) {
            return self.request_of_link(slice, token.to_owned(), Position::default());
        }
        let cursor = (!self.feed.request.uses(&Slot::Token)).then(|| token.to_owned());
        self.request_at(slice, Position { cursor, ..Position::default() })
    }

    fn request_of_link(&self, slice: &Slice, link: String, position: Position) -> PageRequest {
        let first = Position { export: position.export.clone(), ..Position::default() };
        let first = self.request_at(slice, first);
        PageRequest { position, ..follow(link, &self.feed.paging.keep, first) }
    }

    /// What comes after a page where the cap on the rows of a query does not change it.
    fn next(&self, slice: &Slice, request: &PageRequest, said: &Said, following: Following) -> Next {
        let after = |cursor| Paging::after(&request.position, said.rows, cursor);
        match following {
            Following::End => Next::End,
            Following::Counted => Next::Page(self.request_at(slice, after(None))),
            Following::Cursor(cursor) => Next::Page(self.request_at(slice, after(Some(cursor)))),
            Following::Link(link) => Next::Page(self.request_of_link(slice, link, after(None))),
        }
    }

    /// The query that begins anew behind the last id of a page, where the cap leaves no other way on.
    fn rekeyed(
        &self,
        slice: &Slice,
        request: &PageRequest,
        read: &ReadRows,
        ends: bool,
    ) -> Result<Option<PageRequest>, PageFault> {
        // Behind a last page without rows there is nothing.
        let is_through = ends && read.rows == 0;
        let passed = self.feed.paging.passed(&request.position, read.rows as u64);
        let next_rows = self.feed.paging.size.filter(|_| !ends);
        let cap = self.feed.feed.cap.filter(|_| !is_through);
        if !cap.is_some_and(|cap| cap.asks_for_rekey(passed, next_rows)) {
            return Ok(None);
        }
        let last = read.last_id.as_deref().and_then(plain);
        let last = last.ok_or_else(|| PageFault::NoWayOn("the id of the last row".to_owned()))?;
        Ok(Some(self.request_from_the_start(slice, Some(last))))
    }

    /// Whether all rows of a page lie before a slice, so that nothing of it can come after them.
    fn is_older(&self, read: &ReadRows, slice: &Slice) -> bool {
        let format = &self.feed.feed.clock_format;
        let is_before = |item: ItemView<'_>| {
            let clock = item.slot(CLOCK).and_then(plain).and_then(|text| format.read(&text));
            clock.is_some_and(|at| at < slice.window.from())
        };
        let could_all_be_read = read.rows > 0 && read.items.len() == read.rows;
        self.feed.paging.stop.older && could_all_be_read && read.items.iter().all(is_before)
    }

    /// Where a page leads.
    pub(super) fn way_on(
        &self,
        slice: &Slice,
        request: &PageRequest,
        response: &Response<'_>,
        read: &ReadRows,
    ) -> Result<WayOn, PageFault> {
        let FeedDefinition { paging, ceiling, feed, .. } = &self.feed;
        let mut said = paging.said(&read.signals, read.last.as_deref(), read.rows, response);
        said.is_older = self.is_older(read, slice);
        let following = paging.following(&said, &request.position)?;
        let next = match self.next_file(slice, request, said.rows) {
            Some(file) => file,
            None => match self.rekeyed(slice, request, read, following == Following::End)? {
                Some(anew) => Next::Page(anew),
                None => self.next(slice, request, &said, following),
            },
        };
        let exported = request.position.export.as_ref().and_then(|export| export.total);
        let complete_to = ceiling.as_ref().and_then(|ceiling| {
            let text = ceiling.reader.read(read.signals.last()?.as_deref(), response)?;
            feed.clock_format.read(&text)
        });
        let without =
            ceiling.as_ref().filter(|_| complete_to.is_none()).and_then(|ceiling| ceiling.unseen(true));
        // Where we filter, the count is that of another list, and nobody compares it.
        let uncompared = paging.total.as_ref().filter(|_| feed.filter == Filter::Client);
        let uncompared = uncompared.and_then(|total| total.unseen(true));
        for one in &mut said.unseen {
            one.is_proof &= uncompared.as_ref() != Some(one);
        }
        said.unseen.extend(without);
        Ok(WayOn {
            // A query that began anew counts only what lies behind its id.
            total_rows: said.total.or(exported).filter(|_| request.position.rekey.is_none()),
            token: said.token.filter(|_| next == Next::End),
            ceiling: complete_to,
            unseen: said.unseen,
            next,
        })
    }
}

//! A reconciler made of YAML: a domain on a feed, with the variables of the configuration put in place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::domain::DomainDefinition;
use super::feed::FeedDefinition;
use super::layout::Layout;
use super::look_up::LookUps;
use super::paging::{By, Following, Paging};
use super::provider::ProviderDefinition;
use super::rows::{ReadRows, RowReader};
use super::rules::Rules;
use super::template::Slot;
use crate::compare::Fields;
use crate::discrepancy::Kind;
use crate::key::Key;
use crate::name::{DomainName, Each, Name};
use crate::page::{
    Answer, Confirm, Confirmed, Method, Next, Page, PageFault, PageRequest, Position, Response, Seen, Target,
};
use crate::reconciler::{Feed, Filter, Local, Policy, Reconciler, Remedy, Schedule};
use crate::window::Slice;

/// What the configuration adds to a definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The values of `{var.NAME}`.
    pub vars: BTreeMap<String, String>,
}

/// A domain on its feed.
#[derive(Debug)]
pub struct Definition {
    domain: DomainDefinition,
    provider: Name,
    feed: FeedDefinition,
    rules: Arc<Rules>,
    pages: RowReader,
    look_ups: LookUps,
}

impl Definition {
    /// Puts a domain on a feed of a provider; the error is a variable that the feed cannot do without.
    pub fn new(
        provider: &ProviderDefinition,
        feed: &FeedDefinition,
        domain: DomainDefinition,
        settings: &Settings,
    ) -> Result<Self, Slot> {
        let mut feed = feed.bind(&settings.vars)?;
        feed.feed.name = domain.feed.to_string();
        let layout = Layout::new(&feed, &domain);
        let signals = feed.paging.signals();
        let pages = RowReader::of_pages(&feed.rows, &layout, &domain.fields, &signals);
        let look_ups = LookUps::new(&pages, &feed.confirm, &signals);
        let rules = Arc::clone(&provider.rules);
        Ok(Self { domain, provider: provider.name.clone(), feed, rules, pages, look_ups })
    }

    fn request_at(&self, slice: &Slice, position: Position) -> PageRequest {
        let bounds = (self.feed.feed.filter == Filter::Server).then(|| {
            let Feed { grain, clock_format, .. } = self.feed.feed;
            self.feed.edges.bounds(slice.window, grain, clock_format)
        });
        let mut fill = self.feed.paging.fill(&position);
        if let Some((from, to)) = &bounds {
            (fill.from, fill.to) = (Some(from.as_str()), to.as_deref());
        }
        let request = self.feed.request.render(&fill);
        PageRequest { each: slice.each.clone(), position, ..request }
    }
}

impl Reconciler for Definition {
    fn domain(&self) -> &DomainName {
        &self.domain.name
    }

    fn provider(&self) -> &Name {
        &self.provider
    }

    fn feed(&self) -> &Feed {
        &self.feed.feed
    }

    fn policy(&self) -> &Policy {
        &self.domain.policy
    }

    fn schedule(&self) -> Option<&Schedule> {
        self.domain.schedule.as_ref()
    }

    fn fields(&self) -> &Fields {
        &self.domain.fields
    }

    fn local(&self) -> &Local {
        &self.domain.local
    }

    fn first_page(&self, slice: &Slice) -> PageRequest {
        let cursor = match &self.feed.paging.by {
            By::Cursor { first, .. } => first.clone(),
            _ => None,
        };
        self.request_at(slice, Position { cursor, ..Position::default() })
    }

    fn answer(&self, _: &PageRequest, response: &Response<'_>) -> Answer {
        self.rules.answer(response)
    }

    fn read_page(
        &self,
        slice: &Slice,
        request: &PageRequest,
        response: &Response<'_>,
    ) -> Result<Page, PageFault> {
        let ReadRows { items, faults, gone, partial, cut, signals, last, rows } =
            self.pages.read(response.body)?;
        let seen = self.feed.paging.seen(&signals, last.as_deref(), rows, response);
        // A provider that counts what its rows were taken out of does not count the rows.
        let total_rows = seen.total.filter(|_| self.feed.rows.shape.explode.is_none());
        let seen_rows = seen.rows;
        let at = &request.position;
        let after = |cursor| Paging::after(at, seen_rows, cursor);
        let next = match self.feed.paging.following(seen, at)? {
            Following::End => Next::End,
            Following::Counted => Next::Page(self.request_at(slice, after(None))),
            Following::Cursor(cursor) => Next::Page(self.request_at(slice, after(Some(cursor)))),
            Following::Link(link) => Next::Page(PageRequest {
                method: Method::Get,
                target: Target::Link(link),
                headers: request.headers.clone(),
                body: None,
                each: slice.each.clone(),
                position: after(None),
            }),
        };
        let partial = if self.feed.confirm.hydrate { (0..items.len()).collect() } else { partial };
        let gaps = (cut > 0).then(|| format!("{cut} lists whose elements are the rows are cut off"));
        let gaps = gaps.into_iter().collect();
        Ok(Page { items, faults, next, total_rows, gone, partial, gaps, ..Page::default() })
    }

    fn confirm(&self, _: &Each, keys: &[Key]) -> Vec<Confirm> {
        self.feed.confirm.requests(keys)
    }

    fn confirm_answer(&self, _: &Confirm, response: &Response<'_>) -> Answer {
        if self.feed.confirm.may_say_gone(response) {
            return Answer::Read;
        }
        self.rules.confirm_answer(response)
    }

    fn read_confirm(&self, confirm: &Confirm, response: &Response<'_>) -> Result<Vec<Confirmed>, PageFault> {
        if let [key] = confirm.keys.as_slice()
            && self.feed.confirm.asks_one(&confirm.keys).is_some()
        {
            let seen = if self.feed.confirm.says_gone(response) {
                Seen::Gone
            } else {
                self.look_ups.read_one(key, response)?
            };
            return Ok(vec![Confirmed { key: key.clone(), seen }]);
        }
        self.look_ups.read_many(&self.feed, confirm, response)
    }

    fn remedy(&self, kind: Kind) -> Remedy {
        self.domain.remedies.of(kind)
    }
}

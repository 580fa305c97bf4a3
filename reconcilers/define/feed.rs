//! A feed of a provider file: one list endpoint, compiled.
//!
//! Reading order: the words and what they are about; the walk, the items and what is told beside them; the requests and what they
//! can fill; and all of it put together.

mod file;
mod of_list;
mod sorted;

mod walk;
mod keys;
mod items;
mod parts;
mod beside;

mod slots;
mod asking;
mod requests;
mod each;

mod compile;

use super::confirm::ConfirmDefinition;
use super::count::CountDefinition;
use super::each_file::EachDefinition;
use super::edges::Edges;
use super::events_file::EventsDefinition;
use super::fill::Bounds;
use super::job::JobDefinition;
use super::paging::Paging;
use super::placeholder::Slot;
use super::problem::Problem;
use super::reader::Signal;
use super::request::RequestTemplate;
use super::rows_file::RowsDefinition;
use super::scopes_file::ScopesDefinition;
use super::template::Known;
use super::webhooks_file::WebhooksDefinition;
use crate::money::Currencies;
use crate::path::Path;
use crate::reconciler::{Feed, Filter};
use crate::window::{Purpose, Slice, Window};

pub(super) use self::file::FeedFile;

/// One list endpoint of a provider.
#[derive(Debug, Clone)]
pub struct FeedDefinition {
    /// What a run needs to know.
    pub feed: Feed,
    /// Where the rows of a page are, and what they are.
    pub rows: RowsDefinition,
    /// Where the parts of the key of a row are; one for most feeds.
    pub id: Vec<Path>,
    /// Where the clock of a row is, where it has one.
    pub clock: Option<Path>,
    /// Where the change marker of a row is.
    pub version: Option<Path>,
    /// What is legal and rarely meant.
    pub warnings: Vec<Problem>,
    /// What a walk begins with: its first page, or the job of an export.
    pub(super) request: RequestTemplate,
    /// How an export is prepared before there are pages.
    pub(super) job: Option<JobDefinition>,
    pub(super) paging: Paging,
    pub(super) edges: Edges,
    /// Where a page says up to when it is whole.
    pub(super) ceiling: Option<Signal>,
    /// Where a row has the id that a query can begin behind, where a cap makes it do so.
    pub(super) rekey: Option<Path>,
    pub(super) confirm: ConfirmDefinition,
    /// For whom it is read, where it says so itself.
    pub(super) each: Option<EachDefinition>,
    /// How the rows of a range are counted, where they can be.
    pub(super) count: Option<CountDefinition>,
    /// Where the provider lists its own events about the items.
    pub events: Option<EventsDefinition>,
    /// Where the provider lists the endpoints that it sends webhooks to.
    pub webhooks: Option<WebhooksDefinition>,
    /// Where it says which scopes the credentials have.
    pub scopes: Option<ScopesDefinition>,
    /// How it counts minor units, where ISO 4217 does it otherwise.
    pub currencies: Currencies,
}

impl FeedDefinition {
    /// The places of a page's own values: those that [`Paging::said`] expects, then the ceiling.
    pub(super) fn signals(&self) -> Vec<Option<Path>> {
        let mut signals = self.paging.signals();
        signals.push(self.ceiling.as_ref().and_then(|ceiling| ceiling.reader.signal()));
        signals
    }

    /// The bounds of a range, where the provider applies them.
    pub(super) fn bounds_of(&self, window: Window) -> Option<Bounds> {
        self.bounds(&Slice::new(window, Purpose::Coverage))
    }

    /// The bounds of a slice, where the provider applies them.
    pub(super) fn bounds(&self, slice: &Slice) -> Option<Bounds> {
        let Feed { grain, clock_format, filter, .. } = &self.feed;
        let edges = self.edges.of(slice);
        let bounds = Bounds { window: slice.window, edges, grain: *grain, format: clock_format.clone() };
        (*filter == Filter::Server).then_some(bounds)
    }

    /// Paths like those that it asks for.
    pub(super) fn sample_paths(&self) -> impl Iterator<Item = String> {
        let own = std::iter::once(&self.request).chain(self.others()).map(RequestTemplate::sample_path);
        own.chain(self.job.iter().flat_map(JobDefinition::sample_paths))
    }

    /// Its requests that ask for no page and are no part of a job.
    fn others(&self) -> impl Iterator<Item = &RequestTemplate> {
        self.confirm.requests_of().chain(self.count.iter().map(|count| &count.request))
    }

    /// Puts what is known in place; the error is a placeholder that must be set and is not.
    pub(super) fn bind<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Self, Slot> {
        let job = self.job.as_ref().map(|job| job.bind(known)).transpose()?;
        let count = self.count.as_ref().map(|count| count.bind(known)).transpose()?;
        let (request, confirm) = (self.request.bind(known)?, self.confirm.bind(known)?);
        Ok(Self { request, job, confirm, count, ..self.clone() })
    }
}

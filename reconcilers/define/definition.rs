//! A reconciler made of YAML: a domain on a feed, with the variables of the configuration put in place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::domain::DomainDefinition;
use super::feed::FeedDefinition;
use super::layout::Layout;
use super::look_up::LookUps;
use super::provider::ProviderDefinition;
use super::rows::{ReadRows, RowReader};
use super::rules::Rules;
use super::template::Slot;
use crate::compare::Fields;
use crate::discrepancy::Kind;
use crate::key::Key;
use crate::name::{DomainName, Each, Name};
use crate::page::{Answer, Confirm, Confirmed, Page, PageFault, PageRequest, Response, Seen};
use crate::reconciler::{Feed, Local, Policy, Reconciler, Remedy, Schedule};
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
    pub(super) feed: FeedDefinition,
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
        let feed = feed.bind(&settings.vars)?;
        let layout = Layout::new(&feed, &domain);
        let signals = feed.signals();
        let pages = RowReader::of_pages(&feed.rows, &layout, &domain.fields, &signals);
        let look_ups = LookUps::new(&pages, &feed.confirm, &signals);
        let rules = Arc::clone(&provider.rules);
        Ok(Self { domain, provider: provider.name.clone(), feed, rules, pages, look_ups })
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
        match &slice.token {
            Some(token) if self.feed.feed.changes => self.request_from_token(slice, token),
            _ => self.request_from_the_start(slice, None),
        }
    }

    fn answer(&self, request: &PageRequest, response: &Response<'_>) -> Answer {
        if self.feed.paging.stop.ends(response.status, &request.position) {
            return Answer::Empty;
        }
        self.rules.answer(response)
    }

    fn read_page(
        &self,
        slice: &Slice,
        request: &PageRequest,
        response: &Response<'_>,
    ) -> Result<Page, PageFault> {
        let read = self.pages.read(response.body)?;
        let on = self.way_on(slice, request, response, &read)?;
        let ReadRows { items, faults, gone, partial, cut, .. } = read;
        let partial = if self.feed.confirm.hydrate { (0..items.len()).collect() } else { partial };
        let gaps = (cut > 0).then(|| format!("{cut} lists whose elements are the rows are cut off"));
        Ok(Page {
            items,
            faults,
            next: on.next,
            // A provider that counts what its rows were taken out of does not count the rows.
            total_rows: on.total_rows.filter(|_| self.feed.rows.shape.explode.is_none()),
            gone,
            partial,
            gaps: gaps.into_iter().collect(),
            ceiling: on.ceiling,
            token: on.token,
        })
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

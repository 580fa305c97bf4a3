//! A reconciler made of YAML: a domain on a feed, with the variables of the configuration put in place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::domain::DomainDefinition;
use super::each_file::{EachDefinition, names_of};
use super::events_file::EventsDefinition;
use super::feed::FeedDefinition;
use super::fill::Fill;
use super::graphql;
use super::layout::Layout;
use super::lists;
use super::look_up::{self, LookUps};
use super::provider::ProviderDefinition;
use super::rows::{Looked, ReadRows, RowReader};
use super::rules::Rules;
use super::template::{Known, Slot};
use crate::compare::{Fields, VERSION};
use crate::direction::Direction;
use crate::discrepancy::Kind;
use crate::event_feed::EventFeed;
use crate::fan_out::{FanOut, Member, Parents};
use crate::funnel::Funnel;
use crate::name::{DomainName, Each, Name};
use crate::page::{
    Answer, Confirm, Confirmed, Page, PageFault, PageRequest, Position, Response, Unseen, Wanted,
};
use crate::received::Received;
use crate::reconciler::{Feed, Local, Policy, Reconciler, Remedy};
use crate::schedule::Schedule;
use crate::scopes::Scopes;
use crate::webhooks::{WebhookFeed, Webhooks};
use crate::window::Slice;

/// What the configuration adds to a definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The values of `{var.NAME}`.
    pub vars: BTreeMap<String, String>,
    /// The members of a fan-out, in place of those that a feed names itself.
    pub each: Vec<Member>,
    /// Whether some of them have credentials of their own, so that every feed shows each of them something else.
    pub apart: bool,
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
    fan_out: FanOut,
    events: Option<EventFeed>,
    webhooks: Option<WebhookFeed>,
    scopes: Option<Scopes>,
    /// The names of the values of a member.
    names: Vec<Box<str>>,
}

impl Definition {
    /// Puts a domain on a feed of a provider; the error is a value that the feed cannot do without.
    pub fn new(
        provider: &ProviderDefinition,
        feed: &FeedDefinition,
        mut domain: DomainDefinition,
        settings: &Settings,
    ) -> Result<Self, Slot> {
        domain.fields.currencies = feed.currencies.clone();
        let fan_out = fan_out(provider, feed, &domain, settings)?;
        let events = events(provider, feed, &domain, settings)?;
        let webhooks = lists::webhooks(provider, feed, &domain, settings)?;
        let scopes = lists::scopes(provider, feed, &domain, settings)?;
        let names: Vec<Box<str>> = match &fan_out {
            FanOut::None => Vec::new(),
            FanOut::Members(members) => names_of(members).into_iter().map(Into::into).collect(),
            FanOut::Feed(parents) => vec![parents.name.clone()],
        };
        let mut feed = feed.bind(&|slot: &Slot| match slot {
            Slot::Var(name) => settings.vars.get(&**name).map_or(Known::Unset, |value| Known::Value(value)),
            Slot::Each(name) if !names.contains(name) => Known::Unset,
            _ => Known::Later,
        })?;
        feed.feed.name = domain.feed.to_string();
        let layout = Layout::new(&feed, &domain);
        let signals = feed.signals();
        let pages = RowReader::of_pages(&feed.rows, &layout, &domain.fields, &signals);
        let look_ups = LookUps::new(&pages, &feed.confirm, &signals);
        let rules = Arc::clone(&provider.rules);
        Ok(Self {
            domain,
            provider: provider.name.clone(),
            feed,
            rules,
            pages,
            look_ups,
            fan_out,
            events,
            webhooks,
            scopes,
            names,
        })
    }

    /// The member that a slice or a look-up is about.
    pub(super) fn member(&self, each: &Each) -> Option<Member> {
        Member::called(each, self.names.iter().map(AsRef::as_ref))
    }
}

impl Definition {
    /// The change marker, where rows have none at the place that the feed names.
    fn unseen_version(&self, read: &ReadRows) -> Option<Unseen> {
        let version = self.feed.version.as_ref()?;
        let mut rows = read.items.iter();
        let has_none =
            !read.items.is_empty() && rows.all(|row| row.slot(VERSION).is_none_or(|text| text == "null"));
        has_none.then(|| Unseen { place: version.to_string(), is_proof: false })
    }
}

/// For whom a feed is read: those of the configuration come before those of the feed.
fn fan_out(
    provider: &ProviderDefinition,
    feed: &FeedDefinition,
    domain: &DomainDefinition,
    settings: &Settings,
) -> Result<FanOut, Slot> {
    let configured = names_of(&settings.each);
    let of_credentials = provider.own_names();
    let used: BTreeSet<&str> = feed.each_names().union(&of_credentials).copied().collect();
    let named = feed.each.as_ref().map(EachDefinition::names).unwrap_or_default();
    let are_apart = settings.apart && feed.each.is_none();
    if are_apart || configured.iter().any(|name| used.contains(name) || named.contains(name)) {
        let missing = used.iter().find(|name| !configured.contains(*name));
        return match missing {
            Some(missing) => Err(Slot::Each((*missing).into())),
            None => Ok(FanOut::Members(settings.each.clone())),
        };
    }
    if let Some(unknown) = of_credentials.first() {
        return Err(Slot::Each((*unknown).into()));
    }
    match &feed.each {
        None => Ok(FanOut::None),
        Some(EachDefinition::Members(members)) => Ok(FanOut::Members(members.clone())),
        Some(EachDefinition::Feed(parent)) => {
            let missing = || Slot::Each(parent.name.clone());
            let other = provider.feeds.get(&parent.feed).ok_or_else(missing)?;
            let reader = Definition::new(
                provider,
                other,
                domain.reading(&parent.feed, std::slice::from_ref(&parent.field)),
                &Settings { vars: settings.vars.clone(), ..Settings::default() },
            )?;
            Ok(FanOut::Feed(Parents { feed: Arc::new(reader), name: parent.name.clone() }))
        }
    }
}

/// The feed of the provider's own events, where the feed has one and the domain wants to send or to trace them, or follows
/// changes by them.
fn events(
    provider: &ProviderDefinition,
    feed: &FeedDefinition,
    domain: &DomainDefinition,
    settings: &Settings,
) -> Result<Option<EventFeed>, Slot> {
    let is_wanted = |events: &&EventsDefinition| {
        events.drives || domain.remedies.want_originals() || domain.received.is_some()
    };
    let Some(events) = feed.events.as_ref().filter(is_wanted) else { return Ok(None) };
    let Some(other) = provider.feeds.get(&events.feed) else { return Ok(None) };
    let mut reader =
        Definition::new(provider, other, domain.reading(&events.feed, &events.members()), settings)?;
    // Whoever looks for events looks up those that count, and not all that the log holds.
    let is_detailed = std::mem::take(&mut reader.feed.confirm.hydrate);
    Ok(Some(EventFeed {
        feed: Arc::new(reader),
        parts: events.object.len(),
        is_grouped: events.group.is_some(),
        is_detailed,
        arrived_if: events.arrived_if.iter().map(|(_, expected)| expected.clone()).collect(),
        drives: events.drives,
        is_wrapped: events.unwrap.is_some(),
    }))
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

    fn fan_out(&self) -> FanOut {
        self.fan_out.clone()
    }

    fn events(&self) -> Option<&EventFeed> {
        self.events.as_ref()
    }

    fn webhooks(&self) -> Webhooks<'_> {
        match &self.webhooks {
            Some(webhooks) => Webhooks::Listed(webhooks),
            None if self.feed.webhooks.is_none() && self.domain.fields.direction == Direction::Inbound => {
                Webhooks::Untold
            }
            None => Webhooks::Unneeded,
        }
    }

    fn scopes(&self) -> Option<&Scopes> {
        self.scopes.as_ref()
    }

    fn received(&self) -> Option<&Received> {
        self.domain.received.as_ref()
    }

    fn funnel(&self) -> Option<&Funnel> {
        self.domain.funnel.as_ref()
    }

    fn policy(&self) -> &Policy {
        &self.domain.policy
    }

    fn owner(&self) -> Option<&str> {
        self.domain.owner.as_deref()
    }

    fn tags(&self) -> &[Name] {
        &self.domain.tags
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
        if let (Some(job), Some(stage)) = (&self.feed.job, request.stage()) {
            return job.answer(stage, &self.feed.request, &self.rules, response);
        }
        let answer = self.rules.answer(response);
        if self.feed.request.is_graphql { graphql::judged(answer, response) } else { answer }
    }

    fn read_page(
        &self,
        slice: &Slice,
        request: &PageRequest,
        response: &Response<'_>,
    ) -> Result<Page, PageFault> {
        if let Some(job) = self.job_of(request) {
            let next = self.job_step(slice, request, response, job)?;
            return Ok(Page { next, ..Page::default() });
        }
        let read = self.pages.read(response.body)?;
        let mut on = self.way_on(slice, request, response, &read)?;
        on.unseen.extend(self.unseen_version(&read));
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
            unseen: on.unseen,
        })
    }

    fn count_request(&self, slice: &Slice) -> Option<PageRequest> {
        let member = self.member(&slice.each);
        let fill = Fill { bounds: self.feed.bounds(slice), each: member.as_ref(), ..Fill::default() };
        let request = self.feed.count.as_ref()?.request(&fill);
        Some(PageRequest { each: slice.each.clone(), ..request })
    }

    fn read_count(&self, response: &Response<'_>) -> Option<u64> {
        self.feed.count.as_ref()?.read(response)
    }

    fn confirm(&self, each: &Each, items: &[Wanted]) -> Vec<Confirm> {
        let member = self.member(each);
        let first = Position::default();
        let fill = Fill { each: member.as_ref(), ..self.feed.paging.fill(&first) };
        self.feed.confirm.requests(items, &fill, &|window| self.feed.bounds_of(window))
    }

    fn confirm_answer(&self, confirm: &Confirm, response: &Response<'_>) -> Answer {
        look_up::answer(&self.feed.confirm, &self.rules, &confirm.keys, response)
    }

    fn read_confirm(&self, confirm: &Confirm, response: &Response<'_>) -> Result<Vec<Confirmed>, PageFault> {
        self.look_ups.read(&self.feed, confirm, response)
    }

    fn found_on(&self, body: &[u8]) -> Result<Vec<Confirmed>, PageFault> {
        let shown = self.pages.look_up(body)?;
        let confirmed = shown.rows.into_iter().filter_map(|row| match row {
            Looked::Row(Some(key), seen) => Some(Confirmed { key, seen }),
            Looked::Row(None, _) | Looked::Null | Looked::Fault(_) => None,
        });
        Ok(confirmed.collect())
    }

    fn without_rows(&self, body: &[u8]) -> Option<Vec<u8>> {
        self.pages.emptied(body)
    }

    fn remedy(&self, kind: Kind) -> Remedy {
        self.domain.remedies.of(kind)
    }
}

//! A reconciler made of YAML: a domain on a feed, with the variables of the configuration put in place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::confirm::repeated;
use super::domain::DomainDefinition;
use super::feed::FeedDefinition;
use super::paging::By;
use super::provider::ProviderDefinition;
use super::reader::{CursorReader, Reader};
use super::rules::Rules;
use super::template::Slot;
use crate::compare::{CLOCK, FIELDS, Fields, KEY, VERSION};
use crate::discrepancy::Kind;
use crate::items::Items;
use crate::key::Key;
use crate::name::{DomainName, Each, Name};
use crate::page::{
    Answer, Confirm, Confirmed, Page, PageFault, PageRequest, Response, Seen,
};
use crate::path::Path;
use crate::projection::{Projected, Projection, raw_rows, shallow};
use crate::reconciler::{Feed, Local, Policy, Reconciler, Remedy, Schedule};
use crate::window::Slice;

/// The most rows that one page may have; providers ask for at most some thousand.
const MAX_ITEMS: usize = 10_000;

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
    page: Projection,
    many: Option<Projection>,
    /// Slots per item.
    width: usize,
    /// The slot of the cursor in the last row, after the compared fields.
    pub(super) cursor_slot: Option<usize>,
    /// The slot of the id that a query can begin behind.
    pub(super) rekey_slot: usize,
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
        let mut slots: Vec<Option<Path>> = vec![None; FIELDS];
        slots[KEY] = Some(feed.id.clone());
        slots[CLOCK] = Some(feed.clock.clone());
        slots[VERSION].clone_from(&feed.version);
        slots.extend(domain.fields.fields.iter().map(|field| Some(field.upstream.clone())));
        let mut cursor_slot = None;
        if let By::Cursor { reader: CursorReader::Last(path), .. } = &feed.paging.by {
            cursor_slot = Some(slots.len());
            slots.push(Some(path.clone()));
        }
        let mut rekey_slot = KEY;
        if let Some(path) = &feed.rekey {
            rekey_slot = slots.len();
            slots.push(Some(path.clone()));
        }
        let mut signals = feed.paging.signals();
        signals.push(feed.ceiling.as_ref().and_then(Reader::signal));
        let page = Projection::new(&feed.rows, &slots, &signals, MAX_ITEMS);
        let many = feed.confirm.many.as_ref();
        let many = many.map(|many| Projection::new(&many.rows, &slots, &signals, MAX_ITEMS));
        let rules = Arc::clone(&provider.rules);
        Ok(Self {
            domain,
            provider: provider.name.clone(),
            feed,
            rules,
            page,
            many,
            width: slots.len(),
            cursor_slot,
            rekey_slot,
        })
    }

    /// Everything of a look-up's answer that concerns one key, the item itself left out.
    fn read_one(&self, key: &Key, response: &Response<'_>) -> Result<Seen, PageFault> {
        let nothing_known = || PageFault::NeitherItemNorGone(response.status);
        if !(200..300).contains(&response.status) {
            return Err(nothing_known());
        }
        let kept = self.page.read_item(response.body)?;
        if let Some(fault) = kept.faults.first() {
            return Ok(Seen::Unreadable(fault.reason.to_owned()));
        }
        let item = kept.items.get(0).ok_or_else(nothing_known)?;
        let found = Key::from_json(item.slot(KEY)).map_err(|_| nothing_known())?;
        if found != *key {
            return Err(PageFault::WrongItem);
        }
        let text = std::str::from_utf8(response.body).unwrap_or_default().trim();
        Ok(whole(kept.items, shallow(text).map_err(|fault| fault.to_string())))
    }

    fn read_many(
        &self,
        projection: &Projection,
        rows: &Path,
        confirm: &Confirm,
        response: &Response<'_>,
    ) -> Result<Vec<Confirmed>, PageFault> {
        let kept = projection.read(response.body)?;
        let found = kept.items.iter().map(|item| Key::from_json(item.slot(KEY)));
        let found: Vec<Option<Key>> = found.map(Result::ok).collect();
        if found.iter().flatten().any(|key| !confirm.keys.contains(key)) {
            return Err(PageFault::WrongItem);
        }
        let incomplete = self.incomplete(&kept, &found, response);
        let twice = repeated(found.iter().flatten());
        let places = places_of_items(&kept);
        let confirmed = confirm.keys.iter().map(|key| {
            let seen = match found.iter().position(|known| known.as_ref() == Some(key)) {
                _ if twice.contains(key) => {
                    Seen::Unreadable("two items of the answer have this key".to_owned())
                }
                Some(index) => {
                    let raw = raw_rows(response.body, rows, &[places[index]]);
                    let raw = raw.map_err(|fault| fault.to_string());
                    let raw =
                        raw.and_then(|mut rows| rows.pop().ok_or_else(|| "the row is not there".to_owned()));
                    whole(self.only(&kept.items, index), raw)
                }
                None => self.absent(key, incomplete),
            };
            Confirmed { key: key.clone(), seen }
        });
        Ok(confirmed.collect())
    }

    /// One item by itself.
    fn only(&self, items: &Items, index: usize) -> Items {
        let mut one = Items::of_width(self.width);
        if let Some(item) = items.get(index) {
            one.push(item);
        }
        one
    }

    /// Why what is not in an answer may exist all the same.
    fn incomplete(
        &self,
        kept: &Projected,
        found: &[Option<Key>],
        response: &Response<'_>,
    ) -> Option<&'static str> {
        if !kept.faults.is_empty() || found.iter().any(Option::is_none) {
            return Some("an item of the answer cannot be read");
        }
        let said = self.feed.paging.said(&kept.signals, None, found.len(), response);
        (said.more == Some(true)).then_some("the answer says that more follows")
    }

    /// A key that a whole answer does not name is gone.
    fn absent(&self, key: &Key, incomplete: Option<&'static str>) -> Seen {
        let could_be_asked = self.feed.confirm.many.as_ref().is_none_or(|many| many.can_hold(key));
        match incomplete {
            None if could_be_asked => Seen::Gone,
            None => Seen::Unreadable("the key holds a comma and cannot be asked for in a list".to_owned()),
            Some(why) => Seen::Unreadable(why.to_owned()),
        }
    }
}

/// An item with the whole text it came from.
fn whole(items: Items, raw: Result<Box<str>, String>) -> Seen {
    match raw {
        Ok(raw) => Seen::Item(items, raw),
        Err(fault) => Seen::Unreadable(fault),
    }
}

/// The place in the page of each item that could be projected.
fn places_of_items(kept: &Projected) -> Vec<usize> {
    let rows = kept.items.len() + kept.faults.len();
    (0..rows).filter(|place| !kept.faults.iter().any(|fault| fault.index == *place)).collect()
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
        let Projected { items, faults, signals } = self.page.read(response.body)?;
        let rows = items.len() + faults.len();
        let on = self.way_on(slice, request, response, &items, rows, &signals)?;
        Ok(Page {
            items,
            faults,
            next: on.next,
            total_rows: on.total_rows,
            ceiling: on.ceiling,
            token: on.token,
            ..Page::default()
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
                self.read_one(key, response)?
            };
            return Ok(vec![Confirmed { key: key.clone(), seen }]);
        }
        let (Some(projection), Some(many)) = (&self.many, &self.feed.confirm.many) else {
            return Err(PageFault::NeitherItemNorGone(response.status));
        };
        if !(200..300).contains(&response.status) {
            return Err(PageFault::NeitherItemNorGone(response.status));
        }
        self.read_many(projection, &many.rows, confirm, response)
    }

    fn remedy(&self, kind: Kind) -> Remedy {
        self.domain.remedies.of(kind)
    }
}

//! Finds the provider's own events about some items, in the list that the provider keeps of them.
//!
//! The list is walked and only what is about a wanted item is remembered; each event is then asked for by its id, so that it
//! is handed on exactly as the provider tells it. What is not found is no error: whoever asked makes do with the item.

use std::collections::HashMap;

use tieout_reconcilers::compare::{FIELDS, KEY};
use tieout_reconcilers::discrepancy::Original;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::ItemView;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::{Seen, Wanted};
use tieout_reconcilers::reconciler::{EventFeed, Order};
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::http::Client;
use super::lookup::lookup;
use super::walk::{Coverage, Walk};

/// How many pages of events are read for one set of items; a list that is longer is left to the next run.
const MAX_PAGES: u64 = 500;

/// What was found of the provider's own events.
#[derive(Debug, Default)]
pub struct Originals {
    /// The newest event about each item that has one.
    pub found: HashMap<Key, Original>,
    /// Why some may be missing, in words for the report.
    pub gaps: Vec<String>,
}

/// Finds the newest events about `wanted` that the provider made in a range of time.
pub async fn originals(
    client: &Client,
    events: &EventFeed,
    each: &Each,
    range: Window,
    wanted: &[Key],
) -> Originals {
    let mut search = Search { events, newest: wanted.iter().map(|key| (key.clone(), None)).collect() };
    let slice = Slice { each: each.clone(), ..Slice::new(range, Purpose::Coverage) };
    let mut originals = Originals::default();
    originals.gaps.extend(search.walk(client, slice).await);
    search.fetch(client, each, &mut originals).await;
    originals
}

/// The newest event about each wanted item so far: its clock, where it has one, and its id.
struct Search<'e> {
    events: &'e EventFeed,
    newest: HashMap<Key, Option<(Option<Instant>, Key)>>,
}

impl Search<'_> {
    async fn walk(&mut self, client: &Client, slice: Slice) -> Vec<String> {
        let feed = &self.events.feed;
        let mut walk = Walk::start(client.clone(), feed.clone(), slice);
        while let Some(page) = walk.next().await {
            page.items.iter().for_each(|item| self.see(item));
            if feed.feed().order == Order::Descending && self.newest.values().all(Option::is_some) {
                return Vec::new();
            }
            if page.number >= MAX_PAGES {
                return vec![format!("the list of events was read for {MAX_PAGES} pages and is longer")];
            }
        }
        match walk.coverage().await {
            Coverage::Complete => Vec::new(),
            Coverage::Partial(reasons) => reasons.iter().map(ToString::to_string).collect(),
        }
    }

    fn see(&mut self, item: ItemView<'_>) {
        let parts = (0..self.events.parts).map(|part| Key::from_json(item.slot(FIELDS + part)).ok());
        let parts: Option<Vec<Key>> = parts.collect();
        let about = match parts.as_deref() {
            Some([only]) => Some(only.clone()),
            Some(several) => Key::of_parts(several.iter().map(Key::as_str)).ok(),
            None => None,
        };
        let Some(newest) = about.and_then(|about| self.newest.get_mut(&about)) else { return };
        let clock = self.events.feed.feed().clock_format.of(item);
        let Ok(id) = Key::from_json(item.slot(KEY)) else { return };
        if newest.as_ref().is_none_or(|(known, _)| clock > *known) {
            *newest = Some((clock, id));
        }
    }

    async fn fetch(self, client: &Client, each: &Each, originals: &mut Originals) {
        let newest = || self.newest.iter().filter_map(|(key, event)| Some((key, event.as_ref()?)));
        let about: HashMap<&Key, &Key> = newest().map(|(key, (_, id))| (id, key)).collect();
        let events: Vec<Wanted> =
            newest().map(|(_, (clock, id))| Wanted { key: id.clone(), clock: *clock }).collect();
        let looked_up = lookup(client, self.events.feed.as_ref(), each, &events).await;
        originals.gaps.extend(looked_up.failed.iter().map(|(_, reason)| reason.to_string()));
        for found in looked_up.confirmed {
            if let (Seen::Item(_, event), Some(key)) = (found.seen, about.get(&found.key)) {
                originals.found.insert((*key).clone(), Original { id: found.key, event });
            }
        }
    }
}

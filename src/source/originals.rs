//! Finds the provider's own events about some items, in the list or the log of deliveries that the provider keeps of them.
//!
//! The list is walked, deliveries of one event count once, and only what may be about a wanted item is remembered; each event
//! is then asked for by the id of its entry, so that it is handed on exactly as the provider tells it. What is not found is no
//! error: whoever asked makes do with the item.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::discrepancy::Original;
use tieout_reconcilers::event_feed::{EventFeed, Trace};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::ItemView;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::{Seen, Wanted};
use tieout_reconcilers::reconciler::Order;
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::http::Client;
use super::lookup::lookup;
use super::walk::{Coverage, Walk};

/// How many pages of events are read for one set of items; a list that is longer is left to the next run.
const MAX_PAGES: u64 = 500;

/// A provider delivers side by side: first deliveries that are no further apart than this come in any order.
const SIDE_BY_SIDE: Duration = Duration::from_mins(5);

/// How many entries of a log are looked up before somebody looks whether all events are found.
const AT_ONCE: usize = 16;

/// What is wanted of the provider's events about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The newest event itself.
    Event,
    /// Only what the list says of it.
    Trace,
}

/// How many entries of logs that show only in their details what they are about may still be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetailBudget(pub usize);

impl Default for DetailBudget {
    fn default() -> Self {
        Self(1_000)
    }
}

/// What was found of the provider's own events.
#[derive(Debug, Default)]
pub struct Originals {
    /// The newest event about each item that has one and wants it.
    pub found: HashMap<Key, Original>,
    /// What the list says of the newest event about each item that has one.
    pub traces: HashMap<Key, Trace>,
    /// From when on the list was read.
    pub since: Option<Instant>,
    /// Why the list, or what its entries are about, was not read to the end.
    pub unread: Option<String>,
    /// Why some events may be missing, in words for the report.
    pub gaps: Vec<String>,
}

/// Finds the newest events about `wanted` that the provider made in a range of time.
pub async fn originals(
    client: &Client,
    events: &EventFeed,
    each: &Each,
    range: Window,
    wanted: &BTreeMap<Key, Asked>,
    budget: &mut DetailBudget,
) -> Originals {
    let mut search = Search { client, events, each, range, wanted, entries: HashMap::new() };
    let mut originals = Originals { since: Some(range.from()), ..Originals::default() };
    originals.gaps.extend(search.walk().await);
    if events.is_detailed {
        search.look_through(&mut originals, budget).await;
        originals.unread = originals.gaps.first().cloned();
    } else {
        originals.unread = originals.gaps.first().cloned();
        let mut newest = search.newest();
        let trace = |entry: &Entry| {
            Some((entry.about.clone()?, Trace { is_doubtful: search.has_rival(entry), ..entry.trace() }))
        };
        originals.traces.extend(newest.iter().filter_map(trace));
        newest.retain(|entry| {
            entry.about.as_ref().is_some_and(|about| wanted.get(about) == Some(&Asked::Event))
        });
        search.fetch(&newest, &mut originals).await;
    }
    originals
}

/// What is known of an event: its newest entry in the range, and whether any of its deliveries arrived.
#[derive(Debug, Clone)]
struct Entry {
    at: Wanted,
    event: Key,
    /// The item that it is about, where the list shows it.
    about: Option<Key>,
    arrived: Option<bool>,
    /// When the event was made, or first delivered in the range.
    first: Option<Instant>,
}

impl Entry {
    fn trace(&self) -> Trace {
        Trace { event: self.event.clone(), at: self.first, arrived: self.arrived, is_doubtful: false }
    }
}

struct Search<'s> {
    client: &'s Client,
    events: &'s EventFeed,
    each: &'s Each,
    range: Window,
    wanted: &'s BTreeMap<Key, Asked>,
    /// By what the event is called.
    entries: HashMap<Key, Entry>,
}

impl Search<'_> {
    async fn walk(&mut self) -> Vec<String> {
        let feed = &self.events.feed;
        let slice = Slice { each: self.each.clone(), ..Slice::new(self.range, Purpose::Coverage) };
        let mut walk = Walk::start(self.client.clone(), feed.clone(), slice);
        while let Some(page) = walk.next().await {
            page.items.iter().for_each(|item| self.see(item));
            if feed.feed().order == Order::Descending && self.has_all() {
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

    /// Whether nothing older can change what was found: an older delivery may be the one that arrived.
    fn has_all(&self) -> bool {
        let about: HashSet<&Key> = self.entries.values().filter_map(|entry| entry.about.as_ref()).collect();
        self.events.arrived_if.is_empty() && !self.events.is_detailed && about.len() == self.wanted.len()
    }

    fn see(&mut self, item: ItemView<'_>) {
        let clock = self.events.feed.feed().clock_format.of(item);
        let about = self.events.about(item).filter(|_| !self.events.is_detailed);
        let may_count =
            self.events.is_detailed || about.as_ref().is_some_and(|key| self.wanted.contains_key(key));
        if !may_count || clock.is_some_and(|at| !self.range.contains(at)) {
            return;
        }
        let (Ok(key), Some(event)) = (Key::from_json(item.slot(KEY)), self.events.event(item)) else {
            return;
        };
        let arrived = self.events.arrived(item);
        let seen = Entry { at: Wanted { key, clock }, event: event.clone(), about, arrived, first: clock };
        let known = self.entries.entry(event).or_insert_with(|| seen.clone());
        let (any, first) = (known.arrived.max(seen.arrived), known.first.min(seen.first));
        if seen.at.clock > known.at.clock {
            *known = seen;
        }
        (known.arrived, known.first) = (any, first);
    }

    /// The entries, that of the newest event first: one that was delivered late, or once more, is none the newer for that.
    fn by_time(&self) -> Vec<Entry> {
        let made = |entry: &Entry| {
            if bug!("late_is_newest") { (entry.at.clock, None) } else { (entry.first, entry.at.clock) }
        };
        let mut entries: Vec<Entry> = self.entries.values().cloned().collect();
        entries.sort_unstable_by(|one, other| (made(other), &other.at.key).cmp(&(made(one), &one.at.key)));
        entries
    }

    /// Whether the log shows first deliveries of another event about the same item, too close to this one's to tell which is newer.
    fn has_rival(&self, entry: &Entry) -> bool {
        let is_close = |other: &Entry| match (other.first, entry.first) {
            (Some(other), Some(first)) => other + SIDE_BY_SIDE >= first,
            _ => true,
        };
        let is_rival =
            |other: &Entry| other.about == entry.about && other.event != entry.event && is_close(other);
        self.events.is_of_deliveries() && self.entries.values().any(is_rival)
    }

    /// The newest entry about each item that the list shows one for.
    fn newest(&self) -> Vec<Entry> {
        let mut told: HashSet<Key> = HashSet::new();
        let mut entries = self.by_time();
        entries.retain(|entry| entry.about.as_ref().is_some_and(|about| told.insert(about.clone())));
        entries
    }

    /// Looks entries up, newest first, until all items have their events.
    async fn look_through(&self, originals: &mut Originals, budget: &mut DetailBudget) {
        let entries = self.by_time();
        let mut rest = entries.as_slice();
        while !rest.is_empty() && originals.traces.len() < self.wanted.len() {
            let (now, later) = rest.split_at(rest.len().min(AT_ONCE).min(budget.0));
            if now.is_empty() {
                originals.gaps.push(format!(
                    "{} entries of the log of deliveries were not looked up, because a run looks at no more",
                    later.len()
                ));
                return;
            }
            budget.0 -= now.len();
            rest = later;
            self.fetch(now, originals).await;
        }
    }

    /// Looks some entries up and keeps the events that are about wanted items; those that were found before are newer.
    async fn fetch(&self, entries: &[Entry], originals: &mut Originals) {
        let asked: Vec<Wanted> = entries.iter().map(|entry| entry.at.clone()).collect();
        let looked_up = lookup(self.client, self.events.feed.as_ref(), self.each, &asked).await;
        if let Some((_, reason)) = looked_up.failed.first() {
            let gap = format!("{} of its entries could not be looked up: {reason}", looked_up.failed.len());
            originals.gaps.push(gap);
        }
        let mut seen: HashMap<Key, Seen> =
            looked_up.confirmed.into_iter().map(|one| (one.key, one.seen)).collect();
        for entry in entries {
            let Some(Seen::Item(items, whole)) = seen.remove(&entry.at.key) else { continue };
            let Some(item) = items.get(0) else { continue };
            let about = entry.about.clone().or_else(|| self.events.about(item));
            let Some(about) = about.filter(|about| self.wanted.contains_key(about)) else { continue };
            originals.traces.entry(about.clone()).or_insert_with(|| entry.trace());
            if self.wanted.get(&about) != Some(&Asked::Event) {
                continue;
            }
            let Some(event) = self.events.body(item, &whole).map(Into::into) else { continue };
            let original = Original { id: entry.event.clone(), event, arrived: entry.arrived };
            originals.found.entry(about).or_insert(original);
        }
    }
}

//! A world while it happens: what the provider has, what its list shows, and what the shop has, at every moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::files::utc;
use crate::story::{Deed, Event, Item, Micros, Name, Night, Row, Story};

/// A state of an item, and since when the list shows it.
#[derive(Debug, Clone)]
struct Version {
    listed: Micros,
    item: Option<Item>,
}

/// One entry of the provider's list of changes.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) name: Name,
    pub(crate) listed: Micros,
    pub(crate) item: Option<Item>,
}

/// Both sides at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sides {
    pub(crate) at: Micros,
    pub(crate) upstream: BTreeMap<Name, Item>,
    /// What the list shows, which may be late.
    pub(crate) listed: BTreeMap<Name, Item>,
    pub(crate) local: BTreeMap<Name, Row>,
}

/// A list request and how it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) member: &'static str,
    /// Seconds; everything where the list is read whole.
    pub(crate) range: Option<(i64, i64)>,
    /// Where the saved token points to.
    pub(crate) since: usize,
    /// Whether the answer was the last page of an honest walk.
    pub(crate) is_end: bool,
    /// Whether something was left out of it.
    pub(crate) is_lie: bool,
    /// Where a token that it gave points to.
    pub(crate) token: Option<usize>,
}

/// What the provider is like in the night that goes on.
pub(crate) struct Tonight {
    pub(crate) night: Night,
    pub(crate) asked: Vec<Asked>,
    pub(crate) n_requests: usize,
    pub(crate) n_lists: usize,
    /// Whether a stumble of this night was had already.
    pub(crate) has_erred: bool,
    /// Whether the list failed in a way that lasts.
    pub(crate) is_broken: bool,
    pub(crate) start: Micros,
    pub(crate) kill: Option<oneshot::Sender<()>>,
}

pub(crate) struct World {
    pub(crate) story: Arc<Story>,
    /// What is still to happen, the next last.
    to_come: Vec<Event>,
    upstream: BTreeMap<Name, Vec<Version>>,
    pub(crate) changes: Vec<Change>,
    pub(crate) local: BTreeMap<Name, Row>,
    dirty: BTreeSet<Name>,
    pub(crate) tonight: Tonight,
    /// Everything that happened, for people.
    pub(crate) told: Vec<(Name, String)>,
}

impl Tonight {
    pub(crate) fn of(night: &Night, kill: Option<oneshot::Sender<()>>) -> Self {
        Self {
            night: night.clone(),
            asked: Vec::new(),
            n_requests: 0,
            n_lists: 0,
            has_erred: false,
            is_broken: false,
            start: 0,
            kill,
        }
    }
}

impl World {
    pub(crate) fn of(story: Arc<Story>) -> Self {
        let mut to_come = story.events.clone();
        to_come.reverse();
        let tonight = Tonight::of(&story.nights[0], None);
        Self {
            story,
            to_come,
            upstream: BTreeMap::new(),
            changes: Vec::new(),
            local: BTreeMap::new(),
            dirty: BTreeSet::new(),
            tonight,
            told: Vec::new(),
        }
    }

    /// Adds something that happens because of a night.
    pub(crate) fn will_happen(&mut self, event: Event) {
        let place = self.to_come.partition_point(|other| other.at > event.at);
        self.to_come.insert(place, event);
    }

    /// Lets everything happen up to an instant, and gives the rows that it changed.
    pub(crate) fn catch_up(&mut self, now: Micros) -> Vec<(Name, Option<Row>)> {
        while let Some(event) = self.to_come.pop_if(|event| event.at <= now) {
            self.told.push((event.name.clone(), format!("{} {:?}", utc(event.at), event.deed)));
            self.happen(event);
        }
        let dirty = std::mem::take(&mut self.dirty);
        dirty.into_iter().map(|name| (name.clone(), self.local.get(&name).cloned())).collect()
    }

    fn happen(&mut self, Event { at, name, deed }: Event) {
        let feed = self.story.variety.feed;
        let changed = at + self.story.variety.shop_ahead;
        match deed {
            Deed::Upstream { item, listed } => {
                self.changes.push(Change { name: name.clone(), listed, item: item.clone() });
                self.upstream.entry(name).or_default().push(Version { listed, item });
            }
            Deed::Webhook(item) => self.handle(name, item, changed),
            Deed::Spoil(by) => {
                if let Some(row) = self.local.get_mut(&name) {
                    row.amount += by;
                    row.changed = changed;
                    self.dirty.insert(name);
                }
            }
            Deed::Lose => {
                self.local.remove(&name);
                self.dirty.insert(name);
            }
            Deed::Invent(item) => {
                self.local.insert(name.clone(), item.row(feed, changed));
                self.dirty.insert(name);
            }
        }
    }

    /// The shop's handler: what it is told is what it writes, unless it is guarded and knows better.
    fn handle(&mut self, name: Name, item: Option<Item>, changed: Micros) {
        let knows_better = |item: &Item| self.local.get(&name).is_some_and(|row| row.version > item.version);
        let feed = self.story.variety.feed;
        match item {
            Some(item) if self.story.variety.is_guarded && knows_better(&item) => return,
            Some(item) => drop(self.local.insert(name.clone(), item.row(feed, changed))),
            None => drop(self.local.remove(&name)),
        }
        self.dirty.insert(name);
    }

    /// What the provider has under a name.
    pub(crate) fn item(&self, name: &Name) -> Option<&Item> {
        self.upstream.get(name)?.last()?.item.as_ref()
    }

    /// Both sides now.
    pub(crate) fn sides(&self, now: Micros) -> Sides {
        let mut sides = Sides { at: now, local: self.local.clone(), ..Sides::default() };
        for (name, versions) in &self.upstream {
            if let Some(item) = versions.last().and_then(|version| version.item.as_ref()) {
                sides.upstream.insert(name.clone(), item.clone());
            }
            let shown = versions.iter().rev().find(|version| version.listed <= now);
            if let Some(item) = shown.and_then(|version| version.item.as_ref()) {
                sides.listed.insert(name.clone(), item.clone());
            }
        }
        sides
    }

    /// The list of a member in its order, as it is shown now.
    pub(crate) fn list(&self, member: &str, now: Micros) -> Vec<(Name, Item)> {
        let variety = &self.story.variety;
        let sides = self.sides(now);
        let mut list: Vec<(Name, Item)> =
            sides.listed.into_iter().filter(|(name, _)| name.member == member).collect();
        match variety.order {
            Some("asc") => list.sort_by_key(|(name, item)| (item.clock(variety.feed), name.id.clone())),
            Some(_) => list.sort_by_key(|(name, item)| (-item.clock(variety.feed), name.id.clone())),
            None => list.sort_by_key(|(name, _)| crate::story::dice(&self.story, "order", name, u64::MAX)),
        }
        list
    }

    /// The changes of a member that are listed now, each with its place in the log. What comes late comes later in it.
    pub(crate) fn log(&self, member: &str, now: Micros) -> Vec<Change> {
        let mut log: Vec<Change> = self
            .changes
            .iter()
            .filter(|change| change.name.member == member && change.listed <= now)
            .cloned()
            .collect();
        log.sort_by_key(|change| change.listed);
        log
    }
}

//! A world while it happens: what the provider has, what its list shows, and what the shop has, at every moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::files::utc;
use crate::server::row;
use crate::story::{Deed, Event, HOUR, Item, Letter, Micros, Name, Night, Row, SECOND, Story, Variety};
use crate::trail::{Receipt, Step, Trail};

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

/// What the side that is the truth holds under a name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Truth {
    Item(Item),
    Row(Row),
}

impl Truth {
    /// What an event about it carries.
    pub(crate) fn data(&self, name: &Name) -> Value {
        match self {
            Self::Item(item) => row(name, item),
            Self::Row(row) => json!({
                "id": name.id, "amount_minor": row.amount, "currency": row.currency, "status": row.status,
                "clock_at": row.clock, "changed_at": row.changed, "version": row.version,
            }),
        }
    }

    pub(crate) fn item(&self) -> Option<&Item> {
        match self {
            Self::Item(item) => Some(item),
            Self::Row(_) => None,
        }
    }
}

impl Sides {
    pub(crate) fn truth(&self, variety: &Variety, name: &Name) -> Option<Truth> {
        if variety.is_outbound {
            self.local.get(name).cloned().map(Truth::Row)
        } else {
            self.upstream.get(name).cloned().map(Truth::Item)
        }
    }
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
    /// What was left out of it.
    pub(crate) left_out: Option<Name>,
    /// Whether what was left out was there as far as it was looked up since: nobody can tell a list that leaves out what is gone from one
    /// that does not have it.
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
    pub(crate) n_event_lists: usize,
    /// How many of those were answered with an error.
    pub(crate) n_events_failed: usize,
    /// Whether a stumble of this night was had already.
    pub(crate) has_erred: bool,
    /// Whether the list failed in a way that lasts, where a walk of it proves something.
    pub(crate) is_broken: bool,
    /// The same, where a page was asked for by itself, or what lies above the ceiling.
    pub(crate) is_broken_beside: bool,
    pub(crate) start: Micros,
    pub(crate) kill: Option<oneshot::Sender<()>>,
}

/// A webhook as it stands in the shop's table.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) name: Name,
    pub(crate) event: String,
    /// By the shop's clock.
    pub(crate) at: Micros,
    pub(crate) state: &'static str,
}

/// What the shop writes.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    pub(crate) rows: Vec<(Name, Option<Row>)>,
    pub(crate) received: Vec<Received>,
}

pub(crate) struct World {
    pub(crate) story: Arc<Story>,
    /// What is still to happen, the next last.
    to_come: Vec<Event>,
    upstream: BTreeMap<Name, Vec<Version>>,
    pub(crate) changes: Vec<Change>,
    pub(crate) local: BTreeMap<Name, Row>,
    dirty: BTreeSet<Name>,
    /// What arrived since the shop last wrote it down.
    received: Vec<Received>,
    /// What became of the changes of each item.
    pub(crate) trails: BTreeMap<Name, Trail>,
    pub(crate) tonight: Tonight,
    /// What nights asked that were killed, since the last one that was not.
    pub(crate) dead: Vec<Asked>,
    died_at: Micros,
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
            n_event_lists: 0,
            n_events_failed: 0,
            has_erred: false,
            is_broken: false,
            is_broken_beside: false,
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
            received: Vec::new(),
            trails: BTreeMap::new(),
            tonight,
            dead: Vec::new(),
            died_at: Micros::MIN,
            told: Vec::new(),
        }
    }

    /// Remembers what a killed night asked: one that follows soon may carry it on.
    pub(crate) fn bury(&mut self, is_killed: bool, now: Micros) {
        if is_killed {
            self.dead.append(&mut self.tonight.asked);
            self.died_at = now;
        } else {
            self.dead.clear();
        }
    }

    /// Forgets what killed nights asked so long ago that it is asked anew.
    pub(crate) fn forget_dead(&mut self, now: Micros) {
        if now > self.died_at.saturating_add(12 * HOUR) {
            self.dead.clear();
        }
    }

    /// Adds something that happens because of a night.
    pub(crate) fn will_happen(&mut self, event: Event) {
        let place = self.to_come.partition_point(|other| other.at > event.at);
        self.to_come.insert(place, event);
    }

    /// Lets everything happen up to an instant, and gives what the shop writes because of it.
    pub(crate) fn catch_up(&mut self, now: Micros) -> Writes {
        while let Some(event) = self.to_come.pop_if(|event| event.at <= now) {
            self.told.push((event.name.clone(), format!("{} {:?}", utc(event.at), event.deed)));
            let (at, name) = (event.at, event.name.clone());
            self.happen(event);
            let row = self.local.get(&name);
            self.trails.entry(name).or_default().shows(row, at);
        }
        let dirty = std::mem::take(&mut self.dirty);
        let rows = dirty.into_iter().map(|name| (name.clone(), self.local.get(&name).cloned())).collect();
        Writes { rows, received: std::mem::take(&mut self.received) }
    }

    fn happen(&mut self, Event { at, name, deed }: Event) {
        let feed = self.story.variety.feed;
        let changed = at + self.story.variety.shop_ahead;
        if self.story.variety.is_outbound {
            return self.happen_outbound(Event { at, name, deed });
        }
        match deed {
            Deed::Upstream { item, listed, sent } => {
                let second = (at + self.story.variety.provider_ahead).div_euclid(SECOND);
                let step = Step { at, second, item: item.clone(), sent, receipts: Vec::new(), shown: None };
                self.trails.entry(name.clone()).or_default().steps.push(step);
                self.changes.push(Change { name: name.clone(), listed, item: item.clone() });
                self.upstream.entry(name).or_default().push(Version { listed, item });
            }
            Deed::Webhook { item, letter } => self.receive(at, name, item, letter),
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

    /// The same with the sides the other way round. What the provider took its list shows at once.
    fn happen_outbound(&mut self, Event { at, name, deed }: Event) {
        let has = self.item(&name).cloned();
        let kept = match deed {
            Deed::Upstream { item, .. } => {
                let changed = at + self.story.variety.shop_ahead;
                let row = item.map(|item| item.row(self.story.variety.feed, changed));
                match row {
                    Some(row) => drop(self.local.insert(name.clone(), row)),
                    None => drop(self.local.remove(&name)),
                }
                self.dirty.insert(name);
                return;
            }
            Deed::Webhook { item: Some(item), .. } => {
                let knows_better = has.as_ref().is_some_and(|has| has.version > item.version);
                if self.story.variety.is_guarded && knows_better { has } else { Some(item) }
            }
            Deed::Webhook { item: None, .. } | Deed::Lose => None,
            Deed::Spoil(by) => has.map(|has| Item { amount: has.amount + by, ..has }),
            Deed::Invent(item) => Some(item),
        };
        self.upstream.entry(name).or_default().push(Version { listed: at, item: kept });
    }

    /// What arrives is written down, with what became of it.
    fn receive(&mut self, at: Micros, name: Name, item: Option<Item>, letter: Option<Letter>) {
        let changed = at + self.story.variety.shop_ahead;
        let is_handled = letter.as_ref().is_none_or(|letter| letter.is_handled);
        let is_applied = is_handled && self.handle(&name, item, changed);
        let Some(Letter { event, .. }) = letter else { return };
        if let Some(step) = self.trails.entry(name.clone()).or_default().step_of(&event) {
            step.receipts.push(Receipt { at, is_applied });
        }
        let state = match (is_handled, is_applied) {
            (false, _) => "failed",
            (true, false) => "stale",
            (true, true) => "done",
        };
        self.received.push(Received { name, event, at: changed, state });
    }

    /// The shop's handler: what it is told is what it writes, unless it is guarded and knows better.
    fn handle(&mut self, name: &Name, item: Option<Item>, changed: Micros) -> bool {
        let knows_better = |item: &Item| self.local.get(name).is_some_and(|row| row.version > item.version);
        let feed = self.story.variety.feed;
        match item {
            Some(item) if self.story.variety.is_guarded && knows_better(&item) => return false,
            Some(item) => drop(self.local.insert(name.clone(), item.row(feed, changed))),
            None => drop(self.local.remove(name)),
        }
        self.dirty.insert(name.clone());
        true
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
        let sides = self.sides(now);
        let mut list: Vec<(Name, Item)> =
            sides.listed.into_iter().filter(|(name, _)| name.member == member).collect();
        list.sort_by_key(|(name, item)| self.place(name, item));
        list
    }

    /// Where an item stands in its list: after which one a page goes on is known whatever comes or goes meanwhile.
    pub(crate) fn place(&self, name: &Name, item: &Item) -> (i128, String) {
        let variety = &self.story.variety;
        let clock = i128::from(item.clock(variety.feed));
        match variety.order {
            Some("asc") => (clock, name.id.clone()),
            Some(_) => (-clock, name.id.clone()),
            None => (crate::story::dice(&self.story, "order", name, u64::MAX).into(), String::new()),
        }
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

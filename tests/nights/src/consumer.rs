//! The shop's consumer: it does what an event says, loses it, or never understands what is about some items. In some worlds it has
//! an inbox, which says what was seen before.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, FixedOffset};
use serde_json::Value;
use uuid::Uuid;

use crate::story::{Deed, Event, Item, MINUTE, Micros, Name, SECOND, Story, dice};
use crate::tray::Arrived;

#[derive(Debug, Default)]
pub(crate) struct Consumer {
    /// How often each event was delivered.
    deliveries: HashMap<String, u32>,
    /// What it has done so far, by the ids that it was told.
    seen: HashSet<String>,
    /// When the newest event was made that it has done, for each item.
    newest: HashMap<Name, DateTime<FixedOffset>>,
}

/// Something that the consumer does because of an event.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    /// The event's id, as it says itself.
    pub(crate) id: Option<Uuid>,
    pub(crate) event: Event,
}

impl Consumer {
    /// Reads events that arrived, and gives what it will do because of them.
    pub(crate) fn read(&mut self, story: &Story, arrived: &[Arrived], now: Micros) -> Vec<Effect> {
        arrived.iter().filter_map(|arrived| self.one(story, arrived, now)).collect()
    }

    fn one(&mut self, story: &Story, Arrived { name, payload, .. }: &Arrived, now: Micros) -> Option<Effect> {
        let event: Value = serde_json::from_str(payload).unwrap();
        let id = event["id"].as_str().unwrap_or_default().to_owned();
        let nth = self.deliveries.entry(id.clone()).or_default();
        *nth += 1;
        // A delivery that is the first of its event has the dice that it always had.
        let about = if *nth > 1 { format!("{id} {nth}") } else { id.clone() };
        let is_deaf = dice(story, "deaf", name, 6) == 0;
        let is_lost = dice(story, &about, name, 5) == 0;
        if is_deaf || is_lost || (story.variety.has_inbox && !self.is_news(name, &id, &event)) {
            return None;
        }
        let after = i64::try_from(dice(story, &format!("after {about}"), name, 1_800)).unwrap_or(1);
        let item = if story.variety.is_outbound { pushed(&event) } else { item_of(&event) };
        let deed = Deed::Webhook { item, letter: None };
        let event = Event { at: now + MINUTE + after * SECOND, name: name.clone(), deed };
        Some(Effect { id: id.parse().ok(), event })
    }

    /// Whether an event was not seen before, nor a newer one about the same item; it is from now on.
    fn is_news(&mut self, name: &Name, id: &str, event: &Value) -> bool {
        let time = event["time"].as_str().and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        let time = time.expect("the time of an event");
        let is_news = !self.seen.contains(id) && self.newest.get(name).is_none_or(|newest| *newest <= time);
        if is_news {
            self.seen.insert(id.to_owned());
            self.newest.insert(name.clone(), time);
        }
        is_news
    }
}

/// The item that a row is which an event carries, if it is not about one that is gone.
fn pushed(event: &Value) -> Option<Item> {
    let data = &event["data"];
    let word = |name: &str, words: [&'static str; 3]| {
        let written = data[name].as_str().expect("a word").to_lowercase();
        words.into_iter().find(|word| *word == written).expect("a word of the world")
    };
    let created = data["clock_at"].as_i64()? / SECOND;
    Some(Item {
        amount: data["amount_minor"].as_i64()?,
        currency: word("currency", ["usd", "jpy", "kwd"]),
        status: word("status", ["open", "paid", "void"]),
        created,
        updated: created,
        version: data["version"].as_i64()?,
    })
}

/// The item that an event carries, if it is not about one that is gone.
fn item_of(event: &Value) -> Option<Item> {
    let data = &event["data"];
    let word = |value: &Value, words: [&'static str; 3]| {
        words.into_iter().find(|word| value == word).expect("a word of the world")
    };
    let number = |name: &str| data[name].as_i64().unwrap_or_default();
    data["amount"].as_i64().map(|amount| Item {
        amount,
        currency: word(&data["currency"], ["usd", "jpy", "kwd"]),
        status: word(&data["status"], ["open", "paid", "void"]),
        created: number("created"),
        updated: number("updated"),
        version: number("version"),
    })
}

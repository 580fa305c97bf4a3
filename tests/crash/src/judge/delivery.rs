//! What the shop got: every event once, in the order of its key, with what the provider has, and nothing that was not in the
//! outbox. In the end both sides agree.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::play::Play;
use crate::world::Domain;

pub(super) async fn judge(play: &mut Play<'_>) {
    from_the_outbox(play).await;
    once_each(play).await;
    both_sides_agree(play).await;
}

/// Nothing else is in the queue, and it is there in the order of its key.
async fn from_the_outbox(play: &mut Play<'_>) {
    let outbox: Vec<String> = play.place.state.texts("SELECT event_id FROM outbox ORDER BY seq").await;
    let places: BTreeMap<&str, usize> = outbox.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let mut last: BTreeMap<(Option<Domain>, String), usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for event in play.place.delivered().await {
        let Some(place) = places.get(event.id.as_str()) else {
            play.played
                .wrong
                .false_(format!("an event about {} was delivered that is not in the outbox", event.key));
            continue;
        };
        if !seen.insert(event.id.clone()) {
            continue;
        }
        let before = last.insert((event.domain, event.key.clone()), *place);
        if before.is_some_and(|before| before > *place) {
            play.played
                .wrong
                .false_(format!("the events about {} were delivered in another order", event.key));
        }
    }
}

/// The inbox has each event once, with the payload of its time.
async fn once_each(play: &mut Play<'_>) {
    let mut effects: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    for row in play.place.app.rows("SELECT domain, key, event FROM inbox ORDER BY seq").await {
        let [domain, key, event] = <[_; 3]>::try_from(row).unwrap().map(Option::unwrap_or_default);
        effects.entry((domain, key)).or_default().push(serde_json::from_str(&event).unwrap());
    }
    let world = play.world.clone();
    for thing in &world.things {
        let got = effects.remove(&(thing.domain.feed().to_owned(), thing.key.clone())).unwrap_or_default();
        let wanted = thing.expected.as_ref().map_or(&[][..], |expected| &expected.events);
        let wrong = &mut play.played.wrong;
        if got.len() < wanted.len() {
            wrong.lost(format!("{} of {} events about {} had an effect", got.len(), wanted.len(), thing.key));
        }
        if got.len() > wanted.len() {
            wrong.duplicate(format!(
                "{} events about {} had an effect instead of {}",
                got.len(),
                thing.key,
                wanted.len()
            ));
        }
        for (event, (word, stage)) in got.iter().zip(wanted) {
            if !event["type"].as_str().unwrap_or_default().ends_with(word) {
                wrong.false_(format!("an event about {} is {} instead of {word}", thing.key, event["type"]));
            }
            let shown = thing.shown(*stage);
            if shown.as_ref().is_some_and(|shown| *shown != event["data"]) {
                wrong.false_(format!(
                    "an event about {} carries {} instead of {shown:?}",
                    thing.key, event["data"]
                ));
            }
        }
    }
    for (_, key) in effects.keys() {
        play.played.wrong.false_(format!("an event about {key} had an effect, which is nowhere"));
    }
}

/// The shop knows in the end what the provider has.
async fn both_sides_agree(play: &mut Play<'_>) {
    let world = play.world.clone();
    for domain in Domain::ALL {
        let sql = format!("SELECT id, amount_minor, status FROM {}", domain.feed());
        let mut shop: BTreeMap<String, (String, String)> = BTreeMap::new();
        for row in play.place.app.rows(&sql).await {
            let [key, amount, status] = <[_; 3]>::try_from(row).unwrap().map(Option::unwrap_or_default);
            shop.insert(key, (amount, status.to_lowercase()));
        }
        for thing in world.of(domain) {
            let wanted = thing.upstream[2].map(|body| (body.amount.to_string(), body.status.to_owned()));
            let is_told = thing.expected.as_ref().is_some_and(|expected| expected.kind != "unreadable");
            let has = shop.remove(&thing.key);
            if is_told && has != wanted {
                play.played
                    .wrong
                    .lost(format!("{}: the shop has {has:?} and the provider {wanted:?}", thing.key));
            }
        }
    }
}

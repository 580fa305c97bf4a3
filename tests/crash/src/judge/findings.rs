//! Expected findings are the recorded ones, and each has exactly the events that its drift asks for.

use std::collections::{BTreeMap, BTreeSet};

use crate::play::Play;
use crate::world::{Domain, Expected};

/// A finding or an event, by domain and key.
type Name = (Domain, String);

pub(super) async fn judge(play: &mut Play<'_>) {
    let sql = "SELECT domain, key, kind, state, episode FROM findings ORDER BY domain, key";
    let mut recorded = BTreeMap::new();
    for row in play.place.state.rows(sql).await {
        let [domain, key, kind, state, episode] =
            <[_; 5]>::try_from(row).unwrap().map(Option::unwrap_or_default);
        recorded.insert(name(&domain, key), (kind, state, episode));
    }
    let inbox: BTreeSet<String> =
        play.place.app.texts("SELECT event_id FROM inbox").await.into_iter().collect();
    let sql = "SELECT domain, key, state, kind, reason, event_id FROM outbox ORDER BY seq";
    let mut outbox: BTreeMap<Name, Vec<String>> = BTreeMap::new();
    let mut in_doubt = BTreeSet::new();
    for row in play.place.state.rows(sql).await {
        let [domain, key, state, kind, reason, id] =
            <[_; 6]>::try_from(row).unwrap().map(Option::unwrap_or_default);
        // Nobody lived to note that the queue had it, and the next run found that both sides agree.
        if state == "superseded" && inbox.contains(&id) {
            in_doubt.insert(name(&domain, key.clone()));
        } else if state != "sent" {
            play.played.wrong.lost(format!("the event about {key} ({kind}) is {state} in the end: {reason}"));
        }
        outbox.entry(name(&domain, key)).or_default().push(state);
    }
    let world = play.world.clone();
    for thing in &world.things {
        let name = (thing.domain, thing.key.clone());
        let mut found = recorded.remove(&name);
        if let Some((_, state, _)) = found.as_mut().filter(|_| in_doubt.contains(&name))
            && state == "healed"
        {
            "repaired".clone_into(state);
        }
        let n_events = outbox.remove(&name).map_or(0, |rows| rows.len());
        compare(play, &name, thing.expected.as_ref(), found, n_events);
    }
    for (_, key) in recorded.keys().chain(outbox.keys()) {
        play.played.wrong.false_(format!("something is recorded about {key}, which is nowhere"));
    }
}

fn name(domain: &str, key: String) -> Name {
    let known = Domain::ALL.into_iter().find(|known| known.to_string() == domain);
    (known.unwrap_or_else(|| panic!("a domain of the case: {domain}")), key)
}

fn compare(
    play: &mut Play<'_>,
    (_, key): &Name,
    expected: Option<&Expected>,
    found: Option<(String, String, String)>,
    n_events: usize,
) {
    let wrong = &mut play.played.wrong;
    match (expected, found) {
        (None, None) => {}
        (None, Some((kind, ..))) => wrong.false_(format!("{key} is recorded as {kind} and is nothing")),
        (Some(expected), None) => wrong.lost(format!("{key} is {} and nothing is recorded", expected.kind)),
        (Some(expected), Some((kind, state, episode))) => {
            if kind != expected.kind {
                wrong.false_(format!("{key} is recorded as {kind} and is {}", expected.kind));
            }
            if state != expected.state {
                wrong.lost(format!("{key} ends as {state} instead of {}", expected.state));
            }
            if episode != expected.episode.to_string() {
                wrong.duplicate(format!("{key} has {episode} episodes instead of {}", expected.episode));
            }
        }
    }
    let wanted = expected.map_or(0, |expected| expected.events.len());
    if n_events < wanted {
        wrong.lost(format!("{n_events} of {wanted} events about {key} are in the outbox"));
    }
    if n_events > wanted {
        wrong.duplicate(format!("{n_events} events about {key} are in the outbox instead of {wanted}"));
    }
}

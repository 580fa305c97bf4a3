//! What the release and the queue make of the events of a night, and what each of them must carry.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use uuid::Uuid;

use super::life::{Life, Post};
use super::{Judge, Night, Planned, Wrong};
use crate::files::DOMAIN;
use crate::replay::type_of;
use crate::story::{Mood, Name};
use crate::tray::{Arrived, Refusal};

impl Judge {
    /// Lets the staged events go or holds them, delivers them, and compares.
    pub(super) fn events(&mut self, night: &Night<'_>, lives: &mut BTreeMap<Name, Life>) -> Vec<Wrong> {
        let mut wrong = self.identities(night, lives);
        self.remember(night, lives);
        let mut expected = HashMap::new();
        if let Some(domain) = night.seen.domain() {
            release(night, lives);
            let retried = put_back(night, lives);
            let before = n_dead(lives);
            expected = send(night, night.mood(), lives);
            let emitted = if night.mood() == Mood::Takes { expected.len() as u64 } else { 0 };
            let should = (retried, emitted, n_dead(lives) - before);
            let said = (domain.events.retried, domain.events.emitted, domain.events.dead);
            if said != should {
                let says = format!(
                    "says that {said:?} events were retried, sent and given up, and should {should:?}"
                );
                wrong.push(Wrong::untrue(None, says));
            }
            expire(night, lives);
        }
        wrong.extend(self.sent(night, lives, expected, night.mood()));
        wrong
    }

    /// Compares where findings stand after events were sent, and what arrived.
    pub(super) fn sent(
        &mut self,
        night: &Night<'_>,
        lives: &mut BTreeMap<Name, Life>,
        expected: HashMap<Uuid, Name>,
        mood: Mood,
    ) -> Vec<Wrong> {
        let mut wrong = standing(night, lives);
        wrong.extend(self.arrivals(night, lives, expected, mood));
        wrong
    }

    /// The same drift has the same id, and another drift another one.
    fn identities(&mut self, night: &Night<'_>, lives: &BTreeMap<Name, Life>) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for (name, life) in lives.iter().filter(|(_, life)| life.is_new_event) {
            let Some(id) = life.id else { continue };
            let drift = (name.clone(), life.kind, life.episode, life.upstream.clone());
            let known = self.ids.entry(id).or_insert_with(|| drift.clone());
            if *known != drift {
                wrong.push(Wrong::untrue(Some(name), format!("the id {id} was given to {known:?} before")));
            }
            let known = *self.drifts.entry(drift).or_insert(id);
            if known != id {
                wrong.push(Wrong::untrue(
                    Some(name),
                    format!("the same drift had the id {known} before, and now {id}"),
                ));
            }
            let is_announced = |planned: &&Planned| {
                let was_there =
                    self.lives.get(name).is_some_and(|before| before.id == Some(planned.event_id));
                planned.kind == life.kind && planned.truth == life.truth && !was_there
            };
            let announced = night.planned.get(name).filter(is_announced).map(|planned| planned.event_id);
            if announced.is_some_and(|announced| announced != id) {
                let says = format!("a plan announced {announced:?}, and the run made {id}");
                wrong.push(Wrong::untrue(Some(name), says));
            }
        }
        wrong
    }

    fn arrivals(
        &mut self,
        night: &Night<'_>,
        lives: &BTreeMap<Name, Life>,
        mut expected: HashMap<Uuid, Name>,
        mood: Mood,
    ) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for arrived in night.arrived {
            let Some(name) = expected.remove(&arrived.id) else {
                wrong.push(Wrong::untrue(
                    Some(&arrived.name),
                    format!("an event that nothing asks for: {}", arrived.payload),
                ));
                continue;
            };
            if mood == Mood::Takes {
                self.was_sent(night, arrived);
            }
            let may_come_again = mood == Mood::Mumbles;
            if self.arrived_before.insert(arrived.id, may_come_again) == Some(false) {
                wrong.push(Wrong::untrue(Some(&name), format!("the event {} came before", arrived.id)));
            }
            wrong.extend(lives.get(&name).and_then(|life| misfit(&name, life, arrived)));
        }
        wrong.extend(
            expected
                .iter()
                .map(|(id, name)| Wrong::missed(Some(name), format!("the event {id} was not sent"))),
        );
        wrong
    }
}

/// Where the findings stand after a release or an act, and when their events were acknowledged.
fn standing(night: &Night<'_>, lives: &mut BTreeMap<Name, Life>) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for (name, life) in lives.iter_mut() {
        let Some(actual) = night.seen.findings.get(name) else { continue };
        if actual.state.as_str() != life.state {
            let says = format!(
                "is {} after the release and should be {} ({:?})",
                actual.state.as_str(),
                life.state,
                life.post
            );
            wrong.push(Wrong::untrue(Some(name), says));
        }
        if life.acked.is_none() && life.state != "emitted" && actual.acknowledged_at.is_some() {
            wrong.push(Wrong::untrue(Some(name), "was acknowledged by nobody".to_owned()));
        }
        if life.state == "emitted" {
            life.acked = actual.acknowledged_at.map(|at| at.micros());
        }
        life.died = life.id.and_then(|id| night.seen.died.get(&id).copied());
        life.is_new_event = false;
        life.explained = None;
    }
    wrong
}

/// All staged events of the domain, of all its members, are let go together or held together.
fn release(night: &Night<'_>, lives: &mut BTreeMap<Name, Life>) {
    let staged = lives.values().filter(|life| life.post == Post::Staged).count() as u64;
    let is_held = staged > night.variety().max_emits;
    for life in lives.values_mut().filter(|life| life.post == Post::Staged) {
        life.post = if is_held { Post::Held } else { Post::Pending };
        if is_held {
            life.state = "held";
            life.held_by = night.seen.report.as_ref().map(|report| report.run_id);
        }
    }
}

fn n_dead(lives: &BTreeMap<Name, Life>) -> u64 {
    lives.values().filter(|life| life.post == Post::Dead).count() as u64
}

/// What was given up for a reason that may pass waits for the queue once more, where its time has come; how many that are.
fn put_back(night: &Night<'_>, lives: &mut BTreeMap<Name, Life>) -> u64 {
    let Some(last) = night.moments.last() else { return 0 };
    let now = last.at + night.variety().store_ahead;
    let due: Vec<&mut Life> = lives.values_mut().filter(|life| life.is_due_again(now)).collect();
    let n_due = due.len() as u64;
    due.into_iter().for_each(Life::put_back);
    n_due
}

/// A run that comes to its end takes out what was given up long enough ago, and parks what rested on it.
fn expire(night: &Night<'_>, lives: &mut BTreeMap<Name, Life>) {
    let Some(last) = night.moments.last() else { return };
    let before = last.at + night.variety().store_ahead - night.variety().keeps_dead;
    let is_old = |life: &&mut Life| life.needs_dead_letter() && life.died.is_some_and(|at| at < before);
    lives.values_mut().filter(is_old).for_each(Life::bury);
}

/// Sends what is pending; what arrives.
pub(super) fn send(night: &Night<'_>, mood: Mood, lives: &mut BTreeMap<Name, Life>) -> HashMap<Uuid, Name> {
    let pending = lives.iter_mut().filter(|(_, life)| life.post == Post::Pending);
    pending.filter_map(|(name, life)| Some((deliver(night, mood, name, life)?, name.clone()))).collect()
}

/// What the queue makes of a pending event; its id where it arrives.
fn deliver(night: &Night<'_>, mood: Mood, name: &Name, life: &mut Life) -> Option<Uuid> {
    if mood == Mood::Refuses {
        return None;
    }
    if let Some(refusal) = (night.refusal)(name) {
        if mood == Mood::Takes {
            life.post = Post::Dead;
            life.may_pass = refusal == Refusal::Unroutable;
        }
        return None;
    }
    if mood == Mood::Takes {
        life.post = Post::Sent;
        life.state = "emitted";
    }
    life.id
}

/// What an event should have been about.
fn misfit(name: &Name, life: &Life, arrived: &Arrived) -> Option<Wrong> {
    let event: Value = serde_json::from_str(&arrived.payload).unwrap_or_default();
    let data = match (&life.truth, life.kind) {
        (_, "orphaned") => json!({ "key": name.id }),
        (Some(truth), _) => truth.data(name),
        (None, _) => return None,
    };
    let each = if name.member.is_empty() { String::new() } else { format!("/{}", name.member) };
    let should = json!({
        "specversion": "1.0", "id": arrived.id, "subject": name.id, "type": type_of(life.kind),
        "source": format!("/tieout/{DOMAIN}{each}"), "tieoutkind": life.kind, "tieoutepisode": life.episode, "data": data,
    });
    let is_wrong = should.as_object()?.iter().any(|(word, value)| event[word] != *value);
    let says = || format!("the event is {event} and should say {should}");
    (is_wrong || arrived.name != *name).then(|| Wrong::untrue(Some(name), says()))
}

//! What may be sent again of what was sent before, and that it is done once by whoever writes down what it has seen.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::life::Life;
use super::{Judge, Night, Wrong};
use crate::consumer::Effect;
use crate::replay::{Replay, Wanted};
use crate::story::{Micros, Name};
use crate::tray::Arrived;

/// An event from the night on in which it was made.
#[derive(Debug)]
pub(super) struct Made {
    id: Uuid,
    name: Name,
    kind: &'static str,
    /// The night that made it: in this order events are sent again.
    night: usize,
    run: Option<Uuid>,
    /// When the queue acknowledged it, by the store's clock, and what it was given.
    sent: Option<(Micros, String)>,
}

impl Made {
    fn is_wanted(&self, wanted: &Wanted) -> bool {
        let at = self.sent.as_ref().map(|(at, _)| *at);
        at.is_some()
            && wanted.kind.is_none_or(|kind| kind == self.kind)
            && wanted.key.as_ref().is_none_or(|key| *key == self.name.id)
            && wanted.run.is_none_or(|run| Some(run) == self.run)
            && wanted.since.is_none_or(|since| at >= Some(since))
            && wanted.until.is_none_or(|until| at < Some(until))
    }

    /// Whether its finding is about it still, and neither over nor ignored.
    fn is_needed(&self, lives: &BTreeMap<Name, Life>) -> bool {
        let needs = |life: &Life| life.id == Some(self.id) && !life.is_over() && life.state != "ignored";
        lives.get(&self.name).is_some_and(needs)
    }
}

impl Judge {
    /// Takes note of the events that a night made.
    pub(super) fn remember(&mut self, night: &Night<'_>, lives: &BTreeMap<Name, Life>) {
        for (name, life) in lives.iter().filter(|(_, life)| life.is_new_event) {
            let Some(id) = life.id else { continue };
            let (name, kind, run) = (name.clone(), life.kind, night.seen.run);
            self.made.push(Made { id, name, kind, night: self.n_nights, run, sent: None });
        }
    }

    /// Takes note of what the queue acknowledged.
    pub(super) fn was_sent(&mut self, night: &Night<'_>, arrived: &Arrived) {
        let at = night.moments.last().map(|sides| sides.at + night.variety().store_ahead);
        if let Some(made) = self.made.iter_mut().rfind(|made| made.id == arrived.id) {
            made.sent = at.map(|at| (at, arrived.payload.clone()));
        }
    }

    /// Judges what was sent again: the same events, the oldest first, and of what is over only what was asked for.
    pub(super) fn replayed(
        &self,
        night: &Night<'_>,
        lives: &BTreeMap<Name, Life>,
        replay: &Replay,
    ) -> Vec<Wrong> {
        let Replay { wanted, came, arrived } = replay;
        let sent = self.made.iter().filter(|made| made.is_wanted(wanted));
        let (asked, over): (Vec<&Made>, Vec<&Made>) =
            sent.partition(|made| wanted.is_forced || made.is_needed(lives));
        let most = wanted.limit.map_or(usize::MAX, |limit| limit.try_into().unwrap_or(usize::MAX));
        let most = asked.len().min(most);
        let last = most.checked_sub(1).map(|at| asked[at].night);
        let mut wrong: Vec<Wrong> = arrived
            .iter()
            .filter_map(|one| misfit(one, &asked, last))
            .chain(self.disorder(arrived))
            .collect();
        // Of the last night that a limit lets go any may be left out.
        let must = asked.iter().filter(|made| Some(made.night) < last || most == asked.len());
        let must = must.filter(|made| (night.refusal)(&made.name).is_none());
        for made in must.filter(|made| arrived.iter().all(|one| one.id != made.id)) {
            let says = format!("the event {} was not sent again", made.id);
            wrong.push(Wrong::missed(Some(&made.name), says));
        }
        let is_whole = came.sent + came.refused == most as u64 && came.sent == arrived.len() as u64;
        // With a limit nobody need count what lies behind it.
        let is_counted = wanted.limit.is_some() || came.over == over.len() as u64;
        if !is_whole || !is_counted || came.stopped.is_some() || !came.unfit.is_empty() {
            let over = over.len();
            let says = format!("{wanted:?} came to {came:?}: {most} were to be sent again, {over} are over");
            wrong.push(Wrong::untrue(None, says));
        }
        wrong
    }

    /// What came before an older event about the same item.
    fn disorder(&self, arrived: &[Arrived]) -> Option<Wrong> {
        let made_in = |id: Uuid| self.made.iter().rfind(|made| made.id == id).map(|made| made.night);
        let is_early = |(one, other): &(&Arrived, &Arrived)| {
            one.name == other.name && made_in(one.id) >= made_in(other.id)
        };
        let mut pairs = arrived
            .iter()
            .enumerate()
            .flat_map(|(at, one)| arrived[at + 1..].iter().map(move |other| (one, other)));
        let (one, other) = pairs.find(is_early)?;
        Some(Wrong::untrue(Some(&one.name), format!("{} was sent again before {}", one.id, other.id)))
    }

    /// What a consumer with an inbox does because of events: nothing twice.
    pub(crate) fn effects(&mut self, effects: &[Effect]) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for effect in effects {
            let name = Some(&effect.event.name);
            let Some((id, drift)) = effect.id.and_then(|id| Some((id, self.ids.get(&id)?.clone()))) else {
                wrong.push(Wrong::untrue(name, format!("{:?} was never made, and has an effect", effect.id)));
                continue;
            };
            if let Some(before) = self.effects.insert(drift, id) {
                wrong.push(Wrong::untrue(name, format!("{id} has a second effect, after {before}")));
            }
        }
        wrong
    }
}

/// What is wrong with an event that was sent again: nobody asked for it, or it is not as it was.
fn misfit(one: &Arrived, asked: &[&Made], last: Option<usize>) -> Option<Wrong> {
    let asked = asked.iter().find(|made| made.id == one.id && Some(made.night) <= last);
    let Some((_, payload)) = asked.and_then(|made| made.sent.as_ref()) else {
        return Some(Wrong::untrue(
            Some(&one.name),
            format!("nobody asked to send this again: {}", one.payload),
        ));
    };
    let says = || format!("sent again as {}, and was {payload}", one.payload);
    (*payload != one.payload).then(|| Wrong::untrue(Some(&one.name), says()))
}

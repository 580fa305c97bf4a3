//! Which lives a finding may have after a night, and which one it has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tieout::finding::Finding;

use super::causes;
use super::evidence::{Duty, Evidence, Reads};
use super::life::{Life, Post, step};
use super::truth::{Difference, Look, difference, look, must_rest};
use super::{Judge, Night, Wrong};
use crate::files::utc;
use crate::story::{Feed, Name};
use crate::world::{Sides, Truth};

/// What may happen to one name in a night.
struct Path<'a> {
    night: &'a Night<'a>,
    evidence: &'a Evidence,
    name: &'a Name,
}

impl Judge {
    /// The lives after a night, and what of it cannot be.
    pub(super) fn next_lives(
        &self,
        night: &Night<'_>,
        reads: &BTreeMap<&str, Reads>,
    ) -> (BTreeMap<Name, Life>, Vec<Wrong>) {
        let evidence = night.evidence();
        let mut names: BTreeSet<&Name> = self.lives.keys().chain(night.seen.findings.keys()).collect();
        for sides in night.moments {
            names.extend(sides.upstream.keys().chain(sides.local.keys()));
        }
        let (mut lives, mut wrong) = (BTreeMap::new(), Vec::new());
        for name in names {
            let before = self.lives.get(name);
            let path = Path { night, evidence: &evidence, name };
            let duty = reads[name.member].duty(night.variety(), &night.moments[0], name);
            let candidates = path.candidates(before, duty);
            let actual = night.seen.findings.get(name);
            let is_it = |candidate: &&Option<Life>| self.matches(name, candidate.as_ref(), actual);
            // Both sides may have changed while the run rested: the event tells which of two moments it was made of.
            let carries = |life: &&Option<Life>| life.as_ref().is_none_or(|life| carries(night, name, life));
            let alike: Vec<&Option<Life>> = candidates.iter().filter(is_it).collect();
            let cause = actual.and_then(|finding| finding.cause.as_ref()).map(|told| told.cause.as_str());
            let has_its_cause =
                |life: &&Option<Life>| life.as_ref().is_none_or(|life| may_be(night, name, life, cause));
            let best = alike.iter().copied().find(|life| carries(life) && has_its_cause(life));
            match best.or(alike.iter().copied().find(carries)).or(alike.first().copied()) {
                Some(life) => {
                    if let Some(life) = life.as_ref().filter(|_| !has_its_cause(&life)) {
                        wrong.push(unexplained(night, name, life, actual));
                    }
                    lives.extend(life.clone().map(|life| (name.clone(), adopted(life, actual))));
                }
                None => {
                    wrong.push(strange(name, before, &candidates, actual));
                    lives.extend(actual.map(|actual| (name.clone(), taken_for(actual, before))));
                }
            }
        }
        (lives, wrong)
    }

    /// Whether a finding is what a candidate says, apart from what the release and the queue made of it.
    fn matches(&self, name: &Name, life: Option<&Life>, actual: Option<&Finding>) -> bool {
        let (Some(life), Some(actual)) = (life, actual) else { return life.is_none() && actual.is_none() };
        let state = actual.state.as_str();
        let is_waiting = life.state == "open" && matches!(life.post, Post::Staged | Post::Pending);
        // Its dead letter may have been kept long enough; `events` looks at that too.
        let is_parked = state == "recurring" && life.needs_dead_letter();
        // It may have been put back as well.
        let is_sent_late = state == "emitted" && life.needs_dead_letter() && life.may_pass;
        let is_changed_later =
            is_parked || is_sent_late || (is_waiting && matches!(state, "emitted" | "held"));
        let is_state = state == life.state || is_changed_later;
        let fields: Vec<&str> = actual.fields.iter().map(|diff| diff.field.as_ref()).collect();
        let is_told = life.fields.as_ref().is_none_or(|expected| fields == *expected);
        let has_id = match (life.is_new_event, actual.event_id) {
            // What was told before under another id needs another one; `events` looks at that.
            (true, Some(id)) => {
                self.ids.get(&id).is_none_or(|drift| drift.0 == *name && drift.2 == life.episode)
            }
            (false, id) => id == life.id,
            (true, None) => false,
        };
        is_state
            && is_told
            && has_id
            && actual.kind.as_str() == life.kind
            && actual.episode == life.episode
            && actual.reemissions == life.reemissions
            && (life.acked.is_none() || actual.acknowledged_at.map(|at| at.micros()) == life.acked)
    }
}

impl Path<'_> {
    /// Every life that the night may have led to.
    fn candidates(&self, before: Option<&Life>, duty: Duty) -> Vec<Option<Life>> {
        let ahead = self.night.variety().store_ahead;
        let is_followed = |sides: &Sides| {
            before.is_some_and(|life| !life.is_over() && !life.is_left_alone(sides.at + ahead))
        };
        let mut all: Vec<Option<Life>> = Vec::new();
        for (at, first) in self.night.moments.iter().enumerate() {
            let follows: &[bool] = if !is_followed(first) || !self.evidence.do_look_ups_work {
                &[false]
            } else if self.evidence.is_undecided(first.upstream.contains_key(self.name)) {
                &[true, false]
            } else {
                &[true]
            };
            for last in &self.night.moments[at..] {
                for follow in follows {
                    let followed = if *follow { self.followed(before, first) } else { vec![before.cloned()] };
                    all.extend(followed.into_iter().flat_map(|life| self.read(life, duty, first, last)));
                }
            }
        }
        all.dedup();
        all
    }

    fn followed(&self, before: Option<&Life>, sides: &Sides) -> Vec<Option<Life>> {
        let variety = self.night.variety();
        let now = sides.at + variety.store_ahead;
        let has_rested =
            before.is_some_and(|life| life.state != "suspected" || life.first_seen + variety.rest() <= now);
        let mut all = self.looked(before, sides, has_rested);
        all.extend(self.overdue(before, sides, has_rested));
        all
    }

    /// What was ahead of the shop at least `settle` ago, and still is, is judged however young its last change is: where the
    /// feed's clock is that of the last change and the row, if there is one, does not show the change that was seen then.
    fn overdue(&self, before: Option<&Life>, sides: &Sides, has_rested: bool) -> Option<Option<Life>> {
        let variety = self.night.variety();
        let (item, row) = (sides.upstream.get(self.name), sides.local.get(self.name));
        let is_hot = variety.feed == Feed::Updated
            && has_rested
            && before.is_some_and(|life| life.state == "suspected")
            && !(variety.knows_changed && row.is_some_and(|row| row.changed > self.night.bounds().shop));
        let found = difference(variety, item, row).filter(|found| is_hot && found.kind != "orphaned")?;
        Some(step(variety, before, &Look::Differs(found), sides.at + variety.store_ahead))
    }

    /// What the reading of the list makes of a life.
    fn read(&self, life: Option<Life>, duty: Duty, first: &Sides, last: &Sides) -> Vec<Option<Life>> {
        let mut all = Vec::new();
        if duty != Duty::Must || !self.evidence.is_honest() {
            all.push(life.clone());
        }
        if duty == Duty::MustNot {
            return all;
        }
        for sighted in self.sightings(first) {
            match sighted {
                None => all.push(life.clone()),
                Some(found) => all.extend(self.sighted(life.as_ref(), found, first, last)),
            }
        }
        all
    }

    /// How the list and the row beside it may look to whoever reads the list, at one moment.
    fn sightings(&self, sides: &Sides) -> Vec<Option<Difference>> {
        let variety = self.night.variety();
        let row = sides.local.get(self.name);
        if variety.feed != Feed::Changes {
            let mut all = vec![difference(variety, sides.listed.get(self.name), row)];
            if !self.evidence.is_list_honest {
                // It may have left the item out.
                all.push(difference(variety, None, row));
            }
            return all;
        }
        // Each change that is listed meets the row by itself, however much came after it, and two of them are doubtful.
        let log = self.night.world.log(self.name.member, sides.at);
        let its: Vec<_> = log.iter().filter(|change| change.name == *self.name).collect();
        let mut all: Vec<_> =
            its.iter().map(|change| difference(variety, change.item.as_ref(), row)).collect();
        let is_newest_different = all.last().is_some_and(Option::is_some);
        if its.len() > 1 {
            let truth = its.iter().rev().find_map(|change| change.item.clone()).map(Truth::Item);
            all.push(Some(Difference { kind: "mismatched", fields: Vec::new(), upstream: None, truth }));
        }
        if is_newest_different {
            // Where the newest change differs, nobody may overlook it.
            all.retain(Option::is_some);
        }
        all
    }

    /// What a difference that the list shows makes of a life.
    fn sighted(
        &self,
        life: Option<&Life>,
        found: Difference,
        first: &Sides,
        last: &Sides,
    ) -> Vec<Option<Life>> {
        let variety = self.night.variety();
        let now = first.at + variety.store_ahead;
        let kind = found.kind;
        if kind == "orphaned" && variety.feed == Feed::Updated {
            return vec![life.cloned()];
        }
        let ceiling = self.night.bounds().ceiling;
        let shown = found.truth.as_ref().and_then(Truth::item).or_else(|| first.listed.get(self.name));
        let is_young = shown.is_some_and(|item| item.clock(variety.feed) >= ceiling);
        if is_young {
            return vec![step(variety, life, &Look::Young(found), now)];
        }
        let is_honest = self.evidence.is_honest();
        // What the list does not show waits for its end.
        let is_unlisted = kind == "missing" && variety.is_outbound;
        if kind == "orphaned" || is_unlisted || (must_rest(variety, kind) && variety.rest() > 0) {
            return self.rested(life, found, first, last);
        }
        let mut all = Vec::new();
        if !is_honest {
            all.push(step(variety, life, &Look::Young(found), now));
        }
        if self.evidence.do_look_ups_work {
            all.extend(self.looked(life, first, variety.rest() == 0));
        }
        all
    }

    /// A suspect that is stored, rests, and is judged at the end; in a night that is not honest, perhaps not.
    fn rested(
        &self,
        life: Option<&Life>,
        found: Difference,
        first: &Sides,
        last: &Sides,
    ) -> Vec<Option<Life>> {
        let variety = self.night.variety();
        let suspected = step(variety, life, &Look::Young(found), first.at + variety.store_ahead);
        let mut all = Vec::new();
        if self.evidence.do_look_ups_work {
            // Nobody waits longer than `settle`: the next night looks again.
            all.extend(self.looked(suspected.as_ref(), last, variety.rest() <= variety.settle));
        }
        if !self.evidence.is_honest() {
            all.extend([suspected, life.cloned()]);
        }
        all
    }

    /// What a look by key at both sides makes of a life.
    fn looked(&self, life: Option<&Life>, sides: &Sides, has_rested: bool) -> Vec<Option<Life>> {
        let variety = self.night.variety();
        let now = sides.at + variety.store_ahead;
        let (item, row) = (sides.upstream.get(self.name), sides.local.get(self.name));
        let shown = look(variety, self.night.bounds(), item, row, has_rested);
        let mut all = vec![step(variety, life, &shown, now)];
        // What was written while it was looked up, and nothing says when, may be left to the next night.
        if let Look::Differs(found) = shown
            && !variety.knows_changed
            && self.has_moved(sides)
        {
            all.push(step(variety, life, &Look::Young(found), now));
        }
        all
    }

    /// Whether the row came to be what it is while the run went on.
    fn has_moved(&self, sides: &Sides) -> bool {
        let earlier = self.night.moments.iter().rev().find(|earlier| earlier.at < sides.at);
        earlier.is_some_and(|earlier| earlier.local.get(self.name) != sides.local.get(self.name))
    }
}

/// Whether the newest event of a name was made of the item that a life gives it.
fn carries(night: &Night<'_>, name: &Name, life: &Life) -> bool {
    let Some(truth) = life.truth.as_ref().filter(|_| life.is_new_event) else { return true };
    let event = night.seen.events.get(name).and_then(|event| serde_json::from_str::<Value>(event).ok());
    event.is_none_or(|event| event["data"] == truth.data(name))
}

/// Whether a finding may be explained in this way: as it was, or by one of the causes that are true and known.
fn may_be(night: &Night<'_>, name: &Name, life: &Life, cause: Option<&str>) -> bool {
    match &life.explained {
        None => life.cause.as_deref() == cause,
        Some(explained) => match (causes::allowed(night, name, explained), cause) {
            (None, None) => true,
            (Some(allowed), Some(cause)) => allowed.contains(cause),
            _ => false,
        },
    }
}

fn unexplained(night: &Night<'_>, name: &Name, life: &Life, actual: Option<&Finding>) -> Wrong {
    let told = actual.and_then(|finding| finding.cause.as_ref());
    let should = match &life.explained {
        None => format!("{:?}, as before", life.cause),
        Some(explained) => format!(
            "{:?} at {} ({explained:?}; {:?})",
            causes::allowed(night, name, explained),
            utc(explained.at),
            night.world.trails.get(name),
        ),
    };
    let says = format!("a {} is explained by {told:?} and should be by {should}", life.kind);
    if told.is_some_and(|told| told.cause.as_str() != "unknown") {
        Wrong::untrue(Some(name), says)
    } else {
        Wrong::missed(Some(name), says)
    }
}

fn adopted(life: Life, actual: Option<&Finding>) -> Life {
    Life {
        id: actual.and_then(|finding| finding.event_id),
        cause: cause_of(actual),
        first_seen: actual.map_or(life.first_seen, |finding| finding.first_seen.micros()),
        ..life
    }
}

fn cause_of(actual: Option<&Finding>) -> Option<String> {
    Some(actual?.cause.as_ref()?.cause.as_str().to_owned())
}

/// What cannot be is taken for given, so that it is said once.
fn taken_for(actual: &Finding, before: Option<&Life>) -> Life {
    let post = match (actual.event_id, actual.state.as_str()) {
        (None, _) => Post::None,
        (_, "emitted") => Post::Sent,
        (_, "held") => Post::Held,
        _ => Post::Staged,
    };
    let word = |word: &str| {
        let states = ["suspected", "open", "emitted", "held", "repaired", "healed", "recurring", "ignored"];
        states.into_iter().find(|state| *state == word).unwrap_or("open")
    };
    let kind = ["missing", "mismatched", "orphaned"].into_iter().find(|kind| *kind == actual.kind.as_str());
    Life {
        state: word(actual.state.as_str()),
        kind: kind.unwrap_or("missing"),
        episode: actual.episode,
        reemissions: actual.reemissions,
        fields: None,
        upstream: before.and_then(|life| life.upstream.clone()),
        first_seen: actual.first_seen.micros(),
        acked: actual.acknowledged_at.map(|at| at.micros()),
        post,
        died: None,
        may_pass: false,
        retries: 0,
        id: actual.event_id,
        is_new_event: false,
        truth: None,
        cause: cause_of(Some(actual)),
        explained: None,
        held_by: None,
        ignored: None,
        repaired: None,
    }
}

fn strange(
    name: &Name,
    before: Option<&Life>,
    candidates: &[Option<Life>],
    actual: Option<&Finding>,
) -> Wrong {
    let is_as_before = match (before, actual) {
        (None, None) => true,
        (Some(life), Some(actual)) => {
            life.state == actual.state.as_str()
                && life.episode == actual.episode
                && life.id == actual.event_id
        }
        _ => false,
    };
    let mut may_be: Vec<String> =
        candidates.iter().map(|life| life.as_ref().map_or("none".to_owned(), in_words)).collect();
    may_be.dedup();
    let is = actual.map_or("none".to_owned(), |actual| {
        let fields: Vec<&str> = actual.fields.iter().map(|diff| diff.field.as_ref()).collect();
        let state = actual.state.as_str();
        format!(
            "{state} {} {}/{} {fields:?} {:?}",
            actual.kind.as_str(),
            actual.episode,
            actual.reemissions,
            actual.event_id
        )
    });
    let was = before.map_or("none".to_owned(), in_words);
    let says = format!("was {was}; is {is}; should be {}", may_be.join(" or "));
    let was_to_be_found = candidates.iter().all(|life| life.as_ref() != before);
    if is_as_before && was_to_be_found {
        Wrong::missed(Some(name), says)
    } else {
        Wrong::untrue(Some(name), says)
    }
}

fn in_words(life: &Life) -> String {
    let Life { state, kind, episode, reemissions, fields, post, id, is_new_event, .. } = life;
    format!(
        "{state} {kind} {episode}/{reemissions} {fields:?} {post:?}{} {id:?}",
        if *is_new_event { " new" } else { "" }
    )
}

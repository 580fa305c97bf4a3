//! Which lives a finding may have after a night, and which one it has.

use std::collections::{BTreeMap, BTreeSet};

use tieout::finding::Finding;

use super::evidence::{Duty, Evidence, Reads};
use super::life::{Life, Post, step};
use super::truth::{Difference, Look, difference, look, must_rest};
use super::{Judge, Night, Wrong};
use crate::story::{Feed, Name};
use crate::world::Sides;

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
            match candidates.iter().find(is_it) {
                Some(life) => lives.extend(life.clone().map(|life| (name.clone(), adopted(life, actual)))),
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
        let is_state = state == life.state || (is_waiting && matches!(state, "emitted" | "held"));
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
        let is_followed = before.is_some_and(|life| !life.is_over());
        let has_run = !self.evidence.is_killed;
        let follows: &[bool] = match (is_followed, has_run && self.evidence.do_look_ups_work) {
            (false, _) => &[false],
            (true, true) => &[true],
            (true, false) if self.evidence.do_look_ups_work => &[true, false],
            (true, false) => &[false],
        };
        let mut all: Vec<Option<Life>> = Vec::new();
        for (at, first) in self.night.moments.iter().enumerate() {
            for last in &self.night.moments[at..] {
                for follow in follows {
                    let followed = if *follow { self.followed(before, first) } else { before.cloned() };
                    all.extend(self.read(followed, duty, first, last));
                }
            }
        }
        all.dedup();
        all
    }

    fn followed(&self, before: Option<&Life>, sides: &Sides) -> Option<Life> {
        let variety = self.night.variety();
        let now = sides.at + variety.store_ahead;
        let has_rested =
            before.is_some_and(|life| life.state != "suspected" || life.first_seen + variety.settle <= now);
        step(variety, before, &self.look(sides, has_rested), now)
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
            let item = its.iter().rev().find_map(|change| change.item.clone());
            all.push(Some(Difference { kind: "mismatched", fields: Vec::new(), upstream: None, item }));
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
        let shown = found.item.as_ref().or_else(|| first.listed.get(self.name));
        let is_young = shown.is_some_and(|item| item.clock(variety.feed) >= ceiling);
        if is_young {
            return vec![step(variety, life, &Look::Young(found), now)];
        }
        let is_honest = self.evidence.is_honest();
        if kind == "orphaned" || (must_rest(variety, kind) && variety.settle > 0) {
            return self.rested(life, found, first, last);
        }
        let mut all = Vec::new();
        if !is_honest {
            all.push(step(variety, life, &Look::Young(found), now));
        }
        if self.evidence.do_look_ups_work {
            all.push(step(variety, life, &self.look(first, variety.settle == 0), now));
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
            all.push(step(
                variety,
                suspected.as_ref(),
                &self.look(last, true),
                last.at + variety.store_ahead,
            ));
        }
        if !self.evidence.is_honest() {
            all.extend([suspected, life.cloned()]);
        }
        all
    }

    fn look(&self, sides: &Sides, has_rested: bool) -> Look {
        let (item, row) = (sides.upstream.get(self.name), sides.local.get(self.name));
        look(self.night.variety(), self.night.bounds(), item, row, has_rested)
    }
}

fn adopted(life: Life, actual: Option<&Finding>) -> Life {
    Life {
        id: actual.and_then(|finding| finding.event_id),
        first_seen: actual.map_or(life.first_seen, |finding| finding.first_seen.micros()),
        ..life
    }
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
        let states = ["suspected", "open", "emitted", "held", "repaired", "healed", "recurring"];
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
        id: actual.event_id,
        is_new_event: false,
        item: None,
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

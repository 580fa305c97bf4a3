//! What becomes of findings by what people do to them.

use std::collections::{BTreeMap, HashMap};

use tieout::finding::Finding;
use tieout::run::Approved;
use uuid::Uuid;

use super::events::send;
use super::life::{Life, Post};
use super::{Judge, Night, Wrong};
use crate::people::{Again, Deed};
use crate::story::{Micros, Mood, Name};

type Lives = BTreeMap<Name, Life>;

impl Judge {
    /// Judges what people did, and takes it for what the next night begins with. The queue takes everything meanwhile.
    pub(crate) fn people(&mut self, night: &Night<'_>, deeds: &[Deed]) -> Vec<Wrong> {
        let mut lives = std::mem::take(&mut self.lives);
        let now = night.moments[0].at + night.variety().store_ahead;
        let (mut wrong, mut expected) = (Vec::new(), HashMap::new());
        for deed in deeds {
            match deed {
                Deed::Approve { run, expected: said, came } => {
                    wrong.extend(approve(&mut lives, *run, *said, came));
                    if came.is_ok() {
                        expected.extend(send(night, Mood::Takes, &mut lives));
                        acknowledge(&mut lives, now);
                    }
                }
                Deed::Ignore { name, until, is_done } => {
                    wrong.extend(ignore(&mut lives, name, *until, *is_done, now));
                }
                Deed::Reopen { name, is_done } => wrong.extend(reopen(&mut lives, name, *is_done)),
                Deed::Retry(came) => {
                    let sent = retry(night, &mut lives, *came, &mut wrong);
                    expected.extend(sent);
                    acknowledge(&mut lives, now);
                }
                Deed::Replay(replay) => wrong.extend(self.replayed(night, &lives, replay)),
                Deed::Drop { ids, n_dropped } => wrong.extend(bury(&mut lives, ids, *n_dropped)),
            }
        }
        for (name, life) in &lives {
            let actual = night.seen.findings.get(name);
            let acked = |finding: &Finding| finding.acknowledged_at.map(|at| at.micros());
            let is_acked_anew =
                life.acked.is_some() && actual.is_some_and(|finding| acked(finding) != life.acked);
            let stands = actual.map(|finding| (finding.episode, finding.event_id));
            if stands != Some((life.episode, life.id)) || is_acked_anew {
                let says = format!("stands at {stands:?} after {deeds:?} and should at {life:?}");
                wrong.push(Wrong::untrue(Some(name), says));
            }
        }
        wrong.extend(self.sent(night, &mut lives, expected, Mood::Takes));
        self.lives = lives;
        wrong
    }
}

/// What a run holds is let go where it is exactly as much as was said, and else nothing is changed.
fn approve(lives: &mut Lives, run: Uuid, said: u64, came: &Result<Approved, u64>) -> Option<Wrong> {
    let is_its = |life: &&mut Life| life.state == "held" && life.held_by == Some(run);
    let held: Vec<&mut Life> = lives.values_mut().filter(is_its).collect();
    let findings = held.len() as u64;
    let events = held.iter().filter(|life| life.post == Post::Held).count() as u64;
    if said == events {
        for life in held {
            life.state = "open";
            life.held_by = None;
            life.post = if life.post == Post::Held { Post::Pending } else { life.post };
        }
    }
    let should = if said == events { Ok((events, findings)) } else { Err(events) };
    let is = came.as_ref().map(|approved| (approved.released, approved.findings)).map_err(|events| *events);
    let says = || format!("an approval of {said} events came to {came:?} and should have to {should:?}");
    (is != should).then(|| Wrong::untrue(None, says()))
}

/// What was given up goes out once more where its finding waits for it, with whatever else waits. What was dropped does not.
fn retry(night: &Night<'_>, lives: &mut Lives, came: Again, wrong: &mut Vec<Wrong>) -> HashMap<Uuid, Name> {
    let mut ids = Vec::new();
    for life in lives.values_mut().filter(|life| life.needs_dead_letter()) {
        life.put_back();
        ids.extend(life.id);
    }
    let expected = send(night, Mood::Takes, lives);
    let put_back = ids.len() as u64;
    let sent = ids.iter().filter(|id| expected.contains_key(*id)).count() as u64;
    let should = Again { put_back, sent, failed: put_back - sent };
    if came != should {
        wrong.push(Wrong::untrue(None, format!("a retry came to {came:?} and should have to {should:?}")));
    }
    expected
}

/// What is dropped is never sent, and what needed it is parked.
fn bury(lives: &mut Lives, ids: &[Uuid], n_dropped: u64) -> Option<Wrong> {
    let is_its = |life: &&mut Life| life.needs_dead_letter() && life.id.is_some_and(|id| ids.contains(&id));
    let buried: Vec<&mut Life> = lives.values_mut().filter(is_its).collect();
    let should = buried.len() as u64;
    buried.into_iter().for_each(Life::bury);
    let says = || format!("{n_dropped} dead letters of {ids:?} were dropped, and {should} should");
    (n_dropped != should).then(|| Wrong::untrue(None, says()))
}

/// What was just sent was acknowledged at once.
fn acknowledge(lives: &mut Lives, now: Micros) {
    for life in lives.values_mut().filter(|life| life.state == "emitted") {
        life.acked.get_or_insert(now);
    }
}

/// What is known and not over can be ignored, until an instant that is to come.
fn ignore(
    lives: &mut Lives,
    name: &Name,
    until: Option<Micros>,
    is_done: bool,
    now: Micros,
) -> Option<Wrong> {
    let life = lives.get_mut(name)?;
    let is_known = !life.is_over() && life.state != "suspected";
    let should = is_known && until.is_none_or(|until| until > now);
    if should {
        if life.is_withdrawn_by_ignoring() {
            (life.post, life.id) = (Post::None, None);
        }
        (life.state, life.ignored) = ("ignored", Some(until));
    }
    let says = || format!("ignoring it until {until:?} was done: {is_done}; of {life:?}");
    (should != is_done).then(|| Wrong::untrue(Some(name), says()))
}

/// What was ignored goes on where it was, and what was parked begins anew.
fn reopen(lives: &mut Lives, name: &Name, is_done: bool) -> Option<Wrong> {
    let life = lives.get_mut(name)?;
    let reopened = if life.state == "ignored" { life.before_ignored() } else { life.clone() };
    *life = match reopened.state {
        "recurring" => Life {
            state: "open",
            episode: reopened.episode + 1,
            reemissions: 0,
            acked: None,
            id: None,
            post: Post::None,
            died: None,
            retries: 0,
            ..reopened
        },
        _ => reopened,
    };
    (!is_done).then(|| Wrong::untrue(Some(name), format!("could not be opened again: {life:?}")))
}

//! The life of a finding, as DESIGN rules 1, 4 and 8 tell it.

use uuid::Uuid;

use super::truth::{Compared, Difference, Look};
use crate::story::{DAY, HOUR, Micros, Variety};
use crate::world::Truth;

/// How long after each death a run puts an event back by itself: an hour, four hours, a day, and never again.
const PAUSES: [Micros; 3] = [HOUR, 4 * HOUR, DAY];

/// How many episodes may begin because an acknowledged event did not help.
const MOST_REEMISSIONS: u32 = 3;

/// What became of the event of the newest episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Post {
    /// There is none.
    None,
    Staged,
    Pending,
    Held,
    Sent,
    Dead,
    /// A person dropped it, or it was kept as long as dead letters are. It is never sent.
    Buried,
    /// It was taken back.
    Superseded,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Life {
    pub(crate) state: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) episode: u32,
    pub(crate) reemissions: u32,
    /// Known once both sides were looked at by key.
    pub(crate) fields: Option<Vec<&'static str>>,
    pub(crate) upstream: Option<Compared>,
    pub(crate) first_seen: Micros,
    pub(crate) acked: Option<Micros>,
    pub(crate) post: Post,
    /// When the event was given up.
    pub(crate) died: Option<Micros>,
    /// Whether it was given up for a reason that may pass by itself.
    pub(crate) may_pass: bool,
    /// How often it was put back after that, by a run or by a person.
    pub(crate) retries: usize,
    /// Known once the night is over.
    pub(crate) id: Option<Uuid>,
    /// Whether the event is of this night.
    pub(crate) is_new_event: bool,
    /// What the event carries.
    pub(crate) truth: Option<Truth>,
    /// Where the change was lost, as it was told.
    pub(crate) cause: Option<String>,
    /// Whether that is looked for tonight, and from what.
    pub(crate) explained: Option<Explained>,
    /// The run that holds it, also while it is ignored.
    pub(crate) held_by: Option<Uuid>,
    /// Until when it is ignored, if it ever ends, while it is.
    pub(crate) ignored: Option<Option<Micros>>,
    /// What upstream had when the episode before was repaired.
    pub(crate) repaired: Option<Option<Compared>>,
}

/// What is explained of a finding.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Explained {
    pub(crate) at: Micros,
    pub(crate) difference: Difference,
    /// Whether the very same state was repaired before.
    pub(crate) was_repaired: bool,
    /// Whether an event of ours about the item may have reached the shop, so that older webhooks tell nothing.
    pub(crate) had_past: bool,
}

impl Life {
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, "repaired" | "healed")
    }

    pub(crate) fn is_about(&self, found: &Difference) -> bool {
        self.kind == found.kind && self.upstream == found.upstream
    }

    fn is_unsent(&self) -> bool {
        matches!(self.post, Post::Staged | Post::Pending | Post::Held | Post::Dead)
    }

    /// Whether nobody looks at it, because somebody said so.
    pub(crate) fn is_left_alone(&self, now: Micros) -> bool {
        self.ignored.is_some_and(|until| until.is_none_or(|until| now < until))
    }

    /// Where it stood before it was ignored.
    pub(crate) fn before_ignored(&self) -> Self {
        let state = match (self.held_by, self.acked) {
            (Some(_), _) => "held",
            (None, Some(_)) if self.reemissions >= MOST_REEMISSIONS => "recurring",
            (None, Some(_)) => "emitted",
            // What was parked before it was sent stays so: nobody sends that event any more.
            (None, None) if self.post == Post::Buried => "recurring",
            (None, None) => "open",
        };
        Self { state, ignored: None, ..self.clone() }
    }

    pub(crate) fn is_withdrawn_by_ignoring(&self) -> bool {
        self.acked.is_none() && self.id.is_some() && self.post != Post::Buried
    }

    /// Nothing is sent about it until a person says so.
    pub(crate) fn bury(&mut self) {
        (self.state, self.post) = ("recurring", Post::Buried);
    }

    /// Whether its event was given up, and is all that it waits for.
    pub(crate) fn needs_dead_letter(&self) -> bool {
        self.post == Post::Dead && self.state == "open"
    }

    /// Whether a run at `now`, by the store's clock, sends its event once more by itself.
    pub(crate) fn is_due_again(&self, now: Micros) -> bool {
        let pause = PAUSES.get(self.retries).filter(|_| self.may_pass);
        let is_old = self.died.zip(pause).is_some_and(|(died, pause)| died + pause <= now);
        is_old && self.needs_dead_letter()
    }

    /// Its event waits for the queue once more.
    pub(crate) const fn put_back(&mut self) {
        (self.post, self.died) = (Post::Pending, None);
        self.retries += 1;
    }

    pub(crate) fn has_event(&self) -> bool {
        self.post != Post::None
    }
}

pub(crate) fn emits(variety: &Variety, kind: &str) -> bool {
    kind != "orphaned" || variety.emits_orphans
}

/// How a life goes on after a look at `now`, by the store's clock.
pub(crate) fn step(variety: &Variety, before: Option<&Life>, look: &Look, now: Micros) -> Option<Life> {
    let under_way = before.filter(|life| !life.is_over());
    let next = match (look, under_way) {
        (Look::Agrees, None) => before.cloned(),
        (Look::Agrees, Some(life)) if life.is_left_alone(now) => Some(life.clone()),
        (Look::Agrees, Some(life)) => {
            let state = if life.acked.is_some() { "repaired" } else { "healed" };
            let post = if life.is_unsent() { Post::Superseded } else { life.post };
            Some(Life { state, post, held_by: None, ignored: None, ..life.clone() })
        }
        (Look::Young(found), None) => Some(begin(before, found, now)),
        (Look::Young(_), Some(life)) => Some(life.clone()),
        (Look::Differs(found), None) => Some(asking(variety, begin(before, found, now), found, "open")),
        (Look::Differs(found), Some(life)) => Some(still_there(variety, life, found, now)),
    };
    match look {
        Look::Differs(found) => next.map(|next| explained(variety, under_way, next, found, now)),
        Look::Agrees | Look::Young(_) => next,
    }
}

/// A finding is explained once for what it is about.
fn explained(
    variety: &Variety,
    under_way: Option<&Life>,
    next: Life,
    found: &Difference,
    now: Micros,
) -> Life {
    let is_told = |life: &Life| life.cause.is_some() || life.explained.is_some();
    let is_explained = under_way.is_some_and(|life| is_told(life) && life.upstream == found.upstream);
    if variety.trail.is_none() || is_explained {
        return next;
    }
    let explained = Explained {
        at: now - variety.store_ahead,
        difference: found.clone(),
        was_repaired: next.repaired.as_ref() == Some(&found.upstream),
        had_past: next.episode > 1 || under_way.is_some_and(Life::has_event),
    };
    Life { explained: Some(explained), cause: None, ..next }
}

fn begin(before: Option<&Life>, found: &Difference, now: Micros) -> Life {
    Life {
        state: "suspected",
        kind: found.kind,
        episode: before.map_or(1, |over| over.episode + 1),
        reemissions: 0,
        fields: None,
        upstream: found.upstream.clone(),
        first_seen: now,
        acked: None,
        post: Post::None,
        died: None,
        may_pass: false,
        retries: 0,
        id: None,
        is_new_event: false,
        truth: None,
        cause: None,
        explained: None,
        held_by: None,
        ignored: None,
        repaired: before.filter(|over| over.state == "repaired").map(|over| over.upstream.clone()),
    }
}

/// The same life about what is seen now, with an event for it where the domain asks for one.
fn asking(variety: &Variety, life: Life, found: &Difference, state: &'static str) -> Life {
    let asks = emits(variety, found.kind);
    let post = match (asks, state) {
        (false, _) => Post::None,
        (true, "held") => Post::Held,
        (true, _) => Post::Staged,
    };
    Life {
        state,
        kind: found.kind,
        fields: Some(found.fields.clone()),
        upstream: found.upstream.clone(),
        post,
        died: None,
        may_pass: false,
        retries: 0,
        id: None,
        is_new_event: asks,
        truth: found.truth.clone(),
        ..life
    }
}

fn still_there(variety: &Variety, life: &Life, found: &Difference, now: Micros) -> Life {
    let is_served = life.is_about(found) && life.has_event() == emits(variety, found.kind);
    match life.state {
        "ignored" if life.is_about(found) && life.is_left_alone(now) => life.clone(),
        "ignored" => still_there(variety, &life.before_ignored(), found, now),
        "open" | "held" if is_served => life.clone(),
        "suspected" | "open" => asking(variety, life.clone(), found, "open"),
        "held" => asking(variety, life.clone(), found, "held"),
        "emitted" if life.is_about(found) => {
            let may_still_work = life.acked.is_none_or(|at| now < at + variety.reemit_after);
            if may_still_work || !emits(variety, found.kind) {
                return life.clone();
            }
            if life.reemissions >= MOST_REEMISSIONS {
                return Life { state: "recurring", ..life.clone() };
            }
            next_episode(variety, life, found, life.reemissions + 1)
        }
        "emitted" => next_episode(variety, life, found, life.reemissions),
        // It is parked: it says what is seen and asks for nothing.
        _ => Life {
            kind: found.kind,
            fields: Some(found.fields.clone()),
            upstream: found.upstream.clone(),
            ..life.clone()
        },
    }
}

fn next_episode(variety: &Variety, life: &Life, found: &Difference, reemissions: u32) -> Life {
    let next = Life { episode: life.episode + 1, reemissions, acked: None, repaired: None, ..life.clone() };
    asking(variety, next, found, "open")
}

//! The life of a finding, as DESIGN rules 1, 4 and 8 tell it.

use uuid::Uuid;

use super::truth::{Compared, Difference, Look};
use crate::story::{Item, Micros, Variety};

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
    /// Known once the night is over.
    pub(crate) id: Option<Uuid>,
    /// Whether the event is of this night.
    pub(crate) is_new_event: bool,
    /// What the event carries.
    pub(crate) item: Option<Item>,
}

impl Life {
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, "repaired" | "healed")
    }

    fn is_about(&self, found: &Difference) -> bool {
        self.kind == found.kind && self.upstream == found.upstream
    }

    fn is_unsent(&self) -> bool {
        matches!(self.post, Post::Staged | Post::Pending | Post::Held | Post::Dead)
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
    match (look, under_way) {
        (Look::Agrees, None) => before.cloned(),
        (Look::Agrees, Some(life)) => {
            let state = if life.acked.is_some() { "repaired" } else { "healed" };
            let post = if life.is_unsent() { Post::Superseded } else { life.post };
            Some(Life { state, post, ..life.clone() })
        }
        (Look::Young(found), None) => Some(begin(before, found, now)),
        (Look::Young(_), Some(life)) => Some(life.clone()),
        (Look::Differs(found), None) => Some(asking(variety, begin(before, found, now), found, "open")),
        (Look::Differs(found), Some(life)) => Some(still_there(variety, life, found, now)),
    }
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
        id: None,
        is_new_event: false,
        item: None,
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
        id: None,
        is_new_event: asks,
        item: found.item.clone(),
        ..life
    }
}

fn still_there(variety: &Variety, life: &Life, found: &Difference, now: Micros) -> Life {
    let is_served = life.is_about(found) && life.has_event() == emits(variety, found.kind);
    match life.state {
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
    let next = Life { episode: life.episode + 1, reemissions, acked: None, ..life.clone() };
    asking(variety, next, found, "open")
}

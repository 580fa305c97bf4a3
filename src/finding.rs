//! A finding: a discrepancy that is followed until it is really repaired.
//!
//! Its identity is (domain, each, key); its kind is an attribute. This file says what a finding is and never stores one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tieout_reconcilers::discrepancy::{Digest, FieldDiff, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use crate::cause::Explanation;

/// Why a finding is held that a baseline found: it was there before anybody looked.
pub const BASELINE: &str = "baseline";

/// Where a finding stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Seen, and too young to be judged.
    Suspected,
    /// Confirmed; its event, if it has one, is not acknowledged yet.
    Open,
    /// The queue acknowledged its event.
    Emitted,
    /// Its event was acknowledged and the sides agree again.
    Repaired,
    /// A safety limit or a baseline keeps its event back.
    Held,
    /// The sides agree again without an acknowledged event.
    Healed,
    /// Sent several times and never repaired: parked.
    Recurring,
    /// A person said to leave it alone.
    Ignored,
}

impl State {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Suspected,
        Self::Open,
        Self::Emitted,
        Self::Repaired,
        Self::Held,
        Self::Healed,
        Self::Recurring,
        Self::Ignored,
    ];

    /// The word used in columns, reports and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Open => "open",
            Self::Emitted => "emitted",
            Self::Repaired => "repaired",
            Self::Held => "held",
            Self::Healed => "healed",
            Self::Recurring => "recurring",
            Self::Ignored => "ignored",
        }
    }

    /// The state of a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether every run looks at it again.
    #[must_use]
    pub const fn is_followed(self) -> bool {
        matches!(self, Self::Suspected | Self::Open | Self::Emitted | Self::Held | Self::Recurring)
    }

    /// Whether a new drift on the key begins a new episode.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Repaired | Self::Healed)
    }
}

/// Which finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The domain.
    pub domain: DomainName,
    /// The member of the fan-out.
    pub each: Each,
    /// The item.
    pub key: Key,
}

/// That a person said to leave a finding alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The instant at which that lapses by itself; never where there is none.
    pub until: Option<Instant>,
    /// Why.
    pub why: String,
}

/// A finding as it is stored: the newest episode of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which finding.
    pub id: Identity,
    /// What is wrong.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// One life of a finding on a key, from 1.
    pub episode: u32,
    /// How many episodes in a row began because an acknowledged event did not repair the drift.
    pub reemissions: u32,
    /// The state of the truth that it is about.
    pub digest: Digest,
    /// Where the sides differ.
    pub fields: Vec<FieldDiff>,
    /// Why it is held, parked or unreadable.
    pub reason: Option<String>,
    /// Where the change was lost, where that was looked for.
    pub cause: Option<Explanation>,
    /// The money it moves.
    pub amount: Option<Money>,
    /// The item's own clock, where it is known.
    pub clock: Option<Instant>,
    /// When the drift came about, where a clock of the item says so.
    pub occurred_at: Option<Instant>,
    /// When this episode was first seen.
    pub first_seen: Instant,
    /// When it was last seen to differ.
    pub last_seen: Instant,
    /// When the queue acknowledged its event.
    pub acknowledged_at: Option<Instant>,
    /// When it was repaired or healed.
    pub closed_at: Option<Instant>,
    /// The event of this episode, where it has one.
    pub event_id: Option<Uuid>,
    /// The run that wrote this state.
    pub run_id: Uuid,
    /// The run that holds it, also while a held finding is ignored.
    pub held_by: Option<Uuid>,
    /// Why and until when it is left alone, while it is.
    pub ignored: Option<Ignored>,
    /// Who takes care of it. Only people write this: what a run says about it is not stored.
    pub owner: Option<String>,
    /// How many times people changed its state. A run that did not know of the last time changes nothing.
    pub interventions: u32,
}

impl Finding {
    /// From the change that made the sides differ to the moment when that was seen, where both are known.
    #[must_use]
    pub fn time_to_detect(&self) -> Option<Duration> {
        between(self.occurred_at?, self.first_seen)
    }

    /// From the moment when it was seen to the one when the sides were seen to agree again.
    #[must_use]
    pub fn time_to_repair(&self) -> Option<Duration> {
        between(self.first_seen, self.closed_at?)
    }

    /// Whether it was there before anybody looked, and waits for a person to say what becomes of it.
    #[must_use]
    pub fn is_of_baseline(&self) -> bool {
        self.state == State::Held && self.reason.as_deref() == Some(BASELINE)
    }
}

/// The time from one instant to a later one; nothing where two clocks disagree about which is later.
fn between(from: Instant, to: Instant) -> Option<Duration> {
    u64::try_from(to.micros() - from.micros()).ok().map(Duration::from_micros)
}

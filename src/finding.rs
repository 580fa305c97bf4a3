//! A finding: a discrepancy that is followed until it is really repaired.
//!
//! Its identity is (domain, each, key); its kind is an attribute. This file says what a finding is and never stores one.

use serde::{Deserialize, Serialize};
use tieout_reconcilers::discrepancy::{Digest, FieldDiff, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::name::{DomainName, Each};
use uuid::Uuid;

use crate::cause::Explanation;

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
}

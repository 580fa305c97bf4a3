//! What became of the items of a saved plan in the run that carried it out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a run made of a plan, for one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CarriedOut {
    /// The run that made the plan.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub plan: Uuid,
    /// Every item of the plan.
    pub items: Vec<ItemCarriedOut>,
}

/// What became of one item of a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ItemCarriedOut {
    /// The member of the fan-out, where the feed has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub each: String,
    /// The item.
    pub key: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where its event was not let go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What became of a planned event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A queue acknowledged it.
    Emitted,
    /// It was let go and no queue has acknowledged it yet.
    Released,
    /// A safety limit or a baseline keeps it back.
    Held,
    /// It breaks its schema and is a dead letter.
    Dead,
    /// The sides agree: there is nothing to send any more.
    AlreadyRepaired,
    /// The item, its finding or its event is not what the plan saw, so it was left out.
    Stale,
    /// It could not be looked at again, so it was left out.
    Unread,
}

impl Outcome {
    /// Every outcome, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Emitted,
        Self::Released,
        Self::Held,
        Self::Dead,
        Self::AlreadyRepaired,
        Self::Stale,
        Self::Unread,
    ];

    /// The word that people read.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Emitted => "emitted",
            Self::Released => "let go, not acknowledged yet",
            Self::Held => "held",
            Self::Dead => "dead because of its schema",
            Self::AlreadyRepaired => "already repaired",
            Self::Stale => "stale",
            Self::Unread => "not read",
        }
    }
}

impl CarriedOut {
    /// How many items came to an outcome.
    #[must_use]
    pub fn number(&self, outcome: Outcome) -> u64 {
        self.items.iter().filter(|item| item.outcome == outcome).count() as u64
    }
}

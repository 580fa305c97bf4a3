//! What a report says about the lives of findings: what became of them tonight, and how they stand now.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::finding::BASELINE;

/// What became of findings in one run. A finding that began and ended in it counts as both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tonight {
    /// Seen for the first time.
    pub new: u64,
    /// Back after they were over, or followed again after they were ignored.
    pub reopened: u64,
    /// Sent once more, in a new episode, because the first event did not repair them or upstream changed again.
    pub sent_again: u64,
    /// Equal now, after their event was acknowledged.
    pub repaired: u64,
    /// Equal now by themselves.
    pub healed: u64,
    /// Not sent any more, because sending does not help.
    pub parked: u64,
    /// From the change that made the sides differ until that was seen, of those that are new or reopened and have a clock.
    pub time_to_detect: Option<Took>,
    /// From when they were seen until the sides agreed again, of those that are repaired or healed.
    pub time_to_repair: Option<Took>,
}

impl Tonight {
    /// Adds the counts of another part of the same domain; its times are added elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.new += other.new;
        self.reopened += other.reopened;
        self.sent_again += other.sent_again;
        self.repaired += other.repaired;
        self.healed += other.healed;
        self.parked += other.parked;
    }
}

/// How long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Took {
    /// Half of them took no longer.
    pub median_seconds: u64,
    /// None of them took longer.
    pub worst_seconds: u64,
    /// How many there are.
    pub of: u64,
}

/// How the findings of a domain stand at the end of a run, whichever run found them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// Too young to be judged.
    pub suspected: u64,
    /// Confirmed, and not acknowledged yet.
    pub open: u64,
    /// Sent, and not repaired yet.
    pub emitted: u64,
    /// Kept back until a person approves.
    pub held: u64,
    /// Parked until a person opens them again.
    pub recurring: u64,
    /// Left alone because a person said so.
    pub ignored: u64,
    /// Open ones whose event the relay gave up: it goes out again by `tieout dlq retry`, or where a run may retry it.
    #[serde(default)]
    pub dead_letters: u64,
    /// Those of them, but for the ignored ones, that an earlier run had found already.
    pub still_open: u64,
    /// When the oldest of them was first seen: RFC 3339, UTC.
    pub oldest: Option<String>,
    /// Who takes care of them, but for the ignored ones, most first; nobody is not among them.
    pub owners: Vec<Owner>,
    /// What waits for an approval, by the run that holds it.
    pub held_sets: Vec<HeldLine>,
}

impl Standing {
    /// What a safety limit holds: only an approval ends that. What a baseline knows may wait.
    pub fn held_by_limits(&self) -> impl Iterator<Item = &HeldLine> {
        self.held_sets.iter().filter(|set| !set.is_of_baseline())
    }
}

/// Who takes care of how many findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// Who.
    pub owner: String,
    /// How many.
    pub findings: u64,
}

/// What one run holds of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldLine {
    /// The run, for `tieout approve`.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub run_id: Uuid,
    /// How many events: the number that an approval has to expect.
    pub events: u64,
    /// How many findings, with an event or without.
    pub findings: u64,
    /// Why.
    pub reason: Option<String>,
    /// When the oldest of them was first seen: RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

impl HeldLine {
    /// Whether a person asked for it with `--baseline`: nothing is urgent then.
    #[must_use]
    pub fn is_of_baseline(&self) -> bool {
        self.reason.as_deref() == Some(BASELINE)
    }
}

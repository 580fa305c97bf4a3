//! The safety limits: when a domain's events are held back until a person approves them.

use tieout_reconcilers::direction::{Direction, Roles};
use tieout_reconcilers::reconciler::Policy;

/// Fewer events than this trip no ratio: on a quiet night, two of ten items are no disaster.
const SMALL: u64 = 20;

/// What the safety limits look at, over all staged events of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exposure {
    /// Events that would be sent.
    pub emits: u64,
    /// Those of them that runs staged which ended before their release: their items were judged then.
    pub earlier: u64,
    /// Items judged in this run.
    pub judged: u64,
    /// Items that upstream has in the ranges read.
    pub upstream: u64,
    /// Rows that the local side has in the same ranges.
    pub local: u64,
    /// Which of the two is the truth.
    pub direction: Direction,
}

impl Exposure {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            emits: self.emits + other.emits,
            earlier: self.earlier + other.earlier,
            judged: self.judged + other.judged,
            upstream: self.upstream + other.upstream,
            local: self.local + other.local,
            direction: self.direction,
        }
    }

    /// What is left without a part of it.
    #[must_use]
    pub const fn minus(self, part: Self) -> Self {
        Self {
            emits: self.emits.saturating_sub(part.emits),
            earlier: self.earlier.saturating_sub(part.earlier),
            judged: self.judged.saturating_sub(part.judged),
            upstream: self.upstream.saturating_sub(part.upstream),
            local: self.local.saturating_sub(part.local),
            direction: self.direction,
        }
    }
}

/// A truth with fewer items than there must be, while its copy has some, was not read as it is: nothing follows from it.
#[must_use]
pub fn truth_is_empty(exposure: Exposure, policy: &Policy) -> Option<String> {
    let Exposure { upstream, local, direction, .. } = exposure;
    let Roles { truth, copy } = direction.roles(("upstream", upstream), ("the local side", local));
    let is_empty = truth.1 < policy.min_items && copy.1 > 0;
    is_empty.then(|| format!("min_items: {} has {} items and {} has {}", truth.0, truth.1, copy.0, copy.1))
}

/// Why a domain's events are held.
#[must_use]
pub fn tripped(exposure: Exposure, policy: &Policy) -> Option<String> {
    let Exposure { emits, earlier, judged, .. } = exposure;
    if let Some(reason) = truth_is_empty(exposure, policy) {
        return Some(reason);
    }
    if emits > policy.max_emits && !bug!("limit_ignored") {
        return Some(format!("max_emits: {emits} events are over the limit of {}", policy.max_emits));
    }
    let emits = emits.saturating_sub(earlier);
    #[expect(clippy::cast_precision_loss, reason = "a ratio of counts far below 2^52")]
    let ratio = emits as f64 / judged.max(1) as f64;
    let over = emits > SMALL && ratio > policy.max_ratio;
    over.then(|| {
        format!(
            "max_ratio: {emits} of {judged} items ({:.1}%) are over {:.1}%",
            ratio * 100.0,
            policy.max_ratio * 100.0
        )
    })
}

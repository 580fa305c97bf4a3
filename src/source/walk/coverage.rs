//! What a walk proved, and what a change feed goes on from.

use crate::source::error::NextStep;
use crate::source::reason::Reason;

/// What a walk proved that it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// All of the slice.
    Complete,
    /// Less, or nobody knows.
    Partial(Vec<Reason>),
}

impl Coverage {
    /// What is to be done about the slice instead of taking what was read of it, if anything.
    #[must_use]
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Complete => NextStep::EndWalk,
            Self::Partial(reasons) => reasons.last().map_or(NextStep::EndWalk, Reason::next_step),
        }
    }
}

/// A walk that came to its end.
#[derive(Debug)]
pub struct Walked {
    /// What it proved.
    pub coverage: Coverage,
    /// What the next run of a change feed goes on from.
    pub token: Option<String>,
}

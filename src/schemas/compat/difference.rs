//! What breaks between two versions, and where.

use serde::Serialize;

/// For whom a new version has to be readable, or from whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Whoever reads by the new version reads what was written by the old one.
    Backward,
    /// Whoever reads by the old version reads what is written by the new one.
    Forward,
}

impl Direction {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backward => "backward",
            Self::Forward => "forward",
        }
    }
}

/// Something that breaks, or that cannot be decided and counts as that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// Which promise it is about.
    pub direction: Direction,
    /// The JSON pointer of the keyword in the schema of whoever reads.
    pub path: String,
    /// Why it breaks.
    pub why: String,
    /// Whether nobody can say: it counts as breaking.
    pub undecided: bool,
}

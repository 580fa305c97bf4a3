//! A number that somebody told, or that nobody did.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number, or `"unknown"` in JSON as in words: never zero in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Number<N> {
    /// It is this.
    Known(N),
    /// Nobody told.
    Unknown(NotKnown),
}

/// That nobody told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotKnown {
    /// As it is written.
    Unknown,
}

impl<N> Number<N> {
    /// A number that nobody told.
    pub const UNKNOWN: Self = Self::Unknown(NotKnown::Unknown);

    /// The number, where it is known.
    #[must_use]
    pub fn known(self) -> Option<N> {
        match self {
            Self::Known(number) => Some(number),
            Self::Unknown(_) => None,
        }
    }
}

impl<N> From<Option<N>> for Number<N> {
    fn from(number: Option<N>) -> Self {
        number.map_or(Self::UNKNOWN, Self::Known)
    }
}

impl<N: fmt::Display> fmt::Display for Number<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(number) => number.fmt(f),
            Self::Unknown(_) => f.write_str("unknown"),
        }
    }
}

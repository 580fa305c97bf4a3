//! What somebody may be told about a domain, in words that stand in the configuration, in the state store and in messages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something about a domain that is not as it should be. Those that come first are told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Nothing could be read or compared.
    Failed,
    /// A signal, a standstill or another run ended the work on it.
    Interrupted,
    /// Something could not be read.
    Partial,
    /// Events are kept back until a person approves.
    Held,
    /// Events were given up, or are still waiting to be sent.
    Undelivered,
    /// Findings were parked because sending does not help.
    Recurring,
    /// Findings are confirmed and not repaired yet.
    Differences,
    /// Another run held its lease.
    Skipped,
}

impl Trouble {
    /// Every one of them.
    pub const ALL: [Self; 8] = [
        Self::Failed,
        Self::Interrupted,
        Self::Partial,
        Self::Held,
        Self::Undelivered,
        Self::Recurring,
        Self::Differences,
        Self::Skipped,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Partial => "partial",
            Self::Held => "held",
            Self::Undelivered => "undelivered",
            Self::Recurring => "recurring",
            Self::Differences => "differences",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a channel may ask to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// That a trouble began, or is still there.
    Trouble(Trouble),
    /// That a trouble is over.
    Recovered,
}

impl Event {
    /// Every one of them.
    pub const ALL: [Self; 9] = {
        let mut all = [Self::Recovered; 9];
        let mut at = 0;
        while at < Trouble::ALL.len() {
            all[at] = Self::Trouble(Trouble::ALL[at]);
            at += 1;
        }
        all
    };

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trouble(trouble) => trouble.as_str(),
            Self::Recovered => "recovered",
        }
    }
}

//! Why the local side does not show what upstream has: the provider's events, the webhooks that were received and the local row,
//! joined. Pure: it is handed what was read and asks nobody.
//!
//! A cause is only named where nothing that was read allows another one. Everything else is `unknown`, with the reason. It is the
//! last station that a change is known to have reached: without a word on what was applied, that is its arrival.

mod evidence;
mod explain;

#[cfg(test)]
mod tests;

pub use evidence::{Evidence, Inbox, Listed, Log, Ours, Receipt, Shown};
pub use explain::explain;

/// Where a change was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The provider has the change, and no event or delivery of it.
    NeverSent,
    /// The provider's log shows attempts, none of which arrived.
    DeliveryFailed,
    /// The provider has an event, and nothing of it was received.
    NotReceived,
    /// It was received, and the local side is not known to have shown it.
    DeliveredNotApplied,
    /// The local side showed it, and shows it no more.
    Regressed,
    /// Both sides have the same version and differ.
    Conflict,
    /// What was read does not tell.
    Unknown,
}

impl Cause {
    /// Every cause, in the order of a webhook's way.
    pub const ALL: [Self; 7] = [
        Self::NeverSent,
        Self::DeliveryFailed,
        Self::NotReceived,
        Self::DeliveredNotApplied,
        Self::Regressed,
        Self::Conflict,
        Self::Unknown,
    ];

    /// The word used in columns and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeverSent => "never_sent",
            Self::DeliveryFailed => "delivery_failed",
            Self::NotReceived => "not_received",
            Self::DeliveredNotApplied => "delivered_not_applied",
            Self::Regressed => "regressed",
            Self::Conflict => "conflict",
            Self::Unknown => "unknown",
        }
    }

    /// The cause of a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }
}

/// A cause with what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Where the change was lost.
    pub cause: Cause,
    /// What speaks for it, or why it is not known.
    pub why: Option<String>,
}

impl Explanation {
    /// What cannot be told, and why.
    #[must_use]
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { cause: Cause::Unknown, why: Some(why.into()) }
    }

    /// A cause that needs no more words.
    #[must_use]
    pub const fn of(cause: Cause) -> Self {
        Self { cause, why: None }
    }

    /// The same with what speaks for it.
    #[must_use]
    pub fn because(self, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..self }
    }
}

//! What became of a message. Addresses of channels are secrets, so what is said names their hosts alone.

use std::time::Duration;

/// A message that arrived, in words: who took it, and what it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent(pub String);

/// Why a message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// Nobody takes it until somebody does something.
    #[error("{0}")]
    Refused(String),
    /// Nobody knows who we are, or may do this.
    #[error("{0}")]
    Login(String),
    /// It may work the next time.
    #[error("{0}")]
    Unreachable(String),
}

impl NotSent {
    /// Whether it is worth trying once more at once.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    /// What took too long.
    pub(super) fn late(after: Duration) -> Self {
        Self::Unreachable(format!("it took longer than {} s in all", after.as_secs()))
    }
}

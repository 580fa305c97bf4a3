//! Why a domain could not go on, sorted by what the caller does next.

use std::time::Duration;

use tieout_reconcilers::spoken::Spoken;

use super::terms::Stopper;
use crate::local::LocalError;
use crate::report::{Status, exit};
use crate::store::StoreError;

/// Why a domain, or the whole run, stopped early.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// A definition or the configuration does not fit what was found; a person must change it.
    #[error("{0}")]
    Definition(String),
    /// Something that the configuration refers to cannot be read, such as a secret; a person must set it.
    #[error("{0}")]
    Configuration(String),
    /// A provider, database or queue rejects the credentials; a person must change them.
    #[error("{0}")]
    Credentials(String),
    /// Another run holds the domain.
    #[error("{0}")]
    Locked(String),
    /// A person paused the domain before anything of it was begun.
    #[error("{0}")]
    Paused(String),
    /// Another domain failed, and the run was asked to begin no other one then.
    #[error("not begun, because `{}` failed and the run was to stop at the first failure (`--fail-fast`)", .0.domain)]
    NotBegun(Stopper),
    /// A person paused the domain while the run worked on it.
    #[error("paused by {0}; what was committed stays, and a run goes on from there once the pause has ended")]
    PausedMeanwhile(String),
    /// Something did not answer; a retry may help.
    #[error("{0}")]
    Unreachable(String),
    /// The lease went to another run while this one worked.
    #[error("another run took the domain over; nothing more was written")]
    LeaseLost,
    /// A signal asked the run to stop.
    #[error("interrupted; what was committed stays, the next run goes on from there")]
    Interrupted,
    /// Nothing moved for so long that the run ended itself.
    #[error("nothing has moved for {}, so the run ended itself; what was committed stays, the next run goes on from there", Spoken(*.0))]
    Stalled(Duration),
    /// A mistake in the program.
    #[error("tieout made a mistake and gave the domain up: {0}; what was committed stays")]
    Panicked(String),
}

impl Failure {
    /// The exit code that speaks for this failure.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Definition(_) | Self::Configuration(_) => exit::USAGE,
            Self::Credentials(_) => exit::CREDENTIALS,
            Self::Locked(_) => exit::LOCKED,
            Self::Paused(_) => exit::DONE,
            Self::Unreachable(_)
            | Self::LeaseLost
            | Self::Interrupted
            | Self::PausedMeanwhile(_)
            | Self::Stalled(_) => exit::PARTIAL,
            Self::Panicked(_) => exit::FAILED,
            // Whether a retry may help depends on what stopped it.
            Self::NotBegun(stopper) => stopper.exit_code,
        }
    }

    /// Whether no other member of a fan-out is worked on either.
    #[must_use]
    pub const fn ends_all_members(&self) -> bool {
        matches!(
            self,
            Self::LeaseLost
                | Self::Interrupted
                | Self::Paused(_)
                | Self::PausedMeanwhile(_)
                | Self::Stalled(_)
                | Self::Panicked(_)
        )
    }

    /// How the domain ended.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::Locked(_) | Self::Paused(_) | Self::NotBegun(_) => Status::Skipped,
            Self::Interrupted | Self::PausedMeanwhile(_) | Self::Stalled(_) => Status::Interrupted,
            _ => Status::Failed,
        }
    }

    /// The word that stands before the domain in the exit reasons.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Definition(_) => "definition",
            Self::Configuration(_) => "configuration",
            Self::Credentials(_) => "credentials_rejected",
            Self::Locked(_) => "locked",
            Self::NotBegun(_) => "not_begun",
            Self::Paused(_) | Self::PausedMeanwhile(_) => "paused",
            Self::Unreachable(_) => "unreachable",
            Self::LeaseLost => "lease_lost",
            Self::Interrupted => "interrupted",
            Self::Stalled(_) => "stalled",
            Self::Panicked(_) => "panic",
        }
    }
}

impl From<LocalError> for Failure {
    fn from(error: LocalError) -> Self {
        let text = error.to_string();
        match error {
            LocalError::Definition { .. } | LocalError::Configuration { .. } => Self::Definition(text),
            LocalError::Rejected { .. } => Self::Credentials(text),
            LocalError::Unreachable { .. } | LocalError::Interrupted { .. } => Self::Unreachable(text),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::LeaseLost { .. } => Self::LeaseLost,
            StoreError::Refused { .. } | StoreError::NotGranted { .. } | StoreError::ReadOnly { .. } => {
                Self::Credentials(error.with_causes())
            }
            StoreError::Held { .. } | StoreError::HadByJob { .. } => Self::Locked(error.to_string()),
            StoreError::Paused { .. } => Self::Paused(error.to_string()),
            other => Self::Unreachable(other.with_causes()),
        }
    }
}

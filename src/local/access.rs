//! Our access to a database server: what it is called, who we are there, how long it may take. It words what goes wrong in the
//! same way whichever protocol is spoken, and repeats no message that could quote a value.

use std::sync::Arc;

use sqlx::Error;

use super::database::Limits;
use super::ending::{Ending, RESHAPED};
use super::error::LocalError;

/// Our access to a database server.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// What the configuration calls the database.
    pub(super) database: Arc<str>,
    /// Who we log in as.
    pub(super) user: Arc<str>,
    /// How long it may take.
    pub(super) limits: Limits,
}

impl Access {
    /// The server is not there, or cannot serve now.
    pub(super) fn unreachable(&self, reason: String) -> LocalError {
        LocalError::Unreachable { database: self.database.clone(), reason }
    }

    /// A read was cut short.
    pub(super) fn interrupted(&self, reason: String) -> LocalError {
        LocalError::Interrupted { database: self.database.clone(), reason }
    }

    /// The login or a right is refused.
    pub(super) fn rejected(&self, reason: String) -> LocalError {
        LocalError::Rejected { database: self.database.clone(), reason }
    }

    /// The configuration is wrong.
    pub(super) fn misconfigured(&self, reason: String) -> LocalError {
        LocalError::Configuration { database: self.database.clone(), reason }
    }

    /// The login is not accepted; `code` is the server's own.
    pub(super) fn not_accepted(&self, code: impl std::fmt::Display) -> LocalError {
        self.rejected(format!("the login of `{}` is not accepted ({code})", self.user))
    }

    /// A statement took longer than it may.
    pub(super) fn too_long(&self) -> LocalError {
        self.interrupted(format!("it took longer than {:?}", self.limits.statement))
    }

    /// Somebody held a lock for longer than we wait.
    pub(super) fn locked(&self) -> LocalError {
        self.interrupted(format!("a lock was not free within {:?}", self.limits.lock))
    }

    /// A read ended before its last row.
    pub(super) fn cut_short(&self, ending: Ending) -> LocalError {
        self.interrupted(match ending {
            Ending::Reshaped => RESHAPED.to_owned(),
            _ => format!("nothing came for longer than {:?}", self.limits.statement),
        })
    }

    /// An error on the way to the server at `place`, if it is one.
    pub(super) fn not_reached(&self, error: &Error, place: &str) -> Option<LocalError> {
        match error {
            Error::Io(error) => Some(self.unreachable(format!("{place}: {error}"))),
            Error::Tls(error) => Some(self.unreachable(format!("{place}: TLS: {error}"))),
            _ => None,
        }
    }

    /// An error that the server did not send.
    pub(super) fn driver_fault(&self, error: &Error) -> LocalError {
        match error {
            Error::Io(error) => self.unreachable(error.to_string()),
            Error::Tls(error) => self.unreachable(format!("TLS: {error}")),
            Error::PoolTimedOut => self.unreachable("no connection became free in time".to_owned()),
            Error::PoolClosed => self.unreachable("it is closed".to_owned()),
            // The rest quotes what it could not read.
            _ => self.interrupted("it answered in a way that the driver does not understand".to_owned()),
        }
    }
}

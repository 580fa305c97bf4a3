//! Says what the caller does next about an error of PostgreSQL. Messages that could quote a value are not repeated.

use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};
use tieout_reconcilers::reconciler::Place;

use super::Postgres;
use crate::local::ending::{Ending, RESHAPED};
use crate::local::error::{DefinitionFault, LocalError};
use crate::local::statement::Statement;

impl Postgres {
    /// An error while a connection is opened.
    pub(super) fn connect_fault(&self, error: &Error, place: &str) -> LocalError {
        match error {
            Error::Io(error) => self.unreachable(format!("{place}: {error}")),
            Error::Tls(error) => self.unreachable(format!("{place}: TLS: {error}")),
            error => self.fault(error),
        }
    }

    /// An error outside any statement of the user's.
    pub(in crate::local) fn fault(&self, error: &Error) -> LocalError {
        match database_error(error) {
            Some(error) => self.refusal(error),
            None => self.driver_fault(error),
        }
    }

    /// An error of the user's statement.
    pub(super) fn statement_fault(&self, error: &Error, place: &Place, statement: &Statement) -> LocalError {
        let Some(error) = database_error(error) else { return self.driver_fault(error) };
        match error.code().get(..2) {
            // A missing right is not the definition's fault.
            Some("42") if error.code() == "42501" => self.refusal(error),
            Some("08" | "28" | "3D" | "40" | "53" | "55" | "57" | "58" | "XX") => self.refusal(error),
            _ => LocalError::Definition {
                place: place.clone(),
                fault: DefinitionFault::Refused {
                    at: position(error).map(|character| statement.position_of(character)),
                    reason: words(error),
                },
            },
        }
    }

    /// A read that ended before its last row.
    pub(super) fn cut_short(&self, ending: Ending) -> LocalError {
        self.interrupted(match ending {
            Ending::Reshaped => RESHAPED.to_owned(),
            _ => format!("nothing came for longer than {:?}", self.limits.statement),
        })
    }

    fn refusal(&self, error: &PgDatabaseError) -> LocalError {
        let rejected = |reason| LocalError::Rejected { database: self.name.clone(), reason };
        match error.code() {
            "42501" => rejected(self.missing_grant(error)),
            code if code.starts_with("28") => {
                rejected(format!("the login of `{}` is not accepted ({code})", self.user))
            }
            "3D000" => LocalError::Configuration { database: self.name.clone(), reason: words(error) },
            "57014" => self.interrupted(format!("it took longer than {:?}", self.limits.statement)),
            "55P03" => self.interrupted(format!("a lock was not free within {:?}", self.limits.lock)),
            code if code.starts_with("08") || code == "57P03" || code == "53300" => {
                self.unreachable(words(error))
            }
            _ => self.interrupted(words(error)),
        }
    }

    /// What to grant, as far as the server says what is refused.
    fn missing_grant(&self, error: &PgDatabaseError) -> String {
        let message = error.message();
        let refused = message.strip_prefix("permission denied for ").and_then(|what| what.split_once(' '));
        let right = match refused {
            Some(("table" | "view" | "materialized", _)) => "SELECT ON",
            Some(("schema", _)) => "USAGE ON SCHEMA",
            Some(("function", _)) => "EXECUTE ON FUNCTION",
            _ => return format!("{message} (user `{}`)", self.user),
        };
        let object = refused.map_or("", |(_, object)| object.trim_start_matches("view "));
        format!("{message}; it needs `GRANT {right} {object} TO {}`", self.user)
    }

    fn driver_fault(&self, error: &Error) -> LocalError {
        match error {
            Error::Io(error) => self.unreachable(error.to_string()),
            Error::Tls(error) => self.unreachable(format!("TLS: {error}")),
            Error::PoolTimedOut => self.unreachable("no connection became free in time".to_owned()),
            Error::PoolClosed => self.unreachable("it is closed".to_owned()),
            // The rest quotes what it could not read.
            _ => self.interrupted("it answered in a way that the driver does not understand".to_owned()),
        }
    }

    fn unreachable(&self, reason: String) -> LocalError {
        LocalError::Unreachable { database: self.name.clone(), reason }
    }

    fn interrupted(&self, reason: String) -> LocalError {
        LocalError::Interrupted { database: self.name.clone(), reason }
    }
}

/// Whether the server no longer knows a statement that it has just parsed.
pub(super) fn is_forgotten(error: &Error) -> bool {
    database_error(error).is_some_and(|error| error.code() == "26000")
}

fn database_error(error: &Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

/// The server's words where they speak of names, rights and resources. Others may quote a value, as a data exception
/// quotes the text that it could not convert.
fn words(error: &PgDatabaseError) -> String {
    match error.code().get(..2) {
        Some("08" | "0A" | "25" | "28" | "3D" | "3F" | "40" | "42" | "53" | "54" | "55" | "57" | "58") => {
            error.message().to_owned()
        }
        _ => format!("the server refuses a value or fails on it (SQLSTATE {})", error.code()),
    }
}

fn position(error: &PgDatabaseError) -> Option<usize> {
    match error.position()? {
        PgErrorPosition::Original(character) => Some(character),
        PgErrorPosition::Internal { .. } => None,
    }
}

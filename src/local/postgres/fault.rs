//! Says what the caller does next about an error of PostgreSQL. Messages that could quote a value are not repeated.

use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};
use tieout_reconcilers::reconciler::Place;

use super::Postgres;
use crate::local::access::Access;
use crate::local::error::{DefinitionFault, LocalError};
use crate::local::server::Server as _;
use crate::local::statement::Statement;

impl Postgres {
    /// An error of the user's statement.
    pub(super) fn refused_at(&self, error: &Error, place: &Place, statement: &Statement) -> LocalError {
        let Some(error) = Self::refused(error) else { return self.access.driver_fault(error) };
        match error.code().get(..2) {
            // A missing right is not the definition's fault.
            Some("42") if error.code() == "42501" => refusal(&self.access, error),
            Some("08" | "28" | "3D" | "40" | "53" | "55" | "57" | "58" | "XX") => {
                refusal(&self.access, error)
            }
            _ => LocalError::Definition {
                place: place.clone(),
                fault: DefinitionFault::Refused {
                    at: position(error).map(|character| statement.position_of(character)),
                    reason: words(error),
                },
            },
        }
    }
}

/// A refusal outside any statement of the user's.
pub(super) fn refusal(access: &Access, error: &PgDatabaseError) -> LocalError {
    match error.code() {
        "42501" => access.rejected(missing_grant(access, error)),
        code if code.starts_with("28") => access.not_accepted(code),
        "3D000" => access.misconfigured(words(error)),
        "57014" => access.too_long(),
        "55P03" => access.locked(),
        code if code.starts_with("08") || code == "57P03" || code == "53300" => {
            access.unreachable(words(error))
        }
        _ => access.interrupted(words(error)),
    }
}

/// What to grant, as far as the server says what is refused.
fn missing_grant(access: &Access, error: &PgDatabaseError) -> String {
    let (message, user) = (error.message(), &access.user);
    let refused = message.strip_prefix("permission denied for ").and_then(|what| what.split_once(' '));
    let right = match refused {
        Some(("table" | "view" | "materialized", _)) => "SELECT ON",
        Some(("schema", _)) => "USAGE ON SCHEMA",
        Some(("function", _)) => "EXECUTE ON FUNCTION",
        _ => return format!("{message} (user `{user}`)"),
    };
    let object = refused.map_or("", |(_, object)| object.trim_start_matches("view "));
    format!("{message}; it needs `GRANT {right} {object} TO {user}`")
}

/// Whether the server no longer knows a statement that it has just parsed.
pub(super) fn is_forgotten(error: &PgDatabaseError) -> bool {
    error.code() == "26000"
}

/// Whether a statement of this name is there already.
pub(super) fn is_taken(error: &PgDatabaseError) -> bool {
    error.code() == "42P05"
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

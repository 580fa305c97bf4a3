//! Says what the caller does next about an error of the MySQL protocol. Messages that could quote a value are not repeated.

use sqlx::Error;
use sqlx::mysql::MySqlDatabaseError;
use tieout_reconcilers::reconciler::Place;

use super::MySql;
use crate::local::access::Access;
use crate::local::error::{DefinitionFault, LocalError};
use crate::local::server::Server as _;

impl MySql {
    /// An error of the user's statement.
    pub(super) fn refused_at(&self, error: &Error, place: &Place) -> LocalError {
        match Self::refused(error) {
            None => self.access.driver_fault(error),
            Some(error) if matches!(Sort::of(error.number()), Sort::Definition | Sort::Value) => {
                let fault = DefinitionFault::Refused { at: None, reason: words(error) };
                LocalError::Definition { place: place.clone(), fault }
            }
            Some(error) => refusal(&self.access, error),
        }
    }
}

/// The server asks for the password in a way that this driver does not answer in the clear.
pub(super) fn needs_tls(access: &Access, place: &str) -> LocalError {
    access.rejected(format!(
        "{place} asks for the password of `{}` in a way that needs TLS; switch TLS on at the server, or name \
         `?ssl-mode=REQUIRED` in the URL",
        access.user
    ))
}

/// A refusal outside any statement of the user's.
pub(super) fn refusal(access: &Access, error: &MySqlDatabaseError) -> LocalError {
    match Sort::of(error.number()) {
        Sort::Login => access.not_accepted(error.number()),
        Sort::Right => access.rejected(missing_grant(error)),
        Sort::NoDatabase => access.misconfigured(words(error)),
        Sort::Unreachable => access.unreachable(words(error)),
        Sort::TooLong => access.too_long(),
        Sort::Locked => access.locked(),
        Sort::Definition | Sort::Value | Sort::Other => access.interrupted(words(error)),
    }
}

/// What to grant, as far as the server says what is refused.
fn missing_grant(error: &MySqlDatabaseError) -> String {
    let message = error.message();
    let object = message.split_once("for table ").map(|(_, object)| object.replace(['`', '\''], ""));
    match (error.number(), object) {
        (1142 | 1143, Some(object)) => {
            format!("{message}; it needs `GRANT SELECT ON {object} TO` the user that the URL names")
        }
        _ => message.to_owned(),
    }
}

/// What to make of an error number. MySQL's SQLSTATEs are too coarse for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// The login is not accepted.
    Login,
    /// A right is missing.
    Right,
    /// The database does not exist.
    NoDatabase,
    /// The server cannot serve now.
    Unreachable,
    /// The statement took longer than it may.
    TooLong,
    /// A lock was not free in time.
    Locked,
    /// The SQL is wrong.
    Definition,
    /// A value is refused, and the message may quote it.
    Value,
    /// None of these.
    Other,
}

impl Sort {
    const fn of(number: u16) -> Self {
        match number {
            1045 | 1130 | 1251 | 1698 | 1820 | 1862 | 3118 | 4151 => Self::Login,
            1044 | 1142 | 1143 | 1227 | 1345 | 1356 | 1370 => Self::Right,
            1049 => Self::NoDatabase,
            1040 | 1053 | 1129 | 1203 | 1226 | 1927 => Self::Unreachable,
            1969 | 3024 => Self::TooLong,
            1205 => Self::Locked,
            // Names, syntax, what cannot be together, and writing in a transaction that only reads.
            1046
            | 1051
            | 1052
            | 1054..=1061
            | 1063..=1066
            | 1109..=1116
            | 1140
            | 1146
            | 1149
            | 1222
            | 1235
            | 1241
            | 1242
            | 1247
            | 1248
            | 1267..=1271
            | 1305
            | 1318
            | 1582
            | 1583
            | 1792 => Self::Definition,
            1264 | 1292 | 1365..=1367 | 1406 | 1411 | 1416 | 1690 | 3140..=3158 | 4037 | 4038 => Self::Value,
            _ => Self::Other,
        }
    }
}

/// Whether a text cannot be compared with a column because the column's character set does not have its characters.
pub(super) fn is_foreign(error: &MySqlDatabaseError) -> bool {
    matches!(error.number(), 1267 | 1270 | 1271)
}

/// The server's words where they speak of names, rights and resources. Others may quote a value, as a conversion quotes the
/// text that it could not convert.
fn words(error: &MySqlDatabaseError) -> String {
    match Sort::of(error.number()) {
        Sort::Value | Sort::Other => {
            format!("the server refuses a value or fails on it (error {})", error.number())
        }
        _ => error.message().to_owned(),
    }
}

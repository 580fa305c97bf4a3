//! Says what the caller does next about an error of the MySQL protocol. Messages that could quote a value are not repeated.

use sqlx::Error;
use sqlx::mysql::MySqlDatabaseError;
use tieout_reconcilers::reconciler::Place;

use super::MySql;
use crate::local::ending::{Ending, RESHAPED};
use crate::local::error::{DefinitionFault, LocalError};

impl MySql {
    /// An error while a connection is opened.
    pub(super) fn connect_fault(&self, error: &Error, place: &str) -> LocalError {
        match error {
            Error::Io(error) => self.unreachable(format!("{place}: {error}")),
            Error::Tls(error) => self.unreachable(format!("{place}: TLS: {error}")),
            // The only thing that this driver finds wrong with a checked URL.
            Error::Configuration(_) => self.rejected(format!(
                "{place} asks for the password of `{}` in a way that needs TLS; switch TLS on at the server, or name \
                 `?ssl-mode=REQUIRED` in the URL",
                self.user
            )),
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
    pub(super) fn statement_fault(&self, error: &Error, place: &Place) -> LocalError {
        let Some(error) = database_error(error) else { return self.driver_fault(error) };
        match Sort::of(error.number()) {
            Sort::Definition | Sort::Value => {
                let fault = DefinitionFault::Refused { at: None, reason: words(error) };
                LocalError::Definition { place: place.clone(), fault }
            }
            _ => self.refusal(error),
        }
    }

    /// A read that ended before its last row.
    pub(super) fn cut_short(&self, ending: Ending) -> LocalError {
        self.interrupted(match ending {
            Ending::Reshaped => RESHAPED.to_owned(),
            _ => format!("nothing came for longer than {:?}", self.limits.statement),
        })
    }

    fn refusal(&self, error: &MySqlDatabaseError) -> LocalError {
        match Sort::of(error.number()) {
            Sort::Login => {
                self.rejected(format!("the login of `{}` is not accepted ({})", self.user, error.number()))
            }
            Sort::Right => self.rejected(missing_grant(error)),
            Sort::NoDatabase => {
                LocalError::Configuration { database: self.name.clone(), reason: words(error) }
            }
            Sort::Unreachable => self.unreachable(words(error)),
            Sort::TooLong => self.interrupted(format!("it took longer than {:?}", self.limits.statement)),
            Sort::Locked => self.interrupted(format!("a lock was not free within {:?}", self.limits.lock)),
            Sort::Definition | Sort::Value | Sort::Other => self.interrupted(words(error)),
        }
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

    fn rejected(&self, reason: String) -> LocalError {
        LocalError::Rejected { database: self.name.clone(), reason }
    }

    fn unreachable(&self, reason: String) -> LocalError {
        LocalError::Unreachable { database: self.name.clone(), reason }
    }

    fn interrupted(&self, reason: String) -> LocalError {
        LocalError::Interrupted { database: self.name.clone(), reason }
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
pub(super) fn is_foreign(error: &Error) -> bool {
    database_error(error).is_some_and(|error| matches!(error.number(), 1267 | 1270 | 1271))
}

fn database_error(error: &Error) -> Option<&MySqlDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
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

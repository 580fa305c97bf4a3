//! SQLite: the file is opened read-only and never created; a write-ahead log beside it is read as well.

use std::sync::Arc;

use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::{Local, Place};

use self::connections::{Connections, Failure};
use self::file::File;
use self::prepared::Prepared;
pub(super) use self::reader::SqliteReader;
use super::database::{Limits, MemberValues};
use super::draft::Draft;
use super::error::LocalError;
use super::statement::{Dialect, Purpose};

mod connections;
mod file;
mod lot;
mod prepared;
mod reader;

/// A SQLite file.
#[derive(Debug, Clone)]
pub struct Sqlite {
    name: Arc<str>,
    connections: Arc<Connections>,
    limits: Limits,
}

impl Sqlite {
    /// Proves that the file is there and is a database.
    pub(super) async fn connect(name: Arc<str>, url: &str, limits: Limits) -> Result<Self, LocalError> {
        let file = File::of(url, limits.lock)
            .map_err(|reason| LocalError::Configuration { database: name.clone(), reason })?;
        let connections = Connections::new(file, limits.statement + limits.connect).into();
        let database = Self { name, connections, limits };
        database.ask::<i64>("SELECT count(*) FROM sqlite_schema").await?;
        Ok(database)
    }

    /// Prepares both statements of a domain.
    pub(super) async fn reader(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<SqliteReader, LocalError> {
        let [rows, keys] = Draft::both(Dialect::Sqlite, local, member)?;
        let rows = Prepared::new(self, rows, local, fields).await?;
        let keys = Prepared::new(self, keys, local, fields).await?;
        Ok(SqliteReader::new(self.clone(), rows, keys))
    }

    /// Prepares the statement that asks by key alone.
    pub(super) async fn key_reader(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<SqliteReader, LocalError> {
        let draft = Draft::parse(Dialect::Sqlite, Purpose::Keys, local, member)?;
        let keys = Prepared::new(self, draft, local, fields).await?;
        Ok(SqliteReader::new(self.clone(), keys.clone(), keys))
    }

    /// Prepares the statement of a number.
    pub(super) async fn counter(&self, local: &Local) -> Result<SqliteReader, LocalError> {
        let draft = Draft::parse(Dialect::Sqlite, Purpose::Number, local, &MemberValues::new())?;
        let rows = Prepared::new(self, draft, local, &Fields::default()).await?;
        Ok(SqliteReader::new(self.clone(), rows.clone(), rows))
    }

    /// The time by the clock of the host, which is SQLite's clock.
    pub(super) async fn now(&self) -> Result<Instant, LocalError> {
        let sql = "SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";
        let millis: i64 = self.ask(sql).await?;
        Ok(Instant::from_micros(millis * 1_000))
    }

    pub(super) fn close(&self) {
        self.connections.close();
    }

    /// The one value that a statement of ours gives.
    pub(super) async fn ask<T>(&self, sql: &'static str) -> Result<T, LocalError>
    where
        T: rusqlite::types::FromSql + Send + 'static,
    {
        let asked = self.connections.with(|connection| connection.query_one(sql, [], |row| row.get(0)));
        asked.await.map_err(|failure| self.fault(&failure))
    }

    /// A failure outside any statement of the user's.
    fn fault(&self, failure: &Failure) -> LocalError {
        let database = self.name.clone();
        let Some((code, reason)) = of_sqlite(failure) else {
            return LocalError::Unreachable { database, reason: our_words(failure) };
        };
        match code {
            // A file of another kind, or one that is damaged.
            11 | 26 => LocalError::Configuration { database, reason },
            3 | 23 => LocalError::Rejected { database, reason },
            14 => LocalError::Unreachable {
                database,
                reason: format!(
                    "{reason}; reading a file with a write-ahead log needs its -shm file or a writable folder"
                ),
            },
            9 => LocalError::Interrupted {
                database,
                reason: format!("it took longer than {:?}", self.limits.statement),
            },
            _ => LocalError::Interrupted { database, reason },
        }
    }

    /// A failure of the user's statement.
    fn statement_fault(&self, failure: &Failure, place: &Place) -> LocalError {
        match of_sqlite(failure) {
            // Wrong SQL, a write, a wrong type, a number of a parameter that is out of range.
            Some((1 | 8 | 20 | 25, reason)) => prepared::refused(place, &reason),
            _ => self.fault(failure),
        }
    }
}

/// The primary result code, without the details in the upper bits, and SQLite's own words.
fn of_sqlite(failure: &Failure) -> Option<(i32, String)> {
    let Failure::Sqlite(rusqlite::Error::SqliteFailure(error, words)) = failure else { return None };
    Some((error.extended_code & 0xff, words.clone().unwrap_or_else(|| error.to_string())))
}

fn our_words(failure: &Failure) -> String {
    match failure {
        Failure::Busy => "no connection became free in time",
        Failure::Closed => "it is closed",
        Failure::Broken => "the thread that read it has panicked, as the log says",
        // The rest quotes what it could not read.
        Failure::Sqlite(_) => "it answered in a way that the driver does not understand",
    }
    .to_owned()
}

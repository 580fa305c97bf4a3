//! SQLite: the file is opened read-only and never created; a write-ahead log beside it is read as well.

use std::ops::ControlFlow;
use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions as _, Row as _};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::{Local, Place};

use self::prepared::{Draft, Prepared};
pub(super) use self::reader::SqliteReader;
use super::database::{Limits, MemberValues};
use super::error::LocalError;
use super::statement::Purpose;

mod prepared;
mod reader;

/// How many slices may read at once.
const CONNECTIONS: u32 = 4;
/// How many rows a connection's thread may be ahead of the reader.
const ROWS_AHEAD: usize = 256;
/// How many instructions SQLite runs between two looks at the clock.
const INSTRUCTIONS: i32 = 10_000;

/// A SQLite file.
#[derive(Debug, Clone)]
pub struct Sqlite {
    name: Arc<str>,
    pool: SqlitePool,
    limits: Limits,
}

impl Sqlite {
    /// Proves that the file is there and is a database.
    pub(super) async fn connect(name: Arc<str>, url: &str, limits: Limits) -> Result<Self, LocalError> {
        let options = options(&name, url, limits)?;
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(limits.statement + limits.connect)
            .connect_lazy_with(options);
        let database = Self { name, pool, limits };
        let probe = sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&database.pool).await;
        probe.map_err(|error| database.fault(&error))?;
        Ok(database)
    }

    /// Prepares both statements of a domain.
    pub(super) async fn reader(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<SqliteReader, LocalError> {
        let mut connection = self.acquire().await?;
        let [rows, keys] =
            [Purpose::of_rows(local), Purpose::Keys].map(|purpose| Draft::parse(purpose, local, member));
        let rows = Prepared::new(self, &mut connection, rows?, local, fields).await?;
        let keys = Prepared::new(self, &mut connection, keys?, local, fields).await?;
        Ok(SqliteReader::new(self.clone(), rows, keys))
    }

    /// Prepares the statement that asks by key alone.
    pub(super) async fn key_reader(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<SqliteReader, LocalError> {
        let mut connection = self.acquire().await?;
        let draft = Draft::parse(Purpose::Keys, local, member)?;
        let keys = Prepared::new(self, &mut connection, draft, local, fields).await?;
        Ok(SqliteReader::new(self.clone(), keys.clone(), keys))
    }

    /// The time by the clock of the host, which is SQLite's clock.
    pub(super) async fn now(&self) -> Result<Instant, LocalError> {
        let sql = "SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";
        let row = sqlx::query(sql).fetch_one(&self.pool).await.map_err(|error| self.fault(&error))?;
        let millis: i64 = row.try_get(0).map_err(|error| self.fault(&error))?;
        Ok(Instant::from_micros(millis * 1_000))
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) async fn acquire(&self) -> Result<PoolConnection<sqlx::Sqlite>, LocalError> {
        self.pool.acquire().await.map_err(|error| self.fault(&error))
    }

    /// An error outside any statement of the user's.
    pub(super) fn fault(&self, error: &sqlx::Error) -> LocalError {
        let database = self.name.clone();
        let Some(error) = error.as_database_error() else {
            return LocalError::Unreachable { database, reason: driver_words(error) };
        };
        let reason = error.message().to_owned();
        match result_code(error) {
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

    /// An error of the user's statement.
    fn statement_fault(&self, error: &sqlx::Error, place: &Place) -> LocalError {
        match error.as_database_error().map(result_code) {
            // Wrong SQL, a write, a wrong type, a number of a parameter that is out of range.
            Some(1 | 8 | 20 | 25) => {
                prepared::refused(place, error.as_database_error().map_or("", |error| error.message()))
            }
            _ => self.fault(error),
        }
    }
}

fn options(name: &Arc<str>, url: &str, limits: Limits) -> Result<SqliteConnectOptions, LocalError> {
    let wrong = |reason: String| LocalError::Configuration { database: name.clone(), reason };
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| wrong("its URL has a part that SQLite does not know".to_owned()))?;
    let file: &Path = options.get_filename();
    if !file.is_file() {
        return Err(wrong(format!("there is no file `{}`", file.display())));
    }
    Ok(options
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(limits.lock)
        .row_buffer_size(ROWS_AHEAD)
        .disable_statement_logging())
}

/// The primary result code, without the details in the upper bits.
fn result_code(error: &dyn sqlx::error::DatabaseError) -> i32 {
    error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default() & 0xff
}

fn driver_words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::PoolTimedOut => "no connection became free in time".to_owned(),
        sqlx::Error::PoolClosed => "it is closed".to_owned(),
        // The rest quotes what it could not read.
        _ => "it answered in a way that the driver does not understand".to_owned(),
    }
}

/// What a read ended with.
type Drained = Result<ControlFlow<()>, sqlx::Error>;

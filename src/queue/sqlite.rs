//! A table in a SQLite file, created where it does not exist. Consumers set `consumed_at`; nothing is deleted here.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::window::Window;

use super::{Delivery, Lag, Outcome, Queue, QueueFault, TableName, Tally, stopped};
use crate::private_file;
use crate::sql_fault::{self, SqlFault};
use crate::store::Outgoing;

/// How long to wait for a consumer's transaction.
const BUSY_TIME: Duration = Duration::from_secs(5);

/// A table in a SQLite file.
#[derive(Debug)]
pub(super) struct SqliteQueue {
    path: PathBuf,
    table: TableName,
    connection: Option<SqliteConnection>,
}

/// The statements that make the table.
pub(super) fn ddl(table: &TableName) -> String {
    let (index, table) = (format!("\"{}_waiting\"", table.bare()), table.quoted());
    format!(
        "CREATE TABLE IF NOT EXISTS {table} (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id     TEXT NOT NULL UNIQUE,
    source       TEXT NOT NULL,
    type         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    event        TEXT NOT NULL,
    enqueued_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    consumed_at  TEXT
);
CREATE INDEX IF NOT EXISTS {index} ON {table} (seq) WHERE consumed_at IS NULL;"
    )
}

impl SqliteQueue {
    pub(super) fn new(path: &Path, table: &TableName) -> Self {
        Self { path: path.to_owned(), table: table.clone(), connection: None }
    }

    async fn connect(&mut self) -> Result<&mut SqliteConnection, QueueFault> {
        if self.table.has_schema() {
            return Err(self.refused(format!("`{}` names a schema, and SQLite has none", self.table)));
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open().await?,
        };
        Ok(self.connection.insert(connection))
    }

    async fn open(&self) -> Result<SqliteConnection, QueueFault> {
        private_file::open(&self.path).map_err(|error: io::Error| self.refused(error.to_string()))?;
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(BUSY_TIME)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = options.connect().await.map_err(|error| self.fault(&error))?;
        connection.execute(AssertSqlSafe(ddl(&self.table))).await.map_err(|error| self.fault(&error))?;
        Ok(connection)
    }

    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        let table = self.table.quoted();
        let sent = match self.connect().await {
            Ok(connection) => insert(connection, &table, batch).await,
            Err(fault) => return stopped(fault),
        };
        match sent {
            Ok(outcomes) => Delivery { outcomes, fault: None },
            Err(error) => {
                self.connection = None;
                stopped(self.fault(&error))
            }
        }
    }

    /// How many events of a kind there are, and how many of them are consumed. A file that is not there is not made.
    async fn count(&mut self, which: &str, texts: &[&str]) -> Result<Option<[u64; 2]>, QueueFault> {
        if !self.path.exists() {
            return Ok(None);
        }
        let sql = format!("SELECT count(*), count(consumed_at) FROM {} WHERE {which}", self.table.quoted());
        let connection = self.connect().await?;
        let asked = texts.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |asked, text| asked.bind(*text));
        let counted: Result<(i64, i64), sqlx::Error> = asked.fetch_one(connection).await;
        let (all, consumed) = counted.map_err(|error| self.fault(&error))?;
        Ok(Some([all, consumed].map(i64::unsigned_abs)))
    }

    /// The table keeps no failures, so they are not known.
    async fn tally_of(&mut self, source: &str, window: Window) -> Result<Option<Tally>, QueueFault> {
        let [from, to] = [window.from(), window.to()].map(enqueued);
        let under = format!("{source}/");
        let which =
            "enqueued_at >= $1 AND enqueued_at < $2 AND (source = $3 OR substr(source, 1, length($4)) = $4)";
        let counted = self.count(which, &[&from, &to, source, &under]).await?;
        Ok(counted.map(|[received, consumed]| Tally {
            received: Some(received),
            consumed: Some(consumed),
            failed: None,
            waiting: Some(received - consumed),
        }))
    }

    fn fault(&self, error: &sqlx::Error) -> QueueFault {
        match sql_fault::sort(error) {
            SqlFault::Unreachable | SqlFault::Full | SqlFault::Conflict => {
                QueueFault::Unreachable { place: self.place(), why: error.to_string() }
            }
            _ => self.refused(error.to_string()),
        }
    }

    fn refused(&self, why: String) -> QueueFault {
        QueueFault::Refused { place: self.place(), why }
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

/// The columns of the table.
const COLUMNS: [&str; 8] =
    ["seq", "event_id", "source", "type", "subject", "event", "enqueued_at", "consumed_at"];

impl SqliteQueue {
    /// What a table lacks that somebody else made.
    async fn lacking(&mut self) -> Result<Vec<String>, QueueFault> {
        let table = self.table.bare().to_owned();
        let connection = self.connect().await?;
        let asked = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(&table);
        let there: Result<Vec<String>, sqlx::Error> = asked.fetch_all(connection).await;
        let there = there.map_err(|error| self.fault(&error))?;
        let lacks = COLUMNS.iter().filter(|name| !there.iter().any(|one| one == *name));
        let lacks: Vec<String> = lacks.map(|name| format!("`{name}`")).collect();
        let cure = format!(
            "rename the table, and the next run makes a new `{table}`; `tieout migrate queue NAME` prints what it makes"
        );
        let told = format!("it has no column {}; {cure}", lacks.join(", "));
        Ok(if lacks.is_empty() { Vec::new() } else { vec![told] })
    }
}

impl Queue for SqliteQueue {
    fn system(&self) -> &'static str {
        "sqlite"
    }

    fn unlike(&mut self) -> BoxFuture<'_, Result<Option<Vec<String>>, QueueFault>> {
        async { self.lacking().await.map(Some) }.boxed()
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async move { self.connect().await.map(drop) }.boxed()
    }

    fn lag<'a>(&'a mut self, _: Option<&'a str>) -> BoxFuture<'a, Result<Option<Lag>, QueueFault>> {
        async move {
            // Nothing waits in a file that the first event will make.
            let [waiting, _] = self.count("consumed_at IS NULL", &[]).await?.unwrap_or_default();
            Ok(Some(Lag { waiting, taken: None }))
        }
        .boxed()
    }

    fn tally<'a>(
        &'a mut self,
        source: &'a str,
        window: Window,
    ) -> BoxFuture<'a, Result<Option<Tally>, QueueFault>> {
        self.tally_of(source, window).boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.deliver(batch).boxed()
    }
}

/// An instant as the table writes it.
fn enqueued(at: Instant) -> String {
    at.utc().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Inserts a batch in one transaction. A row that the table refuses is undone alone, so its siblings arrive.
async fn insert(
    connection: &mut SqliteConnection,
    table: &str,
    batch: &[Outgoing],
) -> Result<Vec<Outcome>, sqlx::Error> {
    let sql = format!(
        "INSERT INTO {table} (event_id, source, type, subject, event) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (event_id) DO NOTHING"
    );
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut outcomes = Vec::with_capacity(batch.len());
    for event in batch {
        let query = sqlx::query(AssertSqlSafe(sql.as_str()))
            .bind(event.event_id.to_string())
            .bind(&event.source)
            .bind(&event.event_type)
            .bind(&event.subject)
            .bind(&event.payload);
        outcomes.push(match query.execute(&mut *tx).await {
            Ok(_) => Outcome::Acknowledged,
            Err(error) => dead(&error).ok_or(error)?,
        });
    }
    crash_point!("sqlite_queue.before_commit");
    tx.commit().await?;
    Ok(outcomes)
}

/// What the table says against one event; anything else is said against the queue.
fn dead(error: &sqlx::Error) -> Option<Outcome> {
    let class = match sql_fault::sort(error) {
        SqlFault::Data => "poison",
        SqlFault::TooLarge => "too_large",
        SqlFault::Rejected => "rejected",
        _ => return None,
    };
    Some(Outcome::Dead { class, reason: error.to_string() })
}

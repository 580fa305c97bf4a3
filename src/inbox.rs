//! The inbox of a consumer: tables in its own database that say which events it has seen and which versions it has applied, so that an
//! event that comes twice or late has no second effect. It works with any queue and any CloudEvent.
//!
//! ```no_run
//! use tieout::inbox::{Inbox, Received, Seen};
//!
//! # async fn apply(database: sqlx::PgPool, event: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let inbox = Inbox::new("app.tieout_inbox".parse()?, "invoices");
//! let mut tx = database.begin().await?;
//! if inbox.first_time(&mut tx, &Received::of(event)?).await? == Seen::Apply {
//!     // Apply the event, in this transaction.
//! }
//! tx.commit().await?;
//! # Ok(())
//! # }
//! ```

use rust_decimal::Decimal;
use serde::Deserialize;
use sqlx::{AssertSqlSafe, Postgres, Transaction};

use crate::queue::TableName;

/// A kind of database that an inbox can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum InboxDatabase {
    /// Tables, and a function that answers whether an event is to be applied
    Postgres,
    /// The same tables
    Sqlite,
    /// The same tables, for MariaDB as well
    Mysql,
}

/// The statements that make an inbox. They may be run again.
#[must_use]
pub fn ddl(database: InboxDatabase, table: &TableName) -> String {
    let (schema, name) = (table.schema_prefix(), table.bare());
    match database {
        InboxDatabase::Postgres => format!(include_str!("inbox/postgres.sql"), schema = schema, name = name),
        InboxDatabase::Sqlite => format!(include_str!("inbox/sqlite.sql"), name = name),
        InboxDatabase::Mysql => format!(include_str!("inbox/mysql.sql"), name = name),
    }
}

/// The inbox of one consumer in PostgreSQL.
#[derive(Debug, Clone)]
pub struct Inbox {
    table: TableName,
    consumer: String,
}

/// What an inbox says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is new: apply it.
    Apply,
    /// It was seen before.
    Duplicate,
    /// A newer version of its subject was applied.
    Stale,
}

/// What an inbox has to know of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The CloudEvents source.
    pub source: String,
    /// The CloudEvents id.
    pub id: String,
    /// The CloudEvents subject.
    pub subject: Option<String>,
    /// Grows with every change of the subject. Without it only the id counts.
    pub version: Option<Decimal>,
}

/// The attributes of a CloudEvent that are read.
#[derive(Deserialize)]
struct Attributes {
    source: String,
    id: String,
    subject: Option<String>,
    time: Option<chrono::DateTime<chrono::Utc>>,
}

impl Received {
    /// Reads a CloudEvent in JSON. Its version is its `time`, in seconds: when tieout decided to send it. Where the data has a
    /// marker of the provider's own, put that in its place.
    pub fn of(event: &str) -> Result<Self, serde_json::Error> {
        let Attributes { source, id, subject, time } = serde_json::from_str(event)?;
        let version = time.map(|time| Decimal::new(time.timestamp_micros(), 6));
        Ok(Self { source, id, subject, version })
    }
}

impl Inbox {
    /// The inbox of a consumer. The table is made by what `tieout migrate inbox` prints.
    #[must_use]
    pub fn new(table: TableName, consumer: impl Into<String>) -> Self {
        Self { table, consumer: consumer.into() }
    }

    /// Says whether an event is to be applied, and remembers it. Whoever asks about the same event meanwhile waits for the end
    /// of this transaction; where it rolls back, the event was not seen.
    pub async fn first_time(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        event: &Received,
    ) -> Result<Seen, sqlx::Error> {
        let (schema, name) = (self.table.schema_prefix(), self.table.bare());
        let sql = format!(r#"SELECT {schema}"{name}_seen"($1, $2, $3, $4, $5)"#);
        let seen: String = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(&self.consumer)
            .bind(&event.source)
            .bind(&event.id)
            .bind(&event.subject)
            .bind(event.version)
            .fetch_one(&mut **tx)
            .await?;
        match seen.as_str() {
            "apply" => Ok(Seen::Apply),
            "duplicate" => Ok(Seen::Duplicate),
            "stale" => Ok(Seen::Stale),
            _ => Err(sqlx::Error::Decode("the inbox is of another version of tieout".into())),
        }
    }
}

#[cfg(test)]
mod tests;

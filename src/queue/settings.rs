//! Which broker a queue is, as the configuration says it.

use std::path::PathBuf;

use secrecy::SecretString;

use super::table::TableName;

/// Which broker a queue is.
#[derive(Debug, Clone)]
pub enum QueueSettings {
    /// A table in a SQLite file; both are created where they do not exist.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The table.
        table: TableName,
    },
    /// A table in a PostgreSQL database; it is never created by a run.
    Postgres {
        /// The connection URL, which may hold a password.
        url: SecretString,
        /// The table.
        table: TableName,
    },
    /// A file with one event a line.
    Ndjson {
        /// The file; it is created where it does not exist.
        path: PathBuf,
    },
    /// Standard output, one event a line.
    Stdout,
}

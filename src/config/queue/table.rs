//! Queues that are tables, as they are configured: `sqlite`, `postgres` and `pgmq`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText};
use tieout_reconcilers::define::document::Problems;

use super::QueueConfig;
use crate::config::secret::UrlRef;
use crate::queue::{PgmqName, TableName};

/// A table in a SQLite file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SqliteFile {
    /// The file, which is made where there is none.
    path: Checked<String>,
    /// The table, which is made where there is none.
    #[schemars(extend("default" = "tieout_events"))]
    table: Option<Checked<TableName>>,
}

/// A table in PostgreSQL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PostgresFile {
    /// The database, or `env:NAME` or `file:PATH` where the address holds a password.
    url: Checked<UrlRef>,
    /// The table, with its schema where it has one.
    #[schemars(extend("default" = "tieout_events"))]
    table: Option<Checked<TableName>>,
}

/// A queue of pgmq in PostgreSQL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PgmqFile {
    /// The database, or `env:NAME` or `file:PATH` where the address holds a password.
    url: Checked<UrlRef>,
    /// The queue, which `pgmq.create` has made.
    queue: Checked<PgmqName>,
}

impl SqliteFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<QueueConfig> {
        let table = table_name(self.table, problems);
        Some(QueueConfig::Sqlite { path: PathBuf::from(problems.take(self.path)?), table: table? })
    }
}

impl PostgresFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<QueueConfig> {
        let table = table_name(self.table, problems);
        Some(QueueConfig::Postgres { url: postgres_url(self.url, problems)?, table: table? })
    }
}

impl PgmqFile {
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<QueueConfig> {
        let queue = problems.take(self.queue);
        Some(QueueConfig::Pgmq { url: postgres_url(self.url, problems)?, queue: queue? })
    }
}

fn postgres_url(url: Checked<UrlRef>, problems: &mut Problems<'_>) -> Option<UrlRef> {
    let spot = url.spot;
    let url = problems.take(url)?;
    if matches!(&url, UrlRef::Inline(text) if text.starts_with("sqlite:")) {
        problems.add(spot, Fault::new("this is not the address of a PostgreSQL database"));
    }
    Some(url)
}

fn table_name(table: Option<Checked<TableName>>, problems: &mut Problems<'_>) -> Option<TableName> {
    match table {
        Some(table) => problems.take(table),
        None => Some(TableName::default()),
    }
}

impl FromText for PgmqName {
    const WHAT: &'static str = "name";

    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse::<Self>().map_err(|error| Fault::new(error.to_string()))
    }
}

impl FromText for TableName {
    const WHAT: &'static str = "name of a table";

    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse::<Self>().map_err(|error| Fault::new(error.to_string()))
    }
}

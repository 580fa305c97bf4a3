//! Queues that are tables, as they are configured: `sqlite`, `postgres` and `pgmq`.

use std::path::PathBuf;

use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText};
use tieout_reconcilers::define::document::Problems;

use super::QueueConfig;
use crate::config::secret::UrlRef;
use crate::queue::{PgmqName, TableName};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SqliteFile {
    path: Checked<String>,
    table: Option<Checked<TableName>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PostgresFile {
    url: Checked<UrlRef>,
    table: Option<Checked<TableName>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PgmqFile {
    url: Checked<UrlRef>,
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
    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse::<Self>().map_err(|error| Fault::new(error.to_string()))
    }
}

impl FromText for TableName {
    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse::<Self>().map_err(|error| Fault::new(error.to_string()))
    }
}

//! Queues as they are configured, and with their secrets read.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_saphyr::Spanned;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;

use super::secret::{ConfigError, UrlRef};
use crate::queue::{QueueSettings, TableName};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueFile {
    sqlite: Option<SqliteFile>,
    postgres: Option<PostgresFile>,
    ndjson: Option<NdjsonFile>,
    stdout: Option<StdoutFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SqliteFile {
    path: Checked<String>,
    table: Option<Checked<TableName>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostgresFile {
    url: Checked<UrlRef>,
    table: Option<Checked<TableName>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NdjsonFile {
    path: Checked<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StdoutFile {}

/// Where a queue is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueConfig {
    /// A table in a SQLite file.
    Sqlite {
        /// The file, relative to the configuration.
        path: PathBuf,
        /// The table.
        table: TableName,
    },
    /// A table in PostgreSQL.
    Postgres {
        /// The database.
        url: UrlRef,
        /// The table, with its schema where it has one.
        table: TableName,
    },
    /// A file with one JSON document per line.
    Ndjson {
        /// The file, relative to the configuration.
        path: PathBuf,
    },
    /// Standard output.
    Stdout,
}

impl QueueFile {
    pub(super) fn compile(file: Spanned<Self>, problems: &mut Problems<'_>) -> Option<QueueConfig> {
        let Self { sqlite, postgres, ndjson, stdout } = file.value;
        match (sqlite, postgres, ndjson, stdout) {
            (Some(SqliteFile { path, table }), None, None, None) => {
                let table = table_name(table, problems);
                Some(QueueConfig::Sqlite { path: problems.take(path)?.into(), table: table? })
            }
            (None, Some(PostgresFile { url, table }), None, None) => {
                let spot = url.spot;
                let table = table_name(table, problems);
                let url = problems.take(url)?;
                if matches!(&url, UrlRef::Inline(text) if text.starts_with("sqlite:")) {
                    problems.add(spot, Fault::new("this is not the address of a PostgreSQL database"));
                }
                Some(QueueConfig::Postgres { url, table: table? })
            }
            (None, None, Some(NdjsonFile { path }), None) => {
                Some(QueueConfig::Ndjson { path: problems.take(path)?.into() })
            }
            (None, None, None, Some(StdoutFile {})) => Some(QueueConfig::Stdout),
            _ => {
                let fault =
                    Fault::new("a queue is exactly one of `sqlite`, `postgres`, `ndjson` and `stdout`")
                        .with_help(
                            "write it as `billing: {sqlite: {path: queue.db}}` or `out: {stdout: {}}`",
                        );
                problems.add(Spot::from(file.referenced), fault);
                None
            }
        }
    }
}

fn table_name(table: Option<Checked<TableName>>, problems: &mut Problems<'_>) -> Option<TableName> {
    match table {
        Some(table) => problems.take(table),
        None => Some(TableName::default()),
    }
}

impl FromText for TableName {
    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse::<Self>().map_err(|error| Fault::new(error.to_string()))
    }
}

impl QueueConfig {
    /// Reads what it needs. `name` is its name in the configuration, `base` the configuration's folder.
    pub fn resolve(&self, name: &str, base: &Path) -> Result<QueueSettings, ConfigError> {
        Ok(match self {
            Self::Sqlite { path, table } => {
                QueueSettings::Sqlite { path: base.join(path), table: table.clone() }
            }
            Self::Postgres { url, table } => {
                let url = url.read(&format!("queues.{name}.postgres.url"), base)?;
                QueueSettings::Postgres { url, table: table.clone() }
            }
            Self::Ndjson { path } => QueueSettings::Ndjson { path: base.join(path) },
            Self::Stdout => QueueSettings::Stdout,
        })
    }
}

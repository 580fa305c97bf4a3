//! The local side: a database of our own, with one table for each population. Never touches another database.

use anyhow::{Context as _, ensure};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::fmt::Write as _;
use url::Url;

use super::rows::{LocalRow, Side};
use crate::charges::Population;

/// Rows are sent in pieces of about this many bytes, so that filling a table takes no memory to speak of.
const PIECE: usize = 64 * 1024;

/// A database that exists from [`Database::create`] to [`Database::remove`].
#[derive(Debug)]
pub struct Database {
    server: Url,
    name: String,
}

impl Database {
    /// Names a database on a server, which may or may not exist.
    pub fn named(server: &str, name: &str) -> anyhow::Result<Self> {
        let plain =
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        ensure!(plain && name.starts_with("tieout_bench"), "a benchmark's database is named tieout_bench...");
        let server = Url::parse(server).context("the address of the PostgreSQL server")?;
        Ok(Self { server, name: name.to_owned() })
    }

    /// Creates it, empty, in the place of one that an interrupted benchmark left.
    pub async fn create(&self) -> anyhow::Result<()> {
        self.remove().await?;
        let mut server = self.server().await?;
        server.execute(AssertSqlSafe(format!("CREATE DATABASE {}", self.name))).await?;
        Ok(server.close().await?)
    }

    /// Drops it, if it is there, and whoever is connected to it.
    pub async fn remove(&self) -> anyhow::Result<()> {
        let mut server = self.server().await?;
        server.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name))).await?;
        Ok(server.close().await?)
    }

    /// A connection to the server, outside of this database.
    pub async fn server(&self) -> anyhow::Result<PgConnection> {
        PgConnection::connect(self.server.as_str()).await.with_context(|| {
            let (host, port) = (self.server.host_str().unwrap_or("?"), self.server.port().unwrap_or(5432));
            format!("PostgreSQL does not answer at {host}:{port}: start it, or set TIEOUT_TEST_POSTGRES")
        })
    }

    /// Creates `table` and fills it with what a side holds of a population, ready to be read.
    pub async fn fill(&self, table: &str, side: Side, population: &Population) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect(self.url().as_str()).await?;
        connection
            .execute(AssertSqlSafe(format!(
            "CREATE TABLE {table} (id text PRIMARY KEY, amount_minor bigint NOT NULL, currency text NOT NULL,
             status text NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)
             WITH (autovacuum_enabled = false)"
        )))
            .await?;
        let mut copy = connection.copy_in_raw(&format!("COPY {table} FROM STDIN")).await?;
        let mut piece = String::with_capacity(2 * PIECE);
        for position in 0..population.items {
            if let Some(row) = side.row(population, position)? {
                append(&row, &mut piece)?;
            }
            if piece.len() >= PIECE {
                copy.send(piece.as_bytes()).await?;
                piece.clear();
            }
        }
        copy.send(piece.as_bytes()).await?;
        copy.finish().await?;
        connection.execute(AssertSqlSafe(format!(
            "CREATE INDEX ON {table} (created_at) INCLUDE (id, amount_minor, currency, status, updated_at)"
        ))).await?;
        connection.execute(AssertSqlSafe(format!("VACUUM ANALYZE {table}"))).await?;
        connection.execute("CHECKPOINT").await?;
        Ok(connection.close().await?)
    }

    /// Its name, as PostgreSQL shows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address, credentials included.
    #[must_use]
    pub fn url(&self) -> Url {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url
    }
}

/// Appends a row in COPY's text format.
fn append(row: &LocalRow, into: &mut String) -> std::fmt::Result {
    let LocalRow { id, amount, currency, status, created } = row;
    writeln!(into, "{id}\t{amount}\t{currency}\t{status}\t{created:?}\t{created:?}")
}

//! The local side as a SQLite file, as an application leaves it: a write-ahead log, and an index that covers the query.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::rows::{LocalRow, Side};
use crate::charges::Population;

/// Creates a file with the table `charges` and fills it with all of a population that reached it.
pub async fn fill(path: &Path, population: &Population) -> anyhow::Result<()> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    connection
        .execute(
            "CREATE TABLE charges (id TEXT PRIMARY KEY, amount_minor INTEGER NOT NULL, currency TEXT NOT NULL,
             status TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL)",
        )
        .await?;
    let mut filling = connection.begin().await?;
    for position in 0..population.items {
        let Some(row) = Side::Local.row(population, position)? else { continue };
        let LocalRow { id, amount, currency, status, created } = row;
        let created = format!("{created:?}");
        sqlx::query("INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?)")
            .bind(id)
            .bind(i64::try_from(amount)?)
            .bind(currency)
            .bind(status)
            .bind(created.clone())
            .bind(created)
            .execute(&mut *filling)
            .await?;
    }
    filling.commit().await?;
    let index = "CREATE INDEX charges_covered ON charges (created_at, id, amount_minor, currency, status, updated_at)";
    for statement in [index, "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"] {
        connection.execute(statement).await?;
    }
    Ok(connection.close().await?)
}

//! The shop's database: a SQLite file that mirrors the rows of a world.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::story::{Name, Row};

pub(crate) struct Shop(SqliteConnection);

impl Shop {
    pub(crate) async fn open(folder: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("app.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Off);
        let mut connection = options.connect().await.unwrap();
        let table =
            "CREATE TABLE items (account TEXT, id TEXT, amount_minor INTEGER, currency TEXT, status TEXT,
            clock_at INTEGER, changed_at INTEGER, version INTEGER, PRIMARY KEY (account, id))";
        sqlx::query(table).execute(&mut connection).await.unwrap();
        Self(connection)
    }

    /// Writes rows, and deletes those that are none any more.
    pub(crate) async fn write(&mut self, rows: Vec<(Name, Option<Row>)>) {
        if rows.is_empty() {
            return;
        }
        let mut tx = self.0.begin().await.unwrap();
        for (name, row) in rows {
            let query = match row {
                None => sqlx::query("DELETE FROM items WHERE account = $1 AND id = $2")
                    .bind(name.member)
                    .bind(name.id),
                Some(row) => {
                    sqlx::query("INSERT OR REPLACE INTO items VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
                        .bind(name.member)
                        .bind(name.id)
                        .bind(row.amount)
                        .bind(row.currency)
                        .bind(row.status)
                        .bind(row.clock)
                        .bind(row.changed)
                        .bind(row.version)
                }
            };
            query.execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

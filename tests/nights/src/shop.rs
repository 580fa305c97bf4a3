//! The shop's database: a SQLite file, or a database in PostgreSQL, that mirrors the rows of a world.

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::postgres;
use crate::story::{Name, Row};
use crate::world::{Received, Writes};

pub(crate) enum Shop {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What is written, in the words of a database.
struct Words {
    item: &'static str,
    webhook: &'static str,
}

const SQLITE: Words = Words {
    item: "INSERT OR REPLACE INTO items VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    webhook: "INSERT INTO webhooks VALUES ($1, $2, $3, $4, $5)",
};
const POSTGRES: Words = Words {
    item: "INSERT INTO items VALUES ($1, $2, $3, $4, $5, 'epoch'::timestamptz + $6::bigint * interval '1 microsecond',
               'epoch'::timestamptz + $7::bigint * interval '1 microsecond', $8)
           ON CONFLICT (account, id) DO UPDATE SET (amount_minor, currency, status, clock_at, changed_at, version) =
               (excluded.amount_minor, excluded.currency, excluded.status, excluded.clock_at, excluded.changed_at, excluded.version)",
    webhook:
        "INSERT INTO webhooks VALUES ($1, $2, $3, 'epoch'::timestamptz + $4::bigint * interval '1 microsecond', $5)",
};

/// Writes rows, deletes those that are none any more, and writes down what was received, on either database.
macro_rules! write_all {
    ($connection:expr, $words:expr, $writes:expr) => {{
        let (words, Writes { rows, received }): (&Words, Writes) = ($words, $writes);
        let mut tx = $connection.begin().await.unwrap();
        for (Name { member, id }, row) in rows {
            let query = match row {
                None => sqlx::query("DELETE FROM items WHERE account = $1 AND id = $2").bind(member).bind(id),
                Some(Row { amount, currency, status, clock, changed, version }) => sqlx::query(words.item)
                    .bind(member)
                    .bind(id)
                    .bind(amount)
                    .bind(currency)
                    .bind(status)
                    .bind(clock)
                    .bind(changed)
                    .bind(version),
            };
            query.execute(&mut *tx).await.unwrap();
        }
        for Received { name, event, at, state } in received {
            let query = sqlx::query(words.webhook).bind(name.member).bind(name.id).bind(event);
            query.bind(at).bind(state).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }};
}

impl Shop {
    pub(crate) async fn open(folder: &Path, database: Option<&postgres::Database>) -> Self {
        match database {
            Some(database) => Self::Postgres(postgres::connect(&database.url).await),
            None => Self::Sqlite(file(folder).await),
        }
    }

    pub(crate) async fn write(&mut self, writes: Writes) {
        if writes.rows.is_empty() && writes.received.is_empty() {
            return;
        }
        match self {
            Self::Sqlite(connection) => write_all!(connection, &SQLITE, writes),
            Self::Postgres(connection) => write_all!(connection, &POSTGRES, writes),
        }
    }
}

async fn file(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("app.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off);
    let mut connection = options.connect().await.unwrap();
    for table in [
        "CREATE TABLE items (account TEXT, id TEXT, amount_minor INTEGER, currency TEXT, status TEXT,
         clock_at INTEGER, changed_at INTEGER, version INTEGER, PRIMARY KEY (account, id))",
        "CREATE TABLE webhooks (account TEXT, id TEXT, event_id TEXT, received_at INTEGER, state TEXT)",
    ] {
        sqlx::query(table).execute(&mut connection).await.unwrap();
    }
    connection
}

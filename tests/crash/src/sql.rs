//! The harness's own way into the databases: every value as text, a connection for each call, so that a crash in between costs
//! nothing.

use std::path::PathBuf;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

/// A row, column by column.
pub(crate) type Texts = Vec<Option<String>>;

/// A database.
#[derive(Debug, Clone)]
pub(crate) enum Sql {
    Postgres(String),
    Sqlite(PathBuf),
}

impl Sql {
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Texts> {
        self.try_rows(sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// The first column of every row.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        self.rows(sql).await.into_iter().map(|mut row| row.swap_remove(0).unwrap_or_default()).collect()
    }

    pub(crate) async fn number(&self, sql: &str) -> u64 {
        self.texts(sql).await.first().map_or(0, |text| text.parse().unwrap())
    }

    /// Runs statements that give nothing back.
    pub(crate) async fn run(&self, sql: &str) {
        self.rows(sql).await;
    }

    pub(crate) async fn try_rows(&self, sql: &str) -> Result<Vec<Texts>, sqlx::Error> {
        match self {
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::raw_sql("SET search_path = tieout, public").execute(&mut connection).await?;
                let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await;
                connection.close().await?;
                let text = |row: &sqlx::postgres::PgRow, at| row.try_get_unchecked::<Option<String>, _>(at);
                rows?.iter().map(|row| (0..row.len()).map(|at| text(row, at)).collect()).collect()
            }
            Self::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
                let options = options.busy_timeout(std::time::Duration::from_secs(20));
                let mut connection = SqliteConnection::connect_with(&options).await?;
                let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await;
                connection.close().await?;
                let text = |row: &sqlx::sqlite::SqliteRow, at| row.try_get_unchecked::<Option<String>, _>(at);
                rows?.iter().map(|row| (0..row.len()).map(|at| text(row, at)).collect()).collect()
            }
        }
    }

    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// A text as a literal.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

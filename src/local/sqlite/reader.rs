//! Reads a domain's rows from SQLite: one statement a read, rows streamed, nothing collected.

use std::ops::ControlFlow;
use std::time::Instant as Moment;

use futures::TryStreamExt as _;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Either, Executor as _};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::Window;

use super::prepared::{Prepared, cell};
use super::{Drained, INSTRUCTIONS, Sqlite};
use crate::local::database::{EachRow, KEYS_AT_ONCE};
use crate::local::error::LocalError;
use crate::local::read::Read;

/// Reads the local side of one domain.
#[derive(Debug, Clone)]
pub(in crate::local) struct SqliteReader {
    database: Sqlite,
    rows: Prepared,
    keys: Prepared,
}

impl SqliteReader {
    pub(super) const fn new(database: Sqlite, rows: Prepared, keys: Prepared) -> Self {
        Self { database, rows, keys }
    }

    pub(in crate::local) async fn rows(
        &self,
        window: Option<Window>,
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        let mut values = SqliteArguments::default();
        if let Some(window) = window {
            self.rows.add_bounds(window, &mut values).map_err(|error| self.database.fault(&error))?;
        }
        self.rows.add_each(&mut values).map_err(|error| self.database.fault(&error))?;
        let mut read = Read::default();
        self.read(&self.rows, 0, values, &mut read, each_row).await.map(|_| read)
    }

    pub(in crate::local) async fn by_keys(
        &self,
        keys: &[Key],
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        let mut read = Read::default();
        for chunk in keys.chunks(KEYS_AT_ONCE) {
            let values = self.keys.key_values(chunk).map_err(|error| self.database.fault(&error))?;
            if self.read(&self.keys, chunk.len(), values, &mut read, each_row).await?.is_break() {
                break;
            }
        }
        Ok(read)
    }

    async fn read(
        &self,
        prepared: &Prepared,
        keys: usize,
        values: SqliteArguments,
        read: &mut Read,
        each_row: &mut EachRow<'_>,
    ) -> Result<ControlFlow<()>, LocalError> {
        let mut connection = self.database.acquire().await?;
        let fault = |error: sqlx::Error| self.database.statement_fault(&error, &prepared.place);
        let deadline = Moment::now() + self.database.limits.statement;
        let mut handle = connection.lock_handle().await.map_err(fault)?;
        handle.set_progress_handler(INSTRUCTIONS, move || Moment::now() < deadline);
        drop(handle);
        let drained = drain(&mut connection, prepared, keys, values, read, each_row).await;
        connection.lock_handle().await.map_err(fault)?.remove_progress_handler();
        drained.map_err(fault)
    }
}

async fn drain(
    connection: &mut SqliteConnection,
    prepared: &Prepared,
    keys: usize,
    values: SqliteArguments,
    read: &mut Read,
    each_row: &mut EachRow<'_>,
) -> Drained {
    let mut scratch = String::new();
    let query = sqlx::query_with(AssertSqlSafe(prepared.sql_for(keys)), values);
    let mut steps = connection.fetch_many(query);
    while let Some(step) = steps.try_next().await? {
        let Either::Right(row) = step else { continue };
        let row = prepared.columns.row(|index| cell(&row, index), &mut scratch, read);
        if row.is_some_and(|row| each_row(row).is_break()) {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

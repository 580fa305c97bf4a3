//! Reads a domain's rows from PostgreSQL: one transaction a read, rows streamed, nothing collected.

use std::ops::ControlFlow;

use futures::TryStreamExt as _;
use sqlx::postgres::PgArguments;
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor as _, PgConnection};
use sqlx::{Postgres as Driver, Statement as _, pool::PoolConnection};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::Window;

use super::prepared::Prepared;
use super::{Drained, GRACE, Postgres, Values};
use crate::local::database::{EachRow, KEYS_AT_ONCE};
use crate::local::error::LocalError;
use crate::local::read::Read;

/// Reads the local side of one domain.
#[derive(Debug, Clone)]
pub(in crate::local) struct PostgresReader {
    database: Postgres,
    rows: Prepared,
    keys: Prepared,
}

impl PostgresReader {
    pub(super) const fn new(database: Postgres, rows: Prepared, keys: Prepared) -> Self {
        Self { database, rows, keys }
    }

    pub(in crate::local) async fn rows(
        &self,
        window: Option<Window>,
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        let values = self.rows.range_values(window);
        self.read(&self.rows, std::iter::once(values), each_row).await
    }

    pub(in crate::local) async fn by_keys(
        &self,
        keys: &[Key],
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        if keys.is_empty() {
            return Ok(Read::default());
        }
        let chunks = keys.chunks(KEYS_AT_ONCE).map(|chunk| self.keys.key_values(chunk));
        self.read(&self.keys, chunks, each_row).await
    }

    async fn read(
        &self,
        prepared: &Prepared,
        batches: impl Iterator<Item = Values> + Send,
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        let fault =
            |error: &sqlx::Error| self.database.statement_fault(error, &prepared.place, &prepared.statement);
        let mut connection = self.database.pool.acquire().await.map_err(|error| fault(&error))?;
        let mut read = Read::default();
        match self.in_transaction(&mut connection, prepared, batches, &mut read, each_row).await {
            Ok(Some(ControlFlow::Continue(()))) => Ok(read),
            // What is left of the result could be long: the connection is dropped instead of draining it.
            Ok(Some(ControlFlow::Break(()))) => {
                drop(connection.detach());
                Ok(read)
            }
            Ok(None) => {
                drop(connection.detach());
                Err(self.database.silent())
            }
            Err(error) => Err(fault(&error)),
        }
    }

    /// Runs the statement once per batch; nothing where the server fell silent.
    async fn in_transaction(
        &self,
        connection: &mut PoolConnection<Driver>,
        prepared: &Prepared,
        batches: impl Iterator<Item = Values> + Send,
        read: &mut Read,
        each_row: &mut EachRow<'_>,
    ) -> Result<Option<ControlFlow<()>>, sqlx::Error> {
        let begin = AssertSqlSafe(self.database.begin.clone());
        let mut transaction = connection.begin_with(begin).await?;
        let limit = self.database.limits.statement + GRACE;
        for values in batches {
            let draining = drain(&mut transaction, prepared, values?, read, each_row);
            match tokio::time::timeout(limit, draining).await {
                Err(_) => return Ok(None),
                Ok(Ok(ControlFlow::Continue(()))) => {}
                Ok(stopped) => return stopped.map(Some),
            }
        }
        transaction.commit().await?;
        Ok(Some(ControlFlow::Continue(())))
    }
}

async fn drain(
    connection: &mut PgConnection,
    prepared: &Prepared,
    values: PgArguments,
    read: &mut Read,
    each_row: &mut EachRow<'_>,
) -> Drained {
    let mut scratch = String::new();
    let mut steps = connection.fetch_many(prepared.parsed.query_with(values));
    while let Some(step) = steps.try_next().await? {
        let Either::Right(row) = step else { continue };
        let row = prepared.columns.row(|index| prepared.cell(&row, index), &mut scratch, read);
        if row.is_some_and(|row| each_row(row).is_break()) {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

//! Reads a domain's rows from PostgreSQL: one transaction a read, rows streamed, nothing collected.

use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor as _, PgConnection};
use sqlx::{Postgres as Driver, pool::PoolConnection};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::Window;

use super::fault::is_forgotten;
use super::prepared::Prepared;
use super::{GRACE, Postgres};
use crate::local::batch::Batch;
use crate::local::database::EachRow;
use crate::local::ending::{Ended, Ending};
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
        self.read(&self.rows, &[Batch::Range(window)], each_row).await
    }

    pub(in crate::local) async fn by_keys(
        &self,
        keys: &[Key],
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        if keys.is_empty() {
            return Ok(Read::default());
        }
        self.read(&self.keys, &Batch::of_keys(keys), each_row).await
    }

    async fn read(
        &self,
        prepared: &Prepared,
        batches: &[Batch<'_>],
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        let fault =
            |error: &sqlx::Error| self.database.statement_fault(error, &prepared.place, &prepared.statement);
        let mut connection = self.database.pool.acquire().await.map_err(|error| fault(&error))?;
        let mut read = Read::default();
        let mut ended = self.in_transaction(&mut connection, prepared, batches, &mut read, each_row).await;
        // A type that the connection did not know: the driver asked for it in between, which made the server forget the
        // statement. It is known now.
        if ended.as_ref().is_err_and(is_forgotten) {
            ended = self.in_transaction(&mut connection, prepared, batches, &mut read, each_row).await;
        }
        let ending = ended.map_err(|error| fault(&error))?;
        if !ending.leaves_it_usable() {
            drop(connection.detach());
        }
        ending.of(read, |ending| self.database.cut_short(ending))
    }

    /// Runs the statement once per batch.
    async fn in_transaction(
        &self,
        connection: &mut PoolConnection<Driver>,
        prepared: &Prepared,
        batches: &[Batch<'_>],
        read: &mut Read,
        each_row: &mut EachRow<'_>,
    ) -> Ended {
        let begin = AssertSqlSafe(self.database.begin.clone());
        let mut transaction = connection.begin_with(begin).await?;
        let limit = self.database.limits.statement + GRACE;
        for batch in batches.iter().rev() {
            let draining = drain(&mut transaction, prepared, *batch, read, each_row);
            match tokio::time::timeout(limit, draining).await {
                Err(_) => return Ok(Ending::Silent),
                Ok(Ok(Ending::Whole)) => {}
                Ok(ended) => return ended,
            }
        }
        transaction.commit().await?;
        Ok(Ending::Whole)
    }
}

async fn drain(
    connection: &mut PgConnection,
    prepared: &Prepared,
    batch: Batch<'_>,
    read: &mut Read,
    each_row: &mut EachRow<'_>,
) -> Ended {
    let mut scratch = String::new();
    let mut is_first = true;
    let mut steps = connection.fetch_many(prepared.query(batch)?);
    while let Some(step) = steps.try_next().await? {
        let Either::Right(row) = step else { continue };
        if std::mem::take(&mut is_first) && !prepared.has_the_shape_of(&row) {
            return Ok(Ending::Reshaped);
        }
        let row = prepared.columns.row(|index| prepared.cell(&row, index), &mut scratch, read);
        if row.is_some_and(|row| each_row(row).is_break()) {
            return Ok(Ending::Told);
        }
    }
    Ok(Ending::Whole)
}

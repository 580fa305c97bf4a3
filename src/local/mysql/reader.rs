//! Reads a domain's rows over the MySQL protocol: one transaction a read, rows streamed, nothing collected.

use futures::TryStreamExt as _;
use sqlx::pool::PoolConnection;
use sqlx::{Either, Executor as _, MySql as Driver, MySqlConnection};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::window::Window;

use super::fault::is_foreign;
use super::prepared::Prepared;
use super::{GRACE, MySql};
use crate::local::batch::Batch;
use crate::local::database::EachRow;
use crate::local::ending::{Ended, Ending};
use crate::local::error::LocalError;
use crate::local::read::Read;

/// Reads the local side of one domain.
#[derive(Debug, Clone)]
pub(in crate::local) struct MySqlReader {
    database: MySql,
    rows: Prepared,
    keys: Prepared,
}

impl MySqlReader {
    pub(super) const fn new(database: MySql, rows: Prepared, keys: Prepared) -> Self {
        Self { database, rows, keys }
    }

    pub(in crate::local) async fn rows(
        &self,
        window: Option<Window>,
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        self.read(&self.rows, vec![Batch::Range(window)], each_row).await
    }

    pub(in crate::local) async fn by_keys(
        &self,
        keys: &[Key],
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        let held: Vec<Key> = keys.iter().filter(|key| self.keys.keys.holds(key)).cloned().collect();
        if held.is_empty() {
            return Ok(Read::default());
        }
        self.read(&self.keys, Batch::of_keys(&held), each_row).await
    }

    async fn read(
        &self,
        prepared: &Prepared,
        batches: Vec<Batch<'_>>,
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        let fault = |error: &sqlx::Error| self.database.statement_fault(error, &prepared.place);
        let mut connection = self.database.acquire().await?;
        let mut read = Read::default();
        let ended = self.in_transaction(&mut connection, prepared, batches, &mut read, each_row).await;
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
        mut batches: Vec<Batch<'_>>,
        read: &mut Read,
        each_row: &mut EachRow<'_>,
    ) -> Ended {
        let mut transaction = self.database.begin(connection).await?;
        let limit = self.database.limits.statement + GRACE;
        while let Some(batch) = batches.pop() {
            let draining = drain(&mut transaction, prepared, batch, read, each_row);
            match tokio::time::timeout(limit, draining).await {
                Err(_) => return Ok(Ending::Silent),
                Ok(Ok(Ending::Whole)) => {}
                // One of the keys cannot be written in the column's character set. It is absent, and the others are not.
                Ok(Err(error)) if is_foreign(&error) && batch.keys() > 0 => batches.extend(batch.halves()),
                Ok(ended) => return ended,
            }
        }
        transaction.commit().await?;
        Ok(Ending::Whole)
    }
}

async fn drain(
    connection: &mut MySqlConnection,
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

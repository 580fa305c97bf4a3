//! Reads a domain's rows from a database server: one transaction a read, rows streamed, nothing collected.

use std::borrow::Cow;

use futures::TryStreamExt as _;
use sqlx::pool::PoolConnection;
use sqlx::{Database as Driver, Either};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::Local;
use tieout_reconcilers::window::Window;

use super::batch::Batch;
use super::database::{EachRow, MemberValues};
use super::draft::Draft;
use super::ending::{Ended, Ending};
use super::error::LocalError;
use super::read::Read;
use super::server::{GRACE, Prepared, Server};
use super::statement::Purpose;

/// Reads the local side of one domain.
#[derive(Debug, Clone)]
pub(super) struct ServerReader<S: Server> {
    server: S,
    rows: S::Prepared,
    keys: S::Prepared,
}

impl<S: Server> ServerReader<S> {
    /// Prepares both statements of a domain.
    pub(super) async fn of(
        server: &S,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<Self, LocalError> {
        let [rows, keys] = Draft::both(S::DIALECT, local, member)?;
        let rows = server.prepare(rows, local, fields).await?;
        let keys = server.prepare(keys, local, fields).await?;
        Ok(Self { server: server.clone(), rows, keys })
    }

    /// Prepares the statement that asks by key alone.
    pub(super) async fn by_key_alone(
        server: &S,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<Self, LocalError> {
        let draft = Draft::parse(S::DIALECT, Purpose::Keys, local, member)?;
        let keys = server.prepare(draft, local, fields).await?;
        Ok(Self { server: server.clone(), rows: keys.clone(), keys })
    }

    /// Prepares the statement of a number.
    pub(super) async fn of_a_number(server: &S, local: &Local) -> Result<Self, LocalError> {
        let draft = Draft::parse(S::DIALECT, Purpose::Number, local, &MemberValues::new())?;
        let rows = server.prepare(draft, local, &Fields::default()).await?;
        Ok(Self { server: server.clone(), keys: rows.clone(), rows })
    }

    pub(super) async fn rows(
        &self,
        window: Option<Window>,
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        self.read(&self.rows, &[Batch::Range(window)], each_row).await
    }

    pub(super) async fn by_keys(&self, keys: &[Key], each_row: &mut EachRow<'_>) -> Result<Read, LocalError> {
        let held: Cow<'_, [Key]> = if keys.iter().all(|key| self.keys.holds(key)) {
            Cow::Borrowed(keys)
        } else {
            keys.iter().filter(|key| self.keys.holds(key)).cloned().collect()
        };
        if held.is_empty() {
            return Ok(Read::default());
        }
        self.read(&self.keys, &Batch::of_keys(&held), each_row).await
    }

    async fn read(
        &self,
        prepared: &S::Prepared,
        batches: &[Batch<'_>],
        each_row: &mut EachRow<'_>,
    ) -> Result<Read, LocalError> {
        let mut connection = self.server.acquire().await?;
        let mut read = Read::default();
        let mut ended = self.in_transaction(&mut connection, prepared, batches, &mut read, each_row).await;
        if ended.as_ref().is_err_and(S::is_passing) {
            ended = self.in_transaction(&mut connection, prepared, batches, &mut read, each_row).await;
        }
        let ending = ended.map_err(|error| self.server.statement_fault(&error, prepared))?;
        if !ending.leaves_it_usable() {
            drop(connection.detach());
        }
        ending.of(read, |ending| self.server.access().cut_short(ending))
    }

    /// Runs the statement once per batch.
    async fn in_transaction(
        &self,
        connection: &mut PoolConnection<S::Driver>,
        prepared: &S::Prepared,
        batches: &[Batch<'_>],
        read: &mut Read,
        each_row: &mut EachRow<'_>,
    ) -> Ended {
        let mut transaction = self.server.begin(connection).await?;
        let limit = self.server.access().limits.statement + GRACE;
        let mut batches = batches.to_vec();
        while let Some(batch) = batches.pop() {
            let draining = drain::<S::Driver>(&mut transaction, prepared, batch, read, each_row);
            match tokio::time::timeout(limit, draining).await {
                Err(_) => return Ok(Ending::Silent),
                Ok(Ok(Ending::Whole)) => {}
                // The halves without that key are read whole; it is absent.
                Ok(Err(error)) if S::is_about_a_key(&error) && batch.keys() > 0 => {
                    batches.extend(batch.halves());
                }
                Ok(ended) => return ended,
            }
        }
        transaction.commit().await?;
        Ok(Ending::Whole)
    }
}

async fn drain<D: Driver>(
    connection: &mut D::Connection,
    prepared: &impl Prepared<D>,
    batch: Batch<'_>,
    read: &mut Read,
    each_row: &mut EachRow<'_>,
) -> Ended {
    let mut scratch = String::new();
    let mut is_first = true;
    let mut steps = prepared.run(connection, batch)?;
    while let Some(step) = steps.try_next().await? {
        let Either::Right(row) = step else { continue };
        if std::mem::take(&mut is_first) && !prepared.has_the_shape_of(&row) {
            return Ok(Ending::Reshaped);
        }
        let row = prepared.columns().row(|index| prepared.cell(&row, index), &mut scratch, read);
        if row.is_some_and(|row| each_row(row).is_break()) {
            return Ok(Ending::Told);
        }
    }
    Ok(Ending::Whole)
}

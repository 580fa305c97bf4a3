//! What the rest of this room asks of a database server, whichever protocol it speaks. What it never does: know a protocol.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use futures::stream::BoxStream;
use sqlx::error::DatabaseError;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, Database as Driver, Either, Error, Pool, Transaction};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::Local;

use super::access::Access;
use super::batch::Batch;
use super::columns::{Cell, Columns};
use super::draft::Draft;
use super::error::LocalError;
use super::statement::Dialect;

/// How many slices may read at once.
pub(super) const CONNECTIONS: u32 = 4;
/// How much longer than its own limit a statement may take before the connection counts as dead.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// The steps of a statement that is running: its rows, and the end of each result.
pub(super) type Steps<'e, D> =
    BoxStream<'e, Result<Either<<D as Driver>::QueryResult, <D as Driver>::Row>, Error>>;

/// How a connection to a server is opened.
type Options<D> = <<D as Driver>::Connection as Connection>::Options;

/// A database server.
pub(super) trait Server: Debug + Clone + Send + Sync {
    /// The driver that speaks to it.
    type Driver: Driver;
    /// What the server says when it refuses something.
    type Refusal: DatabaseError;
    /// A statement that it has parsed.
    type Prepared: Prepared<Self::Driver>;
    /// Its SQL.
    const DIALECT: Dialect;

    /// Who we are there.
    fn access(&self) -> &Access;

    /// Its connections.
    fn pool(&self) -> &Pool<Self::Driver>;

    /// Opens a transaction that cannot write and has our limits, whichever server a pooler gave it to.
    fn begin<'c>(
        &self,
        connection: &'c mut PoolConnection<Self::Driver>,
    ) -> impl Future<Output = Result<Transaction<'c, Self::Driver>, Error>> + Send;

    /// Lets the server parse a statement, and proves its columns and rights.
    fn prepare(
        &self,
        draft: Draft,
        local: &Local,
        fields: &Fields,
    ) -> impl Future<Output = Result<Self::Prepared, LocalError>> + Send;

    /// What to do about a refusal outside any statement of the user's.
    fn refusal(&self, refusal: &Self::Refusal) -> LocalError;

    /// An error of the user's statement.
    fn statement_fault(&self, error: &Error, prepared: &Self::Prepared) -> LocalError;

    /// An error while a connection to `place` is opened.
    fn connect_fault(&self, error: &Error, place: &str) -> LocalError {
        self.access().not_reached(error, place).unwrap_or_else(|| self.fault(error))
    }

    /// Whether an error is about one of the keys that were asked for, which is then absent while the others may not be.
    fn is_about_a_key(_error: &Error) -> bool {
        false
    }

    /// Whether the same read succeeds when it is tried once more.
    fn is_passing(_error: &Error) -> bool {
        false
    }

    /// An error outside any statement of the user's.
    fn fault(&self, error: &Error) -> LocalError {
        match Self::refused(error) {
            Some(refusal) => self.refusal(refusal),
            None => self.access().driver_fault(error),
        }
    }

    /// What the server says, where it is the server that says it.
    fn refused(error: &Error) -> Option<&Self::Refusal> {
        error.as_database_error()?.try_downcast_ref()
    }

    /// A connection of the pool.
    fn acquire(&self) -> impl Future<Output = Result<PoolConnection<Self::Driver>, LocalError>> + Send {
        async { self.pool().acquire().await.map_err(|error| self.fault(&error)) }
    }
}

/// A statement that a server has parsed, with everything that a read of it needs.
pub(super) trait Prepared<D: Driver>: Debug + Clone + Send + Sync {
    /// The columns that the domain names.
    fn columns(&self) -> &Columns;

    /// Runs it with the values of a batch.
    fn run<'e>(&'e self, connection: &'e mut D::Connection, batch: Batch<'_>) -> Result<Steps<'e, D>, Error>;

    /// Whether a result still has the columns that were looked at.
    fn has_the_shape_of(&self, row: &D::Row) -> bool;

    /// Reads a value, borrowed from the row where it is text.
    fn cell<'r>(&self, row: &'r D::Row, index: usize) -> Cell<'r>;

    /// Whether the key column can hold a key.
    fn holds(&self, _key: &Key) -> bool {
        true
    }
}

/// Proves that a server answers at `place` and accepts the login. A pool would wait out its own timeout where a connection is
/// refused; one connection of our own says why.
pub(super) async fn probe<S: Server>(
    server: &S,
    options: &Options<S::Driver>,
    place: &str,
) -> Result<(), LocalError> {
    let limit = server.access().limits.connect;
    let opening = <S::Driver as Driver>::Connection::connect_with(options);
    match tokio::time::timeout(limit, opening).await {
        Ok(Ok(connection)) => connection.close().await.map_err(|error| server.fault(&error)),
        Ok(Err(error)) => Err(server.connect_fault(&error, place)),
        Err(_) => Err(server.access().unreachable(format!("{place} did not answer within {limit:?}"))),
    }
}

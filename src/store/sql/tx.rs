//! A transaction of either database. Every statement of the state store runs inside one.

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{AssertSqlSafe, Transaction};
use tieout_reconcilers::instant::Instant;

use super::columns::{columns, statement};
use super::dialect::{self, Dialect};
use super::params::rows_of_params;
use super::row::{AnyRow, Row};
use super::value::{Value, sortable, storable, within_calendar};
use crate::clock::Clock;
use crate::store::error::StoreError;

/// How many rows SQLite is given in one statement.
const SQLITE_ROWS: usize = 50;

/// A transaction. Dropped without a commit, it rolls back.
#[derive(Debug)]
pub(in crate::store) struct Tx {
    inner: Inner,
    step: &'static str,
    place: Arc<str>,
    clock: Clock,
}

#[derive(Debug)]
pub(in crate::store) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(in crate::store) fn sqlite(
        tx: Transaction<'static, Sqlite>,
        step: &'static str,
        place: Arc<str>,
        clock: Clock,
    ) -> Self {
        Self { inner: Inner::Sqlite(tx), step, place, clock }
    }

    pub(in crate::store) fn postgres(
        tx: Transaction<'static, Postgres>,
        step: &'static str,
        place: Arc<str>,
        clock: Clock,
    ) -> Self {
        Self { inner: Inner::Postgres(tx), step, place, clock }
    }

    /// The driver's transaction, for what has to differ.
    pub(in crate::store) fn inner(&mut self) -> &mut Inner {
        &mut self.inner
    }

    pub(in crate::store) fn place(&self) -> &str {
        &self.place
    }

    pub(in crate::store) const fn dialect(&self) -> &'static Dialect {
        match self.inner {
            Inner::Sqlite(_) => &dialect::SQLITE,
            Inner::Postgres(_) => &dialect::POSTGRES,
        }
    }

    /// The database's clock.
    pub(in crate::store) async fn now(&mut self) -> Result<Instant, StoreError> {
        let clock = self.clock.clone();
        clock.or_own(self.own_now()).await
    }

    /// The time that a statement is told, for [`Dialect::now`]: none where the database can look at its own clock in the statement itself,
    /// which saves asking for it.
    pub(in crate::store) async fn told_now(&mut self) -> Result<Option<Instant>, StoreError> {
        match self.inner {
            Inner::Sqlite(_) => self.now().await.map(Some),
            Inner::Postgres(_) => Ok(self.clock.shown()),
        }
    }

    /// Whether it is one of PostgreSQL, for what has to differ.
    pub(in crate::store) const fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_))
    }

    async fn own_now(&mut self) -> Result<Instant, StoreError> {
        let row = self.row(self.dialect().clock, &[]).await?;
        row.ok_or_else(|| self.failed(sqlx::Error::RowNotFound))?.time("now")
    }

    /// Runs a statement and returns how many rows it touched.
    pub(in crate::store) async fn execute(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(sql.into());
        let done = match &mut self.inner {
            Inner::Sqlite(tx) => {
                bind_sqlite(sql, args).execute(&mut **tx).await.map(|done| done.rows_affected())
            }
            Inner::Postgres(tx) => {
                bind_postgres(sql, args).execute(&mut **tx).await.map(|done| done.rows_affected())
            }
        };
        done.map_err(|cause| self.failed(cause))
    }

    /// Inserts rows of `width` values each, given one after the other. `into` names the table and its columns, `then` says what
    /// happens to rows that are there already.
    pub(in crate::store) async fn insert(
        &mut self,
        into: &str,
        width: usize,
        values: &[Value<'_>],
        then: &str,
    ) -> Result<(), StoreError> {
        if let Inner::Postgres(tx) = &mut self.inner {
            let odd = || sqlx::Error::Encode("rows of one table that are not alike".into());
            let done = match columns(width, values) {
                Some(columns) => statement(into, columns, then).execute(&mut **tx).await.map(drop),
                None => Err(odd()),
            };
            return done.map_err(|cause| self.failed(cause));
        }
        for rows in values.chunks(width * SQLITE_ROWS) {
            let list = rows_of_params(rows.len() / width, width);
            self.execute(format!("{into} VALUES {list} {then}"), rows).await?;
        }
        Ok(())
    }

    /// Runs a query and returns all its rows.
    pub(in crate::store) async fn rows(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let sql = AssertSqlSafe(sql.into());
        let place = &self.place;
        let rows = match &mut self.inner {
            Inner::Sqlite(tx) => bind_sqlite(sql, args)
                .fetch_all(&mut **tx)
                .await
                .map(|rows| rows.into_iter().map(|row| Row::new(AnyRow::Sqlite(row), place)).collect()),
            Inner::Postgres(tx) => bind_postgres(sql, args)
                .fetch_all(&mut **tx)
                .await
                .map(|rows| rows.into_iter().map(|row| Row::new(AnyRow::Postgres(row), place)).collect()),
        };
        rows.map_err(|cause| StoreError::from_sql(cause, place))
    }

    /// Runs a query and returns its first row.
    pub(in crate::store) async fn row(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    pub(in crate::store) async fn commit(self) -> Result<(), StoreError> {
        crash_point!(self.step, "before_commit");
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await,
            Inner::Postgres(tx) => tx.commit().await,
        }
        .map_err(|cause| StoreError::from_sql(cause, &self.place))?;
        crash_point!(self.step, "after_commit");
        Ok(())
    }

    fn failed(&self, cause: sqlx::Error) -> StoreError {
        StoreError::from_sql(cause, &self.place)
    }
}

/// A statement of SQLite. One that was put together for a number of rows is not kept, since the next number makes another.
fn bind_sqlite<'q>(
    sql: AssertSqlSafe<Cow<'static, str>>,
    args: &[Value<'_>],
) -> Query<'q, Sqlite, SqliteArguments> {
    let is_fixed = matches!(sql.0, Cow::Borrowed(_));
    args.iter().fold(sqlx::query(sql).persistent(is_fixed), |query, value| match value {
        Value::Text(text) => query.bind(text.as_deref().map(storable)),
        Value::Int(number) => query.bind(*number),
        Value::Time(at) => query.bind(at.map(sortable)),
    })
}

/// A statement of PostgreSQL, unnamed, so that nothing of it stays behind in the server.
fn bind_postgres<'q>(
    sql: AssertSqlSafe<Cow<'static, str>>,
    args: &[Value<'_>],
) -> Query<'q, Postgres, PgArguments> {
    args.iter().fold(sqlx::query(sql).persistent(false), |query, value| match value {
        Value::Text(text) => query.bind(text.as_deref().map(storable)),
        Value::Int(number) => query.bind(*number),
        Value::Time(at) => query.bind(at.map(|at| within_calendar(at).utc())),
    })
}

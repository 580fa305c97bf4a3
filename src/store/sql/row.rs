//! A row of a result, read by column name. What cannot be read is [`StoreError::Corrupt`] and names its column.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use uuid::Uuid;

use crate::store::error::StoreError;

/// A row of a result, read by column name.
#[derive(Debug)]
pub(in crate::store) struct Row {
    row: AnyRow,
    place: Arc<str>,
}

#[derive(Debug)]
pub(super) enum AnyRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub(super) fn new(row: AnyRow, place: &Arc<str>) -> Self {
        Self { row, place: Arc::clone(place) }
    }

    pub(in crate::store) fn text(&self, column: &str) -> Result<String, StoreError> {
        self.require(column, self.text_or_null(column)?)
    }

    pub(in crate::store) fn text_or_null(&self, column: &str) -> Result<Option<String>, StoreError> {
        match &self.row {
            AnyRow::Sqlite(row) => row.try_get(column),
            AnyRow::Postgres(row) => row.try_get(column),
        }
        .map_err(|cause| StoreError::from_sql(cause, &self.place))
    }

    pub(in crate::store) fn int(&self, column: &str) -> Result<i64, StoreError> {
        self.require(column, self.int_or_null(column)?)
    }

    pub(in crate::store) fn int_or_null(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match &self.row {
            AnyRow::Sqlite(row) => row.try_get(column),
            AnyRow::Postgres(row) => row.try_get(column),
        }
        .map_err(|cause| StoreError::from_sql(cause, &self.place))
    }

    pub(in crate::store) fn time(&self, column: &str) -> Result<Instant, StoreError> {
        self.require(column, self.time_or_null(column)?)
    }

    pub(in crate::store) fn time_or_null(&self, column: &str) -> Result<Option<Instant>, StoreError> {
        match &self.row {
            AnyRow::Sqlite(_) => {
                let text = self.text_or_null(column)?;
                text.map(|text| self.known(column, &text, TimeFormat::Rfc3339.read(&text))).transpose()
            }
            AnyRow::Postgres(row) => {
                let at: Result<Option<DateTime<Utc>>, _> = row.try_get(column);
                at.map(|at| at.map(Instant::from)).map_err(|cause| StoreError::from_sql(cause, &self.place))
            }
        }
    }

    pub(in crate::store) fn float_or_null(&self, column: &str) -> Result<Option<f64>, StoreError> {
        match &self.row {
            AnyRow::Sqlite(row) => row.try_get(column),
            AnyRow::Postgres(row) => row.try_get(column),
        }
        .map_err(|cause| StoreError::from_sql(cause, &self.place))
    }

    /// A small count.
    pub(in crate::store) fn count<T: TryFrom<i64>>(&self, column: &str) -> Result<T, StoreError> {
        let number = self.int(column)?;
        self.known(column, &number.to_string(), T::try_from(number).ok())
    }

    pub(in crate::store) fn uuid(&self, column: &str) -> Result<Uuid, StoreError> {
        self.require(column, self.uuid_or_null(column)?)
    }

    pub(in crate::store) fn uuid_or_null(&self, column: &str) -> Result<Option<Uuid>, StoreError> {
        let text = self.text_or_null(column)?;
        text.map(|text| self.known(column, &text, text.parse().ok())).transpose()
    }

    /// A word of a closed list, or any other text that must parse.
    pub(in crate::store) fn word<T>(
        &self,
        column: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let text = self.text(column)?;
        self.known(column, &text, read(&text))
    }

    /// The value read from a column, or an error that shows what stands there.
    pub(in crate::store) fn known<T>(
        &self,
        column: &str,
        stored: &str,
        read: Option<T>,
    ) -> Result<T, StoreError> {
        let shown: String = stored.chars().take(80).collect();
        read.ok_or_else(|| StoreError::Corrupt {
            place: self.place.to_string(),
            what: format!("column {column} holds `{shown}`"),
        })
    }

    fn require<T>(&self, column: &str, value: Option<T>) -> Result<T, StoreError> {
        self.known(column, "NULL", value)
    }
}

//! A statement that SQLite has parsed, the values bound to it, and the values read from its rows by storage class.

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow, SqliteStatement};
use sqlx::{Arguments as _, AssertSqlSafe, Decode, Either, Executor as _, Row as _};
use sqlx::{SqlSafeStr as _, Sqlite as Driver, Statement as _, TypeInfo as _, ValueRef as _};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Local, Place};
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::window::Window;

use super::Sqlite;
use crate::local::columns::{Cell, Columns, Named, Value};
use crate::local::database::MemberValues;
use crate::local::error::{DefinitionFault, LocalError};
use crate::local::padded::{self, Padded};
use crate::local::statement::{Dialect, Purpose, Statement};
use crate::local::times::{Times, sortable};

/// A statement before SQLite has seen it.
pub(super) struct Draft {
    sql: Padded,
    place: Place,
    parameters: usize,
    purpose: Purpose,
    /// The values of the member of the fan-out.
    each: Vec<Box<str>>,
}

impl Draft {
    /// Checks the text of one of the domain's statements.
    pub(super) fn parse(purpose: Purpose, local: &Local, member: &MemberValues) -> Result<Self, LocalError> {
        let (sql, place, parameters) = match purpose {
            Purpose::Rows => (&local.rows, &local.rows_place, 2),
            Purpose::Whole => (&local.rows, &local.rows_place, 0),
            Purpose::Keys => (&local.keys, &local.keys_place, 1),
        };
        let statement = Statement::parse(sql, Dialect::Sqlite, purpose)
            .and_then(|statement| Ok((statement.values_of(member)?, statement)))
            .map_err(|fault| LocalError::Definition { place: place.clone(), fault: fault.into() });
        let (each, statement) = statement?;
        let sql = Padded::write(purpose, |keys| statement.for_sqlite(keys));
        Ok(Self { sql, place: place.clone(), parameters: parameters + each.len(), purpose, each })
    }

    fn finish(
        self,
        statement: &SqliteStatement,
        local: &Local,
        fields: &Fields,
    ) -> Result<Prepared, LocalError> {
        // SQLite would bind NULL to a parameter that nobody gives a value.
        if !matches!(statement.parameters(), Some(Either::Right(count)) if count == self.parameters) {
            return Err(refused(&self.place, "it has a parameter that is not bound"));
        }
        // What a column is declared as binds none of its values.
        let named = |column| Named { name: sqlx::Column::name(column), type_name: "" };
        let result: Vec<Named<'_>> = statement.columns().iter().map(named).collect();
        let columns = Columns::find(&result, local, fields)
            .and_then(|columns| columns.carrying(&result, self.purpose, fields));
        match columns {
            Ok(columns) => {
                let Self { sql, place, each, .. } = self;
                Ok(Prepared { sql, place, columns, each, times: Times::of(local) })
            }
            Err(fault) => Err(LocalError::Definition { place: self.place, fault }),
        }
    }
}

/// Says that SQLite refuses the SQL.
pub(super) fn refused(place: &Place, reason: &str) -> LocalError {
    let fault = DefinitionFault::Refused { at: None, reason: reason.to_owned() };
    LocalError::Definition { place: place.clone(), fault }
}

/// A statement with everything that a read of it needs.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    sql: Padded,
    pub(super) columns: Columns,
    pub(super) place: Place,
    each: Vec<Box<str>>,
    times: Times,
}

impl Prepared {
    /// Lets SQLite parse a statement and proves that every column is there.
    pub(super) async fn new(
        database: &Sqlite,
        connection: &mut SqliteConnection,
        draft: Draft,
        local: &Local,
        fields: &Fields,
    ) -> Result<Self, LocalError> {
        let sql = AssertSqlSafe(draft.sql.fitting(1)).into_sql_str();
        let statement = connection.prepare(sql).await;
        let statement = statement.map_err(|error| database.statement_fault(&error, &draft.place))?;
        draft.finish(&statement, local, fields)
    }

    /// The SQL for at least so many keys.
    pub(super) fn sql_for(&self, keys: usize) -> Arc<str> {
        self.sql.fitting(keys)
    }

    /// Binds the bounds of a window in the domain's format.
    pub(super) fn add_bounds(&self, window: Window, values: &mut SqliteArguments) -> Result<(), sqlx::Error> {
        for text in self.times.bounds(window) {
            let added = if self.times.are_numbers() {
                values.add(text.parse::<i64>().unwrap_or_default())
            } else {
                values.add(sortable(&text).to_owned())
            };
            added.map_err(sqlx::Error::Encode)?;
        }
        Ok(())
    }

    /// Binds the values of the member of the fan-out, which come last.
    pub(super) fn add_each(&self, values: &mut SqliteArguments) -> Result<(), sqlx::Error> {
        self.each.iter().try_for_each(|value| values.add(value.to_string()).map_err(sqlx::Error::Encode))
    }

    /// Binds keys; the last one fills the rest of the list.
    pub(super) fn key_values(&self, keys: &[Key]) -> Result<SqliteArguments, sqlx::Error> {
        let mut values = SqliteArguments::default();
        for key in padded::padded(keys) {
            values.add(key.as_str().to_owned()).map_err(sqlx::Error::Encode)?;
        }
        self.add_each(&mut values)?;
        Ok(values)
    }
}

/// Reads a value by its storage class.
pub(super) fn cell(row: &SqliteRow, index: usize) -> Cell<'_> {
    let Ok(value) = row.try_get_raw(index) else { return Err("is not in the result") };
    let class = value.type_info();
    let scalar = match class.name() {
        _ if value.is_null() => return Ok(Value::Is(Scalar::Null)),
        "TEXT" => <&str as Decode<Driver>>::decode(value).map(|text| Scalar::Text(Cow::Borrowed(text))),
        "INTEGER" => <i64 as Decode<Driver>>::decode(value).map(Scalar::Int),
        // The shortest text that means the same float.
        "REAL" => {
            <f64 as Decode<Driver>>::decode(value).map(|float| Scalar::Number(format!("{float:?}").into()))
        }
        _ => return Err("holds a blob, which cannot be compared"),
    };
    scalar.map(Value::Is).map_err(|_| "holds text that is not UTF-8")
}

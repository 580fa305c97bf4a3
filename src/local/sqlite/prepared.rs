//! A statement that SQLite has parsed, the values bound to it, and the values read from its rows by storage class.

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow, SqliteStatement};
use sqlx::{Arguments as _, AssertSqlSafe, Decode, Either, Executor as _, Row as _};
use sqlx::{SqlSafeStr as _, Sqlite as Driver, Statement as _, TypeInfo as _, ValueRef as _};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Local, Place};
use tieout_reconcilers::scalar::Scalar;

use super::Sqlite;
use crate::local::columns::{Cell, Columns};
use crate::local::database::{KEYS_AT_ONCE, MemberValues};
use crate::local::error::{DefinitionFault, LocalError};
use crate::local::statement::{Dialect, Purpose, Statement};

/// The numbers of keys for which statements are written, so that few distinct statements exist.
const PADDED: [usize; 4] = [1, 10, 100, KEYS_AT_ONCE];

/// A statement before SQLite has seen it.
pub(super) struct Draft {
    /// One for a range; one per padded number of keys.
    sql: Vec<(usize, Arc<str>)>,
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
            Purpose::Keys => (&local.keys, &local.keys_place, 1),
        };
        let statement = Statement::parse(sql, Dialect::Sqlite, purpose)
            .and_then(|statement| Ok((statement.values_of(member)?, statement)))
            .map_err(|fault| LocalError::Definition { place: place.clone(), fault: fault.into() });
        let (each, statement) = statement?;
        let counts: &[usize] = if purpose == Purpose::Keys { &PADDED } else { &[0] };
        let sql = counts.iter().map(|count| (*count, statement.for_sqlite(*count).into())).collect();
        Ok(Self { sql, place: place.clone(), parameters: parameters + each.len(), purpose, each })
    }

    /// The SQL for at least so many keys.
    fn sql_for(&self, keys: usize) -> Arc<str> {
        sql_for(&self.sql, keys)
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
        let names: Vec<&str> = statement.columns().iter().map(sqlx::Column::name).collect();
        let columns = Columns::find(&names, local, fields)
            .and_then(|columns| columns.carrying(&names, self.purpose, fields));
        match columns {
            Ok(columns) => {
                let Self { sql, place, each, .. } = self;
                Ok(Prepared { sql, place, columns, each, time: local.time })
            }
            Err(fault) => Err(LocalError::Definition { place: self.place, fault }),
        }
    }
}

fn sql_for(statements: &[(usize, Arc<str>)], keys: usize) -> Arc<str> {
    let fitting = statements.iter().find(|(count, _)| *count >= keys).or(statements.last());
    fitting.map_or_else(|| Arc::from(""), |(_, sql)| sql.clone())
}

/// Says that SQLite refuses the SQL.
pub(super) fn refused(place: &Place, reason: &str) -> LocalError {
    let fault = DefinitionFault::Refused { at: None, reason: reason.to_owned() };
    LocalError::Definition { place: place.clone(), fault }
}

/// A statement with everything that a read of it needs.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    sql: Vec<(usize, Arc<str>)>,
    pub(super) columns: Columns,
    pub(super) place: Place,
    each: Vec<Box<str>>,
    time: TimeFormat,
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
        let sql = AssertSqlSafe(draft.sql_for(1)).into_sql_str();
        let statement = connection.prepare(sql).await;
        let statement = statement.map_err(|error| database.statement_fault(&error, &draft.place))?;
        draft.finish(&statement, local, fields)
    }

    /// The SQL for at least so many keys.
    pub(super) fn sql_for(&self, keys: usize) -> Arc<str> {
        sql_for(&self.sql, keys)
    }

    /// Binds an instant in the domain's format.
    pub(super) fn add_instant(&self, at: Instant, values: &mut SqliteArguments) -> Result<(), sqlx::Error> {
        let text = self.time.write(at);
        let added = match self.time {
            // A number compares with numbers only.
            TimeFormat::Epoch | TimeFormat::EpochMs | TimeFormat::EpochUs => {
                values.add(text.parse::<i64>().unwrap_or_default())
            }
            TimeFormat::Rfc3339 | TimeFormat::Sql => values.add(sortable(&text).to_owned()),
        };
        added.map_err(sqlx::Error::Encode)
    }

    /// Binds the values of the member of the fan-out, which come last.
    pub(super) fn add_each(&self, values: &mut SqliteArguments) -> Result<(), sqlx::Error> {
        self.each.iter().try_for_each(|value| values.add(value.to_string()).map_err(sqlx::Error::Encode))
    }

    /// Binds keys; the last one fills the rest of the list.
    pub(super) fn key_values(&self, keys: &[Key]) -> Result<SqliteArguments, sqlx::Error> {
        let count = PADDED.into_iter().find(|count| *count >= keys.len()).unwrap_or(KEYS_AT_ONCE);
        let mut values = SqliteArguments::default();
        for key in keys.iter().chain(keys.last().into_iter().cycle()).take(count) {
            values.add(key.as_str().to_owned()).map_err(sqlx::Error::Encode)?;
        }
        self.add_each(&mut values)?;
        Ok(values)
    }
}

/// An instant as text that sorts before every spelling of itself and after every spelling of an earlier one.
///
/// Texts compare byte by byte: `…:00.5Z` is less than `…:00Z`, though half a second later. Without the zone and without
/// trailing zeros of the fraction, the bound is a beginning of every spelling of its instant.
fn sortable(text: &str) -> &str {
    let text = text.trim_end_matches('Z');
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Reads a value by its storage class.
pub(super) fn cell(row: &SqliteRow, index: usize) -> Cell<'_> {
    let Ok(value) = row.try_get_raw(index) else { return Err("is not in the result") };
    let class = value.type_info();
    let scalar = match class.name() {
        _ if value.is_null() => return Ok(Scalar::Null),
        "TEXT" => <&str as Decode<Driver>>::decode(value).map(|text| Scalar::Text(Cow::Borrowed(text))),
        "INTEGER" => <i64 as Decode<Driver>>::decode(value).map(Scalar::Int),
        // The shortest text that means the same float.
        "REAL" => {
            <f64 as Decode<Driver>>::decode(value).map(|float| Scalar::Number(format!("{float:?}").into()))
        }
        _ => return Err("holds a blob, which cannot be compared"),
    };
    scalar.map_err(|_| "holds text that is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_sorts_before_every_spelling_of_its_instant() {
        let bound = |micros| sortable(&TimeFormat::Rfc3339.write(Instant::from_micros(micros))).to_owned();
        let second = bound(1_000_000);
        for later in ["1970-01-01T00:00:01Z", "1970-01-01T00:00:01.000Z", "1970-01-01T00:00:01.5+00:00"] {
            assert!(second.as_str() <= later, "{second} {later}");
        }
        assert!("1970-01-01T00:00:00.999999Z" < second.as_str());
        assert_eq!(bound(1_500_000), "1970-01-01T00:00:01.5");
        assert_eq!(sortable("1970-01-01 00:00:10"), "1970-01-01 00:00:10");
    }
}

//! Rows turned into columns, as PostgreSQL takes them fastest: one array for each column, and a statement that is the same for any
//! number of rows.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

use super::value::{Value, storable, within_calendar};

/// The values of one column.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Column<'v> {
    Text(Vec<Option<Cow<'v, str>>>),
    Int(Vec<Option<i64>>),
    Time(Vec<Option<DateTime<Utc>>>),
}

impl<'v> Column<'v> {
    fn new(first: &Value<'_>, rows: usize) -> Self {
        match first {
            Value::Text(_) => Self::Text(Vec::with_capacity(rows)),
            Value::Int(_) => Self::Int(Vec::with_capacity(rows)),
            Value::Time(_) => Self::Time(Vec::with_capacity(rows)),
        }
    }

    /// Nothing where the value is of another type.
    fn push(&mut self, value: &'v Value<'_>) -> Option<()> {
        match (self, value) {
            (Self::Text(all), Value::Text(text)) => all.push(text.as_deref().map(storable)),
            (Self::Int(all), Value::Int(number)) => all.push(*number),
            (Self::Time(all), Value::Time(at)) => all.push(at.map(|at| within_calendar(at).utc())),
            _ => return None,
        }
        Some(())
    }

    const fn array(&self) -> &'static str {
        match self {
            Self::Text(_) => "text[]",
            Self::Int(_) => "bigint[]",
            Self::Time(_) => "timestamptz[]",
        }
    }

    fn bind(self, query: Query<'_, Postgres, PgArguments>) -> Query<'_, Postgres, PgArguments> {
        match self {
            Self::Text(all) => query.bind(all),
            Self::Int(all) => query.bind(all),
            Self::Time(all) => query.bind(all),
        }
    }
}

/// The columns of rows that are `width` values wide; nothing where one column has values of two types, or a row is not whole.
pub(super) fn columns<'v>(width: usize, values: &'v [Value<'_>]) -> Option<Vec<Column<'v>>> {
    let rows = values.chunks(width.max(1));
    let mut columns: Vec<Column<'_>> =
        values.get(..width)?.iter().map(|first| Column::new(first, rows.len())).collect();
    for row in rows {
        (row.len() == width).then_some(())?;
        columns.iter_mut().zip(row).try_for_each(|(column, value)| column.push(value))?;
    }
    Some(columns)
}

/// A statement with the rows between two parts of it.
pub(super) fn statement<'q>(
    into: &str,
    columns: Vec<Column<'_>>,
    then: &str,
) -> Query<'q, Postgres, PgArguments> {
    let arrays: Vec<String> =
        columns.iter().zip(1..).map(|(column, number)| format!("${number}::{}", column.array())).collect();
    let sql = format!("{into} SELECT * FROM unnest({}) {then}", arrays.join(", "));
    let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    columns.into_iter().fold(query, |query, column| column.bind(query))
}

#[cfg(test)]
mod tests {
    use super::super::value::args;
    use super::*;

    #[test]
    fn rows_become_columns_of_one_type_each() {
        let rows = args!["a", 1_i64, "b", 2_i64];
        let text = |text: &'static str| Some(text.into());
        let expected = vec![Column::Text(vec![text("a"), text("b")]), Column::Int(vec![Some(1), Some(2)])];
        assert_eq!(columns(2, &rows), Some(expected));
    }

    #[test]
    fn rows_that_do_not_fit_are_no_columns() {
        assert_eq!(columns(2, &args!["a", 1_i64, 2_i64, 2_i64]), None);
        assert_eq!(columns(2, &args!["a", 1_i64, "b"]), None);
    }
}

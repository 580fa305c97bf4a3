//! A statement that SQLite has parsed, and the values bound to it.

use std::sync::Arc;

use rusqlite::types::Value;
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Local, Place};
use tieout_reconcilers::window::Window;

use super::Sqlite;
use crate::local::columns::{Columns, Named};
use crate::local::draft::Draft;
use crate::local::error::{DefinitionFault, LocalError};
use crate::local::padded::{self, Padded};
use crate::local::statement::Purpose;
use crate::local::times::{Times, sortable};

/// What SQLite says of a statement.
struct Parsed {
    parameters: usize,
    columns: Vec<String>,
}

impl Parsed {
    fn of(statement: &rusqlite::Statement<'_>) -> Self {
        let columns = statement.column_names().into_iter().map(ToOwned::to_owned).collect();
        Self { parameters: statement.parameter_count(), columns }
    }

    /// The columns that the domain names. What a column is declared as binds none of its values.
    fn named(&self, purpose: Purpose, local: &Local, fields: &Fields) -> Result<Columns, DefinitionFault> {
        let named = |name| Named { name, type_name: "" };
        let result: Vec<Named<'_>> = self.columns.iter().map(|name| named(name)).collect();
        Columns::of(&result, purpose, local, fields)
    }
}

/// How many parameters a statement has besides those of the member.
const fn parameters_of(purpose: Purpose) -> usize {
    match purpose {
        Purpose::Rows | Purpose::Number => 2,
        Purpose::Whole => 0,
        Purpose::Keys => 1,
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
        draft: Draft,
        local: &Local,
        fields: &Fields,
    ) -> Result<Self, LocalError> {
        let sql = Padded::write(draft.purpose, |keys| draft.statement.for_sqlite(keys));
        let first = sql.fitting(1);
        let parsed =
            database.connections.with(move |connection| Ok(Parsed::of(&connection.prepare(&first)?)));
        let parsed = parsed.await.map_err(|failure| database.statement_fault(&failure, &draft.place))?;
        if parsed.parameters != parameters_of(draft.purpose) + draft.each.len() {
            return Err(refused(&draft.place, "it has a parameter that is not bound"));
        }
        let Draft { purpose, place, each, .. } = draft;
        match parsed.named(purpose, local, fields) {
            Ok(columns) => Ok(Self { sql, place, columns, each, times: Times::of(local) }),
            Err(fault) => Err(LocalError::Definition { place, fault }),
        }
    }

    /// The SQL for at least so many keys.
    pub(super) fn sql_for(&self, keys: usize) -> Arc<str> {
        self.sql.fitting(keys)
    }

    /// The bounds of a window in the domain's format, and the values of the member.
    pub(super) fn bounds(&self, window: Option<Window>) -> Vec<Value> {
        let bounds = window.map(|window| self.times.bounds(window));
        let bound = |text: String| match text.parse() {
            Ok(number) if self.times.are_numbers() => Value::Integer(number),
            _ => Value::Text(sortable(&text).to_owned()),
        };
        bounds.into_iter().flatten().map(bound).chain(self.each()).collect()
    }

    /// Keys, of which the last one fills the rest of the list, and the values of the member.
    pub(super) fn key_values(&self, keys: &[Key]) -> Vec<Value> {
        let keys = padded::padded(keys).map(|key| Value::Text(key.as_str().to_owned()));
        keys.chain(self.each()).collect()
    }

    /// The values of the member of the fan-out, which come last.
    fn each(&self) -> impl Iterator<Item = Value> {
        self.each.iter().map(|value| Value::Text(value.to_string()))
    }
}

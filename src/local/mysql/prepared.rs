//! A statement that the server has parsed: its columns' types, checked once, and what its parameters are written as.

use sqlx::mysql::{MySqlArguments, MySqlColumn, MySqlRow, MySqlStatement};
use sqlx::query::Query;
use sqlx::{Arguments as _, AssertSqlSafe, Column as _, Executor as _, MySqlConnection, Row as _};
use sqlx::{MySql as Driver, SqlSafeStr as _, Statement as _, TypeInfo as _};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Local, Place};
use tieout_reconcilers::window::Window;

use super::bind::{Bound, InstantType, KeysType, zoneless};
use super::decode::{self, Kind};
use crate::local::batch::Batch;
use crate::local::columns::{Cell, Columns};
use crate::local::decoders::{Decoders, Unfit};
use crate::local::draft::Draft;
use crate::local::error::{DefinitionFault, LocalError};
use crate::local::padded::Padded;
use crate::local::server::{self, Steps};
use crate::local::statement::{Parameter, Purpose};
use crate::local::times::Times;

/// The values of one execution.
type Values = Result<MySqlArguments, sqlx::Error>;

/// Lets the server parse a statement and say the columns' types.
pub(super) async fn parse(
    draft: &Draft,
    connection: &mut MySqlConnection,
) -> Result<MySqlStatement, sqlx::Error> {
    connection.prepare(AssertSqlSafe(draft.statement.for_mysql(1, "?")).into_sql_str()).await
}

/// A statement with everything that a read of it needs.
#[derive(Debug, Clone)]
pub(in crate::local) struct Prepared {
    sql: Padded,
    /// What the result's columns were when they were looked at.
    shape: Vec<(Box<str>, Box<str>)>,
    columns: Columns,
    /// How each column is decoded; nothing for those that the domain does not name.
    kinds: Vec<Option<Kind>>,
    uses: Vec<Parameter>,
    instants: InstantType,
    keys: KeysType,
    each: Vec<Box<str>>,
    pub(super) place: Place,
}

impl Prepared {
    /// Proves that every column is there and every type is one that can be read.
    pub(super) fn of(
        draft: Draft,
        parsed: &MySqlStatement,
        local: &Local,
        fields: &Fields,
    ) -> Result<Self, LocalError> {
        let Draft { purpose, statement, place, each } = draft;
        let decoders = Decoders::of(
            parsed.columns(),
            purpose,
            local,
            fields,
            |column| Kind::of(column.type_info(), local.zone),
            misfit,
        );
        let Decoders { columns, kinds } = match decoders {
            Ok(found) => found,
            Err(fault) => return Err(LocalError::Definition { place, fault }),
        };
        let kind = |index: usize| kinds.get(index).copied().flatten().unwrap_or(Kind::Null);
        let clock = columns.clock_index().map_or(Kind::Null, kind);
        let instants = match purpose {
            // Its result has no column that would tell.
            Purpose::Number => InstantType::of_a_number(local),
            Purpose::Rows | Purpose::Keys | Purpose::Whole => InstantType::of(clock, Times::of(local)),
        };
        let keys = KeysType::of(kind(columns.key_index()));
        let sql = Padded::write(purpose, |count| statement.for_mysql(count, keys.placeholder()));
        let uses = statement.uses().collect();
        let shape = parsed.columns().iter().map(shape).collect();
        Ok(Self { sql, shape, columns, kinds, uses, instants, keys, each, place })
    }

    /// Lets the server plan the statement, which it does only for those who may read all of it.
    pub(super) async fn prove_rights(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        let epoch = Instant::from_micros(0);
        let any = Window::new(epoch, epoch + std::time::Duration::from_secs(1));
        let values = self.values(any, &[])?;
        let sql = AssertSqlSafe(format!("EXPLAIN {}", self.sql.fitting(1)));
        sqlx::query_with(sql, values).execute(connection).await.map(drop)
    }

    /// The statement with the values of a batch.
    fn query(&self, batch: Batch<'_>) -> Result<Query<'_, Driver, MySqlArguments>, sqlx::Error> {
        let values = match batch {
            Batch::Range(window) => self.values(window, &[]),
            Batch::Keys(keys) => self.values(None, keys),
        };
        Ok(sqlx::query_with(AssertSqlSafe(self.sql.fitting(batch.keys())), values?))
    }

    /// The values of a range or of some keys, one for every use of a parameter.
    fn values(&self, window: Option<Window>, keys: &[Key]) -> Values {
        let mut values = MySqlArguments::default();
        for parameter in &self.uses {
            match (parameter, window) {
                (Parameter::From, Some(window)) => self.instants.add(window, Bound::From, &mut values)?,
                (Parameter::To, Some(window)) => self.instants.add(window, Bound::To, &mut values)?,
                (Parameter::Keys, _) if !keys.is_empty() => self.keys.add(keys, &mut values)?,
                (Parameter::Each(place), _) => {
                    values.add(self.each.get(*place).map(|value| &**value)).map_err(sqlx::Error::Encode)?;
                }
                _ => values.add(None::<&str>).map_err(sqlx::Error::Encode)?,
            }
        }
        Ok(values)
    }
}

impl server::Prepared<Driver> for Prepared {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn run<'e>(
        &'e self,
        connection: &'e mut MySqlConnection,
        batch: Batch<'_>,
    ) -> Result<Steps<'e, Driver>, sqlx::Error> {
        Ok(connection.fetch_many(self.query(batch)?))
    }

    fn has_the_shape_of(&self, row: &MySqlRow) -> bool {
        let columns = row.columns();
        columns.len() == self.shape.len()
            && self.shape.iter().zip(columns).enumerate().all(|(index, ((name, type_name), column))| {
                // The type of what is not read does not matter, and may depend on a parameter.
                **name == *column.name()
                    && (self.kinds.get(index).is_none_or(Option::is_none)
                        || **type_name == *column.type_info().name())
            })
    }

    #[inline]
    fn cell<'r>(&self, row: &'r MySqlRow, index: usize) -> Cell<'r> {
        match (row.try_get_raw(index), self.kinds.get(index)) {
            (Ok(raw), Some(Some(kind))) => decode::cell(*kind, raw),
            _ => Err("is not in the result"),
        }
    }

    fn holds(&self, key: &Key) -> bool {
        self.keys.holds(key)
    }
}

fn shape(column: &MySqlColumn) -> (Box<str>, Box<str>) {
    (column.name().into(), column.type_info().name().into())
}

fn misfit(column: &MySqlColumn, use_of: &'static str, unfit: Unfit) -> DefinitionFault {
    let (name, type_name) = (column.name(), column.type_info().name().to_lowercase());
    let hint = match (unfit, type_name.as_str()) {
        (Unfit::Zoneless, _) => return zoneless(name, column.type_info()),
        (Unfit::Type, "binary" | "varbinary") => format!("read it as text, as in `HEX({name}) AS {name}`"),
        (Unfit::Type, _) => format!("cast it, as in `CAST({name} AS CHAR) AS {name}`"),
    };
    DefinitionFault::ColumnType {
        column: name.into(),
        type_name: type_name.into(),
        use_of,
        hint: hint.into(),
    }
}

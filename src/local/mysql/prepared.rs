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
use super::decode::{self, Kind, Unfit};
use crate::local::batch::Batch;
use crate::local::columns::{Cell, Columns, Named};
use crate::local::database::MemberValues;
use crate::local::error::{DefinitionFault, LocalError};
use crate::local::padded::Padded;
use crate::local::statement::{Dialect, Parameter, Purpose, Statement};
use crate::local::times::Times;

/// The values of one execution.
type Values = Result<MySqlArguments, sqlx::Error>;

/// A statement before the server has seen it.
pub(super) struct Draft {
    purpose: Purpose,
    statement: Statement,
    pub(super) place: Place,
    /// The values of the member of the fan-out.
    each: Vec<Box<str>>,
}

impl Draft {
    /// Checks the text of one of the domain's statements.
    pub(super) fn parse(purpose: Purpose, local: &Local, member: &MemberValues) -> Result<Self, LocalError> {
        let (sql, place) = match purpose {
            Purpose::Rows | Purpose::Whole => (&local.rows, &local.rows_place),
            Purpose::Keys => (&local.keys, &local.keys_place),
        };
        let statement = Statement::parse(sql, Dialect::MySql, purpose)
            .and_then(|statement| Ok((statement.values_of(member)?, statement)))
            .map_err(|fault| LocalError::Definition { place: place.clone(), fault: fault.into() });
        let (each, statement) = statement?;
        Ok(Self { purpose, statement, place: place.clone(), each })
    }

    /// Lets the server parse it and say the columns' types.
    pub(super) async fn prepare(
        &self,
        connection: &mut MySqlConnection,
    ) -> Result<MySqlStatement, sqlx::Error> {
        connection.prepare(AssertSqlSafe(self.statement.for_mysql(1, "?")).into_sql_str()).await
    }

    /// Proves that every column is there and every type is one that can be read.
    pub(super) fn finish(
        self,
        parsed: &MySqlStatement,
        local: &Local,
        fields: &Fields,
    ) -> Result<Prepared, LocalError> {
        let Self { purpose, statement, place, each } = self;
        let (columns, kinds) = match columns(parsed.columns(), purpose, local, fields) {
            Ok(found) => found,
            Err(fault) => return Err(LocalError::Definition { place, fault }),
        };
        let kind = |index: usize| kinds.get(index).copied().flatten().unwrap_or(Kind::Null);
        let clock = columns.clock_index().map_or(Kind::Null, kind);
        let instants = InstantType::of(clock, Times::of(local));
        let keys = KeysType::of(kind(columns.key_index()));
        let sql = Padded::write(purpose, |count| statement.for_mysql(count, keys.placeholder()));
        let uses = statement.uses().collect();
        let shape = parsed.columns().iter().map(shape).collect();
        Ok(Prepared { sql, shape, columns, kinds, uses, instants, keys, each, place })
    }
}

/// A statement with everything that a read of it needs.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    sql: Padded,
    /// What the result's columns were when they were looked at.
    shape: Vec<(Box<str>, Box<str>)>,
    pub(super) columns: Columns,
    /// How each column is decoded; nothing for those that the domain does not name.
    kinds: Vec<Option<Kind>>,
    uses: Vec<Parameter>,
    instants: InstantType,
    pub(super) keys: KeysType,
    each: Vec<Box<str>>,
    pub(super) place: Place,
}

impl Prepared {
    /// Lets the server plan the statement, which it does only for those who may read all of it.
    pub(super) async fn prove_rights(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        let epoch = Instant::from_micros(0);
        let any = Window::new(epoch, epoch + std::time::Duration::from_secs(1));
        let values = self.values(any, &[])?;
        let sql = AssertSqlSafe(format!("EXPLAIN {}", self.sql.fitting(1)));
        sqlx::query_with(sql, values).execute(connection).await.map(drop)
    }

    /// The statement with the values of a batch.
    pub(super) fn query(&self, batch: Batch<'_>) -> Result<Query<'_, Driver, MySqlArguments>, sqlx::Error> {
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

    /// Whether a result still has the columns that were looked at.
    pub(super) fn has_the_shape_of(&self, row: &MySqlRow) -> bool {
        let columns = row.columns();
        columns.len() == self.shape.len()
            && self.shape.iter().zip(columns).enumerate().all(|(index, ((name, type_name), column))| {
                // The type of what is not read does not matter, and may depend on a parameter.
                **name == *column.name()
                    && (self.kinds.get(index).is_none_or(Option::is_none)
                        || **type_name == *column.type_info().name())
            })
    }

    /// Reads a value, borrowed from the row where it is text.
    #[inline]
    pub(super) fn cell<'r>(&self, row: &'r MySqlRow, index: usize) -> Cell<'r> {
        match (row.try_get_raw(index), self.kinds.get(index)) {
            (Ok(raw), Some(Some(kind))) => decode::cell(*kind, raw),
            _ => Err("is not in the result"),
        }
    }
}

type Decoders = (Columns, Vec<Option<Kind>>);

fn shape(column: &MySqlColumn) -> (Box<str>, Box<str>) {
    (column.name().into(), column.type_info().name().into())
}

fn columns(
    result: &[MySqlColumn],
    purpose: Purpose,
    local: &Local,
    fields: &Fields,
) -> Result<Decoders, DefinitionFault> {
    let types: Vec<String> = result.iter().map(|column| column.type_info().name().to_lowercase()).collect();
    let named = result.iter().zip(&types).map(|(column, type_name)| Named { name: column.name(), type_name });
    let named: Vec<Named<'_>> = named.collect();
    let columns = Columns::find(&named, local, fields)?.carrying(&named, purpose, fields)?;
    let mut kinds = vec![None; result.len()];
    let compared = columns.indices().map(|index| (index, "compared"));
    for (index, use_of) in compared.chain(columns.carried_only().map(|index| (index, "sent"))) {
        let column = &result[index];
        let kind = Kind::of(column.type_info(), local.zone).map_err(|unfit| match unfit {
            Unfit::Type => wrong_type(column, use_of),
            Unfit::Zoneless => zoneless(column.name(), column.type_info()),
        });
        kinds[index] = Some(kind?);
    }
    if !kinds[columns.key_index()].is_some_and(Kind::can_be_key) {
        return Err(wrong_type(&result[columns.key_index()], "a key"));
    }
    Ok((columns, kinds))
}

fn wrong_type(column: &MySqlColumn, use_of: &'static str) -> DefinitionFault {
    let (name, type_name) = (column.name(), column.type_info().name().to_lowercase());
    let hint = match type_name.as_str() {
        "binary" | "varbinary" => format!("read it as text, as in `HEX({name}) AS {name}`"),
        _ => format!("cast it, as in `CAST({name} AS CHAR) AS {name}`"),
    };
    DefinitionFault::ColumnType {
        column: name.into(),
        type_name: type_name.into(),
        use_of,
        hint: hint.into(),
    }
}

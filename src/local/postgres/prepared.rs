//! A statement that the server has parsed: its parameters' types and its columns' types, checked once.

use sqlx::postgres::{PgArguments, PgColumn, PgRow, PgStatement, PgTypeInfo};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, Either, Executor as _, PgConnection, Row as _,
    SqlSafeStr as _,
};
use sqlx::{Statement as _, TypeInfo as _, ValueRef as _};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Local, Place};
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::window::Window;

use super::Values;
use super::bind::{InstantType, KeysType, MemberValue};
use super::decode::{self, Kind};
use crate::local::columns::{Cell, Columns};
use crate::local::database::MemberValues;
use crate::local::error::{DefinitionFault, LocalError};
use crate::local::statement::{Dialect, Purpose, Statement};

/// A statement before the server has seen it.
pub(super) struct Draft {
    purpose: Purpose,
    pub(super) statement: Statement,
    pub(super) place: Place,
    /// The values of the member of the fan-out.
    each: Vec<Box<str>>,
}

impl Draft {
    /// Checks the text of one of the domain's statements.
    pub(super) fn parse(purpose: Purpose, local: &Local, member: &MemberValues) -> Result<Self, LocalError> {
        let (sql, place) = match purpose {
            Purpose::Rows => (&local.rows, &local.rows_place),
            Purpose::Keys => (&local.keys, &local.keys_place),
        };
        let statement = Statement::parse(sql, Dialect::Postgres, purpose)
            .and_then(|statement| Ok((statement.values_of(member)?, statement)))
            .map_err(|fault| LocalError::Definition { place: place.clone(), fault: fault.into() });
        let (each, statement) = statement?;
        Ok(Self { purpose, statement, place: place.clone(), each })
    }

    /// Lets the server parse it and say the types.
    pub(super) async fn prepare(&self, connection: &mut PgConnection) -> Result<PgStatement, sqlx::Error> {
        connection.prepare(AssertSqlSafe(self.statement.for_postgres()).into_sql_str()).await
    }

    /// Proves that every column is there and every type is one that can be bound or read.
    pub(super) fn finish(
        self,
        parsed: PgStatement,
        local: &Local,
        fields: &Fields,
    ) -> Result<Prepared, LocalError> {
        let checked = columns(parsed.columns(), self.purpose, local, fields)
            .and_then(|columns| Ok((columns, binding(&parsed, self.purpose, local.time, &self.each)?)));
        match checked {
            Ok(((columns, kinds), (binding, each))) => {
                let Self { statement, place, .. } = self;
                Ok(Prepared { parsed, columns, kinds, binding, each, statement, place, time: local.time })
            }
            Err(fault) => Err(LocalError::Definition { place: self.place, fault }),
        }
    }
}

/// A statement with everything that a read of it needs.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) parsed: PgStatement,
    pub(super) columns: Columns,
    /// How each column is decoded; nothing for those that the domain does not name.
    kinds: Vec<Option<Kind>>,
    binding: Binding,
    /// The values of the member of the fan-out, which come last.
    each: Vec<MemberValue>,
    pub(super) statement: Statement,
    pub(super) place: Place,
    time: TimeFormat,
}

/// What the server takes the parameters for.
#[derive(Debug, Clone)]
enum Binding {
    /// `:from` and `:to`.
    Range(InstantType, InstantType),
    /// `:keys`.
    Keys(KeysType),
}

impl Prepared {
    /// Lets the server plan the statement, which it does only for those who may read all of it. No row is read.
    pub(super) async fn prove_rights(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let values = match &self.binding {
            Binding::Range(..) => self.values_between(Instant::from_micros(0), Instant::from_micros(0))?,
            Binding::Keys(_) => self.key_values(&[])?,
        };
        let sql = format!("EXPLAIN {}", self.statement.for_postgres());
        let plan = sqlx::query_with(AssertSqlSafe(sql), values).persistent(false);
        plan.execute(connection).await.map(drop)
    }

    /// The values of a range.
    pub(super) fn range_values(&self, window: Window) -> Values {
        self.values_between(window.from(), window.to())
    }

    fn values_between(&self, start: Instant, end: Instant) -> Values {
        let mut values = PgArguments::default();
        if let Binding::Range(from, to) = &self.binding {
            from.add(start, self.time, &mut values)?;
            to.add(end, self.time, &mut values)?;
        }
        self.with_each(values)
    }

    /// The values of some keys.
    pub(super) fn key_values(&self, keys: &[Key]) -> Values {
        let mut values = PgArguments::default();
        if let Binding::Keys(keys_type) = &self.binding {
            values.add(keys_type.array(keys)).map_err(sqlx::Error::Encode)?;
        }
        self.with_each(values)
    }

    fn with_each(&self, mut values: PgArguments) -> Values {
        for value in &self.each {
            values.add(value).map_err(sqlx::Error::Encode)?;
        }
        Ok(values)
    }

    /// Reads a value, borrowed from the row where it is text.
    #[inline]
    pub(super) fn cell<'r>(&self, row: &'r PgRow, index: usize) -> Cell<'r> {
        let (Ok(raw), Some(Some(kind))) = (row.try_get_raw(index), self.kinds.get(index)) else {
            return Err("is not in the result");
        };
        if raw.is_null() {
            return Ok(Scalar::Null);
        }
        raw.as_bytes().ok().and_then(|bytes| decode::scalar(*kind, bytes)).ok_or("holds a value out of range")
    }
}

type Decoders = (Columns, Vec<Option<Kind>>);

fn columns(
    result: &[PgColumn],
    purpose: Purpose,
    local: &Local,
    fields: &Fields,
) -> Result<Decoders, DefinitionFault> {
    let names: Vec<&str> = result.iter().map(PgColumn::name).collect();
    let columns = Columns::find(&names, local, fields)?.carrying(&names, purpose, fields)?;
    let mut kinds = vec![None; result.len()];
    let compared = columns.indices().map(|index| (index, "compared"));
    for (index, use_of) in compared.chain(columns.carried_only().map(|index| (index, "sent"))) {
        let kind = Kind::of(result[index].type_info());
        kinds[index] = Some(kind.ok_or_else(|| wrong_type(&result[index], use_of))?);
    }
    if !kinds[columns.key_index()].is_some_and(Kind::can_be_key) {
        return Err(wrong_type(&result[columns.key_index()], "a key"));
    }
    Ok((columns, kinds))
}

fn wrong_type(column: &PgColumn, use_of: &'static str) -> DefinitionFault {
    let type_name = column.type_info().name().to_lowercase().into();
    DefinitionFault::ColumnType { column: column.name().into(), type_name, use_of }
}

fn binding(
    prepared: &PgStatement,
    purpose: Purpose,
    time: TimeFormat,
    each: &[Box<str>],
) -> Result<(Binding, Vec<MemberValue>), DefinitionFault> {
    let types: &[PgTypeInfo] = match prepared.parameters() {
        Some(Either::Left(types)) => types,
        _ => &[],
    };
    let (binding, members) = match (purpose, types) {
        (Purpose::Rows, [from, to, members @ ..]) => {
            let range =
                Binding::Range(InstantType::of(":from", from, time)?, InstantType::of(":to", to, time)?);
            (range, members)
        }
        (Purpose::Keys, [keys, members @ ..]) => (Binding::Keys(KeysType::of(keys)?), members),
        _ => return Err(untold()),
    };
    if members.len() != each.len() {
        return Err(untold());
    }
    let values = members.iter().zip(each).map(|(inferred, value)| MemberValue::of(inferred, value));
    Ok((binding, values.collect::<Result<_, _>>()?))
}

fn untold() -> DefinitionFault {
    DefinitionFault::Refused { at: None, reason: "its parameters cannot be told apart".to_owned() }
}

//! A statement that the server has parsed: its parameters' types and its columns' types, checked once.

use sqlx::postgres::{PgArguments, PgColumn, PgRow, PgStatement, PgTypeInfo, PgTypeKind};
use sqlx::query::Query;
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, Either, Executor as _, PgConnection, Row as _,
    SqlSafeStr as _,
};
use sqlx::{Postgres as Driver, Statement as _, TypeInfo as _, ValueRef as _};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::{Local, Place};
use tieout_reconcilers::scalar::Scalar;

use super::Values;
use super::bind::{Bound, InstantType, KeysType, MemberValue, Range};
use super::decode::{self, Kind, MONEY, Setting, oid};
use crate::local::batch::Batch;
use crate::local::columns::{Cell, Columns, Value};
use crate::local::decoders::{Decoders, Unfit};
use crate::local::draft::Draft;
use crate::local::error::{DefinitionFault, LocalError};
use crate::local::server::{self, Steps};
use crate::local::statement::{Purpose, Statement};

/// Lets the server parse a statement and say the types. The driver gives what is parsed so a name, and nothing else does; the
/// name is taken back at once, since behind a pooler others would find it in their way.
pub(super) async fn parse(draft: &Draft, connection: &mut PgConnection) -> Result<PgStatement, sqlx::Error> {
    let sql = draft.statement.for_postgres();
    let parsed = connection.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await?;
    let names =
        sqlx::query("SELECT quote_ident(name) FROM pg_catalog.pg_prepared_statements WHERE statement = $1");
    for row in names.bind(sql).persistent(false).fetch_all(&mut *connection).await? {
        let name: String = row.try_get(0)?;
        sqlx::raw_sql(AssertSqlSafe(format!("DEALLOCATE {name}"))).execute(&mut *connection).await?;
    }
    Ok(parsed)
}

/// A statement with everything that a read of it needs.
#[derive(Debug, Clone)]
pub(in crate::local) struct Prepared {
    sql: String,
    /// What the result's columns were when they were looked at.
    shape: Vec<(Box<str>, u32)>,
    columns: Columns,
    /// How each column is decoded; nothing for those that the domain does not name.
    kinds: Vec<Option<Kind>>,
    binding: Binding,
    /// The values of the member of the fan-out, which come last.
    each: Vec<MemberValue>,
    pub(super) statement: Statement,
    pub(super) place: Place,
}

/// What the server takes the parameters for.
#[derive(Debug, Clone)]
enum Binding {
    /// `:from` and `:to`.
    Range(InstantType, InstantType),
    /// `:keys`.
    Keys(KeysType),
    /// Nothing.
    Whole,
}

impl Prepared {
    /// Proves that every column is there and every type is one that can be bound or read.
    pub(super) fn of(
        draft: Draft,
        parsed: &PgStatement,
        money: u8,
        local: &Local,
        fields: &Fields,
    ) -> Result<Self, LocalError> {
        let setting = Setting { zone: local.zone, money };
        let Draft { purpose, statement, place, each } = draft;
        let columns = Decoders::of(
            parsed.columns(),
            purpose,
            local,
            fields,
            |column| Kind::of(column.type_info(), setting),
            misfit,
        );
        let checked = columns.and_then(|columns| Ok((columns, binding(parsed, purpose, local, &each)?)));
        match checked {
            Ok((Decoders { columns, kinds }, (binding, each))) => {
                let shape = parsed.columns().iter().map(shape).collect();
                let sql = statement.for_postgres();
                Ok(Self { sql, shape, columns, kinds, binding, each, statement, place })
            }
            Err(fault) => Err(LocalError::Definition { place, fault }),
        }
    }

    /// Lets the server plan the statement, which it does only for those who may read all of it. No row is read.
    pub(super) async fn prove_rights(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let values = match &self.binding {
            Binding::Range(..) => self.values_between(Instant::from_micros(0), Instant::from_micros(0))?,
            Binding::Keys(_) | Binding::Whole => self.key_values(&[])?,
        };
        let sql = AssertSqlSafe(format!("EXPLAIN {}", self.sql));
        sqlx::query_with(sql, values).persistent(false).execute(connection).await.map(drop)
    }

    /// The statement with the values of a batch. The server parses it anew: behind a pooler, what it parsed in another transaction
    /// may lie on another server.
    fn query(&self, batch: Batch<'_>) -> Result<Query<'_, Driver, PgArguments>, sqlx::Error> {
        let values = match batch {
            Batch::Range(Some(window)) => self.values_between(window.from(), window.to()),
            Batch::Range(None) => self.with_each(PgArguments::default()),
            Batch::Keys(keys) => self.key_values(keys),
        };
        Ok(sqlx::query_with(AssertSqlSafe(self.sql.clone()), values?).persistent(false))
    }

    fn values_between(&self, start: Instant, end: Instant) -> Values {
        let mut values = PgArguments::default();
        if let Binding::Range(from, to) = &self.binding {
            let range = Range { from: start, to: end };
            from.add(range, Bound::From, &mut values)?;
            to.add(range, Bound::To, &mut values)?;
        }
        self.with_each(values)
    }

    /// The values of some keys.
    fn key_values(&self, keys: &[Key]) -> Values {
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
}

impl server::Prepared<Driver> for Prepared {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn run<'e>(
        &'e self,
        connection: &'e mut PgConnection,
        batch: Batch<'_>,
    ) -> Result<Steps<'e, Driver>, sqlx::Error> {
        Ok(connection.fetch_many(self.query(batch)?))
    }

    fn has_the_shape_of(&self, row: &PgRow) -> bool {
        let columns = row.columns();
        columns.len() == self.shape.len()
            && self.shape.iter().zip(columns).all(|((name, number), column)| {
                **name == *column.name() && *number == oid(column.type_info())
            })
    }

    #[inline]
    fn cell<'r>(&self, row: &'r PgRow, index: usize) -> Cell<'r> {
        let (Ok(raw), Some(Some(kind))) = (row.try_get_raw(index), self.kinds.get(index)) else {
            return Err("is not in the result");
        };
        if raw.is_null() {
            return Ok(Value::Is(Scalar::Null));
        }
        raw.as_bytes().ok().and_then(|bytes| decode::value(*kind, bytes)).ok_or("holds a value out of range")
    }
}

/// Whether a result has a column whose reading needs the server's `lc_monetary`.
pub(super) fn has_money(parsed: &PgStatement) -> bool {
    parsed.columns().iter().any(|column| oid(column.type_info()) == MONEY)
}

fn shape(column: &PgColumn) -> (Box<str>, u32) {
    (column.name().into(), oid(column.type_info()))
}

fn misfit(column: &PgColumn, use_of: &'static str, unfit: Unfit) -> DefinitionFault {
    let name = column.name();
    let type_name = column.type_info().name().to_lowercase().into();
    let hint = match (unfit, column.type_info().kind()) {
        (Unfit::Zoneless, _) => {
            return DefinitionFault::Zoneless { what: format!("column `{name}`").into(), type_name };
        }
        (Unfit::Type, PgTypeKind::Array(_) | PgTypeKind::Composite(_)) => {
            format!("read it as JSON, as in `to_jsonb({name}) AS {name}`")
        }
        (Unfit::Type, _) => format!("cast it, as in `{name}::text AS {name}`"),
    };
    DefinitionFault::ColumnType { column: name.into(), type_name, use_of, hint: hint.into() }
}

fn binding(
    prepared: &PgStatement,
    purpose: Purpose,
    local: &Local,
    each: &[Box<str>],
) -> Result<(Binding, Vec<MemberValue>), DefinitionFault> {
    let types: &[PgTypeInfo] = match prepared.parameters() {
        Some(Either::Left(types)) => types,
        _ => &[],
    };
    let (binding, members) = match (purpose, types) {
        (Purpose::Rows | Purpose::Number, [from, to, members @ ..]) => {
            let bound = |name, inferred| InstantType::of(name, inferred, local.time, local.zone);
            (Binding::Range(bound(":from", from)?, bound(":to", to)?), members)
        }
        (Purpose::Whole, members) => (Binding::Whole, members),
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

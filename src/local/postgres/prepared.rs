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
use super::decode::{self, Kind, MONEY, Setting, Unfit, oid};
use crate::local::batch::Batch;
use crate::local::columns::{Cell, Columns, Named, Value};
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
            Purpose::Rows | Purpose::Whole => (&local.rows, &local.rows_place),
            Purpose::Keys => (&local.keys, &local.keys_place),
        };
        let statement = Statement::parse(sql, Dialect::Postgres, purpose)
            .and_then(|statement| Ok((statement.values_of(member)?, statement)))
            .map_err(|fault| LocalError::Definition { place: place.clone(), fault: fault.into() });
        let (each, statement) = statement?;
        Ok(Self { purpose, statement, place: place.clone(), each })
    }

    /// Lets the server parse it and say the types. The driver gives what is parsed so a name, and nothing else does; the
    /// name is taken back at once, since behind a pooler others would find it in their way.
    pub(super) async fn prepare(&self, connection: &mut PgConnection) -> Result<PgStatement, sqlx::Error> {
        let sql = self.statement.for_postgres();
        let parsed = connection.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await?;
        let names = sqlx::query(
            "SELECT quote_ident(name) FROM pg_catalog.pg_prepared_statements WHERE statement = $1",
        );
        for row in names.bind(sql).persistent(false).fetch_all(&mut *connection).await? {
            let name: String = row.try_get(0)?;
            sqlx::raw_sql(AssertSqlSafe(format!("DEALLOCATE {name}"))).execute(&mut *connection).await?;
        }
        Ok(parsed)
    }

    /// Proves that every column is there and every type is one that can be bound or read.
    pub(super) fn finish(
        self,
        parsed: &PgStatement,
        money: u8,
        local: &Local,
        fields: &Fields,
    ) -> Result<Prepared, LocalError> {
        let setting = Setting { zone: local.zone, money };
        let checked = columns(parsed.columns(), self.purpose, setting, local, fields)
            .and_then(|columns| Ok((columns, binding(parsed, self.purpose, local, &self.each)?)));
        match checked {
            Ok(((columns, kinds), (binding, each))) => {
                let Self { statement, place, .. } = self;
                let shape = parsed.columns().iter().map(shape).collect();
                let sql = statement.for_postgres();
                Ok(Prepared { sql, shape, columns, kinds, binding, each, statement, place })
            }
            Err(fault) => Err(LocalError::Definition { place: self.place, fault }),
        }
    }
}

/// A statement with everything that a read of it needs.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    sql: String,
    /// What the result's columns were when they were looked at.
    shape: Vec<(Box<str>, u32)>,
    pub(super) columns: Columns,
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
    pub(super) fn query(&self, batch: Batch<'_>) -> Result<Query<'_, Driver, PgArguments>, sqlx::Error> {
        let values = match batch {
            Batch::Range(Some(window)) => self.values_between(window.from(), window.to()),
            Batch::Range(None) => self.with_each(PgArguments::default()),
            Batch::Keys(keys) => self.key_values(keys),
        };
        Ok(sqlx::query_with(AssertSqlSafe(self.sql.clone()), values?).persistent(false))
    }

    /// Whether a result still has the columns that were looked at.
    pub(super) fn has_the_shape_of(&self, row: &PgRow) -> bool {
        let columns = row.columns();
        columns.len() == self.shape.len()
            && self.shape.iter().zip(columns).all(|((name, number), column)| {
                **name == *column.name() && *number == oid(column.type_info())
            })
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

    /// Reads a value, borrowed from the row where it is text.
    #[inline]
    pub(super) fn cell<'r>(&self, row: &'r PgRow, index: usize) -> Cell<'r> {
        let (Ok(raw), Some(Some(kind))) = (row.try_get_raw(index), self.kinds.get(index)) else {
            return Err("is not in the result");
        };
        if raw.is_null() {
            return Ok(Value::Is(Scalar::Null));
        }
        raw.as_bytes().ok().and_then(|bytes| decode::value(*kind, bytes)).ok_or("holds a value out of range")
    }
}

type Decoders = (Columns, Vec<Option<Kind>>);

/// Whether a result has a column whose reading needs the server's `lc_monetary`.
pub(super) fn has_money(parsed: &PgStatement) -> bool {
    parsed.columns().iter().any(|column| oid(column.type_info()) == MONEY)
}

fn shape(column: &PgColumn) -> (Box<str>, u32) {
    (column.name().into(), oid(column.type_info()))
}

fn columns(
    result: &[PgColumn],
    purpose: Purpose,
    setting: Setting,
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
        let kind = Kind::of(column.type_info(), setting);
        kinds[index] = Some(kind.map_err(|unfit| match unfit {
            Unfit::Type => wrong_type(column, use_of),
            Unfit::Zoneless => {
                let what = format!("column `{}`", column.name()).into();
                DefinitionFault::Zoneless { what, type_name: types[index].as_str().into() }
            }
        })?);
    }
    if !kinds[columns.key_index()].is_some_and(Kind::can_be_key) {
        return Err(wrong_type(&result[columns.key_index()], "a key"));
    }
    Ok((columns, kinds))
}

fn wrong_type(column: &PgColumn, use_of: &'static str) -> DefinitionFault {
    let name = column.name();
    let hint = match column.type_info().kind() {
        PgTypeKind::Array(_) | PgTypeKind::Composite(_) => {
            format!("read it as JSON, as in `to_jsonb({name}) AS {name}`")
        }
        _ => format!("cast it, as in `{name}::text AS {name}`"),
    };
    let type_name = column.type_info().name().to_lowercase().into();
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
        (Purpose::Rows, [from, to, members @ ..]) => {
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

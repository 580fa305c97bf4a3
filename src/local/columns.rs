//! Which column of a result is what, decided once per statement by name, and the row that it makes of a driver's row.

use std::borrow::Cow;
use std::fmt::Write as _;

use tieout_reconcilers::compare::{Field, Fields, Rule};
use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::fingerprint::Fingerprint;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::{self, Key};
use tieout_reconcilers::reconciler::Local;
use tieout_reconcilers::row::Row;
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::zone::{Shown, Zone};

use super::error::{DefinitionFault, nearest};
use super::read::Read;
use super::statement::Purpose;
use super::times::{self, Times};
use super::whole_row::WholeRow;

/// Stands for a value that cannot be read: no rule accepts it, so a comparison that needs it says `unreadable` rather
/// than finding a difference that is none.
const UNREADABLE: Scalar<'static> = Scalar::Json(Cow::Borrowed("null"));

/// What a driver read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'r> {
    /// A value as it is.
    Is(Scalar<'r>),
    /// A time or date without a zone, read in the zone that the domain declares.
    Shown(Shown),
}

/// A value, or why it cannot be read.
pub(super) type Cell<'r> = Result<Value<'r>, &'static str>;

impl<'r> From<Scalar<'r>> for Value<'r> {
    fn from(scalar: Scalar<'r>) -> Self {
        Self::Is(scalar)
    }
}

/// A column of a result, by its name and the database's name of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named<'s> {
    /// Its name.
    pub(super) name: &'s str,
    /// Its type; empty where each value has one of its own.
    pub(super) type_name: &'s str,
}

/// A named column and its place in the result.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name.
    pub(super) name: Box<str>,
    /// Its type in the database; empty where each value has one of its own.
    pub(super) type_name: Box<str>,
    index: usize,
}

/// The columns that a domain names, as places in a result.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    key: Column,
    clock: Option<Column>,
    changed: Option<Column>,
    version: Option<Column>,
    fields: Vec<Column>,
    /// All columns, where the whole row is handed on.
    carried: Vec<Column>,
    /// For each field the zone of its text, where that is a wall clock's.
    walls: Vec<Option<Zone>>,
    times: Times,
}

impl Columns {
    /// Finds every column that a statement has to give among those of its result.
    pub(super) fn of(
        result: &[Named<'_>],
        purpose: Purpose,
        local: &Local,
        fields: &Fields,
    ) -> Result<Self, DefinitionFault> {
        match purpose {
            Purpose::Number => Self::number(result, local),
            Purpose::Rows | Purpose::Keys | Purpose::Whole => {
                Self::find(result, local, fields)?.carrying(result, purpose, fields)
            }
        }
    }

    /// The only column of a number, whatever it is called. It stands in the place of the key.
    fn number(result: &[Named<'_>], local: &Local) -> Result<Self, DefinitionFault> {
        let [Named { name, type_name }] = *result else {
            return Err(DefinitionFault::NotANumber(format!("{} columns", result.len()).into()));
        };
        Ok(Self {
            key: Column { name: name.into(), type_name: type_name.into(), index: 0 },
            clock: None,
            changed: None,
            version: None,
            fields: Vec::new(),
            carried: Vec::new(),
            walls: Vec::new(),
            times: Times::of(local),
        })
    }

    /// Finds every column that the domain names among those of a result.
    fn find(result: &[Named<'_>], local: &Local, fields: &Fields) -> Result<Self, DefinitionFault> {
        let find = |name: &str| find(result, name);
        Ok(Self {
            key: find(&local.key)?,
            clock: local.clock.as_deref().map(find).transpose()?,
            changed: local.changed.as_deref().map(find).transpose()?,
            version: local.version.as_deref().map(find).transpose()?,
            fields: fields.fields.iter().map(|field| find(&field.local)).collect::<Result<_, _>>()?,
            carried: Vec::new(),
            walls: fields.fields.iter().map(|field| wall(field, local.zone)).collect(),
            times: Times::of(local),
        })
    }

    /// The same, handing on whole rows where they are what a domain sends: by key, since only single rows are sent.
    fn carrying(
        self,
        result: &[Named<'_>],
        purpose: Purpose,
        fields: &Fields,
    ) -> Result<Self, DefinitionFault> {
        if purpose != Purpose::Keys || fields.direction == Direction::Inbound {
            return Ok(self);
        }
        let carried = result.iter().map(|known| find(result, known.name)).collect::<Result<_, _>>()?;
        Ok(Self { carried, ..self })
    }

    /// The places of the columns that are only handed on.
    pub(super) fn carried_only(&self) -> impl Iterator<Item = usize> {
        let carried = self.carried.iter().map(|column| column.index);
        carried.filter(|index| !self.indices().any(|named| named == *index))
    }

    /// The place of the key.
    pub(super) const fn key_index(&self) -> usize {
        self.key.index
    }

    /// The place of the clock, where the domain has one.
    pub(super) fn clock_index(&self) -> Option<usize> {
        self.clock.as_ref().map(|clock| clock.index)
    }

    /// The places of all named columns.
    pub(super) fn indices(&self) -> impl Iterator<Item = usize> {
        let one = [Some(&self.key), self.clock.as_ref(), self.changed.as_ref(), self.version.as_ref()];
        one.into_iter().flatten().chain(&self.fields).map(|column| column.index)
    }

    /// Makes a row, or nothing where its key cannot identify anything. `scratch` holds a key that is a number.
    #[inline]
    pub(super) fn row<'r>(
        &self,
        cell: impl Fn(usize) -> Cell<'r>,
        scratch: &'r mut String,
        read: &mut Read,
    ) -> Option<Row<'r>> {
        let (n_faults, known) = (read.n_faults(), read.faults.len());
        let row = self.read(&cell, scratch, read);
        if read.n_faults() > n_faults {
            let key = row.as_ref().and_then(|row| Key::checked(&row.key).ok());
            read.are_of(known, key.as_ref(), self.fingerprint(&cell));
        }
        row
    }

    /// What stands for a row.
    fn fingerprint<'r>(&self, cell: &impl Fn(usize) -> Cell<'r>) -> Fingerprint {
        let values: Vec<String> = self.indices().map(|index| format!("{:?}", cell(index))).collect();
        Fingerprint::of(values.iter().map(|value| Some(value.as_str())))
    }

    fn read<'r>(
        &self,
        cell: &impl Fn(usize) -> Cell<'r>,
        scratch: &'r mut String,
        read: &mut Read,
    ) -> Option<Row<'r>> {
        let key = match cell(self.key.index).and_then(|value| key_text(value, scratch)) {
            Ok(key) => key,
            Err(reason) => {
                read.bad_key(&self.key, reason);
                return None;
            }
        };
        let clock = self.clock.as_ref().and_then(|column| self.instant(column, Shown::earliest, cell, read));
        let changed = self.changed.as_ref();
        let changed = changed.and_then(|column| self.instant(column, Shown::latest, cell, read));
        let version = self.version.as_ref().map_or(Scalar::Absent, |column| value(column, None, cell, read));
        let mut fields = Vec::with_capacity(self.fields.len());
        let columns = self.fields.iter().zip(&self.walls);
        fields.extend(columns.map(|(column, wall)| value(column, *wall, cell, read)));
        let whole = self.whole(cell, read);
        read.rows += 1;
        Some(Row { key, clock, changed, version, fields, whole })
    }

    /// The whole row, where it is handed on and every value of it can be.
    fn whole<'r>(&self, cell: &impl Fn(usize) -> Cell<'r>, read: &mut Read) -> Option<Box<str>> {
        if self.carried.is_empty() {
            return None;
        }
        let mut whole = WholeRow::default();
        for column in &self.carried {
            match cell(column.index).and_then(|value| times::certain(value, None)) {
                Ok(value) => whole.add(&column.name, &value),
                Err(reason) => {
                    read.unreadable(column, reason);
                    return None;
                }
            }
        }
        Some(whole.finish())
    }

    /// An instant; `choose` says which is meant where a clock showed it twice.
    fn instant<'r>(
        &self,
        column: &Column,
        choose: impl Fn(Shown) -> Instant,
        cell: &impl Fn(usize) -> Cell<'r>,
        read: &mut Read,
    ) -> Option<Instant> {
        match cell(column.index).and_then(|value| self.times.shown(&value)) {
            Ok(shown) => shown.map(choose),
            Err(reason) => {
                read.unreadable(column, reason);
                None
            }
        }
    }
}

fn find(result: &[Named<'_>], name: &str) -> Result<Column, DefinitionFault> {
    let mut places = result.iter().enumerate().filter(|(_, known)| known.name == name);
    match (places.next(), places.next()) {
        (Some((index, known)), None) => {
            Ok(Column { name: name.into(), type_name: known.type_name.into(), index })
        }
        (Some(_), Some(_)) => Err(DefinitionFault::AmbiguousColumn(name.into())),
        (None, _) => Err(DefinitionFault::MissingColumn {
            column: name.into(),
            available: result.iter().map(|known| known.name.into()).collect(),
            did_you_mean: nearest(name, result.iter().map(|known| known.name)).map(Into::into),
        }),
    }
}

/// The zone of a field's text, where its rule reads it as a wall clock's.
fn wall(field: &Field, zone: Option<Zone>) -> Option<Zone> {
    matches!(&field.rule, Rule::Time(time) if time.local == TimeFormat::Sql).then_some(zone)?
}

#[inline]
fn value<'r>(
    column: &Column,
    wall: Option<Zone>,
    cell: &impl Fn(usize) -> Cell<'r>,
    read: &mut Read,
) -> Scalar<'r> {
    cell(column.index).and_then(|value| times::certain(value, wall)).unwrap_or_else(|reason| {
        read.unreadable(column, reason);
        UNREADABLE
    })
}

/// The key as text; whole numbers keep their digits.
fn key_text<'r>(value: Value<'r>, scratch: &'r mut String) -> Result<Cow<'r, str>, &'static str> {
    let text = match value {
        Value::Is(Scalar::Text(text)) => text,
        Value::Is(Scalar::Int(whole)) => {
            scratch.clear();
            // Writing to a String cannot fail.
            let _ = write!(scratch, "{whole}");
            return Ok(Cow::Borrowed(scratch));
        }
        Value::Is(Scalar::Number(text)) if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => text,
        Value::Is(Scalar::Null | Scalar::Absent) => return Err("is null and cannot be a key"),
        _ => return Err("is neither text nor a whole number and cannot be a key"),
    };
    match key::check(&text) {
        Ok(()) => Ok(text),
        Err(key::KeyFault::Missing) => Err("is empty and cannot be a key"),
        Err(_) => Err("is too long or holds a control character and cannot be a key"),
    }
}

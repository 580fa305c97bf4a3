//! Which column of a result is what, decided once per statement by name, and the row that it makes of a driver's row.

use std::borrow::Cow;
use std::fmt::Write as _;

use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key;
use tieout_reconcilers::reconciler::Local;
use tieout_reconcilers::row::Row;
use tieout_reconcilers::scalar::Scalar;

use super::error::{DefinitionFault, nearest};
use super::read::Read;
use super::statement::Purpose;
use super::whole_row::WholeRow;

/// Stands for a value that cannot be read: no rule accepts it, so a comparison that needs it says `unreadable` rather
/// than finding a difference that is none.
const UNREADABLE: Scalar<'static> = Scalar::Json(Cow::Borrowed("null"));

/// A value, or why it cannot be read.
pub(super) type Cell<'r> = Result<Scalar<'r>, &'static str>;

/// A named column and its place in the result.
#[derive(Debug, Clone)]
struct Column {
    name: Box<str>,
    index: usize,
}

/// The columns that a domain names, as places in a result.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    key: Column,
    clock: Column,
    changed: Option<Column>,
    version: Option<Column>,
    fields: Vec<Column>,
    /// All columns, where the whole row is handed on.
    carried: Vec<Column>,
    time: TimeFormat,
}

impl Columns {
    /// Finds every column that the domain names among those of a result.
    pub(super) fn find(result: &[&str], local: &Local, fields: &Fields) -> Result<Self, DefinitionFault> {
        let find = |name: &str| find(result, name);
        Ok(Self {
            key: find(&local.key)?,
            clock: find(&local.clock)?,
            changed: local.changed.as_deref().map(find).transpose()?,
            version: local.version.as_deref().map(find).transpose()?,
            fields: fields.fields.iter().map(|field| find(&field.local)).collect::<Result<_, _>>()?,
            carried: Vec::new(),
            time: local.time,
        })
    }

    /// The same, handing on whole rows where they are what a domain sends: by key, since only single rows are sent.
    pub(super) fn carrying(
        self,
        result: &[&str],
        purpose: Purpose,
        fields: &Fields,
    ) -> Result<Self, DefinitionFault> {
        if purpose == Purpose::Rows || fields.direction == Direction::Inbound {
            return Ok(self);
        }
        let carried = result.iter().map(|name| find(result, name)).collect::<Result<_, _>>()?;
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

    /// The places of all named columns.
    pub(super) fn indices(&self) -> impl Iterator<Item = usize> {
        let one = [Some(&self.key), Some(&self.clock), self.changed.as_ref(), self.version.as_ref()];
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
        let key = match cell(self.key.index).and_then(|value| key_text(value, scratch)) {
            Ok(key) => key,
            Err(reason) => {
                read.bad_key(&self.key.name, reason);
                return None;
            }
        };
        let clock = self.instant(&self.clock, &cell, read);
        let changed = self.changed.as_ref().and_then(|column| self.instant(column, &cell, read));
        let version = self.version.as_ref().map_or(Scalar::Absent, |column| value(column, &cell, read));
        let mut fields = Vec::with_capacity(self.fields.len());
        fields.extend(self.fields.iter().map(|column| value(column, &cell, read)));
        let whole = self.whole(&cell, read);
        read.rows += 1;
        Some(Row { key, clock, changed, version, fields, whole })
    }

    /// The whole row, where it is handed on and every value of it can be.
    fn whole<'r>(&self, cell: &impl Fn(usize) -> Cell<'r>, read: &mut Read) -> Option<Box<str>> {
        if self.carried.is_empty() {
            return None;
        }
        let mut whole = WholeRow::default();
        for Column { name, index } in &self.carried {
            match cell(*index) {
                Ok(value) => whole.add(name, &value),
                Err(reason) => {
                    read.unreadable(name, reason);
                    return None;
                }
            }
        }
        Some(whole.finish())
    }

    fn instant<'r>(
        &self,
        column: &Column,
        cell: &impl Fn(usize) -> Cell<'r>,
        read: &mut Read,
    ) -> Option<Instant> {
        match cell(column.index).and_then(|value| instant(&value, self.time)) {
            Ok(at) => at,
            Err(reason) => {
                read.unreadable(&column.name, reason);
                None
            }
        }
    }
}

fn find(result: &[&str], name: &str) -> Result<Column, DefinitionFault> {
    let mut places = result.iter().enumerate().filter(|(_, known)| **known == name);
    match (places.next(), places.next()) {
        (Some((index, _)), None) => Ok(Column { name: name.into(), index }),
        (Some(_), Some(_)) => Err(DefinitionFault::AmbiguousColumn(name.into())),
        (None, _) => Err(DefinitionFault::MissingColumn {
            column: name.into(),
            available: result.iter().map(|known| (*known).into()).collect(),
            did_you_mean: nearest(name, result.iter().copied()).map(Into::into),
        }),
    }
}

#[inline]
fn value<'r>(column: &Column, cell: &impl Fn(usize) -> Cell<'r>, read: &mut Read) -> Scalar<'r> {
    cell(column.index).unwrap_or_else(|reason| {
        read.unreadable(&column.name, reason);
        UNREADABLE
    })
}

/// The key as text; whole numbers keep their digits.
fn key_text<'r>(value: Scalar<'r>, scratch: &'r mut String) -> Result<Cow<'r, str>, &'static str> {
    let text = match value {
        Scalar::Text(text) => text,
        Scalar::Int(whole) => {
            scratch.clear();
            // Writing to a String cannot fail.
            let _ = write!(scratch, "{whole}");
            return Ok(Cow::Borrowed(scratch));
        }
        Scalar::Number(text) if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => text,
        Scalar::Null | Scalar::Absent => return Err("is null and cannot be a key"),
        _ => return Err("is neither text nor a whole number and cannot be a key"),
    };
    match key::check(&text) {
        Ok(()) => Ok(text),
        Err(key::KeyFault::Missing) => Err("is empty and cannot be a key"),
        Err(_) => Err("is too long or holds a control character and cannot be a key"),
    }
}

/// The instant that a value stands for: a database's own time, or a number or text in the domain's format.
fn instant(value: &Scalar<'_>, time: TimeFormat) -> Result<Option<Instant>, &'static str> {
    let at = match value {
        Scalar::Null | Scalar::Absent => return Ok(None),
        Scalar::Instant(at) => Some(*at),
        Scalar::Int(whole) => from_number(*whole, time),
        Scalar::Text(text) | Scalar::Number(text) => time.read(text),
        Scalar::Bool(_) | Scalar::Json(_) => None,
    };
    at.map(Some).ok_or("is not a time in the format that `time` declares")
}

fn from_number(whole: i64, time: TimeFormat) -> Option<Instant> {
    let scale = match time {
        TimeFormat::Epoch => 1_000_000,
        TimeFormat::EpochMs => 1_000,
        TimeFormat::EpochUs => 1,
        TimeFormat::Rfc3339 | TimeFormat::Sql => return None,
    };
    whole.checked_mul(scale).map(Instant::from_micros)
}

//! Rows that are held in memory, in the place of a database: those of a test, or of a recording.
//!
//! They stand for what the queries of a domain gave: the columns that the domain names are looked for in them, as in the result of a
//! query, and the queries themselves are asked of nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_reconcilers::compare::{Fields, Rule};
use tieout_reconcilers::instant::TimeFormat;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::reconciler::Local;
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::window::Window;

use super::columns::{Cell, Columns, Named, Value};
use super::database::{EachRow, MemberValues};
use super::error::{DefinitionFault, LocalError};
use super::read::Read;
use super::statement::Purpose;

/// What the column of a member's value begins with: `each.account`.
pub const EACH: &str = "each.";

/// Rows with equal columns, each value as JSON text.
#[derive(Debug, Clone, Default)]
pub struct Held {
    columns: Arc<[Box<str>]>,
    rows: Arc<[Box<[Box<str>]>]>,
}

impl Held {
    /// Holds rows, each as its columns with their values in JSON. A column that a row lacks is null there.
    #[must_use]
    pub fn new(rows: &[BTreeMap<String, String>]) -> Self {
        let columns: BTreeSet<&str> = rows.iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
        let value =
            |row: &BTreeMap<String, String>, name: &str| row.get(name).map_or("null", String::as_str).into();
        let row = |row| columns.iter().map(|name| value(row, name)).collect();
        let rows = rows.iter().map(row).collect();
        Self { columns: columns.iter().map(|name| Box::from(*name)).collect(), rows }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Finds the columns that a domain names, for one member of its fan-out.
    pub(super) fn reader(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<HeldReader, LocalError> {
        let wrong = |fault| LocalError::Definition { place: local.rows_place.clone(), fault };
        let mut each = Vec::new();
        for (name, value) in member {
            let name = format!("{EACH}{name}");
            let place = self.columns.iter().position(|known| **known == *name);
            match place {
                Some(place) => each.push((place, value.clone())),
                None if self.rows.is_empty() => {}
                None => return Err(wrong(DefinitionFault::Refused { at: None, reason: nobodys(&name) })),
            }
        }
        let named: Vec<Named<'_>> = self.columns.iter().map(|name| Named { name, type_name: "" }).collect();
        let columns = |purpose| {
            if self.rows.is_empty() {
                return Ok(None);
            }
            Columns::of(&named, purpose, local, fields).map(Some).map_err(wrong)
        };
        let (rows, keys) = (columns(Purpose::of_rows(local))?, columns(Purpose::Keys)?);
        Ok(HeldReader { held: self.clone(), each, rows, keys, times: self.times(local, fields) })
    }
}

impl Held {
    /// The columns that hold times, as a domain reads them.
    fn times(&self, local: &Local, fields: &Fields) -> Vec<bool> {
        let of_fields = fields.fields.iter().filter(|field| matches!(field.rule, Rule::Time(_)));
        let of_fields: Vec<&str> = of_fields.map(|field| &*field.local).collect();
        let is_time = |name: &str| {
            [&local.clock, &local.changed].into_iter().flatten().any(|known| known == name)
                || of_fields.contains(&name)
        };
        self.columns.iter().map(|name| is_time(name)).collect()
    }
}

fn nobodys(column: &str) -> String {
    format!("the feed is read for several, and no column `{column}` says whose a row is")
}

/// Reads held rows for one member of a domain.
#[derive(Debug, Clone)]
pub(super) struct HeldReader {
    held: Held,
    /// The columns that say whose a row is, with the value of the member.
    each: Vec<(usize, Box<str>)>,
    rows: Option<Columns>,
    keys: Option<Columns>,
    /// Which columns hold times: a text with its offset is one there, however the domain says that its database writes them.
    times: Vec<bool>,
}

impl HeldReader {
    /// The rows of a window, or all.
    pub(super) fn rows(&self, window: Option<Window>, each_row: &mut EachRow<'_>) -> Read {
        self.read(self.rows.as_ref(), each_row, |row, is_whole| {
            !is_whole || window.is_none_or(|window| row.clock.is_some_and(|at| window.contains(at)))
        })
    }

    /// The rows of some keys.
    pub(super) fn by_keys(&self, keys: &[Key], each_row: &mut EachRow<'_>) -> Read {
        self.read(self.keys.as_ref(), each_row, |row, _| keys.iter().any(|key| key.as_str() == row.key))
    }

    /// Hands out what is wanted. A row whose clock cannot be read belongs to every window, so that it is noticed.
    fn read(
        &self,
        columns: Option<&Columns>,
        each_row: &mut EachRow<'_>,
        is_wanted: impl Fn(&tieout_reconcilers::row::Row<'_>, bool) -> bool,
    ) -> Read {
        let mut read = Read::default();
        let Some(columns) = columns else { return read };
        for values in self.held.rows.iter().filter(|values| self.is_of_member(values)) {
            let cell = |place: usize| -> Cell<'_> {
                let raw = values.get(place).ok_or("is not among the columns")?;
                let scalar = Scalar::from_json(Some(raw));
                let at = match &scalar {
                    Scalar::Text(text) if self.times.get(place) == Some(&true) => {
                        TimeFormat::Rfc3339.read(text)
                    }
                    _ => None,
                };
                Ok(Value::Is(at.map_or(scalar, Scalar::Instant)))
            };
            let (mut alone, mut scratch) = (Read::default(), String::new());
            let Some(row) = columns.row(cell, &mut scratch, &mut alone) else {
                read.add(alone);
                continue;
            };
            if !is_wanted(&row, alone.unreadable == 0) {
                continue;
            }
            let flow = each_row(row);
            read.add(alone);
            if flow.is_break() {
                break;
            }
        }
        read
    }

    fn is_of_member(&self, values: &[Box<str>]) -> bool {
        self.each.iter().all(|(place, wanted)| {
            let value = values.get(*place).map(|raw| Scalar::from_json(Some(raw)));
            match value {
                Some(Scalar::Text(text) | Scalar::Number(text)) => text == **wanted,
                Some(Scalar::Int(whole)) => whole.to_string() == **wanted,
                _ => false,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use tieout_reconcilers::compare::Field;
    use tieout_reconcilers::instant::Instant;
    use tieout_reconcilers::path::Path;
    use tieout_reconcilers::row::Row;

    use super::*;

    fn local(time: TimeFormat) -> Local {
        Local { key: "id".into(), clock: Some("at".into()), time, ..Local::default() }
    }

    fn fields() -> Fields {
        let field = |name: &str| Field::named(&Path::try_from(name.to_owned()).unwrap(), Rule::Exact);
        Fields::of(vec![field("amount"), field("open")])
    }

    fn held(rows: &[&[(&str, &str)]]) -> Held {
        let row = |row: &&[(&str, &str)]| {
            row.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        Held::new(&rows.iter().map(row).collect::<Vec<_>>())
    }

    fn seen(reader: &HeldReader, window: Option<Window>) -> Vec<String> {
        let mut seen = Vec::new();
        reader.rows(window, &mut |row: Row<'_>| {
            seen.push(format!("{} {:?}", row.key, row.fields));
            ControlFlow::Continue(())
        });
        seen
    }

    #[test]
    fn values_are_what_they_are_written_as_and_a_column_that_a_row_lacks_is_null() {
        let held = held(&[
            &[("id", "7"), ("at", "\"1970-01-01T00:00:05Z\""), ("amount", "10.50"), ("open", "true")],
            &[("id", "\"b\""), ("at", "6"), ("amount", "12345678901234567890123")],
        ]);
        let reader = held.reader(&local(TimeFormat::Epoch), &fields(), &MemberValues::new()).unwrap();
        let second = |second: i64| Instant::from_micros(second * 1_000_000);
        insta::assert_snapshot!(seen(&reader, Window::new(second(5), second(7))).join("\n"), @r#"
        7 [Number("10.50"), Bool(true)]
        b [Number("12345678901234567890123"), Null]
        "#);
        assert_eq!(seen(&reader, Window::new(second(6), second(7))).len(), 1);
    }

    #[test]
    fn a_column_that_no_row_has_is_missed_as_in_a_database() {
        let held = held(&[&[("id", "7"), ("at", "6"), ("amont", "1"), ("open", "true")]]);
        let error = held.reader(&local(TimeFormat::Epoch), &fields(), &MemberValues::new()).unwrap_err();
        assert!(error.to_string().contains("amount") || format!("{error:?}").contains("amount"), "{error:?}");
        let nothing =
            Held::default().reader(&local(TimeFormat::Epoch), &fields(), &MemberValues::new()).unwrap();
        assert_eq!(seen(&nothing, None), Vec::<String>::new());
    }

    #[test]
    fn rows_belong_to_the_member_that_they_name() {
        let row = |each: &'static str| {
            [("id", each), ("at", "6"), ("amount", "1"), ("open", "true"), ("each.shop", each)]
        };
        let (one, two) = (row("1"), row("2"));
        let held = held(&[&one, &two]);
        let member: MemberValues = [("shop".into(), "2".into())].into();
        let reader = held.reader(&local(TimeFormat::Epoch), &fields(), &member).unwrap();
        assert_eq!(seen(&reader, None).len(), 1);
        let stranger: MemberValues = [("account".into(), "2".into())].into();
        assert!(held.reader(&local(TimeFormat::Epoch), &fields(), &stranger).is_err());
    }
}

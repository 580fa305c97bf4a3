//! Takes the rows out of a page that is more than an array of objects.
//!
//! This costs a few more passes over the text than a plain array; nothing is copied but what has to be built.

use std::borrow::Cow;

use super::find::{Lookup, at, elements, entries, is_object};
use super::rows::{Absent, At, Explode, Nested, Operation, RowShape, Rows};
use super::shape::ShapeFault;
use crate::path::Path;

/// A row with what lies around it.
#[derive(Debug, Clone)]
pub struct Found<'j> {
    /// The row as JSON text.
    pub raw: Cow<'j, str>,
    /// The JSON text of its name in the map that it lies in.
    pub key: Option<String>,
    /// What the list that it lies in says about it.
    pub operation: Option<Operation>,
    /// The place among [`Gathering::outer`] of the row that it was taken out of.
    pub around: Option<usize>,
}

impl<'j> Found<'j> {
    /// A row by itself.
    #[must_use]
    pub const fn alone(raw: Cow<'j, str>) -> Self {
        Self { raw, key: None, operation: None, around: None }
    }
}

/// A row, or what is wrong with what stands in its place.
pub type Gathered<'j> = Result<Found<'j>, Cow<'static, str>>;

/// The rows of a page.
#[derive(Debug, Default)]
pub struct Gathering<'j> {
    /// In the order of the page.
    pub rows: Vec<Gathered<'j>>,
    /// The rows that others were taken out of.
    pub outer: Vec<Cow<'j, str>>,
    /// The values outside the rows.
    pub signals: Vec<Option<Box<str>>>,
    /// How many elements the page lists, as the provider counts them.
    pub listed: usize,
    /// How many lists inside rows are not all there.
    pub cut: usize,
}

impl Gathering<'_> {
    /// Adds what stands in the place of a row and is none.
    pub fn fault(&mut self, why: String) {
        self.listed += 1;
        self.rows.push(Err(why.into()));
    }
}

impl RowShape {
    /// Adds the rows of a JSON page.
    pub fn gather<'j>(&self, page: &'j str, into: &mut Gathering<'j>) -> Result<(), ShapeFault> {
        let alone = |raw: &'j str| Found::alone(Cow::Borrowed(raw));
        let mut found = Vec::new();
        match &self.rows {
            Rows::Array(at) => found.extend(array(page, at)?.into_iter().map(alone)),
            Rows::One(at) => found.extend(value(page, at)?.map(|raw| one(raw, at)).transpose()?.map(alone)),
            Rows::Map(at) => {
                let map = value(page, at)?.map(entries).transpose()?;
                let map = map.unwrap_or(Some(Vec::new())).ok_or(ShapeFault::RowsNotMap(at.to_string()))?;
                let named = |(name, raw): (String, &'j str)| Found {
                    key: Some(serde_json::Value::from(name).to_string()),
                    ..alone(raw)
                };
                found.extend(map.into_iter().map(named));
            }
            Rows::Tagged(lists) => {
                for (operation, at) in lists {
                    let tagged = |raw| Found { operation: Some(*operation), ..alone(raw) };
                    found.extend(array(page, at)?.into_iter().map(tagged));
                }
            }
        }
        for row in found {
            self.refine(row, into);
        }
        Ok(())
    }

    /// Makes one element of a page the row or rows that it stands for.
    pub fn refine<'j>(&self, found: Found<'j>, into: &mut Gathering<'j>) {
        into.listed += 1;
        if let Err(fault) = self.take_apart(found, into) {
            into.rows.push(Err(fault.to_string().into()));
        }
    }

    fn take_apart<'j>(&self, found: Found<'j>, into: &mut Gathering<'j>) -> Result<(), ShapeFault> {
        let unwrapped = match &self.unwrap {
            None => Some(found),
            Some(path) => part(&found.raw, path)?.map(|raw| Found { raw, ..found }),
        };
        let Some(found) = unwrapped else {
            into.rows.push(Err("it holds nothing where its row should be".into()));
            return Ok(());
        };
        match &self.explode {
            None => into.rows.push(self.named(found)),
            Some(explode) => self.explode(explode, found, into)?,
        }
        Ok(())
    }

    /// The elements of a row's list are the rows.
    fn explode<'j>(
        &self,
        explode: &Explode,
        outer: Found<'j>,
        into: &mut Gathering<'j>,
    ) -> Result<(), ShapeFault> {
        let list = part(&outer.raw, &explode.at.path)?.filter(|raw| raw != "null");
        let parts = match (list.as_deref().map(elements).transpose()?, explode.at.absent) {
            (Some(Some(parts)), _) => parts,
            (None, Absent::Empty) if is_object(&outer.raw) => Vec::new(),
            _ => {
                into.rows.push(Err("it has no list where its rows should be".into()));
                return Ok(());
            }
        };
        if let Some(nested) = &explode.nested {
            into.cut += usize::from(nested.is_cut(&outer.raw)?.is_some());
        }
        let around = Some(into.outer.len());
        for raw in parts {
            let inner = Found { raw: Cow::Owned(raw.to_owned()), around, key: outer.key.clone(), ..outer };
            into.rows.push(self.named(inner));
        }
        into.outer.push(outer.raw);
        Ok(())
    }

    /// A single value becomes an object with one member, where the definition names it.
    fn named<'j>(&self, found: Found<'j>) -> Gathered<'j> {
        let Some(name) = &self.scalar else { return Ok(found) };
        if found.raw.starts_with(['{', '[', 'n']) {
            return Err("it is not a single value".into());
        }
        let raw = format!("{{{}:{}}}", serde_json::Value::from(name.as_ref()), found.raw);
        Ok(Found { raw: Cow::Owned(raw), ..found })
    }
}

impl Nested {
    /// Why the list of a row is not all there, or nothing where it is.
    pub fn is_cut(&self, row: &str) -> Result<Option<Cut>, ShapeFault> {
        let list = match at(row, &self.rows.path)? {
            Lookup::Value(list) if list != "null" => elements(list)?,
            _ if self.rows.absent == Absent::Empty => Some(Vec::new()),
            _ => None,
        };
        let Some(list) = list else { return Ok(Some(Cut::NoList)) };
        let said = |path: &Option<Path>| match path.as_ref().map(|path| at(row, path)).transpose() {
            Ok(Some(Lookup::Value(raw))) => Ok(Some(raw.to_owned())),
            Ok(_) => Ok(None),
            Err(fault) => Err(fault),
        };
        let goes_on =
            said(&self.more)?.is_some_and(|more| !matches!(more.trim_matches('"'), "false" | "null"));
        let has_rest = said(&self.total)?.is_some_and(|total| {
            total.trim_matches('"').parse::<usize>().map_or(total != "null", |total| total > list.len())
        });
        Ok((goes_on || has_rest).then_some(Cut::GoesOn))
    }
}

/// Why a list inside a row is not all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The provider says that it goes on.
    GoesOn,
    /// There is none.
    NoList,
}

fn array<'j>(page: &'j str, rows: &At) -> Result<Vec<&'j str>, ShapeFault> {
    match value(page, rows)? {
        None => Ok(Vec::new()),
        Some(list) => elements(list)?.ok_or_else(|| ShapeFault::RowsNotArray(rows.to_string())),
    }
}

/// The one row, which may be alone in an array.
fn one<'j>(raw: &'j str, rows: &At) -> Result<&'j str, ShapeFault> {
    match elements(raw)?.as_deref() {
        None => Ok(raw),
        Some([only]) => Ok(only),
        Some(_) => Err(ShapeFault::RowsNotOne(rows.to_string())),
    }
}

/// What lies where rows should be; nothing where it may be missing and is.
fn value<'j>(page: &'j str, rows: &At) -> Result<Option<&'j str>, ShapeFault> {
    match (at(page, &rows.path)?, rows.absent) {
        (Lookup::Value("null") | Lookup::Absent, Absent::Empty) => Ok(None),
        (Lookup::Value(found), _) => Ok(Some(found)),
        _ => Err(ShapeFault::NoRows(rows.to_string())),
    }
}

/// A part of a row, as long as the row itself where the row is borrowed.
fn part<'j>(row: &Cow<'j, str>, path: &Path) -> Result<Option<Cow<'j, str>>, ShapeFault> {
    match row {
        Cow::Borrowed(text) => Ok(match at(text, path)? {
            Lookup::Value(found) => Some(Cow::Borrowed(found)),
            _ => None,
        }),
        Cow::Owned(text) => Ok(match at(text, path)? {
            Lookup::Value(found) => Some(Cow::Owned(found.to_owned())),
            _ => None,
        }),
    }
}

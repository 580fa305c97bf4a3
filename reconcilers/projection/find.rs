//! Finds single values in JSON text without building a tree, and refuses what stands there twice.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::shape::{ShapeFault, where_it_broke};
use crate::path::Path;

/// What is to be found at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'j> {
    /// This value.
    Value(&'j str),
    /// The last member of the path is not there, and everything before it is.
    Absent,
    /// The way to it ends before.
    NoWay,
}

/// The value at a path.
pub fn at<'j>(text: &'j str, path: &Path) -> Result<Lookup<'j>, ShapeFault> {
    let mut here = text;
    let mut members = path.members().peekable();
    while let Some(name) = members.next() {
        if !is_object(here) {
            return Ok(Lookup::NoWay);
        }
        match member(here, name, path)? {
            Some(value) => here = value,
            None if members.peek().is_none() => return Ok(Lookup::Absent),
            None => return Ok(Lookup::NoWay),
        }
    }
    Ok(Lookup::Value(here.trim()))
}

/// Whether a JSON text is an object.
pub(super) fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// The elements of an array, or nothing where it is none.
pub(crate) fn elements(text: &str) -> Result<Option<Vec<&str>>, ShapeFault> {
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    let all: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| where_it_broke(&error))?;
    Ok(Some(all.into_iter().map(RawValue::get).collect()))
}

/// The members of an object in the order they were sent, or nothing where it is none.
pub(crate) fn entries(text: &str) -> Result<Option<Vec<(String, &str)>>, ShapeFault> {
    if !is_object(text) {
        return Ok(None);
    }
    let mut entries = Vec::new();
    each_member(text, |name, value| entries.push((name.to_owned(), value)))?;
    Ok(Some(entries))
}

fn member<'j>(object: &'j str, wanted: &str, path: &Path) -> Result<Option<&'j str>, ShapeFault> {
    let (mut found, mut twice) = (None, false);
    each_member(object, |name, value| {
        if name == wanted {
            twice |= found.replace(value).is_some();
        }
    })?;
    if twice { Err(ShapeFault::Twice(path.to_string())) } else { Ok(found) }
}

/// Calls a function with every member of an object.
fn each_member<'j>(object: &'j str, mut call: impl FnMut(&str, &'j str)) -> Result<(), ShapeFault> {
    let mut json = serde_json::Deserializer::from_str(object);
    let read = json.deserialize_map(Members(&mut call)).and_then(|()| json.end());
    read.map_err(|error| where_it_broke(&error))
}

struct Members<'f, F>(&'f mut F);

impl<'de, F: FnMut(&str, &'de str)> Visitor<'de> for Members<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let raw = map.next_value::<&'de RawValue>()?;
            (self.0)(&name, raw.get());
        }
        Ok(())
    }
}

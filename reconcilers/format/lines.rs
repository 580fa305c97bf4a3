//! A JSON value on every line, as bulk exports are written. Lines that belong to another one by `__parentId` are dropped or
//! put into it, as the definition says.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::Row;
use crate::key::text_of;
use crate::path::Path;
use crate::projection::{Lookup, at};

/// The member that names the line a line belongs to.
const PARENT: &str = "__parentId";
/// The member that the lines which belong to a line are put into.
const CHILDREN: &str = "__children";

/// How deep lines may lie in other lines.
const MAX_NESTED: usize = 16;

/// What is done with lines that belong to another line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Children {
    /// They are left out.
    Drop,
    /// They are put into the line that they belong to, as its `__children`.
    Nest,
}

/// Adds the rows of a text.
pub(super) fn rows(text: &str, children: Option<Children>, into: &mut Vec<Row>) {
    let mut reading = Reading { children, lines: Vec::new(), places: HashMap::new(), faults: Vec::new() };
    for (number, text) in text.lines().enumerate() {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        if let Err(what) = reading.take(number + 1, text) {
            reading.faults.push(format!("line {} {what}", number + 1));
        }
    }
    reading.finish(into);
}

/// A line, with what was found out about it.
struct Line<'t> {
    number: usize,
    text: &'t str,
    /// The place of the line that it belongs to.
    parent: Option<usize>,
    depth: usize,
    /// What was put into it, last one first.
    children: Vec<String>,
}

struct Reading<'t> {
    children: Option<Children>,
    lines: Vec<Line<'t>>,
    /// The places of lines by their ids.
    places: HashMap<String, usize>,
    faults: Vec<String>,
}

impl<'t> Reading<'t> {
    fn take(&mut self, number: usize, text: &'t str) -> Result<(), String> {
        serde_json::from_str::<&RawValue>(text).map_err(|_| "is not JSON")?;
        let parent = match (value(text, PARENT), self.children) {
            (None, _) => None,
            (Some(_), Some(Children::Drop)) => return Ok(()),
            (Some(id), Some(Children::Nest)) => {
                let place = self.places.get(&id).copied();
                Some(place.ok_or("belongs to a line that does not stand before it")?)
            }
            (Some(_), None) => {
                return Err(format!(
                    "belongs to another by `{PARENT}`; say `children: drop` or `children: nest`"
                ));
            }
        };
        let depth = parent.and_then(|place| self.lines.get(place)).map_or(0, |outer| outer.depth + 1);
        if depth > MAX_NESTED {
            return Err("lies too deep in other lines".to_owned());
        }
        if self.children == Some(Children::Nest)
            && let Some(id) = value(text, "id")
        {
            self.places.insert(id, self.lines.len());
        }
        self.lines.push(Line { number, text, parent, depth, children: Vec::new() });
        Ok(())
    }

    /// Children stand behind their parents, so from the end on every line is whole when it is put into another.
    fn finish(mut self, into: &mut Vec<Row>) {
        let begin = into.len();
        while let Some(line) = self.lines.pop() {
            let outer = line.parent.and_then(|place| self.lines.get_mut(place));
            match (outer, line.whole()) {
                (Some(outer), Ok(text)) => outer.children.push(text),
                (_, row) => into.push(row),
            }
        }
        into[begin..].reverse();
        into.extend(self.faults.into_iter().map(Err));
    }
}

impl Line<'_> {
    /// The line with what was put into it.
    fn whole(self) -> Row {
        if self.children.is_empty() {
            return Ok(self.text.to_owned());
        }
        let Some(open) = self.text.strip_suffix('}') else {
            return Err(format!("line {} is not an object", self.number));
        };
        let comma = if open.trim_end().ends_with('{') { "" } else { "," };
        let children: Vec<String> = self.children.into_iter().rev().collect();
        Ok(format!("{open}{comma}\"{CHILDREN}\":[{}]}}", children.join(",")))
    }
}

/// The text of a member of a line.
fn value(line: &str, member: &str) -> Option<String> {
    match at(line, &Path::of_member(member)) {
        Ok(Lookup::Value(raw)) => text_of(raw).ok().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

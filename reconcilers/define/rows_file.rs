//! `rows` and the words beside it: where the rows of a page are, what one row is, and how the body is written.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::checked::{Checked, Fault, FromText};
use super::document::Problems;
use super::gone_file::GoneIf;
use super::nested_file::NestedFile;
use super::problem::Spot;
use super::words;
use crate::format::{Children, Elements, Format, Unpack};
use crate::path::Path;
use crate::projection::{Absent, At, Explode, Nested, Operation, RowShape, Rows};

impl FromText for At {
    fn from_text(text: &str) -> Result<Self, Fault> {
        let (path, absent) = match text.strip_suffix('?') {
            Some(path) => (path, Absent::Empty),
            None => (text, Absent::Fault),
        };
        let path = if path == "." { Path::root() } else { Path::of_rows(path).map_err(Fault::new)? };
        if path.is_root() && absent == Absent::Empty {
            return Err(Fault::new("the page itself cannot be absent").with_help("leave out the `?`"));
        }
        Ok(Self { path, absent })
    }
}

/// `data`, `data?`, `[*]`, or with what of an element is the row: `edges[*].node`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowsText {
    pub at: At,
    pub unwrap: Option<Path>,
}

impl FromText for RowsText {
    fn from_text(text: &str) -> Result<Self, Fault> {
        let Some((list, inner)) = text.split_once("[*]").filter(|(_, inner)| !inner.is_empty()) else {
            return At::from_text(text).map(|at| Self { at, unwrap: None });
        };
        if inner.contains("[*]") {
            return Err(Fault::new(format!("`{text}` names a list inside a list"))
                .with_help("name the outer list in `rows` and the inner one in `explode`"));
        }
        if inner == "?" {
            return At::from_text(&format!("{list}?")).map(|at| Self { at, unwrap: None });
        }
        let inner = Path::from_text(inner.strip_prefix('.').unwrap_or(inner))?;
        Ok(Self { at: At::from_text(if list.is_empty() { "." } else { list })?, unwrap: Some(inner) })
    }
}

/// A text, or a mapping for rows that do not lie in one array.
#[derive(Debug, Clone)]
pub(super) enum RowsFile {
    Text(Result<RowsText, Fault>),
    Elsewhere(Box<ElsewhereFile>),
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ElsewhereFile {
    map: Option<Checked<At>>,
    one: Option<Checked<At>>,
    added: Option<Checked<At>>,
    modified: Option<Checked<At>>,
    removed: Option<Checked<At>>,
}

impl<'de> Deserialize<'de> for RowsFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowsVisitor)
    }
}

struct RowsVisitor;

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = RowsFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path of the rows, such as `data`, or a mapping such as `{added: added, removed: removed}`")
    }

    fn visit_str<E>(self, text: &str) -> Result<RowsFile, E> {
        Ok(RowsFile::Text(RowsText::from_text(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RowsFile, A::Error> {
        ElsewhereFile::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(RowsFile::Elsewhere)
    }
}

impl RowsFile {
    /// Where the rows are and what of an element is the row.
    pub(super) fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Option<(Rows, Option<Path>)> {
        let file = match self {
            Self::Text(text) => {
                let text = text.map_err(|fault| problems.add(spot, fault)).ok()?;
                return Some((Rows::Array(text.at), text.unwrap));
            }
            Self::Elsewhere(file) => *file,
        };
        let tagged = [
            (Operation::Added, file.added),
            (Operation::Modified, file.modified),
            (Operation::Removed, file.removed),
        ];
        let mut lists = Vec::new();
        for (operation, at) in tagged {
            lists.extend(problems.take_option(at).map(|at| (operation, at)));
        }
        let map = problems.take_option(file.map).map(Rows::Map);
        let one = problems.take_option(file.one).map(Rows::One);
        let tagged = (!lists.is_empty()).then_some(Rows::Tagged(lists));
        let mut all: Vec<Rows> = [map, one, tagged].into_iter().flatten().collect();
        if all.len() != 1 {
            let help = "say `map`, or `one`, or any of `added`, `modified` and `removed`";
            problems.add(spot, Fault::new("rows lie in one way").with_help(help));
        }
        Some((all.pop()?, None))
    }
}

/// How a body is written, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormatWord {
    Json,
    Jsonl,
    Csv,
    Tsv,
    Xml,
}

impl FromText for FormatWord {
    fn from_text(text: &str) -> Result<Self, Fault> {
        const FORMATS: &[(&str, FormatWord)] = &[
            ("json", FormatWord::Json),
            ("jsonl", FormatWord::Jsonl),
            ("csv", FormatWord::Csv),
            ("tsv", FormatWord::Tsv),
            ("xml", FormatWord::Xml),
        ];
        words::choose("format", text, FORMATS)
    }
}

impl FromText for Unpack {
    fn from_text(text: &str) -> Result<Self, Fault> {
        words::choose("packing", text, &[("gzip", Self::Gzip), ("zip", Self::Zip)])
    }
}

impl FromText for Children {
    fn from_text(text: &str) -> Result<Self, Fault> {
        words::choose("word", text, &[("drop", Self::Drop), ("nest", Self::Nest)])
    }
}

/// The words of a feed about its rows.
pub(super) struct RowsWords {
    pub rows: Option<Spanned<RowsFile>>,
    pub unwrap: Option<Checked<Path>>,
    pub explode: Option<Checked<At>>,
    pub scalar: Option<Checked<String>>,
    pub format: Option<Checked<FormatWord>>,
    pub unpack: Option<Checked<Unpack>>,
    pub children: Option<Checked<Children>>,
    pub nested: Vec<NestedFile>,
    pub gone: GoneIf,
}

/// The rows of a feed.
#[derive(Debug, Clone)]
pub struct RowsDefinition {
    /// How they lie in a page.
    pub shape: RowShape,
    /// How a page is written.
    pub format: Format,
    /// How it is packed.
    pub unpack: Option<Unpack>,
    /// Lists inside rows that may be cut off.
    pub nested: Vec<Nested>,
    /// Which rows name deleted items.
    pub gone: GoneIf,
}

impl RowsWords {
    pub(super) fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Option<RowsDefinition> {
        let format_spot = self.format.as_ref().map_or(spot, |format| format.spot);
        let children_spot = self.children.as_ref().map(|children| children.spot);
        let word = problems.take_option(self.format).unwrap_or(FormatWord::Json);
        let children = problems.take_option(self.children);
        if let (Some(spot), false) = (children_spot, word == FormatWord::Jsonl) {
            let fault = Fault::new("`children` speaks of lines, and the pages have none");
            problems.add(spot, fault.with_help("it stands beside `format: jsonl`"));
        }
        let format = match word {
            FormatWord::Json => Format::Json,
            FormatWord::Jsonl => Format::Lines(children),
            FormatWord::Csv => Format::Table { separator: b',', columns: Vec::new() },
            FormatWord::Tsv => Format::Table { separator: b'\t', columns: Vec::new() },
            FormatWord::Xml => Format::Xml(Elements::default()),
        };
        let rows = self.rows.and_then(|rows| Some((Spot::from(rows.referenced), rows.value)));
        let (rows, inner) = match (rows, format.is_rows()) {
            (Some((spot, file)), false) => file.compile(spot, problems)?,
            (None, true) => (Rows::Array(At::required(Path::root())), None),
            (None, false) => {
                let help = "say where the rows of a page are, such as `rows: data`";
                problems.add(spot, Fault::new("the feed has no `rows`").with_help(help));
                return None;
            }
            (Some((spot, _)), true) => {
                let fault = Fault::new("a body of this `format` is nothing but its rows");
                problems.add(spot, fault.with_help("leave out `rows`"));
                return None;
            }
        };
        let is_table = matches!(format, Format::Table { .. });
        let reshapes = self.unwrap.is_some() || self.explode.is_some() || self.scalar.is_some();
        if is_table && (reshapes || !self.nested.is_empty()) {
            let fault = Fault::new("the cells of a table are single values");
            problems.add(format_spot, fault.with_help("leave out `unwrap`, `explode`, `scalar` and `nested`"));
        }
        let unwrap_spot = self.unwrap.as_ref().map(|unwrap| unwrap.spot);
        let unwrap = problems.take_option(self.unwrap);
        if let (Some(spot), Some(_)) = (unwrap_spot, &inner) {
            problems.add(spot, Fault::new("`rows` says already what of an element is the row"));
        }
        let explode = problems.take_option(self.explode);
        let mut nested = Vec::new();
        for list in self.nested {
            nested.extend(list.compile(problems));
        }
        let explode = explode.map(|at| {
            let place = nested.iter().position(|list| list.rows.path == at.path);
            Explode { at, nested: place.map(|place| nested.remove(place)) }
        });
        let scalar = problems.take_option(self.scalar).map(String::into_boxed_str);
        let shape = RowShape { rows, unwrap: unwrap.or(inner), explode, scalar };
        Some(RowsDefinition { shape, format, unpack: problems.take_option(self.unpack), nested, gone: self.gone })
    }
}

//! `rows` and the words beside it: where the rows of a page are, what one row is, and how the body is written.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::checked::{Checked, Fault, FromText, Placed, Word};
use super::document::Problems;
use super::gone_file::GoneIf;
use super::nested_file::NestedFile;
use super::problem::Spot;
use super::schema;
use crate::format::{Children, Elements, Format, Unpack};
use crate::path::Path;
use crate::projection::{AROUND, Absent, At, Explode, MAP_KEY, Nested, OPERATION, Operation, RowShape, Rows};

impl FromText for At {
    const WHAT: &'static str = "path";

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
    const WHAT: &'static str = "path of a list";
    const EXAMPLES: &'static [&'static str] = &["data", "edges[*].node"];

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

/// Rows that do not lie in one array: `map`, or `one`, or any of the others.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ElsewhereFile {
    /// An object with rows by their ids.
    map: Option<Checked<At>>,
    /// A single row; `.` is the page itself.
    one: Option<Checked<At>>,
    /// The array of rows that are new.
    added: Option<Checked<At>>,
    /// The array of rows that changed.
    modified: Option<Checked<At>>,
    /// The array of rows that name deleted items.
    removed: Option<Checked<At>>,
}

impl<'de> Deserialize<'de> for RowsFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowsVisitor)
    }
}

schema::schema_of!(RowsFile, |generator| schema::any_of([
    schema::plain_text::<RowsText>(),
    generator.subschema_for::<ElsewhereFile>(),
]));

struct RowsVisitor;

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = RowsFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the path of the rows, such as `data`, or a mapping such as `{added: added, removed: removed}`",
        )
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

impl Word for FormatWord {
    const WHAT: &'static str = "format";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("json", FormatWord::Json),
            ("jsonl", FormatWord::Jsonl),
            ("csv", FormatWord::Csv),
            ("tsv", FormatWord::Tsv),
            ("xml", FormatWord::Xml),
        ]
    }
}

impl Word for Unpack {
    const WHAT: &'static str = "packing";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("gzip", Self::Gzip), ("zip", Self::Zip)]
    }
}

impl Word for Children {
    const WHAT: &'static str = "word";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("drop", Self::Drop), ("nest", Self::Nest)]
    }
}

/// The words of a feed about its rows.
pub(super) struct RowsWords {
    pub rows: Option<Placed<RowsFile>>,
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
    pub(super) fn compile(mut self, spot: Spot, problems: &mut Problems<'_>) -> Option<RowsDefinition> {
        let format = self.format(problems);
        let (rows, inner) = self.rows(&format, spot, problems)?;
        if let (Some(unwrap), Some(_)) = (&self.unwrap, &inner) {
            problems.add(unwrap.spot, Fault::new("`rows` says already what of an element is the row"));
        }
        let unwrap = problems.take_option(self.unwrap);
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
        let unpack = problems.take_option(self.unpack);
        let shape = RowShape { rows, unwrap: unwrap.or(inner), explode, scalar };
        Some(RowsDefinition { shape, format, unpack, nested, gone: self.gone })
    }

    fn format(&mut self, problems: &mut Problems<'_>) -> Format {
        let spot = self.format.as_ref().map(|format| format.spot).unwrap_or_default();
        let word = problems.take_option(self.format.take()).unwrap_or(FormatWord::Json);
        if let Some(children) = self.children.as_ref().filter(|_| word != FormatWord::Jsonl) {
            let fault = Fault::new("`children` speaks of lines, and the pages have none");
            problems.add(children.spot, fault.with_help("it stands beside `format: jsonl`"));
        }
        let reshapes = self.unwrap.is_some() || self.explode.is_some() || self.scalar.is_some();
        let is_table = matches!(word, FormatWord::Csv | FormatWord::Tsv);
        if is_table && (reshapes || !self.nested.is_empty()) {
            let fault = Fault::new("the cells of a table are single values");
            problems.add(spot, fault.with_help("leave out `unwrap`, `explode`, `scalar` and `nested`"));
        }
        let table = |separator| Format::Table { separator, columns: Vec::new() };
        match word {
            FormatWord::Json => Format::Json,
            FormatWord::Jsonl => Format::Lines(problems.take_option(self.children.take())),
            FormatWord::Csv => table(b','),
            FormatWord::Tsv => table(b'\t'),
            FormatWord::Xml => Format::Xml(Elements::default()),
        }
    }

    fn rows(
        &mut self,
        format: &Format,
        feed: Spot,
        problems: &mut Problems<'_>,
    ) -> Option<(Rows, Option<Path>)> {
        let fault = match (self.rows.take(), format.is_rows()) {
            (Some(rows), false) => return rows.value.compile(rows.spot, problems),
            (None, true) => return Some((Rows::Array(At::required(Path::root())), None)),
            (None, false) => Fault::new("the feed has no `rows`")
                .with_help("say where the rows of a page are, such as `rows: data`"),
            (Some(_), true) => {
                Fault::new("a body of this `format` is nothing but its rows").with_help("leave out `rows`")
            }
        };
        problems.add(feed, fault);
        None
    }
}

impl RowsDefinition {
    /// Refuses a path that leads out of the row to where nothing is.
    pub(super) fn check(&self, path: &Path, spot: Spot, problems: &mut Problems<'_>) {
        let (is_there, what) = match path.split_first() {
            Some((MAP_KEY, _)) => (matches!(self.shape.rows, Rows::Map(_)), "`rows: {map: ...}`"),
            Some((OPERATION, _)) => {
                (matches!(self.shape.rows, Rows::Tagged(_)), "`rows: {added: ..., removed: ...}`")
            }
            Some((AROUND, _)) => (self.shape.explode.is_some(), "`explode`"),
            _ => (true, ""),
        };
        if !is_there {
            let fault = Fault::new(format!("`{path}` names nothing here"));
            problems.add(spot, fault.with_help(format!("it stands beside {what}")));
        }
    }
}

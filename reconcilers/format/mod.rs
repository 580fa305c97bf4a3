//! Bodies that are not JSON pages: packed, in lines, in tables or in XML. Each becomes JSON, which is then read as any
//! other page is.
//!
//! Nothing is guessed: a body that is not what the definition says is a fault, and so is one that unpacks into too much.

mod fault;
mod lines;
mod table;
mod unpack;
mod xml;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use fault::FormatFault;
pub use lines::Children;
pub use unpack::{Caps, Unpack};
pub use xml::Elements;

/// How a body is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON document.
    #[default]
    Json,
    /// A JSON value on every line.
    Lines(Option<Children>),
    /// A table with a header line.
    Table {
        /// What stands between two columns.
        separator: u8,
        /// The columns that every such table has.
        columns: Vec<Box<str>>,
    },
    /// XML.
    Xml(Elements),
}

impl Format {
    /// Whether the body is a list of rows and nothing else, so that there is no path to them.
    #[must_use]
    pub const fn is_rows(&self) -> bool {
        matches!(self, Self::Lines(_) | Self::Table { .. })
    }
}

/// A row by itself, or what is wrong with what stands in its place.
pub type Row = Result<String, String>;

/// A body in JSON.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded<'b> {
    /// Pages, each with rows somewhere.
    Pages(Vec<Cow<'b, str>>),
    /// Rows.
    Rows(Vec<Row>),
}

/// Turns a body into JSON.
pub fn decode<'b>(
    format: &Format,
    unpack: Option<Unpack>,
    caps: Caps,
    body: &'b [u8],
) -> Result<Decoded<'b>, FormatFault> {
    let parts = match unpack {
        None => vec![Cow::Borrowed(body)],
        Some(how) => unpack::unpack(how, body, caps)?.into_iter().map(Cow::Owned).collect(),
    };
    let mut rows = Vec::new();
    let mut pages = Vec::new();
    for part in parts {
        match format {
            Format::Json => pages.push(text(part)?),
            Format::Xml(elements) => pages.push(Cow::Owned(xml::page(&text(part)?, elements)?)),
            Format::Lines(children) => lines::rows(&text(part)?, *children, &mut rows),
            Format::Table { separator, columns } => table::rows(&part, *separator, columns, &mut rows)?,
        }
    }
    Ok(if format.is_rows() { Decoded::Rows(rows) } else { Decoded::Pages(pages) })
}

/// A body as text, without the mark that some writers begin it with.
fn text(body: Cow<'_, [u8]>) -> Result<Cow<'_, str>, FormatFault> {
    let text = match body {
        Cow::Borrowed(bytes) => Cow::Borrowed(std::str::from_utf8(bytes).map_err(|_| FormatFault::NotUtf8)?),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).map_err(|_| FormatFault::NotUtf8)?),
    };
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix(MARK).unwrap_or(text)),
        Cow::Owned(text) => match text.strip_prefix(MARK) {
            Some(rest) => Cow::Owned(rest.to_owned()),
            None => Cow::Owned(text),
        },
    })
}

/// The byte order mark.
const MARK: char = '\u{feff}';

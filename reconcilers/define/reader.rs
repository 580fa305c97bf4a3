//! Where a definition looks for a paging signal: in the body, in a header, or in the last row.

use super::checked::{Fault, FromText};
use crate::page::Response;
use crate::path::Path;
use crate::scalar;

/// A place in a response outside its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// A member of the body.
    Body(Path),
    /// A header, in lower case.
    Header(String),
}

impl FromText for Reader {
    fn from_text(text: &str) -> Result<Self, Fault> {
        if let Some(name) = text.strip_prefix("header:") {
            return super::value::HeaderName::from_text(name).map(|name| Self::Header(name.0));
        }
        if text.starts_with("last:") || text.starts_with("link:") || text == "status" {
            return Err(Fault::new(format!("`{text}` cannot be read here"))
                .with_help("name a member of the body, such as `meta.pages`, or `header:NAME`"));
        }
        if text.ends_with('?') {
            return Err(Fault::new("`?` after a path is known and not supported yet"));
        }
        Path::from_text(text).map(Self::Body)
    }
}

impl Reader {
    /// The path whose value the page's projection has to keep.
    #[must_use]
    pub fn signal(&self) -> Option<Path> {
        match self {
            Self::Body(path) => Some(path.clone()),
            Self::Header(_) => None,
        }
    }

    /// The text of the signal: `null` and the empty text are no signal.
    #[must_use]
    pub fn read(&self, kept: Option<&str>, response: &Response<'_>) -> Option<String> {
        let text = match self {
            Self::Body(_) => plain(kept?)?,
            Self::Header(name) => response.header(name)?.trim().to_owned(),
        };
        (!text.is_empty() && text != "null").then_some(text)
    }
}

/// The text of a JSON string, number or boolean.
#[must_use]
pub fn plain(raw: &str) -> Option<String> {
    match raw.as_bytes().first()? {
        b'"' => scalar::unquote(raw).map(std::borrow::Cow::into_owned),
        b'{' | b'[' | b'n' => None,
        _ => Some(raw.to_owned()),
    }
}

/// Where the cursor of the next page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CursorReader {
    /// Outside the rows.
    Page(Reader),
    /// A member of the last row.
    Last(Path),
}

impl FromText for CursorReader {
    fn from_text(text: &str) -> Result<Self, Fault> {
        match text.strip_prefix("last:") {
            Some(path) => Path::from_text(path).map(Self::Last),
            None => Reader::from_text(text).map(Self::Page),
        }
    }
}

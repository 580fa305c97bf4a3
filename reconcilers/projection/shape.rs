//! What reading a page gives, and why a page cannot be used.

use std::borrow::Cow;
use std::fmt;

use crate::fingerprint::Fingerprint;
use crate::format::FormatFault;
use crate::items::Items;

/// How deep a kept value may nest; deeper ones are refused rather than handed to consumers.
pub const MAX_DEPTH: usize = 64;

/// Why a page cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeFault {
    /// The body is not JSON, is cut off, or has text after its end.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// There is nothing at the path where the rows should be.
    #[error("there is no `{0}` in the page, so nothing can be said about its rows")]
    NoRows(String),
    /// The rows path holds something other than an array.
    #[error("`{0}` is not an array")]
    RowsNotArray(String),
    /// The rows path stands there twice, and nothing says which one counts.
    #[error("the page has `{0}` twice")]
    RowsTwice(String),
    /// The rows path of a map holds something other than an object.
    #[error("`{0}` is not an object with rows by their ids")]
    RowsNotMap(String),
    /// The place of one row holds several, or an empty list.
    #[error("`{0}` does not hold exactly one item")]
    RowsNotOne(String),
    /// A member that decides something stands there twice.
    #[error("`{0}` stands there twice, and nothing says which one counts")]
    Twice(String),
    /// The body is not what it is declared to be.
    #[error("{0}")]
    Format(#[from] FormatFault),
    /// More rows than a page may have.
    #[error("the page has more than {0} items")]
    TooManyItems(usize),
    /// A kept value nests too deeply.
    #[error("a value nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// An item of a page that could not be projected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFault {
    /// Its place in the page, from 0.
    pub index: usize,
    /// What is wrong with it: never a value of it.
    pub reason: Cow<'static, str>,
    /// What stands for it; nothing where it cannot even be told from its page.
    pub fingerprint: Option<Fingerprint>,
}

impl fmt::Display for ItemFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: {}", self.index + 1, self.reason)
    }
}

/// What was kept of a page.
#[derive(Debug, Default)]
pub struct Projected {
    /// The rows, projected.
    pub items: Items,
    /// Rows that could not be projected.
    pub faults: Vec<ItemFault>,
    /// The JSON text found at each signal path, in the order the paths were given.
    pub signals: Vec<Option<Box<str>>>,
}

/// What `serde_json` says, without the excerpt of the body that some messages carry.
pub(super) fn where_it_broke(error: &serde_json::Error) -> ShapeFault {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "unexpected text",
    };
    ShapeFault::NotJson(format!("{what} at line {} column {}", error.line(), error.column()))
}

/// A body as text.
pub(super) fn text_of(body: &[u8]) -> Result<&str, ShapeFault> {
    std::str::from_utf8(body).map_err(|_| ShapeFault::NotJson("it is not UTF-8".to_owned()))
}

//! How the rows of a page lie in it, and what one row is.

use std::fmt;

use crate::path::Path;

/// The member by which a row reaches what lies around it: `^.id` is the `id` of the row that it was taken out of.
pub const AROUND: &str = "^";
/// The name under which a row lies in a map.
pub const MAP_KEY: &str = "^key";
/// The list of a page that a row lies in: `added`, `modified` or `removed`.
pub const OPERATION: &str = "^op";

/// A place of a page, and whether it may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// Where it is.
    pub path: Path,
    /// What it means when it is not there.
    pub absent: Absent,
}

impl At {
    /// A place that must be there.
    #[must_use]
    pub const fn required(path: Path) -> Self {
        Self { path, absent: Absent::Fault }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_root() { f.write_str("[*]") } else { self.path.fmt(f) }
    }
}

/// What it means when the last member of a place is not there, or is `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Absent {
    /// The page is not what the definition says.
    #[default]
    Fault,
    /// There is nothing (`data?`). What lies before the last member must be there all the same.
    Empty,
}

/// What the provider says about the rows of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// They are new.
    Added,
    /// They changed.
    Modified,
    /// They are gone.
    Removed,
}

impl Operation {
    /// As JSON text.
    #[must_use]
    pub const fn json(self) -> &'static str {
        match self {
            Self::Added => "\"added\"",
            Self::Modified => "\"modified\"",
            Self::Removed => "\"removed\"",
        }
    }
}

/// Where rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// In an array.
    Array(At),
    /// In an object, by their ids.
    Map(At),
    /// There is one, and this is it.
    One(At),
    /// In several arrays that say what happened to them.
    Tagged(Vec<(Operation, At)>),
}

/// A list inside a row, of which the provider may show only the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// The list.
    pub rows: At,
    /// A boolean of the row that says whether the list goes on.
    pub more: Option<Path>,
    /// How many elements the list has in all.
    pub total: Option<Path>,
}

/// A list inside a row whose elements are the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explode {
    /// The list.
    pub at: At,
    /// How the list says that it is cut off, where it does.
    pub nested: Option<Nested>,
}

/// How the rows of a page lie in it, and what one row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowShape {
    /// Where they are.
    pub rows: Rows,
    /// What of an element is the row.
    pub unwrap: Option<Path>,
    /// The list inside a row whose elements are the rows.
    pub explode: Option<Explode>,
    /// The member that a row which is a single value becomes.
    pub scalar: Option<Box<str>>,
}

impl RowShape {
    /// Rows that are objects in an array.
    #[must_use]
    pub const fn array(at: At) -> Self {
        Self { rows: Rows::Array(at), unwrap: None, explode: None, scalar: None }
    }

    /// The array of a page that can be read in one pass.
    #[must_use]
    pub const fn plain(&self) -> Option<&At> {
        match &self.rows {
            Rows::Array(at) if self.explode.is_none() && self.scalar.is_none() => Some(at),
            _ => None,
        }
    }
}

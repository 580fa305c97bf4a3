//! Reads a JSON page in one pass and keeps only the values that somebody named.
//!
//! Everything else is skipped without building a tree: skipping does not recurse, so a hostile depth costs nothing, and
//! kept values stay the text they were sent as. Pages that are more than an array of objects are first taken apart into
//! rows, which are then read in the same way.

mod around;
mod derive;
mod find;
mod gather;
mod item;
mod page;
mod read;
mod rows;
mod shape;
mod tree;
mod whole;

#[cfg(test)]
mod tests;

pub use derive::{Derivation, Ingredients};
pub use find::{Lookup, at};
pub(crate) use find::{elements, entries};
pub use gather::{Cut, Found, Gathered, Gathering};
pub use read::Projection;
pub use rows::{AROUND, Absent, At, Explode, MAP_KEY, Nested, OPERATION, Operation, RowShape, Rows};
pub use shape::{ItemFault, MAX_DEPTH, Projected, ShapeFault};
pub use whole::shallow;

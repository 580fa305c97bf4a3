//! Reads a JSON page in one pass and keeps only the values that somebody named.
//!
//! Everything else is skipped without building a tree: skipping does not recurse, so a hostile depth costs nothing, and
//! kept values stay the text they were sent as.

mod item;
mod page;
mod read;
mod shape;
mod tree;
mod whole;

#[cfg(test)]
mod tests;

pub use read::Projection;
pub use shape::{ItemFault, MAX_DEPTH, Projected, ShapeFault};
pub use whole::{raw_rows, shallow};

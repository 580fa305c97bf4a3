//! Whether a new version of a schema breaks what an old one promised.
//!
//! Reading order: a comparison of two versions (`judge`) proves that one schema takes whatever another one takes (`proof`), or else walks
//! both to say where it does not (`walk`, with a file for each kind of keyword). Pure.

mod arrays;
mod difference;
mod judge;
mod numbers;
mod objects;
mod proof;
mod site;
mod types;
mod values;
mod walk;

#[cfg(test)]
mod tests;

pub use difference::{Difference, Direction};
pub use judge::{Compared, against, compare, consecutive};

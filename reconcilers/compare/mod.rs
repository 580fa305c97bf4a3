//! How two sides of an item are compared: a rule per field brings both values into one normal form, then equality decides.
//!
//! No rule compares with a hidden tolerance, and no rule turns a number into a float.

mod digest;
mod fields;
mod judge;
mod normal;
mod plain;
mod rules;
mod same;
mod side;
mod stake;
mod version;

#[cfg(test)]
mod tests;

pub use fields::{CLOCK, FIELDS, Field, Fields, KEY, MoneyFields, Source, VERSION};
pub use normal::UnreadableField;
pub use rules::{BadTolerance, Blank, Fold, MoneyRule, Nothing, Rule, TimeRule, Tolerance, Unordered, Words};
pub use side::Side;
pub use version::{Versions, versions};

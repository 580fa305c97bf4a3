//! Fields that are calculated from an item, by expressions of the jq language.
//!
//! The language, its parser and its machine are jaq's. What is ours is what the machine works on: values whose numbers are
//! decimals and whose sizes are known, and a budget that every step is paid from. An expression has no clock, no
//! environment, no files and no way to leave the program; it defines no filters and changes nothing, so every expression
//! ends, and the budget bounds when.
//!
//! Reading order: the values (`value`, `operators`, `order`, `access`, `read`), the machine (`machine`, `filters`), what becomes of
//! a text (`check`, `meter`, `reads`), and the expression itself.

mod access;
mod check;
mod expression;
mod filters;
mod machine;
mod meter;
mod operators;
mod order;
mod read;
mod reads;
mod value;

#[cfg(test)]
mod tests;

pub use check::BadExpression;
pub use expression::{Expression, Underivable};
pub use reads::Reads;

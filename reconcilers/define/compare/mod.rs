//! The `compare` and `money` blocks of a domain file, as written and as meant.

mod field;
mod money;
mod rule;
mod several;
mod source;
mod tolerance;
mod unordered;
mod words;

pub(super) use field::{FieldFile, compile, index_of};
pub(super) use money::MoneyFile;

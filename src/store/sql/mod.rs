//! One SQL text for two drivers: a transaction, the few types of its parameters, and its rows.
//!
//! Texts use `$1`. What the databases say differently stands in `dialect.rs`; what a statement means stands elsewhere.

mod columns;
mod dialect;
mod params;
mod row;
mod tx;
mod value;

pub(super) use params::params;
pub(super) use row::Row;
pub(super) use tx::{Inner, Tx};
pub(super) use value::{Value, args};

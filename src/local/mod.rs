//! The local side: the team's own database, read with the team's own SQL.
//!
//! It only ever reads: PostgreSQL in READ ONLY transactions, SQLite opened read-only. Values are bound, never spliced.
//! Read it in this order: the user's SQL (`statement`), which columns it must give (`columns`), the databases
//! (`postgres`, `sqlite`) behind one face (`database`), what a read saw (`read`) and what can go wrong (`error`).

mod columns;
mod database;
mod error;
mod postgres;
mod read;
mod sqlite;
mod statement;
mod whole_row;

#[cfg(test)]
mod tests;

pub use database::{Database, EachRow, KeyReader, Limits, MemberValues, Reader};
pub use error::{DefinitionFault, LocalError};
pub use read::{Read, RowFault};
pub use statement::{StatementFault, StatementProblem, misfit};

//! The local side: the team's own database, read with the team's own SQL.
//!
//! It only ever reads: PostgreSQL and MySQL in READ ONLY transactions, SQLite opened read-only. Values are bound, never spliced.
//! Read it in this order: the user's SQL (`statement`), which columns it must give (`columns`), what their times stand for
//! (`times`), the databases (`postgres`, `mysql`, `sqlite`; what the first two share is `server`; or rows in memory, `held`) behind one face (`database`), what a read saw (`read`), numbers (`counter`) and what can go wrong (`error`).

mod access;
mod address;
mod batch;
mod checkup;
mod columns;
mod counter;
mod database;
mod decoders;
mod draft;
mod ending;
mod error;
mod held;
mod mysql;
mod padded;
mod postgres;
mod read;
mod reader;
mod server;
mod server_reader;
mod sqlite;
mod statement;
mod times;
mod whole_row;

#[cfg(test)]
pub(crate) mod tests;

pub use checkup::{Checkup, Excess};
pub use counter::Counter;
pub use database::{Database, EachRow, Limits, MemberValues};
pub use error::{DefinitionFault, LocalError};
pub use held::{EACH, Held};
pub use read::{Read, RowFault};
pub use reader::{KeyReader, Reader};
pub use statement::{StatementFault, StatementProblem, misfit};

//! What a look at a database's login and settings finds: what it may do beyond reading, and what will get in the way of a
//! read. It changes nothing, and reads no table of the user's.

mod excess;
mod inbox;
mod mysql;
mod postgres;
mod shown_grants;
mod sqlite;

pub use excess::Excess;

use super::database::Database;
use super::error::LocalError;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkup {
    /// The server's kind and version.
    pub server: String,
    /// Who is logged in, where there is a login.
    pub login: Option<String>,
    /// What the login may do beyond reading.
    pub excess: Vec<Excess>,
    /// Settings that will get in the way, each with its cure.
    pub doubts: Vec<String>,
}

impl Database {
    /// Looks at the login and the settings. `statements` are the SQL that is read with, so that the tables which they name
    /// come first.
    pub async fn checkup(&self, statements: &[&str]) -> Result<Checkup, LocalError> {
        match self {
            Self::Sqlite(database) => database.checkup().await,
            Self::Postgres(database) => database.checkup(statements).await,
            Self::MySql(database) => database.checkup(statements).await,
            Self::Held(_) => Ok(Checkup::default()),
        }
    }
}

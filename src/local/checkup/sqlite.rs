//! SQLite has no logins: the file is opened read-only, whoever may write it.

use super::Checkup;
use crate::local::error::LocalError;
use crate::local::sqlite::Sqlite;

impl Sqlite {
    /// Looks at the library's version; there is nothing else.
    pub(super) async fn checkup(&self) -> Result<Checkup, LocalError> {
        let version: String = self.ask("SELECT sqlite_version()").await?;
        Ok(Checkup { server: format!("SQLite {version}, opened read-only"), ..Checkup::default() })
    }
}

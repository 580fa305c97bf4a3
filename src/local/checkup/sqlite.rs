//! SQLite has no logins: the file is opened read-only, whoever may write it.

use sqlx::Row as _;

use super::Checkup;
use crate::local::error::LocalError;
use crate::local::sqlite::Sqlite;

impl Sqlite {
    /// Looks at the library's version; there is nothing else.
    pub(super) async fn checkup(&self) -> Result<Checkup, LocalError> {
        let mut connection = self.acquire().await?;
        let version = sqlx::query("SELECT sqlite_version()").fetch_one(&mut *connection).await;
        let version = version.and_then(|row| row.try_get::<String, _>(0));
        let version = version.map_err(|error| self.fault(&error))?;
        Ok(Checkup { server: format!("SQLite {version}, opened read-only"), ..Checkup::default() })
    }
}

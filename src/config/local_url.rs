//! The address of a local database, which may be of more kinds than those that keep state and queues.

use std::path::Path;

use secrecy::SecretString;
use tieout_reconcilers::define::checked::{Fault, FromText};

use super::secret::{ConfigError, Kinds, UrlRef};

/// What is only read.
const READ: Kinds = Kinds {
    what: "database",
    schemes: &["sqlite", "postgres", "postgresql", "mysql", "mariadb"],
    help: "write `sqlite:FILE`, `postgres://USER@HOST/NAME`, or `mysql://USER@HOST/NAME`",
    no_such: "it is not the address of a SQLite, PostgreSQL, MySQL or MariaDB database",
};

/// The address of a local database: in the file where it holds no password, else a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalUrl(UrlRef);

impl FromText for LocalUrl {
    const WHAT: &'static str = "address, or reference to one";
    const EXAMPLES: &'static [&'static str] = &["sqlite:app.db", "env:APP_DATABASE_URL"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        UrlRef::of_kind(text, READ).map(Self)
    }
}

impl LocalUrl {
    /// The address, with SQLite files made relative to the configuration's folder.
    pub fn read(&self, what: &str, base: &Path) -> Result<SecretString, ConfigError> {
        self.0.read_of_kind(what, base, READ)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_may_be_mysql_and_a_password_stays_out_of_the_file() {
        for good in
            ["mysql://me@db.example.com/app", "mariadb://db.example.com/app", "sqlite:app.db", "env:APP"]
        {
            assert!(LocalUrl::from_text(good).is_ok(), "{good}");
        }
        for bad in ["mysql://me:hunter2@db.example.com/app", "oracle://db.example.com/app", "app"] {
            let fault = LocalUrl::from_text(bad).unwrap_err();
            assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
        }
    }
}

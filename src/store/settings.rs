//! Where state is kept, as the configuration says it. It opens nothing.

use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;

/// Why a text does not say where state is kept. The text itself is left out: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a place for state: use `sqlite:PATH` or `postgres://USER@HOST/DATABASE`")]
pub struct NotAStore;

/// Where state is kept.
#[derive(Debug, Clone)]
pub enum StoreSettings {
    /// One file, for one host.
    Sqlite {
        /// The file; it is created where it does not exist, its folder is not.
        path: PathBuf,
    },
    /// A schema `tieout` in a PostgreSQL database, for teams.
    Postgres {
        /// The connection URL, which may hold a password.
        url: SecretString,
    },
}

impl FromStr for StoreSettings {
    type Err = NotAStore;

    fn from_str(text: &str) -> Result<Self, NotAStore> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres { url: text.into() });
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
        let path = path.filter(|path| !path.is_empty() && !path.starts_with(":memory:")).ok_or(NotAStore)?;
        Ok(Self::Sqlite { path: path.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_for_state_is_a_file_or_a_postgres_database() {
        let path = |text: &str| match text.parse() {
            Ok(StoreSettings::Sqlite { path }) => path,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(path("sqlite:state.db"), PathBuf::from("state.db"));
        assert_eq!(path("sqlite:///var/lib/state.db"), PathBuf::from("/var/lib/state.db"));
        assert!(matches!("postgres://u:p@h/d".parse(), Ok(StoreSettings::Postgres { .. })));
        for bad in ["", "state.db", "sqlite:", "sqlite::memory:", "mysql://h/d"] {
            assert!(bad.parse::<StoreSettings>().is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn a_password_is_not_printed() {
        let settings: StoreSettings = "postgres://u:hush@h/d".parse().unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }
}

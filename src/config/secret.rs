//! References to secrets, and their resolution: `env:NAME`, `file:PATH`, and addresses that hold no password.
//!
//! Nothing here prints a secret, not even the one that a person wrote where it does not belong.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use tieout_reconcilers::define::checked::{Fault, FromText};
use tieout_reconcilers::define::words;
use url::Url;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In an environment variable.
    Env(String),
    /// In a file, relative to the configuration.
    File(PathBuf),
}

/// Why a reference cannot be resolved. What is named is the reference, never its value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The environment variable is not set, or is not text.
    #[error("{what}: the environment variable `{variable}` is not set")]
    Unset {
        /// The place in the configuration, such as `databases.app.url`.
        what: String,
        /// The variable.
        variable: String,
    },
    /// The file cannot be read.
    #[error("{what}: cannot read the file `{}`: {source}", path.display())]
    Unreadable {
        /// The place in the configuration.
        what: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is a value, and it cannot be used.
    #[error("{what}: {why}")]
    Unusable {
        /// The place in the configuration.
        what: String,
        /// Why, without the value.
        why: String,
    },
    /// The configuration does not name it.
    #[error("{what} is not in the configuration")]
    Unknown {
        /// What was asked for.
        what: String,
    },
}

impl ConfigError {
    pub(super) fn unusable(what: &str, why: impl Into<String>) -> Self {
        Self::Unusable { what: what.to_owned(), why: why.into() }
    }
}

impl FromText for SecretRef {
    const WHAT: &'static str = "reference";
    const EXAMPLES: &'static [&'static str] = &["env:NAME", "file:PATH"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if let Some(name) = text.strip_prefix("env:") {
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            return if is_name {
                Ok(Self::Env(name.to_owned()))
            } else {
                Err(Fault::new("what follows `env:` is not the name of an environment variable"))
            };
        }
        match text.strip_prefix("file:") {
            Some("") => Err(Fault::new("`file:` needs a path")),
            Some(path) => Ok(Self::File(path.into())),
            None => Err(Fault::new("a secret must not stand in a file that is shared").with_help(
                "write `env:NAME` for an environment variable or `file:PATH` for a file that holds it",
            )),
        }
    }
}

impl SecretRef {
    /// Reads the secret. `what` is its place in the configuration, for the error; `base` is the configuration's folder.
    pub fn read(&self, what: &str, base: &Path) -> Result<SecretString, ConfigError> {
        let value = match self {
            Self::Env(variable) => std::env::var(variable)
                .map_err(|_| ConfigError::Unset { what: what.to_owned(), variable: variable.clone() })?,
            Self::File(path) => {
                let path = base.join(path);
                std::fs::read_to_string(&path).map_err(|source| ConfigError::Unreadable {
                    what: what.to_owned(),
                    path,
                    source,
                })?
            }
        };
        // Editors and `echo` end files with a line feed that is not part of the secret.
        let value = value.trim_end_matches(['\r', '\n']);
        if value.is_empty() {
            return Err(ConfigError::unusable(what, "the secret is empty"));
        }
        Ok(SecretString::from(value))
    }
}

/// The address of a database: in the file where it holds no password, else a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlRef {
    /// An address without a password.
    Inline(String),
    /// A secret that is the whole address.
    Secret(SecretRef),
}

/// What an address may name.
#[derive(Debug, Clone, Copy)]
pub struct Kinds {
    /// What that is, in one word or two.
    pub(super) what: &'static str,
    /// The schemes of their addresses.
    pub(super) schemes: &'static [&'static str],
    /// How such an address is written.
    pub(super) help: &'static str,
    /// What an address is not, where it is of no such kind.
    pub(super) no_such: &'static str,
}

/// State and queues.
const KEEPING: Kinds = Kinds {
    what: "database",
    schemes: &["sqlite", "postgres", "postgresql"],
    help: "write `sqlite:FILE`, or `postgres://USER@HOST/NAME`",
    no_such: "it is not the address of a SQLite or PostgreSQL database",
};

impl FromText for UrlRef {
    const WHAT: &'static str = "address, or reference to one";
    const EXAMPLES: &'static [&'static str] = &["sqlite:tieout-state.db", "env:TIEOUT_STATE_URL"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        Self::of_kind(text, KEEPING)
    }
}

impl UrlRef {
    /// An address of one of some kinds of databases, or a reference to one.
    pub(super) fn of_kind(text: &str, kinds: Kinds) -> Result<Self, Fault> {
        if text.starts_with("env:") || text.starts_with("file:") {
            return SecretRef::from_text(text).map(Self::Secret);
        }
        if has_password(text) {
            return Err(Fault::new("the address holds a password")
                .with_help("write `env:NAME` or `file:PATH` for the whole address"));
        }
        check_scheme(text, kinds)?;
        Ok(Self::Inline(text.to_owned()))
    }

    /// The address, with SQLite files made relative to the configuration's folder.
    pub fn read(&self, what: &str, base: &Path) -> Result<SecretString, ConfigError> {
        self.read_of_kind(what, base, KEEPING)
    }

    /// The same, of one of some kinds of databases.
    pub(super) fn read_of_kind(
        &self,
        what: &str,
        base: &Path,
        kinds: Kinds,
    ) -> Result<SecretString, ConfigError> {
        let text = match self {
            Self::Inline(text) => SecretString::from(text.as_str()),
            Self::Secret(secret) => secret.read(what, base)?,
        };
        check_scheme(text.expose_secret(), kinds).map_err(|_| ConfigError::unusable(what, kinds.no_such))?;
        Ok(SecretString::from(in_folder(text.expose_secret(), base)))
    }
}

/// Whether an address may hold a password: in doubt, yes.
fn has_password(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Ok(url) = Url::parse(text) else { return lower.contains("password") || lower.contains('@') };
    url.password().is_some() || url.query_pairs().any(|(name, _)| name.to_ascii_lowercase().contains("pass"))
}

fn check_scheme(text: &str, kinds: Kinds) -> Result<(), Fault> {
    let Some((scheme, _)) = text.split_once(':') else {
        return Err(Fault::new(format!("this is not the address of a {}", kinds.what)).with_help(kinds.help));
    };
    let is_known = kinds.schemes.contains(&scheme);
    if is_known {
        Ok(())
    } else {
        Err(words::refuse(&format!("kind of {}", kinds.what), scheme, kinds.schemes))
    }
}

/// Puts a relative SQLite file into a folder; every other address stays as it is.
fn in_folder(url: &str, base: &Path) -> String {
    let Some(rest) = url.strip_prefix("sqlite:") else { return url.to_owned() };
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (file, query) =
        rest.split_once('?').map_or((rest, String::new()), |(file, query)| (file, format!("?{query}")));
    if file == ":memory:" || Path::new(file).is_absolute() {
        return url.to_owned();
    }
    // The driver decodes percent signs in the path.
    let folder = base.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite:{}{query}", Path::new(&folder).join(file).display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_password_is_refused_without_repeating_it() {
        for bad in [
            "postgres://me:hunter2@db.example.com/app",
            "postgres://db.example.com/app?password=hunter2",
            "host=db password=hunter2",
            "mysql://me@db.example.com/app",
            "hunter2",
        ] {
            let fault = UrlRef::from_text(bad).unwrap_err();
            assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
        }
        for good in [
            "postgres://me@db.example.com/app",
            "postgresql:///app",
            "sqlite:app.db",
            "env:DB",
            "file:db.txt",
        ] {
            assert!(UrlRef::from_text(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn an_inline_secret_is_refused_without_repeating_it() {
        for bad in ["sk_live_hunter2", "env:sk-live-hunter2", "env:", "file:"] {
            let fault = SecretRef::from_text(bad).unwrap_err();
            assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
        }
    }

    #[test]
    fn sqlite_files_are_relative_to_the_configuration() {
        let base = Path::new("/etc/tie?out");
        assert_eq!(in_folder("sqlite:a/b.db?mode=rwc", base), "sqlite:/etc/tie%3Fout/a/b.db?mode=rwc");
        assert_eq!(in_folder("sqlite://b.db", base), "sqlite:/etc/tie%3Fout/b.db");
        for same in ["sqlite:///b.db", "sqlite::memory:", "postgres:///x"] {
            assert_eq!(in_folder(same, base), same);
        }
    }

    #[test]
    fn a_secret_in_a_file_loses_its_line_end_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), " a b \r\n").unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        let read = |name: &str| SecretRef::File(name.into()).read("x", folder.path());
        assert_eq!(read("key").unwrap().expose_secret(), " a b ");
        assert_eq!(read("empty").unwrap_err().to_string(), "x: the secret is empty");
        assert!(matches!(read("nowhere"), Err(ConfigError::Unreadable { .. })));
        let unset = SecretRef::Env("TIEOUT_NO_SUCH_VARIABLE".to_owned()).read("x", folder.path());
        assert_eq!(
            unset.unwrap_err().to_string(),
            "x: the environment variable `TIEOUT_NO_SUCH_VARIABLE` is not set"
        );
    }
}

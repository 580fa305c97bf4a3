//! Where a SQLite file is, and how it is opened: read-only, whatever its URL says.

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags};
use sqlx::sqlite::SqliteConnectOptions;

/// A file that is opened again for each connection.
#[derive(Debug)]
pub(super) struct File {
    /// As SQLite itself reads it: `file:`, the path, and what the URL asks for.
    uri: String,
    /// How long to wait for a lock that somebody else holds.
    lock: Duration,
}

impl File {
    /// Reads a `sqlite:` URL; the error says what is wrong with it.
    pub(super) fn of(url: &str, lock: Duration) -> Result<Self, String> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|_| "its URL has a part that SQLite does not know".to_owned())?;
        let path: &Path = options.get_filename();
        if !path.is_file() {
            return Err(format!("there is no file `{}`", path.display()));
        }
        let path = percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC);
        let asked = url.split_once('?').map_or("", |(_, asked)| asked);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(url::form_urlencoded::parse(asked.as_bytes()).filter(|(name, _)| name != "mode"));
        Ok(Self { uri: format!("file:{path}?{}", query.append_pair("mode", "ro").finish()), lock })
    }

    pub(super) fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(&self.uri, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(self.lock)?;
        Ok(connection)
    }
}

//! One face for every kind of local database: connect, prove the domain's SQL, read.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Local;
use tieout_reconcilers::row::Row;

use super::counter::Counter;
use super::error::LocalError;
use super::held::Held;
use super::mysql::MySql;
use super::postgres::Postgres;
use super::reader::{KeyReader, Kind, Reader};
use super::server::Server as _;
use super::server_reader::ServerReader;
use super::sqlite::Sqlite;

/// Takes the rows of a read one by one; a break ends the read.
pub type EachRow<'f> = dyn FnMut(Row<'_>) -> ControlFlow<()> + Send + 'f;

/// The values of a member of a fan-out by each `NAME` of `:each.NAME`.
pub type MemberValues = BTreeMap<Box<str>, Box<str>>;

/// How long a read may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One statement, from its start to its last row.
    pub statement: Duration,
    /// Waiting for a lock that somebody else holds.
    pub lock: Duration,
    /// Opening a connection.
    pub connect: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { statement: seconds(60), lock: seconds(5), connect: seconds(10) }
    }
}

/// A local database. It is cheap to clone, and clones share their connections.
#[derive(Debug, Clone)]
pub enum Database {
    /// A SQLite file, opened read-only.
    Sqlite(Sqlite),
    /// A PostgreSQL database, read in READ ONLY transactions.
    Postgres(Postgres),
    /// A database that speaks the MySQL protocol, read in READ ONLY transactions.
    MySql(MySql),
    /// Rows in memory, in the place of a database.
    Held(Held),
}

impl Database {
    /// Connects to the database called `name` in the configuration. The scheme of the URL says of which kind it is:
    /// `postgres://`, `postgresql://`, `mysql://`, `mariadb://` or `sqlite:`. A SQLite file that is not there is an error, and is not created.
    pub async fn connect(name: &str, url: &SecretString) -> Result<Self, LocalError> {
        Self::connect_within(name, url, Limits::default()).await
    }

    /// Connects with other limits than the default ones.
    pub async fn connect_within(name: &str, url: &SecretString, limits: Limits) -> Result<Self, LocalError> {
        let name: Arc<str> = name.into();
        let url = url.expose_secret();
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Self::Sqlite(Sqlite::connect(name, url, limits).await?)),
            Some("postgres" | "postgresql") => {
                Ok(Self::Postgres(Postgres::connect(name, url, limits).await?))
            }
            Some("mysql" | "mariadb") => Ok(Self::MySql(MySql::connect(name, url, limits).await?)),
            _ => Err(LocalError::Configuration {
                database: name,
                reason: "its URL begins with none of `postgres://`, `mysql://` and `sqlite:`".to_owned(),
            }),
        }
    }

    /// Prepares a domain's two statements and proves that every column that the domain names is there and can be
    /// compared, and that the login may read it. It reads no row, so it is the preflight too.
    pub async fn reader(&self, local: &Local, fields: &Fields) -> Result<Reader, LocalError> {
        self.reader_for(local, fields, &MemberValues::new()).await
    }

    /// The same for one member of a fan-out, whose values stand for `:each.NAME`.
    pub async fn reader_for(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<Reader, LocalError> {
        let kind = match self {
            Self::Sqlite(database) => Kind::Sqlite(database.reader(local, fields, member).await?.into()),
            Self::Postgres(server) => {
                Kind::Postgres(ServerReader::of(server, local, fields, member).await?.into())
            }
            Self::MySql(server) => Kind::MySql(ServerReader::of(server, local, fields, member).await?.into()),
            Self::Held(held) => Kind::Held(held.reader(local, fields, member)?.into()),
        };
        Ok(Reader { kind, zone: local.zone })
    }

    /// Prepares a statement that is only asked by key, such as that of a table beside the local side.
    pub async fn key_reader(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<KeyReader, LocalError> {
        let kind = match self {
            Self::Sqlite(database) => Kind::Sqlite(database.key_reader(local, fields, member).await?.into()),
            Self::Postgres(server) => {
                Kind::Postgres(ServerReader::by_key_alone(server, local, fields, member).await?.into())
            }
            Self::MySql(server) => {
                Kind::MySql(ServerReader::by_key_alone(server, local, fields, member).await?.into())
            }
            Self::Held(held) => Kind::Held(held.reader(local, fields, member)?.into()),
        };
        Ok(KeyReader(Reader { kind, zone: local.zone }))
    }

    /// Prepares a query that counts something of a range, and proves that it gives one column. It reads no row.
    pub async fn counter(&self, local: &Local) -> Result<Counter, LocalError> {
        let kind = match self {
            Self::Sqlite(database) => Kind::Sqlite(database.counter(local).await?.into()),
            Self::Postgres(server) => Kind::Postgres(ServerReader::of_a_number(server, local).await?.into()),
            Self::MySql(server) => Kind::MySql(ServerReader::of_a_number(server, local).await?.into()),
            Self::Held(held) => {
                Kind::Held(held.reader(local, &Fields::default(), &MemberValues::new())?.into())
            }
        };
        let reader = Reader { kind, zone: local.zone };
        Ok(Counter { reader, place: local.rows_place.clone() })
    }

    /// The time by the database's own clock, which is the clock that `changed` is measured with.
    pub async fn now(&self) -> Result<Instant, LocalError> {
        match self {
            Self::Sqlite(database) => database.now().await,
            Self::Postgres(database) => database.now().await,
            Self::MySql(database) => database.now().await,
            Self::Held(_) => Ok(chrono::Utc::now().into()),
        }
    }

    /// Closes its connections. Readers made from it fail afterwards.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(database) => database.close(),
            Self::Postgres(server) => server.pool().close().await,
            Self::MySql(server) => server.pool().close().await,
            Self::Held(_) => {}
        }
    }
}

/// The most keys that one statement asks for.
pub(super) const KEYS_AT_ONCE: usize = 1_000;

//! Opens the state store and its transactions. It knows how the two databases are reached, not what is kept in them.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Executor};
use tieout_reconcilers::instant::Instant;

use super::error::StoreError;
use super::migrate;
use super::settings::StoreSettings;
use super::sql::Tx;
use crate::clock::Clock;
use crate::private_file;

/// How many prepared statements are kept. Those over many rows hold a hundred kilobytes each.
const STATEMENTS: usize = 16;

/// How long a first connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// How long SQLite waits for another process's transaction.
const BUSY_TIME: Duration = Duration::from_secs(5);

/// Connections to PostgreSQL: one each for commits, the lease's renewal, the relay and a reader.
const CONNECTIONS: u32 = 4;

/// The limits stand in each transaction, not in the session, so that a transaction pooler may stand between.
const POSTGRES_WRITE: &str = "BEGIN; \
    SET LOCAL search_path = tieout, pg_catalog; \
    SET LOCAL lock_timeout = '5s'; \
    SET LOCAL statement_timeout = '30s'; \
    SET LOCAL idle_in_transaction_session_timeout = '30s'";
const POSTGRES_READ: &str = "BEGIN READ ONLY; \
    SET LOCAL search_path = tieout, pg_catalog; \
    SET LOCAL statement_timeout = '30s'; \
    SET LOCAL idle_in_transaction_session_timeout = '30s'";

/// The state store. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
    place: Arc<str>,
    clock: Clock,
}

#[derive(Debug, Clone)]
enum Pool {
    /// One connection: SQLite has one writer anyway, and so readers see what was written.
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Store {
    /// Connects, creates what is missing and brings the schema up to date.
    pub async fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let store = match settings {
            StoreSettings::Sqlite { path } => sqlite(path).await?,
            StoreSettings::Postgres { url } => postgres(url).await?,
        };
        migrate::migrate(&store).await?;
        Ok(store)
    }

    /// The same store, which goes by another clock than the database's own.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Where the state is kept, without credentials.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The state store's clock.
    pub async fn now(&self) -> Result<Instant, StoreError> {
        self.read().await?.now().await
    }

    /// Closes the connections, which lets SQLite tidy its files.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
    }

    /// A transaction that may write. It rolls back unless it is committed.
    pub(super) async fn write(&self) -> Result<Tx, StoreError> {
        self.begin("BEGIN IMMEDIATE", POSTGRES_WRITE).await
    }

    /// A transaction that only reads.
    pub(super) async fn read(&self) -> Result<Tx, StoreError> {
        self.begin("BEGIN", POSTGRES_READ).await
    }

    async fn begin(&self, sqlite: &'static str, postgres: &'static str) -> Result<Tx, StoreError> {
        let (place, clock) = (Arc::clone(&self.place), self.clock.clone());
        match &self.pool {
            Pool::Sqlite(pool) => pool.begin_with(sqlite).await.map(|tx| Tx::sqlite(tx, place, clock)),
            Pool::Postgres(pool) => pool.begin_with(postgres).await.map(|tx| Tx::postgres(tx, place, clock)),
        }
        .map_err(|cause| StoreError::from_sql(cause, &self.place))
    }
}

async fn sqlite(path: &Path) -> Result<Store, StoreError> {
    let place = path.display().to_string();
    let unreachable = |cause| StoreError::Unreachable { place: place.clone(), cause: Box::new(cause) };
    let file = private_file::open(path).map_err(unreachable)?;
    if is_on_a_network(&file) {
        let why = "SQLite's locks do not hold on a network file system; use PostgreSQL".to_owned();
        return Err(StoreError::Unsuitable { place, why });
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY_TIME)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // State is written far more than it is read again, so what is cached is only in the way.
        .pragma("cache_size", "-512")
        .statement_cache_capacity(STATEMENTS)
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let pool = pool.connect_with(options).await.map_err(|cause| StoreError::from_sql(cause, &place))?;
    Ok(Store { pool: Pool::Sqlite(pool), place: place.into(), clock: Clock::default() })
}

async fn postgres(url: &SecretString) -> Result<Store, StoreError> {
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| StoreError::Unsuitable {
        place: "PostgreSQL".to_owned(),
        why: "the URL cannot be read".to_owned(),
    })?;
    // Neither named statements nor session settings: both would outlive a transaction behind a pooler.
    let options = options.statement_cache_capacity(0).extra_float_digits(None).application_name("tieout");
    let place = location(&options);
    probe(&options).await.map_err(|cause| StoreError::from_sql(cause, &place))?;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(CONNECT_TIME);
    Ok(Store {
        pool: Pool::Postgres(pool.connect_lazy_with(options)),
        place: place.into(),
        clock: Clock::default(),
    })
}

/// Connects once outside the pool, which would go on trying and then hide the reason behind a timeout.
async fn probe(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    let mut connection =
        tokio::time::timeout(CONNECT_TIME, PgConnection::connect_with(options)).await.map_err(late)??;
    connection.execute("SELECT 1").await?;
    connection.close().await
}

fn location(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("PostgreSQL {}:{}/{database}", options.get_host(), options.get_port())
}

/// Whether a file is on a file system that another host may write at the same time.
#[cfg(target_os = "linux")]
fn is_on_a_network(file: &std::fs::File) -> bool {
    /// NFS, SMB (three generations), AFS, Ceph, Lustre, GPFS and OCFS2, from the kernel's `magic.h` and their own sources.
    const NETWORK: [u32; 9] = [
        0x6969,
        0x517B,
        0xFF53_4D42,
        0xFE53_4D42,
        0x5346_414F,
        0x00C3_6400,
        0x0BD0_0BD0,
        0x4750_4653,
        0x7461_636F,
    ];
    let kind = rustix::fs::fstatfs(file).ok().and_then(|stat| u32::try_from(stat.f_type & 0xFFFF_FFFF).ok());
    kind.is_some_and(|kind| NETWORK.contains(&kind))
}

/// Elsewhere there is no cheap way to ask.
#[cfg(not(target_os = "linux"))]
fn is_on_a_network(_: &std::fs::File) -> bool {
    false
}

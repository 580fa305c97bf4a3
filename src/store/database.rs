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

use super::again::{Twice, again};
use super::error::StoreError;
use super::migrate::{self, Upgrade, Version};
use super::settings::StoreSettings;
use super::sql::Tx;
use crate::clock::Clock;
use crate::no_delay;
use crate::private_file;

/// How many prepared statements are kept; those over many rows are none of them.
const STATEMENTS: usize = 16;

/// How long a first connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// How long SQLite waits for another process's transaction.
const BUSY_TIME: Duration = Duration::from_secs(5);

/// How long connections are waited for that are in use.
const CLOSING_TIME: Duration = Duration::from_secs(2);

/// Connections to PostgreSQL: one each for commits, the lease's renewal, what the relay claims, what it marks, and a reader.
const CONNECTIONS: u32 = 5;

/// How transactions are opened.
#[derive(Debug, Clone, Copy)]
struct Begin {
    /// One that may write.
    write: &'static str,
    /// One whose commit does not wait for the disk: it may be lost with the machine, and with no process.
    write_lazily: &'static str,
    /// The same where rows are read by an index in its order and never sorted, because only the first of many are wanted.
    write_in_order: &'static str,
    /// One that only reads.
    read: &'static str,
}

const SQLITE: Begin = Begin {
    write: "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
    write_lazily: "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
    write_in_order: "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
    read: "BEGIN",
};

/// The limits stand in each transaction, not in the session, so that a transaction pooler may stand between.
macro_rules! postgres {
    (@write $($more:literal)*) => {
        concat!(
            "BEGIN; \
             SET LOCAL search_path = tieout, pg_catalog; \
             SET LOCAL lock_timeout = '5s'; \
             SET LOCAL statement_timeout = '30s'; \
             SET LOCAL idle_in_transaction_session_timeout = '30s'",
            $($more),*
        )
    };
    ($($more:literal)?) => {
        Begin {
            write: postgres!(@write $($more)?),
            write_lazily: postgres!(@write "; SET LOCAL synchronous_commit = off" $($more)?),
            write_in_order: postgres!(@write "; SET LOCAL synchronous_commit = off; SET LOCAL enable_sort = off" $($more)?),
            read: concat!(
                "BEGIN READ ONLY; \
                 SET LOCAL search_path = tieout, pg_catalog; \
                 SET LOCAL statement_timeout = '30s'; \
                 SET LOCAL idle_in_transaction_session_timeout = '30s'",
                $($more)?
            ),
        }
    };
}

const POSTGRES: Begin = postgres!();
/// The server looks every few seconds whether its client is still there, and gives the locks of one that was killed back.
const WATCHFUL: Begin = postgres!("; SET LOCAL client_connection_check_interval = '5s'");

/// The state store. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
    place: Arc<str>,
    clock: Clock,
    settings: Arc<StoreSettings>,
}

#[derive(Debug, Clone)]
enum Pool {
    /// One connection: SQLite has one writer anyway, and so readers see what was written.
    Sqlite(SqlitePool),
    Postgres(PgPool, Begin),
}

impl Store {
    /// Connects, creates what is missing and brings the schema up to date.
    pub async fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        Self::open_with(settings, Upgrade::OnStart).await
    }

    /// Connects, and brings the schema up to date where that was asked for; else an older one is an error.
    pub async fn open_with(settings: &StoreSettings, upgrade: Upgrade) -> Result<Self, StoreError> {
        let store = Self::connect(settings.clone().into()).await?;
        match upgrade {
            Upgrade::OnStart => migrate::migrate(&store).await?,
            Upgrade::ByHand => migrate::require_current(&store).await?,
        }
        Ok(store)
    }

    /// Connects, whatever schema is there. A SQLite file that is not there is made.
    async fn connect(settings: Arc<StoreSettings>) -> Result<Self, StoreError> {
        let (pool, place) = match settings.as_ref() {
            StoreSettings::Sqlite { path } => sqlite(path).await?,
            StoreSettings::Postgres { url } => postgres(url).await?,
        };
        Ok(Self { pool, place, clock: Clock::default(), settings })
    }

    /// This store, or where its connections were closed, as those of a run that is given up are, the same by new ones.
    pub async fn answering(&self) -> Result<Self, StoreError> {
        let is_closed = match &self.pool {
            Pool::Sqlite(pool) => pool.is_closed(),
            Pool::Postgres(pool, _) => pool.is_closed(),
        };
        if is_closed { self.anew().await } else { Ok(self.clone()) }
    }

    /// The same store by connections of its own, whatever has become of these, which are closed.
    pub async fn anew(&self) -> Result<Self, StoreError> {
        // A connection that somebody holds on to is not waited for: nothing that it does reaches a domain without its lease.
        let _all_given_back = tokio::time::timeout(CLOSING_TIME, self.close()).await;
        let store = Self::connect(Arc::clone(&self.settings)).await?;
        Ok(store.with_clock(self.clock.clone()))
    }

    /// Which version the schema has, without changing anything; nothing where there is none yet.
    pub async fn version(settings: &StoreSettings) -> Result<Version, StoreError> {
        if let StoreSettings::Sqlite { path } = settings
            && !path.exists()
        {
            return Ok(Version { place: path.display().to_string(), found: None });
        }
        let store = Self::connect(settings.clone().into()).await?;
        let found = migrate::version(&store).await;
        store.close().await;
        Ok(Version { place: store.place().to_owned(), found: found? })
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

    /// Whether only one transaction can write at a time, so that several side by side would just wait for each other.
    #[must_use]
    pub const fn has_one_writer(&self) -> bool {
        matches!(self.pool, Pool::Sqlite(_))
    }

    /// The state store's clock.
    pub async fn now(&self) -> Result<Instant, StoreError> {
        self.read().await?.now().await
    }

    /// Closes the connections, which lets SQLite tidy its files.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool, _) => pool.close().await,
        }
    }

    /// A transaction that may write. It rolls back unless it is committed. `step` names what it does, for its crash points.
    pub(super) async fn write(&self, step: &'static str) -> Result<Tx, StoreError> {
        let tx = self.begin(step, |begin| begin.write).await?;
        crash_point!(step, "begun");
        Ok(tx)
    }

    /// The same for what may be lost with the machine, because it only saves work.
    pub(super) async fn write_lazily(&self, step: &'static str) -> Result<Tx, StoreError> {
        let tx = self.begin(step, |begin| begin.write_lazily).await?;
        crash_point!(step, "begun");
        Ok(tx)
    }

    /// The same for the first of many rows: PostgreSQL may not read them all and sort them, whatever it believes of a table that fills and
    /// empties every night.
    pub(super) async fn write_in_order(&self, step: &'static str) -> Result<Tx, StoreError> {
        let tx = self.begin(step, |begin| begin.write_in_order).await?;
        crash_point!(step, "begun");
        Ok(tx)
    }

    /// Tears a transaction in two: what was written is committed, and what follows is in another. Only mistakes on purpose do so.
    pub(super) async fn in_two(&self, tx: Tx) -> Result<Tx, StoreError> {
        tx.commit().await?;
        self.write("torn").await
    }

    /// A transaction that only reads.
    pub(super) async fn read(&self) -> Result<Tx, StoreError> {
        self.begin("read", |begin| begin.read).await
    }

    async fn begin(&self, step: &'static str, which: fn(Begin) -> &'static str) -> Result<Tx, StoreError> {
        let (place, clock) = (Arc::clone(&self.place), self.clock.clone());
        match &self.pool {
            Pool::Sqlite(pool) => {
                pool.begin_with(which(SQLITE)).await.map(|tx| Tx::sqlite(tx, step, place, clock))
            }
            Pool::Postgres(pool, begin) => {
                pool.begin_with(which(*begin)).await.map(|tx| Tx::postgres(tx, step, place, clock))
            }
        }
        .map_err(|cause| StoreError::from_sql(cause, &self.place))
    }
}

async fn sqlite(path: &Path) -> Result<(Pool, Arc<str>), StoreError> {
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
    // SQLite waits for nobody while it gives a new file its journal: whoever comes second is told at once that it is locked.
    let pool = again(&place, Twice::IsTwice, || async {
        let connected = pool.clone().connect_with(options.clone()).await;
        connected.map_err(|cause| StoreError::from_sql(cause, &place))
    })
    .await?;
    Ok((Pool::Sqlite(pool), place.into()))
}

async fn postgres(url: &SecretString) -> Result<(Pool, Arc<str>), StoreError> {
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| StoreError::Unsuitable {
        place: "PostgreSQL".to_owned(),
        why: "the URL cannot be read".to_owned(),
    })?;
    // Neither named statements nor session settings: both would outlive a transaction behind a pooler.
    let options = options.statement_cache_capacity(0).extra_float_digits(None).application_name("tieout");
    let place = location(&options);
    let begin = probe(&options).await.map_err(|cause| StoreError::from_sql(cause, &place))?;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(CONNECT_TIME).after_connect(
        |_, _| {
            no_delay::on_all_connections();
            Box::pin(async { Ok(()) })
        },
    );
    Ok((Pool::Postgres(pool.connect_lazy_with(options), begin), place.into()))
}

/// Connects once outside the pool, which would go on trying and then hide the reason behind a timeout, and finds out how
/// transactions are opened: servers before PostgreSQL 14, and some systems, cannot watch their clients.
async fn probe(options: &PgConnectOptions) -> Result<Begin, sqlx::Error> {
    let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    let mut connection =
        tokio::time::timeout(CONNECT_TIME, PgConnection::connect_with(options)).await.map_err(late)??;
    let begin = match connection.execute(WATCHFUL.read).await {
        Ok(_) => WATCHFUL,
        Err(sqlx::Error::Database(_)) => POSTGRES,
        Err(error) => return Err(error),
    };
    connection.execute("ROLLBACK").await?;
    connection.close().await?;
    Ok(begin)
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

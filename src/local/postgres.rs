//! PostgreSQL: every read is one READ ONLY transaction with its own timeouts, drained before it returns.
//!
//! Timeouts are set inside the transaction, and no statement is kept beyond it, so a transaction pooler may stand between.

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow, PgSslMode, PgStatement};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Postgres as Driver, Row as _,
    Transaction,
};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Local;

use self::prepared::{Draft, Prepared};
pub(super) use self::reader::PostgresReader;
use super::address::{is_loopback, names_tls};
use super::database::{Limits, MemberValues};
use super::error::LocalError;
use super::statement::Purpose;

mod bind;
mod decode;
mod fault;
mod prepared;
mod reader;

/// How many slices may read at once.
const CONNECTIONS: u32 = 4;
/// How much longer than its own limit a statement may take before the connection counts as dead.
const GRACE: Duration = Duration::from_secs(5);

/// How many names of statements may be taken by others: each is one that a killed client left on a pooler's connection.
const OTHERS_NAMES: usize = 16;

/// A PostgreSQL database.
#[derive(Debug, Clone)]
pub struct Postgres {
    name: Arc<str>,
    user: Arc<str>,
    pool: PgPool,
    limits: Limits,
    begin: Arc<str>,
}

impl Postgres {
    /// Proves that the database answers and accepts the login.
    pub(super) async fn connect(name: Arc<str>, url: &str, limits: Limits) -> Result<Self, LocalError> {
        let options = options(&name, url)?;
        let database = Self {
            user: options.get_username().into(),
            pool: pool(&options, limits),
            begin: begin(limits).into(),
            name,
            limits,
        };
        // The pool would wait out its own timeout where a connection is refused; one connection of our own says why.
        let probe = tokio::time::timeout(limits.connect, PgConnection::connect_with(&options)).await;
        let place = || format!("{}:{}", options.get_host(), options.get_port());
        match probe {
            Ok(Ok(connection)) => connection.close().await.map_err(|error| database.fault(&error))?,
            Ok(Err(error)) => return Err(database.connect_fault(&error, &place())),
            Err(_) => {
                let reason = format!("{} did not answer within {:?}", place(), limits.connect);
                return Err(LocalError::Unreachable { database: database.name, reason });
            }
        }
        Ok(database)
    }

    /// Prepares both statements of a domain.
    pub(super) async fn reader(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<PostgresReader, LocalError> {
        let [rows, keys] =
            [Purpose::of_rows(local), Purpose::Keys].map(|purpose| Draft::parse(purpose, local, member));
        let rows = self.prepare(rows?, local, fields).await?;
        let keys = self.prepare(keys?, local, fields).await?;
        Ok(PostgresReader::new(self.clone(), rows, keys))
    }

    /// Prepares the statement that asks by key alone.
    pub(super) async fn key_reader(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<PostgresReader, LocalError> {
        let keys = self.prepare(Draft::parse(Purpose::Keys, local, member)?, local, fields).await?;
        Ok(PostgresReader::new(self.clone(), keys.clone(), keys))
    }

    async fn prepare(&self, draft: Draft, local: &Local, fields: &Fields) -> Result<Prepared, LocalError> {
        let mut connection = self.acquire().await?;
        for _ in 0..OTHERS_NAMES {
            let mut transaction = self.begin(&mut connection).await?;
            match draft.prepare(&mut transaction).await {
                // Somebody left a statement of this name behind; the driver's next one has another.
                Err(error) if is_taken(&error) => {}
                parsed => return self.prove(draft, parsed, transaction, local, fields).await,
            }
        }
        let reason =
            "other clients have left their prepared statements on the pooler's connections".to_owned();
        Err(LocalError::Interrupted { database: self.name.clone(), reason })
    }

    /// Proves the columns and rights of a parsed statement.
    async fn prove(
        &self,
        draft: Draft,
        parsed: Result<PgStatement, sqlx::Error>,
        mut transaction: Transaction<'_, Driver>,
        local: &Local,
        fields: &Fields,
    ) -> Result<Prepared, LocalError> {
        let parsed = parsed.map_err(|error| self.statement_fault(&error, &draft.place, &draft.statement))?;
        let places =
            if prepared::has_money(&parsed) { self.money_places(&mut transaction).await? } else { 0 };
        let prepared = draft.finish(&parsed, places, local, fields)?;
        let proven = prepared.prove_rights(&mut transaction).await;
        proven.map_err(|error| self.statement_fault(&error, &prepared.place, &prepared.statement))?;
        transaction.commit().await.map_err(|error| self.fault(&error))?;
        Ok(prepared)
    }

    /// How many decimal places `money` has by the server's `lc_monetary`.
    async fn money_places(&self, connection: &mut PgConnection) -> Result<u8, LocalError> {
        let row: PgRow = sqlx::query("SELECT scale(1::money::numeric)")
            .persistent(false)
            .fetch_one(connection)
            .await
            .map_err(|error| self.fault(&error))?;
        let places: i32 = row.try_get(0).map_err(|error| self.fault(&error))?;
        Ok(u8::try_from(places).unwrap_or_default())
    }

    /// The time by the server's clock.
    pub(super) async fn now(&self) -> Result<Instant, LocalError> {
        // Outside a transaction, a pooler might send the two halves of a question to two servers.
        let mut connection = self.acquire().await?;
        let mut transaction = self.begin(&mut connection).await?;
        let row: PgRow = sqlx::query("SELECT clock_timestamp()")
            .persistent(false)
            .fetch_one(&mut *transaction)
            .await
            .map_err(|error| self.fault(&error))?;
        let at = row.try_get::<chrono::DateTime<chrono::Utc>, _>(0).map_err(|error| self.fault(&error))?;
        transaction.commit().await.map_err(|error| self.fault(&error))?;
        Ok(at.into())
    }

    pub(super) async fn acquire(&self) -> Result<PoolConnection<Driver>, LocalError> {
        self.pool.acquire().await.map_err(|error| self.fault(&error))
    }

    /// Opens a transaction that cannot write and has our limits.
    pub(super) async fn begin<'c>(
        &self,
        connection: &'c mut PoolConnection<Driver>,
    ) -> Result<Transaction<'c, Driver>, LocalError> {
        let begin = AssertSqlSafe(self.begin.clone());
        connection.begin_with(begin).await.map_err(|error| self.fault(&error))
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

fn options(name: &Arc<str>, url: &str) -> Result<PgConnectOptions, LocalError> {
    let wrong = |reason: String| LocalError::Configuration { database: name.clone(), reason };
    // Only the reason is repeated: the URL holds the password.
    let url = url::Url::parse(url).map_err(|error| wrong(format!("its URL cannot be read: {error}")))?;
    let options = PgConnectOptions::from_url(&url)
        .map_err(|_| wrong("its URL has a part that PostgreSQL does not know".to_owned()))?;
    // Neither named statements nor session settings: both would outlive a transaction behind a pooler.
    let options = options.statement_cache_capacity(0).extra_float_digits(None).disable_statement_logging();
    // The handshakes would take longer than everything else before the first request, and nothing leaves this machine.
    let options =
        if is_loopback(&url) && !names_tls(&url) { options.ssl_mode(PgSslMode::Disable) } else { options };
    Ok(if options.get_application_name().is_none() { options.application_name("tieout") } else { options })
}

fn pool(options: &PgConnectOptions, limits: Limits) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        // Whoever waits for a connection waits for other slices' reads, each of which may take its whole limit.
        .acquire_timeout(limits.statement + GRACE + limits.connect)
        .connect_lazy_with(options.clone())
}

/// Whether a statement of this name is there already.
fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("42P05")
}

/// One message opens the transaction and sets its timeouts.
fn begin(limits: Limits) -> String {
    let millis = |limit: Duration| limit.as_millis().max(1);
    format!(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}",
        millis(limits.statement),
        millis(limits.lock)
    )
}

/// The values of one execution.
type Values = Result<PgArguments, sqlx::Error>;

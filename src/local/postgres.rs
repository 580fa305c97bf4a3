//! PostgreSQL: every read is one READ ONLY transaction with its own timeouts, drained before it returns.
//!
//! Timeouts are set inside the transaction, so a transaction pooler may stand between.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Row as _};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Local;

use self::prepared::{Draft, Prepared};
pub(super) use self::reader::PostgresReader;
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
        let [rows, keys] = [Purpose::Rows, Purpose::Keys].map(|purpose| Draft::parse(purpose, local, member));
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
        let mut connection = self.pool.acquire().await.map_err(|error| self.fault(&error))?;
        let begin = AssertSqlSafe(self.begin.clone());
        let mut transaction = connection.begin_with(begin).await.map_err(|error| self.fault(&error))?;
        let parsed = draft.prepare(&mut transaction).await;
        let parsed = parsed.map_err(|error| self.statement_fault(&error, &draft.place, &draft.statement))?;
        let prepared = draft.finish(parsed, local, fields)?;
        let proven = prepared.prove_rights(&mut transaction).await;
        proven.map_err(|error| self.statement_fault(&error, &prepared.place, &prepared.statement))?;
        transaction.commit().await.map_err(|error| self.fault(&error))?;
        Ok(prepared)
    }

    /// The time by the server's clock.
    pub(super) async fn now(&self) -> Result<Instant, LocalError> {
        let row: PgRow = sqlx::query("SELECT clock_timestamp()")
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.fault(&error))?;
        let at = row.try_get::<chrono::DateTime<chrono::Utc>, _>(0).map_err(|error| self.fault(&error))?;
        Ok(at.into())
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
    let options = options.disable_statement_logging();
    let options = if speaks_plainly(&url) { options.ssl_mode(PgSslMode::Disable) } else { options };
    Ok(if options.get_application_name().is_none() { options.application_name("tieout") } else { options })
}

/// Whether TLS is left out: the connection does not leave this machine, and the URL asks for nothing else. The handshakes
/// would take longer than everything else before the first request.
fn speaks_plainly(url: &url::Url) -> bool {
    let is_loopback = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        // The scheme is not one that the URL standard knows, so addresses may come as names.
        Some(url::Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    };
    is_loopback && !url.query_pairs().any(|(name, _)| name == "sslmode" || name == "ssl-mode")
}

fn pool(options: &PgConnectOptions, limits: Limits) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        // Whoever waits for a connection waits for other slices' reads, each of which may take its whole limit.
        .acquire_timeout(limits.statement + GRACE + limits.connect)
        .connect_lazy_with(options.clone())
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

/// What a read ended with.
type Drained = Result<ControlFlow<()>, sqlx::Error>;
/// The values of one execution.
type Values = Result<PgArguments, sqlx::Error>;

//! PostgreSQL: every read is one READ ONLY transaction with its own timeouts, drained before it returns.
//!
//! Timeouts are set inside the transaction, and no statement is kept beyond it, so a transaction pooler may stand between.

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{
    PgArguments, PgConnectOptions, PgDatabaseError, PgPoolOptions, PgRow, PgSslMode, PgStatement,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Postgres as Driver, Row as _,
    Transaction,
};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Local;

use self::prepared::Prepared;
use super::access::Access;
use super::address::{is_loopback, names_tls};
use super::database::Limits;
use super::draft::Draft;
use super::error::LocalError;
use super::server::{CONNECTIONS, GRACE, Server, probe};
use super::statement::Dialect;
use crate::no_delay;

mod bind;
mod decode;
mod fault;
mod prepared;

/// How many names of statements may be taken by others: each is one that a killed client left on a pooler's connection.
const OTHERS_NAMES: usize = 16;

/// What makes a server look for its client.
const WATCH: &str = "SET LOCAL client_connection_check_interval = '5s'";

/// A PostgreSQL database.
#[derive(Debug, Clone)]
pub struct Postgres {
    access: Access,
    pool: PgPool,
    begin: Arc<str>,
}

impl Postgres {
    /// Proves that the database answers and accepts the login.
    pub(super) async fn connect(name: Arc<str>, url: &str, limits: Limits) -> Result<Self, LocalError> {
        let options = options(&name, url)?;
        let access = Access { database: name, user: options.get_username().into(), limits };
        let server = Self { access, pool: pool(&options, limits), begin: begin(limits).into() };
        probe(&server, &options, &format!("{}:{}", options.get_host(), options.get_port())).await?;
        server.watchful().await
    }

    /// The same, whose server looks every few seconds whether its client is still there, where it can: those before PostgreSQL 14
    /// and on some systems cannot, and would go on with the statement of a run that was killed until its limit.
    async fn watchful(self) -> Result<Self, LocalError> {
        let begin: Arc<str> = format!("{}; {WATCH}", self.begin).into();
        let mut connection = self.acquire().await?;
        let tried = connection.begin_with(AssertSqlSafe(begin.clone())).await;
        match tried {
            Ok(transaction) => {
                transaction.rollback().await.map_err(|error| self.fault(&error))?;
                Ok(Self { begin, ..self })
            }
            Err(sqlx::Error::Database(_)) => Ok(self.clone()),
            Err(error) => Err(self.fault(&error)),
        }
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
        let parsed = parsed.map_err(|error| self.refused_at(&error, &draft.place, &draft.statement))?;
        let places =
            if prepared::has_money(&parsed) { self.money_places(&mut transaction).await? } else { 0 };
        let prepared = Prepared::of(draft, &parsed, places, local, fields)?;
        let proven = prepared.prove_rights(&mut transaction).await;
        proven.map_err(|error| self.statement_fault(&error, &prepared))?;
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
        let begun = self.begin(&mut connection).await;
        let mut transaction = begun.map_err(|error| self.fault(&error))?;
        let row: PgRow = sqlx::query("SELECT clock_timestamp()")
            .persistent(false)
            .fetch_one(&mut *transaction)
            .await
            .map_err(|error| self.fault(&error))?;
        let at = row.try_get::<chrono::DateTime<chrono::Utc>, _>(0).map_err(|error| self.fault(&error))?;
        transaction.commit().await.map_err(|error| self.fault(&error))?;
        Ok(at.into())
    }
}

impl Server for Postgres {
    type Driver = Driver;
    type Refusal = PgDatabaseError;
    type Prepared = Prepared;
    const DIALECT: Dialect = Dialect::Postgres;

    fn access(&self) -> &Access {
        &self.access
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }

    async fn begin<'c>(
        &self,
        connection: &'c mut PoolConnection<Driver>,
    ) -> Result<Transaction<'c, Driver>, sqlx::Error> {
        connection.begin_with(AssertSqlSafe(self.begin.clone())).await
    }

    async fn prepare(&self, draft: Draft, local: &Local, fields: &Fields) -> Result<Prepared, LocalError> {
        let mut connection = self.acquire().await?;
        for _ in 0..OTHERS_NAMES {
            let begun = self.begin(&mut connection).await;
            let mut transaction = begun.map_err(|error| self.fault(&error))?;
            match prepared::parse(&draft, &mut transaction).await {
                // Somebody left a statement of this name behind; the driver's next one has another.
                Err(error) if Self::refused(&error).is_some_and(fault::is_taken) => {}
                parsed => return self.prove(draft, parsed, transaction, local, fields).await,
            }
        }
        let reason = "other clients have left their prepared statements on the pooler's connections";
        Err(self.access.interrupted(reason.to_owned()))
    }

    fn refusal(&self, refusal: &PgDatabaseError) -> LocalError {
        fault::refusal(&self.access, refusal)
    }

    fn statement_fault(&self, error: &sqlx::Error, prepared: &Prepared) -> LocalError {
        self.refused_at(error, &prepared.place, &prepared.statement)
    }

    /// A type that the connection did not know: the driver asked for it in between, which made the server forget the statement.
    /// It is known now.
    fn is_passing(error: &sqlx::Error) -> bool {
        Self::refused(error).is_some_and(fault::is_forgotten)
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
        .after_connect(|_, _| {
            no_delay::on_all_connections();
            Box::pin(async { Ok(()) })
        })
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

/// The values of one execution.
type Values = Result<PgArguments, sqlx::Error>;

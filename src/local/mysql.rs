//! The MySQL protocol, tested on MariaDB: every read is one READ ONLY transaction with its own settings, drained before it
//! returns.
//!
//! MySQL has no settings of a transaction. They are set again as the first thing in each one, so a transaction pooler may
//! stand between; and no statement is kept beyond it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPool, MySqlPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, MySql as Driver, Row as _, Transaction};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Local;

use self::prepared::Prepared;
use super::access::Access;
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

/// A database that speaks the MySQL protocol.
#[derive(Debug, Clone)]
pub struct MySql {
    access: Access,
    pool: MySqlPool,
    settings: Arc<str>,
}

impl MySql {
    /// Proves that the database answers and accepts the login.
    pub(super) async fn connect(name: Arc<str>, url: &str, limits: Limits) -> Result<Self, LocalError> {
        let (url, options) = options(&name, url)?;
        let access = Access { database: name, user: options.get_username().into(), limits };
        let server = Self { access, pool: pool(&options, limits), settings: settings(limits).into() };
        probe(&server, &options, &format!("{}:{}", options.get_host(), options.get_port())).await?;
        if url.path().trim_matches('/').is_empty() {
            let reason = "its URL names no database; write `mysql://USER@HOST/NAME`".to_owned();
            return Err(server.access.misconfigured(reason));
        }
        Ok(server)
    }

    /// The time by the server's clock.
    pub(super) async fn now(&self) -> Result<Instant, LocalError> {
        let mut connection = self.acquire().await?;
        let row = sqlx::query("SELECT UTC_TIMESTAMP(6)").fetch_one(&mut *connection).await;
        let at = row.and_then(|row| row.try_get::<chrono::NaiveDateTime, _>(0));
        Ok(at.map_err(|error| self.fault(&error))?.and_utc().into())
    }
}

impl Server for MySql {
    type Driver = Driver;
    type Refusal = MySqlDatabaseError;
    type Prepared = Prepared;
    const DIALECT: Dialect = Dialect::MySql;

    fn access(&self) -> &Access {
        &self.access
    }

    fn pool(&self) -> &MySqlPool {
        &self.pool
    }

    async fn begin<'c>(
        &self,
        connection: &'c mut PoolConnection<Driver>,
    ) -> Result<Transaction<'c, Driver>, sqlx::Error> {
        let mut transaction = connection.begin_with("START TRANSACTION READ ONLY").await?;
        sqlx::raw_sql(AssertSqlSafe(self.settings.clone())).execute(&mut *transaction).await?;
        Ok(transaction)
    }

    async fn prepare(&self, draft: Draft, local: &Local, fields: &Fields) -> Result<Prepared, LocalError> {
        let mut connection = self.acquire().await?;
        let begun = self.begin(&mut connection).await;
        let mut transaction = begun.map_err(|error| self.fault(&error))?;
        let parsed = prepared::parse(&draft, &mut transaction).await;
        let parsed = parsed.map_err(|error| self.refused_at(&error, &draft.place))?;
        let prepared = Prepared::of(draft, &parsed, local, fields)?;
        let proven = prepared.prove_rights(&mut transaction).await;
        proven.map_err(|error| self.statement_fault(&error, &prepared))?;
        transaction.commit().await.map_err(|error| self.fault(&error))?;
        Ok(prepared)
    }

    fn refusal(&self, refusal: &MySqlDatabaseError) -> LocalError {
        fault::refusal(&self.access, refusal)
    }

    fn statement_fault(&self, error: &sqlx::Error, prepared: &Prepared) -> LocalError {
        self.refused_at(error, &prepared.place)
    }

    fn connect_fault(&self, error: &sqlx::Error, place: &str) -> LocalError {
        match error {
            // The only thing that this driver finds wrong with a checked URL.
            sqlx::Error::Configuration(_) => fault::needs_tls(&self.access, place),
            error => self.access.not_reached(error, place).unwrap_or_else(|| self.fault(error)),
        }
    }

    /// A key may have characters that the character set of its column does not have.
    fn is_about_a_key(error: &sqlx::Error) -> bool {
        Self::refused(error).is_some_and(fault::is_foreign)
    }
}

fn options(name: &Arc<str>, url: &str) -> Result<(url::Url, MySqlConnectOptions), LocalError> {
    let wrong = |reason: String| LocalError::Configuration { database: name.clone(), reason };
    // Only the reason is repeated: the URL holds the password.
    let url = url::Url::parse(url).map_err(|error| wrong(format!("its URL cannot be read: {error}")))?;
    let options = MySqlConnectOptions::from_url(&url)
        .map_err(|_| wrong("its URL has a part that MySQL does not know".to_owned()))?;
    // The user's SQL means here what it means to the server's other clients, so its `sql_mode` is left alone. TLS is spoken
    // wherever the server offers it, on this machine too: MySQL 8 takes passwords over nothing else.
    let options = options
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .statement_cache_capacity(0)
        .disable_statement_logging();
    Ok((url, options))
}

fn pool(options: &MySqlConnectOptions, limits: Limits) -> MySqlPool {
    MySqlPoolOptions::new()
        .max_connections(CONNECTIONS)
        // Whoever waits for a connection waits for other slices' reads, each of which may take its whole limit.
        .acquire_timeout(limits.statement + GRACE + limits.connect)
        .after_connect(|_, _| {
            no_delay::on_all_connections();
            Box::pin(async { Ok(()) })
        })
        .connect_lazy_with(options.clone())
}

/// Instants of `TIMESTAMP` columns are written and read in universal time. MySQL and MariaDB name the limit of a statement
/// differently, and each takes the other's for a comment.
fn settings(limits: Limits) -> String {
    let seconds = |limit: Duration| limit.as_secs().max(1);
    format!(
        "SET SESSION time_zone = '+00:00', lock_wait_timeout = {lock}, innodb_lock_wait_timeout = {lock}\
         /*!50708 , max_execution_time = {millis} *//*M!100100 , max_statement_time = {statement} */",
        lock = seconds(limits.lock),
        millis = limits.statement.as_millis().max(1),
        statement = limits.statement.as_secs_f64().max(0.001),
    )
}

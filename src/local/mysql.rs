//! The MySQL protocol, tested on MariaDB: every read is one READ ONLY transaction with its own settings, drained before it
//! returns.
//!
//! MySQL has no settings of a transaction. They are set again as the first thing in each one, so a transaction pooler may
//! stand between; and no statement is kept beyond it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPool, MySqlPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, MySql as Driver, MySqlConnection, Row as _, Transaction,
};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::reconciler::Local;

use self::prepared::{Draft, Prepared};
pub(super) use self::reader::MySqlReader;
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

/// A database that speaks the MySQL protocol.
#[derive(Debug, Clone)]
pub struct MySql {
    name: Arc<str>,
    user: Arc<str>,
    pool: MySqlPool,
    limits: Limits,
    settings: Arc<str>,
}

impl MySql {
    /// Proves that the database answers and accepts the login.
    pub(super) async fn connect(name: Arc<str>, url: &str, limits: Limits) -> Result<Self, LocalError> {
        let (url, options) = options(&name, url)?;
        let database = Self {
            user: options.get_username().into(),
            pool: pool(&options, limits),
            settings: settings(limits).into(),
            name,
            limits,
        };
        // The pool would wait out its own timeout where a connection is refused; one connection of our own says why.
        let probe = tokio::time::timeout(limits.connect, MySqlConnection::connect_with(&options)).await;
        let place = || format!("{}:{}", options.get_host(), options.get_port());
        match probe {
            Ok(Ok(connection)) => connection.close().await.map_err(|error| database.fault(&error))?,
            Ok(Err(error)) => return Err(database.connect_fault(&error, &place())),
            Err(_) => {
                let reason = format!("{} did not answer within {:?}", place(), limits.connect);
                return Err(LocalError::Unreachable { database: database.name, reason });
            }
        }
        if url.path().trim_matches('/').is_empty() {
            let reason = "its URL names no database; write `mysql://USER@HOST/NAME`".to_owned();
            return Err(LocalError::Configuration { database: database.name, reason });
        }
        Ok(database)
    }

    /// Prepares both statements of a domain.
    pub(super) async fn reader(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<MySqlReader, LocalError> {
        let [rows, keys] =
            [Purpose::of_rows(local), Purpose::Keys].map(|purpose| Draft::parse(purpose, local, member));
        let rows = self.prepare(rows?, local, fields).await?;
        let keys = self.prepare(keys?, local, fields).await?;
        Ok(MySqlReader::new(self.clone(), rows, keys))
    }

    /// Prepares the statement that asks by key alone.
    pub(super) async fn key_reader(
        &self,
        local: &Local,
        fields: &Fields,
        member: &MemberValues,
    ) -> Result<MySqlReader, LocalError> {
        let keys = self.prepare(Draft::parse(Purpose::Keys, local, member)?, local, fields).await?;
        Ok(MySqlReader::new(self.clone(), keys.clone(), keys))
    }

    async fn prepare(&self, draft: Draft, local: &Local, fields: &Fields) -> Result<Prepared, LocalError> {
        let mut connection = self.acquire().await?;
        let begun = self.begin(&mut connection).await;
        let mut transaction = begun.map_err(|error| self.fault(&error))?;
        let parsed = draft.prepare(&mut transaction).await;
        let parsed = parsed.map_err(|error| self.statement_fault(&error, &draft.place))?;
        let prepared = draft.finish(&parsed, local, fields)?;
        let proven = prepared.prove_rights(&mut transaction).await;
        proven.map_err(|error| self.statement_fault(&error, &prepared.place))?;
        transaction.commit().await.map_err(|error| self.fault(&error))?;
        Ok(prepared)
    }

    /// The time by the server's clock.
    pub(super) async fn now(&self) -> Result<Instant, LocalError> {
        let mut connection = self.acquire().await?;
        let row = sqlx::query("SELECT UTC_TIMESTAMP(6)").fetch_one(&mut *connection).await;
        let at = row.and_then(|row| row.try_get::<chrono::NaiveDateTime, _>(0));
        Ok(at.map_err(|error| self.fault(&error))?.and_utc().into())
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) async fn acquire(&self) -> Result<PoolConnection<Driver>, LocalError> {
        self.pool.acquire().await.map_err(|error| self.fault(&error))
    }

    /// Opens a transaction that cannot write and has our limits, whichever server a pooler gave it to.
    pub(super) async fn begin<'c>(
        &self,
        connection: &'c mut PoolConnection<Driver>,
    ) -> Result<Transaction<'c, Driver>, sqlx::Error> {
        let mut transaction = connection.begin_with("START TRANSACTION READ ONLY").await?;
        sqlx::raw_sql(AssertSqlSafe(self.settings.clone())).execute(&mut *transaction).await?;
        Ok(transaction)
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

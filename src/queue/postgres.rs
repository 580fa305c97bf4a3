//! A PostgreSQL database that takes events, in a table of ours or in a queue of pgmq. Nothing in it is created, altered or emptied
//! here.

mod lag;
pub(crate) mod made;
mod pgmq;
mod table;

use std::str::FromStr;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tieout_reconcilers::window::Window;

pub use pgmq::{NotAPgmqName, PgmqName};
pub(super) use pgmq::{Pgmq, ddl as pgmq_ddl};
pub(super) use table::ddl;

use self::lag::Told;
use super::{Delivery, Lag, Outcome, Queue, QueueFault, Tally, all_acknowledged, stopped};
use crate::no_delay;
use crate::sql_fault::{self, SqlFault};
use crate::store::Outgoing;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// The limits stand in the transaction, so that a transaction pooler may stand between.
const BEGIN: &str = "BEGIN; \
    SET LOCAL lock_timeout = '5s'; \
    SET LOCAL statement_timeout = '15s'; \
    SET LOCAL idle_in_transaction_session_timeout = '15s'";

/// What takes the events.
pub(super) trait Target: Told + Send + Sync {
    /// Puts all events of a batch or none. No events prove that some could be put.
    fn put<'a>(
        &'a mut self,
        connection: &'a mut PgConnection,
        batch: &'a [Outgoing],
    ) -> BoxFuture<'a, Result<(), Unfit>>;

    /// What of it is not as this version makes it; nothing where others make it.
    fn unlike<'a>(
        &'a mut self,
        _connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Option<Vec<String>>, sqlx::Error>> {
        futures::future::ready(Ok(None)).boxed()
    }

    /// What it is, in a word.
    fn system(&self) -> &'static str;

    /// What to do where it is not there, or has another shape.
    fn way_out(&self) -> String;
}

/// Why a target took nothing.
pub(super) enum Unfit {
    /// A statement failed.
    Sql(sqlx::Error),
    /// Something is not there: what, and what to do.
    Lacks(String),
}

impl From<sqlx::Error> for Unfit {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// A PostgreSQL database that takes events.
pub(super) struct PostgresQueue {
    url: SecretString,
    target: Box<dyn Target>,
    place: String,
    connection: Option<PgConnection>,
}

/// What a failed insert is said against.
enum Blame {
    Queue(QueueFault),
    Event(Outcome),
}

impl PostgresQueue {
    pub(super) fn new(url: &SecretString, target: impl Target + 'static) -> Self {
        let place = PgConnectOptions::from_str(url.expose_secret())
            .map_or_else(|_| "PostgreSQL".to_owned(), |options| location(&options));
        Self { url: url.clone(), target: Box::new(target), place, connection: None }
    }

    async fn connect(&mut self) -> Result<PgConnection, QueueFault> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.open().await,
        }
    }

    async fn open(&self) -> Result<PgConnection, QueueFault> {
        let options = PgConnectOptions::from_str(self.url.expose_secret())
            .map_err(|_| self.refused("the URL cannot be read".to_owned()))?;
        let options = options.statement_cache_capacity(0).extra_float_digits(None).application_name("tieout");
        let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
        let connected = tokio::time::timeout(CONNECT_TIME, PgConnection::connect_with(&options)).await;
        let connected = connected.unwrap_or_else(|elapsed| Err(late(elapsed)));
        no_delay::on_all_connections();
        connected.map_err(|error| self.queue_fault(&error))
    }

    /// Sends a batch at once, and one by one where something in it is refused.
    async fn deliver(&mut self, batch: &[Outgoing]) -> Delivery {
        match self.insert(batch).await {
            Ok(()) => all_acknowledged(batch),
            Err(Blame::Queue(fault)) => stopped(fault),
            Err(Blame::Event(outcome)) if batch.len() == 1 => {
                Delivery { outcomes: vec![outcome], fault: None }
            }
            Err(Blame::Event(_)) => self.deliver_singly(batch).await,
        }
    }

    async fn deliver_singly(&mut self, batch: &[Outgoing]) -> Delivery {
        let mut delivery = Delivery::default();
        for event in batch {
            match self.insert(std::slice::from_ref(event)).await {
                Ok(()) => delivery.outcomes.push(Outcome::Acknowledged),
                Err(Blame::Event(outcome)) => delivery.outcomes.push(outcome),
                Err(Blame::Queue(fault)) => {
                    delivery.fault = Some(fault);
                    break;
                }
            }
        }
        delivery
    }

    /// Inserts all events of a batch or none.
    async fn insert(&mut self, batch: &[Outgoing]) -> Result<(), Blame> {
        let mut connection = self.connect().await.map_err(Blame::Queue)?;
        let inserted = put(&mut connection, self.target.as_mut(), batch).await;
        self.connection = Some(connection);
        inserted.map_err(|unfit| match unfit {
            Unfit::Sql(error) => self.blame(&error),
            Unfit::Lacks(why) => Blame::Queue(self.refused(why)),
        })
    }

    fn blame(&mut self, error: &sqlx::Error) -> Blame {
        let reason = sql_fault::words(error);
        match sql_fault::sort(error) {
            SqlFault::Data => Blame::Event(Outcome::Dead { class: "poison", reason }),
            SqlFault::TooLarge => Blame::Event(Outcome::Dead { class: "too_large", reason }),
            SqlFault::Rejected => Blame::Event(Outcome::Dead { class: "rejected", reason }),
            SqlFault::Other => Blame::Event(Outcome::Retry(reason)),
            _ => {
                self.connection = None;
                Blame::Queue(self.queue_fault(error))
            }
        }
    }

    fn queue_fault(&self, error: &sqlx::Error) -> QueueFault {
        let why = sql_fault::words(error);
        match sql_fault::sort(error) {
            SqlFault::Unreachable | SqlFault::Full | SqlFault::Conflict => {
                QueueFault::Unreachable { place: self.place.clone(), why }
            }
            SqlFault::MissingTable | SqlFault::Shape => {
                self.refused(format!("{why}; {}", self.target.way_out()))
            }
            _ => self.refused(why),
        }
    }

    fn refused(&self, why: String) -> QueueFault {
        QueueFault::Refused { place: self.place.clone(), why }
    }
}

impl Queue for PostgresQueue {
    fn system(&self) -> &'static str {
        self.target.system()
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        async move {
            match self.insert(&[]).await {
                Ok(()) => Ok(()),
                Err(Blame::Queue(fault)) => Err(fault),
                Err(Blame::Event(outcome)) => Err(self.refused(format!("{outcome:?}"))),
            }
        }
        .boxed()
    }

    fn unlike(&mut self) -> BoxFuture<'_, Result<Option<Vec<String>>, QueueFault>> {
        async {
            let mut connection = self.connect().await?;
            let told = asked(&mut connection, self.target.as_mut()).await;
            let told = told.map_err(|error| self.queue_fault(&error))?;
            self.connection = Some(connection);
            let cure = self.target.way_out();
            Ok(told.map(|all| all.into_iter().map(|what| format!("{what}; {cure}")).collect()))
        }
        .boxed()
    }

    fn lag<'a>(&'a mut self, _: Option<&'a str>) -> BoxFuture<'a, Result<Option<Lag>, QueueFault>> {
        async { self.lag_told().await.map(Some) }.boxed()
    }

    fn tally<'a>(
        &'a mut self,
        source: &'a str,
        window: Window,
    ) -> BoxFuture<'a, Result<Option<Tally>, QueueFault>> {
        self.tally_told(source, window).boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        self.deliver(batch).boxed()
    }
}

fn location(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("PostgreSQL {}:{}/{database}", options.get_host(), options.get_port())
}

async fn asked(
    connection: &mut PgConnection,
    target: &mut dyn Target,
) -> Result<Option<Vec<String>>, sqlx::Error> {
    let mut tx = connection.begin_with(BEGIN).await?;
    let told = target.unlike(&mut tx).await?;
    tx.rollback().await?;
    Ok(told)
}

async fn put(
    connection: &mut PgConnection,
    target: &mut dyn Target,
    batch: &[Outgoing],
) -> Result<(), Unfit> {
    let mut tx = connection.begin_with(BEGIN).await?;
    target.put(&mut tx, batch).await?;
    if bug!("unconfirmed_is_sent") {
        return Ok(());
    }
    crash_point!("pg_queue.before_commit");
    Ok(tx.commit().await?)
}

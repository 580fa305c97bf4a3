//! Queues as they are configured, and with their secrets read.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_saphyr::Spanned;
use tieout_reconcilers::define::checked::{Checked, Fault, FromText};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;
use tieout_reconcilers::define::words;

use super::broker_url::{Amqp, BrokerUrl, Nats, Redis};
use super::secret::{ConfigError, UrlRef};
use super::webhook::{WebhookConfig, WebhookFile};
use crate::queue::{AmqpSettings, Mode, NatsSettings, PgmqName, QueueSettings, RedisSettings, TableName};

/// The largest message of RabbitMQ 4, where nobody has set another limit; RabbitMQ 3 takes more.
const AMQP_BYTES: u32 = 16 << 20;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueFile {
    sqlite: Option<SqliteFile>,
    postgres: Option<PostgresFile>,
    pgmq: Option<PgmqFile>,
    redis: Option<RedisFile>,
    rabbitmq: Option<AmqpFile>,
    nats: Option<NatsFile>,
    webhook: Option<WebhookFile>,
    ndjson: Option<NdjsonFile>,
    stdout: Option<StdoutFile>,
}

/// The same, once it is known that it is one of them.
enum OneFile {
    Sqlite(SqliteFile),
    Postgres(PostgresFile),
    Pgmq(PgmqFile),
    Redis(RedisFile),
    Amqp(AmqpFile),
    Nats(NatsFile),
    Webhook(Box<WebhookFile>),
    Ndjson(NdjsonFile),
    Stdout,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SqliteFile {
    path: Checked<String>,
    table: Option<Checked<TableName>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostgresFile {
    url: Checked<UrlRef>,
    table: Option<Checked<TableName>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PgmqFile {
    url: Checked<UrlRef>,
    queue: Checked<PgmqName>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RedisFile {
    url: Checked<BrokerUrl<Redis>>,
    stream: Checked<String>,
    mode: Option<Checked<Mode>>,
    max_length: Option<NonZeroU64>,
    #[serde(default)]
    replicas: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AmqpFile {
    url: Checked<BrokerUrl<Amqp>>,
    exchange: Option<Checked<ShortName>>,
    routing_key: Option<Checked<ShortName>>,
    mode: Option<Checked<Mode>>,
    max_bytes: Option<NonZeroU32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NatsFile {
    url: Checked<BrokerUrl<Nats>>,
    subject: Checked<Subject>,
    mode: Option<Checked<Mode>>,
    credentials: Option<Checked<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NdjsonFile {
    path: Checked<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StdoutFile {}

/// A subject that messages can be published to: words between dots, none of them a wildcard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

/// A name of AMQP, which takes 255 bytes.
#[derive(Debug, Clone)]
struct ShortName(String);

/// Where a queue is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueConfig {
    /// A table in a SQLite file.
    Sqlite {
        /// The file, relative to the configuration.
        path: PathBuf,
        /// The table.
        table: TableName,
    },
    /// A table in PostgreSQL.
    Postgres {
        /// The database.
        url: UrlRef,
        /// The table, with its schema where it has one.
        table: TableName,
    },
    /// A queue of pgmq in PostgreSQL.
    Pgmq {
        /// The database.
        url: UrlRef,
        /// The queue.
        queue: PgmqName,
    },
    /// A Redis Stream.
    Redis {
        /// The server.
        url: BrokerUrl<Redis>,
        /// The key of the stream.
        stream: String,
        /// How events stand in its entries.
        mode: Mode,
        /// How many entries it keeps, about; all of them where there is no number.
        max_length: Option<u64>,
        /// How many replicas must have an event before it counts as delivered.
        replicas: u32,
    },
    /// An exchange of RabbitMQ.
    Amqp {
        /// The server and the virtual host.
        url: BrokerUrl<Amqp>,
        /// The exchange; the nameless one where it is empty.
        exchange: String,
        /// The routing key of every message; the event's type where there is none.
        routing_key: Option<String>,
        /// How events stand in messages.
        mode: Mode,
        /// The largest message that the server takes.
        max_bytes: u32,
    },
    /// A subject of NATS JetStream.
    Nats {
        /// The server.
        url: BrokerUrl<Nats>,
        /// The subject.
        subject: Subject,
        /// How events stand in messages.
        mode: Mode,
        /// The file with the credentials, relative to the configuration.
        credentials: Option<PathBuf>,
    },
    /// An application's handler of webhooks.
    Webhook(WebhookConfig),
    /// A file with one JSON document per line.
    Ndjson {
        /// The file, relative to the configuration.
        path: PathBuf,
    },
    /// Standard output.
    Stdout,
}

impl QueueFile {
    pub(super) fn compile(file: Spanned<Self>, problems: &mut Problems<'_>) -> Option<QueueConfig> {
        let Self { sqlite, postgres, pgmq, redis, rabbitmq, nats, webhook, ndjson, stdout } = file.value;
        let given = [
            sqlite.map(OneFile::Sqlite),
            postgres.map(OneFile::Postgres),
            pgmq.map(OneFile::Pgmq),
            redis.map(OneFile::Redis),
            rabbitmq.map(OneFile::Amqp),
            nats.map(OneFile::Nats),
            webhook.map(|webhook| OneFile::Webhook(Box::new(webhook))),
            ndjson.map(OneFile::Ndjson),
            stdout.map(|StdoutFile {}| OneFile::Stdout),
        ];
        let mut given = given.into_iter().flatten();
        if let (Some(one), None) = (given.next(), given.next()) {
            return one.compile(Spot::from(file.referenced), problems);
        }
        let fault = Fault::new("a queue is exactly one of `sqlite`, `postgres`, `pgmq`, `redis`, `rabbitmq`, `nats`, `webhook`, `ndjson` and `stdout`")
            .with_help("write it as `billing: {sqlite: {path: queue.db}}` or `out: {stdout: {}}`");
        problems.add(Spot::from(file.referenced), fault);
        None
    }
}

impl OneFile {
    fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Option<QueueConfig> {
        if let Some((name, feature)) = self.is_missing() {
            let fault = Fault::new(format!("this tieout was built without {name}"))
                .with_help(format!("take a released binary, or build with `--features {feature}`"));
            problems.add(spot, fault);
            return None;
        }
        match self {
            Self::Sqlite(SqliteFile { path, table }) => {
                let table = table_name(table, problems);
                Some(QueueConfig::Sqlite { path: problems.take(path)?.into(), table: table? })
            }
            Self::Postgres(file) => postgres(file, problems),
            Self::Pgmq(PgmqFile { url, queue }) => {
                let queue = problems.take(queue);
                Some(QueueConfig::Pgmq { url: postgres_url(url, problems)?, queue: queue? })
            }
            Self::Redis(file) => redis(file, problems),
            Self::Amqp(file) => amqp(file, spot, problems),
            Self::Nats(file) => nats(file, problems),
            Self::Webhook(file) => file.compile(problems).map(QueueConfig::Webhook),
            Self::Ndjson(NdjsonFile { path }) => {
                Some(QueueConfig::Ndjson { path: problems.take(path)?.into() })
            }
            Self::Stdout => Some(QueueConfig::Stdout),
        }
    }

    /// The broker, and the feature of the build, that this program lacks.
    const fn is_missing(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Redis(_) if !cfg!(feature = "redis") => Some(("Redis", "redis")),
            Self::Amqp(_) if !cfg!(feature = "amqp") => Some(("RabbitMQ", "amqp")),
            Self::Nats(_) if !cfg!(feature = "nats") => Some(("NATS", "nats")),
            _ => None,
        }
    }
}

fn postgres(PostgresFile { url, table }: PostgresFile, problems: &mut Problems<'_>) -> Option<QueueConfig> {
    let table = table_name(table, problems);
    Some(QueueConfig::Postgres { url: postgres_url(url, problems)?, table: table? })
}

fn postgres_url(url: Checked<UrlRef>, problems: &mut Problems<'_>) -> Option<UrlRef> {
    let spot = url.spot;
    let url = problems.take(url)?;
    if matches!(&url, UrlRef::Inline(text) if text.starts_with("sqlite:")) {
        problems.add(spot, Fault::new("this is not the address of a PostgreSQL database"));
    }
    Some(url)
}

fn redis(file: RedisFile, problems: &mut Problems<'_>) -> Option<QueueConfig> {
    let RedisFile { url, stream, mode, max_length, replicas } = file;
    let (url, stream, mode) = (problems.take(url), problems.take(stream), mode_of(mode, problems));
    let max_length = max_length.map(NonZeroU64::get);
    Some(QueueConfig::Redis { url: url?, stream: stream?, mode: mode?, max_length, replicas })
}

/// The nameless exchange routes by the name of a queue, which an event's type is not.
fn amqp(file: AmqpFile, spot: Spot, problems: &mut Problems<'_>) -> Option<QueueConfig> {
    let AmqpFile { url, exchange, routing_key, mode, max_bytes } = file;
    let (url, mode) = (problems.take(url), mode_of(mode, problems));
    let exchange = exchange.map_or_else(|| Some(String::new()), |exchange| Some(problems.take(exchange)?.0));
    let routing_key = routing_key.map_or(Some(None), |key| Some(Some(problems.take(key)?.0)));
    let max_bytes = max_bytes.map_or(AMQP_BYTES, NonZeroU32::get);
    let (exchange, routing_key) = (exchange?, routing_key?);
    if exchange.is_empty() && routing_key.is_none() {
        let fault = Fault::new("neither `exchange` nor `routing_key` says where messages go")
            .with_help("name an exchange, or with `routing_key` the queue that gets them");
        problems.add(spot, fault);
        return None;
    }
    Some(QueueConfig::Amqp { url: url?, exchange, routing_key, mode: mode?, max_bytes })
}

fn nats(file: NatsFile, problems: &mut Problems<'_>) -> Option<QueueConfig> {
    let NatsFile { url, subject, mode, credentials } = file;
    let (url, subject, mode) = (problems.take(url), problems.take(subject), mode_of(mode, problems));
    let credentials =
        credentials.map_or(Some(None), |path| problems.take(path).map(|path| Some(path.into())));
    Some(QueueConfig::Nats { url: url?, subject: subject?, mode: mode?, credentials: credentials? })
}

fn mode_of(mode: Option<Checked<Mode>>, problems: &mut Problems<'_>) -> Option<Mode> {
    mode.map_or(Some(Mode::default()), |mode| problems.take(mode))
}

fn table_name(table: Option<Checked<TableName>>, problems: &mut Problems<'_>) -> Option<TableName> {
    match table {
        Some(table) => problems.take(table),
        None => Some(TableName::default()),
    }
}

impl FromText for Mode {
    fn from_text(text: &str) -> Result<Self, Fault> {
        words::choose("mode", text, &[("structured", Self::Structured), ("binary", Self::Binary)])
    }
}

impl FromText for Subject {
    fn from_text(text: &str) -> Result<Self, Fault> {
        let is_word = |word: &str| {
            !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || matches!(c, '*' | '>'))
        };
        if text.split('.').all(is_word) {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("this is not a subject that messages can be published to").with_help(
            "write words between dots, such as `billing.repairs`; wildcards are for those who subscribe",
        ))
    }
}

impl FromText for ShortName {
    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.len() <= 255 {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new(format!("this name has {} bytes, and AMQP takes 255", text.len())))
    }
}

impl FromText for PgmqName {
    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse::<Self>().map_err(|error| Fault::new(error.to_string()))
    }
}

impl FromText for TableName {
    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse::<Self>().map_err(|error| Fault::new(error.to_string()))
    }
}

impl QueueConfig {
    /// Reads what it needs. `name` is its name in the configuration, `base` the configuration's folder.
    pub fn resolve(&self, name: &str, base: &Path) -> Result<QueueSettings, ConfigError> {
        Ok(match self {
            Self::Sqlite { path, table } => {
                QueueSettings::Sqlite { path: base.join(path), table: table.clone() }
            }
            Self::Postgres { url, table } => {
                let url = url.read(&format!("queues.{name}.postgres.url"), base)?;
                QueueSettings::Postgres { url, table: table.clone() }
            }
            Self::Pgmq { url, queue } => {
                let url = url.read(&format!("queues.{name}.pgmq.url"), base)?;
                QueueSettings::Pgmq { url, queue: queue.clone() }
            }
            Self::Redis { url, stream, mode, max_length, replicas } => QueueSettings::Redis(RedisSettings {
                url: url.read(&format!("queues.{name}.redis.url"), base)?,
                stream: stream.clone(),
                mode: *mode,
                max_length: *max_length,
                replicas: *replicas,
            }),
            Self::Amqp { url, exchange, routing_key, mode, max_bytes } => QueueSettings::Amqp(AmqpSettings {
                url: url.read(&format!("queues.{name}.rabbitmq.url"), base)?,
                exchange: exchange.clone(),
                routing_key: routing_key.clone(),
                mode: *mode,
                max_bytes: usize::try_from(*max_bytes).unwrap_or(usize::MAX),
            }),
            Self::Nats { url, subject, mode, credentials } => QueueSettings::Nats(NatsSettings {
                url: url.read(&format!("queues.{name}.nats.url"), base)?,
                subject: subject.0.clone(),
                mode: *mode,
                credentials: credentials.as_ref().map(|path| base.join(path)),
            }),
            Self::Webhook(webhook) => {
                QueueSettings::Webhook(Box::new(webhook.resolve(&format!("queues.{name}.webhook"), base)?))
            }
            Self::Ndjson { path } => QueueSettings::Ndjson { path: base.join(path) },
            Self::Stdout => QueueSettings::Stdout,
        })
    }
}

//! Queues as they are configured, and with their secrets read. A broker is one file here and one in [`crate::queue`].

mod amqp;
mod aws;
pub mod broker_url;
mod kafka;
pub mod lag;
mod nats;
mod pubsub;
mod redis;
mod table;
pub mod webhook;

use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, Placed, Word};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;
use tieout_reconcilers::define::schema;

use amqp::AmqpFile;
use aws::{EventBridgeFile, SnsFile, SqsFile};
use kafka::KafkaFile;
use lag::LagFile;
use nats::NatsFile;
use pubsub::PubsubFile;
use redis::RedisFile;
use table::{PgmqFile, PostgresFile, SqliteFile};
use webhook::{WebhookConfig, WebhookFile};

pub use amqp::AmqpConfig;
pub use aws::{
    AccountConfig, Bus, EventBridgeConfig, QueueUrl, Region, SnsConfig, Source, SqsConfig, TopicArn,
};
pub use kafka::{KafkaConfig, LoginConfig, TlsConfig};
pub use nats::{NatsConfig, Subject};
pub use pubsub::{Endpoint, PubsubConfig, TopicName};
pub use redis::RedisConfig;

use super::secret::{ConfigError, UrlRef};
use crate::queue::{Mode, PgmqName, QueueSettings, TableName};

/// A queue: exactly one of the brokers, and perhaps `lag`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = one_broker)]
pub(super) struct QueueFile {
    /// A table in a SQLite file.
    sqlite: Option<SqliteFile>,
    /// A table in PostgreSQL.
    postgres: Option<PostgresFile>,
    /// A queue of pgmq in PostgreSQL.
    pgmq: Option<PgmqFile>,
    /// A Redis Stream.
    redis: Option<RedisFile>,
    /// An exchange of RabbitMQ.
    rabbitmq: Option<AmqpFile>,
    /// A subject of NATS JetStream.
    nats: Option<NatsFile>,
    /// A queue of Amazon SQS.
    sqs: Option<SqsFile>,
    /// A topic of Amazon SNS.
    sns: Option<SnsFile>,
    /// A bus of Amazon EventBridge.
    eventbridge: Option<EventBridgeFile>,
    /// A topic of Kafka.
    kafka: Option<KafkaFile>,
    /// A topic of Google Pub/Sub.
    pubsub: Option<PubsubFile>,
    /// The handler of webhooks of an application.
    webhook: Option<WebhookFile>,
    /// A file with one event on each line.
    ndjson: Option<NdjsonFile>,
    /// Standard output.
    stdout: Option<StdoutFile>,
    /// Whose lag counts, and how far consumers may be behind.
    pub(super) lag: Option<Placed<LagFile>>,
}

fn one_broker(schema: &mut Schema) {
    schema::exactly_one_but(&["lag"], schema);
}

/// The same, once it is known that it is one of them.
enum OneFile {
    Sqlite(SqliteFile),
    Postgres(PostgresFile),
    Pgmq(PgmqFile),
    Redis(RedisFile),
    Amqp(AmqpFile),
    Nats(NatsFile),
    Sqs(SqsFile),
    Sns(SnsFile),
    EventBridge(EventBridgeFile),
    Kafka(Box<KafkaFile>),
    Pubsub(PubsubFile),
    Webhook(Box<WebhookFile>),
    Ndjson(NdjsonFile),
    Stdout,
}

/// A file with one event on each line.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NdjsonFile {
    /// The file.
    path: Checked<String>,
}

/// Standard output, which has no settings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StdoutFile {}

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
    Redis(RedisConfig),
    /// An exchange of RabbitMQ.
    Amqp(AmqpConfig),
    /// A subject of NATS JetStream.
    Nats(NatsConfig),
    /// A queue of SQS.
    Sqs(SqsConfig),
    /// A topic of SNS.
    Sns(SnsConfig),
    /// A bus of EventBridge.
    EventBridge(EventBridgeConfig),
    /// A topic of Kafka.
    Kafka(KafkaConfig),
    /// A topic of Google Pub/Sub.
    Pubsub(PubsubConfig),
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
    pub(super) fn compile(file: Placed<Self>, problems: &mut Problems<'_>) -> Option<QueueConfig> {
        let Self {
            sqlite,
            postgres,
            pgmq,
            redis,
            rabbitmq,
            nats,
            sqs,
            sns,
            eventbridge,
            kafka,
            pubsub,
            webhook,
            ndjson,
            stdout,
            lag: _,
        } = file.value;
        let given = [
            sqlite.map(OneFile::Sqlite),
            postgres.map(OneFile::Postgres),
            pgmq.map(OneFile::Pgmq),
            redis.map(OneFile::Redis),
            rabbitmq.map(OneFile::Amqp),
            nats.map(OneFile::Nats),
            sqs.map(OneFile::Sqs),
            sns.map(OneFile::Sns),
            eventbridge.map(OneFile::EventBridge),
            kafka.map(|kafka| OneFile::Kafka(Box::new(kafka))),
            pubsub.map(OneFile::Pubsub),
            webhook.map(|webhook| OneFile::Webhook(Box::new(webhook))),
            ndjson.map(OneFile::Ndjson),
            stdout.map(|StdoutFile {}| OneFile::Stdout),
        ];
        let mut given = given.into_iter().flatten();
        if let (Some(one), None) = (given.next(), given.next()) {
            return one.compile(file.spot, problems);
        }
        let fault = Fault::new("a queue is exactly one of `sqlite`, `postgres`, `pgmq`, `redis`, `rabbitmq`, `nats`, `sqs`, `sns`, `eventbridge`, `kafka`, `pubsub`, `webhook`, `ndjson` and `stdout`")
            .with_help("write it as `billing: {sqlite: {path: queue.db}}` or `out: {stdout: {}}`");
        problems.add(file.spot, fault);
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
            Self::Sqlite(file) => file.compile(problems),
            Self::Postgres(file) => file.compile(problems),
            Self::Pgmq(file) => file.compile(problems),
            Self::Redis(file) => file.compile(problems).map(QueueConfig::Redis),
            Self::Amqp(file) => file.compile(spot, problems).map(QueueConfig::Amqp),
            Self::Nats(file) => file.compile(problems).map(QueueConfig::Nats),
            Self::Sqs(file) => file.compile(problems).map(QueueConfig::Sqs),
            Self::Sns(file) => file.compile(problems).map(QueueConfig::Sns),
            Self::EventBridge(file) => file.compile(problems).map(QueueConfig::EventBridge),
            Self::Kafka(file) => file.compile(problems).map(QueueConfig::Kafka),
            Self::Pubsub(file) => file.compile(problems).map(QueueConfig::Pubsub),
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
            Self::Sqs(_) if !cfg!(feature = "aws") => Some(("SQS", "aws")),
            Self::Sns(_) if !cfg!(feature = "aws") => Some(("SNS", "aws")),
            Self::EventBridge(_) if !cfg!(feature = "aws") => Some(("EventBridge", "aws")),
            Self::Kafka(_) if !cfg!(feature = "kafka") => Some(("Kafka", "kafka")),
            Self::Pubsub(_) if !cfg!(feature = "gcp") => Some(("Google Pub/Sub", "gcp")),
            _ => None,
        }
    }
}

fn mode_of(mode: Option<Checked<Mode>>, problems: &mut Problems<'_>) -> Option<Mode> {
    mode.map_or(Some(Mode::default()), |mode| problems.take(mode))
}

impl Word for Mode {
    const WHAT: &'static str = "mode";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("structured", Self::Structured), ("binary", Self::Binary)]
    }
}

impl QueueConfig {
    /// Reads what it needs. `name` is its name in the configuration, `base` the configuration's folder.
    pub fn resolve(&self, name: &str, base: &Path) -> Result<QueueSettings, ConfigError> {
        let place = |kind: &str| format!("queues.{name}.{kind}");
        Ok(match self {
            Self::Sqlite { path, table } => {
                QueueSettings::Sqlite { path: base.join(path), table: table.clone() }
            }
            Self::Postgres { url, table } => {
                let url = url.read(&place("postgres.url"), base)?;
                QueueSettings::Postgres { url, table: table.clone() }
            }
            Self::Pgmq { url, queue } => {
                let url = url.read(&place("pgmq.url"), base)?;
                QueueSettings::Pgmq { url, queue: queue.clone() }
            }
            Self::Redis(redis) => QueueSettings::Redis(redis.resolve(&place("redis"), base)?),
            Self::Amqp(amqp) => QueueSettings::Amqp(amqp.resolve(&place("rabbitmq"), base)?),
            Self::Nats(nats) => QueueSettings::Nats(nats.resolve(&place("nats"), base)?),
            Self::Sqs(sqs) => QueueSettings::Sqs(sqs.resolve(&place("sqs"), base)?),
            Self::Sns(sns) => QueueSettings::Sns(sns.resolve(&place("sns"), base)?),
            Self::EventBridge(bus) => QueueSettings::EventBridge(bus.resolve(&place("eventbridge"), base)?),
            Self::Kafka(kafka) => QueueSettings::Kafka(kafka.resolve(&place("kafka"), base)?),
            Self::Pubsub(pubsub) => QueueSettings::Pubsub(pubsub.resolve(&place("pubsub"), base)?),
            Self::Webhook(webhook) => {
                QueueSettings::Webhook(Box::new(webhook.resolve(&place("webhook"), base)?))
            }
            Self::Ndjson { path } => QueueSettings::Ndjson { path: base.join(path) },
            Self::Stdout => QueueSettings::Stdout,
        })
    }
}

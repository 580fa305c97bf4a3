//! Which broker a queue is, as the configuration says it.

mod kafka;

use std::path::PathBuf;

use secrecy::SecretString;

use super::postgres::PgmqName;
use super::table::TableName;
use super::webhook::WebhookSettings;

pub use kafka::{Compression, KafkaLogin, KafkaSettings, KafkaTls, Mechanism};

/// Which broker a queue is.
#[derive(Debug, Clone)]
pub enum QueueSettings {
    /// A table in a SQLite file; both are created where they do not exist.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The table.
        table: TableName,
    },
    /// A table in a PostgreSQL database; it is never created by a run.
    Postgres {
        /// The connection URL, which may hold a password.
        url: SecretString,
        /// The table.
        table: TableName,
    },
    /// A queue of pgmq in a PostgreSQL database.
    Pgmq {
        /// The connection URL, which may hold a password.
        url: SecretString,
        /// The queue.
        queue: PgmqName,
    },
    /// A Redis Stream.
    Redis(RedisSettings),
    /// An exchange of RabbitMQ.
    Amqp(AmqpSettings),
    /// A subject of NATS JetStream.
    Nats(NatsSettings),
    /// A queue of SQS.
    Sqs(SqsSettings),
    /// A topic of SNS.
    Sns(SnsSettings),
    /// A bus of EventBridge.
    EventBridge(EventBridgeSettings),
    /// A topic of Kafka.
    Kafka(KafkaSettings),
    /// A topic of Google Pub/Sub.
    Pubsub(PubsubSettings),
    /// An application's handler of webhooks.
    Webhook(Box<WebhookSettings>),
    /// A file with one event a line.
    Ndjson {
        /// The file; it is created where it does not exist.
        path: PathBuf,
    },
    /// Standard output, one event a line.
    Stdout,
}

/// How an event stands in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The body is the whole event.
    #[default]
    Structured,
    /// The body is the data; the rest are headers.
    Binary,
}

/// A Redis Stream.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// The connection URL, which may hold a password.
    pub url: SecretString,
    /// The key of the stream.
    pub stream: String,
    /// How events stand in its entries.
    pub mode: Mode,
    /// How many entries it keeps, about; all of them where there is no number.
    pub max_length: Option<u64>,
    /// How many replicas must have an event before it counts as delivered.
    pub replicas: u32,
}

/// An exchange of RabbitMQ.
#[derive(Debug, Clone)]
pub struct AmqpSettings {
    /// The connection URL, which may hold a password.
    pub url: SecretString,
    /// The exchange; the nameless one where it is empty.
    pub exchange: String,
    /// The routing key of every message; the event's type where there is none.
    pub routing_key: Option<String>,
    /// How events stand in messages.
    pub mode: Mode,
    /// The largest message that the server takes.
    pub max_bytes: usize,
}

/// A subject of NATS JetStream.
#[derive(Debug, Clone)]
pub struct NatsSettings {
    /// The connection URL, which may hold a password or a token.
    pub url: SecretString,
    /// The subject.
    pub subject: String,
    /// How events stand in messages.
    pub mode: Mode,
    /// A file with a JWT and the seed of its key.
    pub credentials: Option<PathBuf>,
}

/// A queue of SQS, FIFO where its name ends so.
#[derive(Debug, Clone)]
pub struct SqsSettings {
    /// Its address.
    pub url: String,
    /// Where it is, and who sends.
    pub account: AwsAccount,
}

/// A topic of SNS, FIFO where its name ends so.
#[derive(Debug, Clone)]
pub struct SnsSettings {
    /// Its ARN.
    pub topic: String,
    /// Where it is, and who sends.
    pub account: AwsAccount,
}

/// A bus of EventBridge.
#[derive(Debug, Clone)]
pub struct EventBridgeSettings {
    /// Its name or its ARN.
    pub bus: String,
    /// The source of every event; its own where there is none.
    pub source: Option<String>,
    /// Where it is, and who sends.
    pub account: AwsAccount,
}

/// Where a service of AWS is, and who calls it.
#[derive(Debug, Clone)]
pub struct AwsAccount {
    /// The region.
    pub region: String,
    /// Where the service answers, if not where the SDK thinks.
    pub endpoint: Option<String>,
    /// A key; the SDK looks for credentials where there is none.
    pub keys: Option<AwsKeys>,
}

/// A key of AWS that lasts.
#[derive(Debug, Clone)]
pub struct AwsKeys {
    /// Its id.
    pub id: SecretString,
    /// What requests are signed with.
    pub secret: SecretString,
}

/// A topic of Google Pub/Sub.
#[derive(Debug, Clone)]
pub struct PubsubSettings {
    /// The whole name of the topic, with its project.
    pub topic: String,
    /// How events stand in messages.
    pub mode: Mode,
    /// Whether messages have their subject as their ordering key.
    pub ordering: bool,
    /// As whom the service is asked.
    pub login: PubsubLogin,
    /// Where the service is, unless it is where it always is: a scheme and a host.
    pub endpoint: Option<String>,
}

/// As whom Google Pub/Sub is asked.
#[derive(Debug, Clone)]
pub enum PubsubLogin {
    /// As nobody, which an emulator takes.
    Anonymous,
    /// By the application default credentials.
    Environment,
    /// By the key of a service account, in JSON.
    ServiceAccount(SecretString),
}

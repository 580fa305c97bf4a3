//! The brokers that events go to, one file each. A queue delivers and never decides: retries and records are the relay's.
//!
//! To add a broker, write a file with a type that implements [`Queue`] and name it in [`QueueSettings`] and [`open`].

pub(crate) mod binding;
mod lag;
mod settings;
mod table;
mod watched;

#[cfg(feature = "amqp")]
mod amqp;
#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "nats")]
mod nats;
mod ndjson;
mod postgres;
#[cfg(feature = "gcp")]
mod pubsub;
#[cfg(feature = "redis")]
mod redis;
mod sqlite;
mod stdout;
#[cfg(not(feature = "all-queues"))]
mod unbuilt;
pub mod webhook;

use std::collections::BTreeMap;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tieout_reconcilers::window::Window;

pub use lag::{Lag, Tally};
pub(crate) use postgres::made::functions;
pub use postgres::{NotAPgmqName, PgmqName};
pub use settings::{
    AmqpSettings, AwsAccount, AwsKeys, Compression, EventBridgeSettings, KafkaLogin, KafkaSettings, KafkaTls,
    Mechanism, Mode, NatsSettings, PubsubLogin, PubsubSettings, QueueSettings, RedisSettings, SnsSettings,
    SqsSettings,
};
pub use table::{NotATable, TableName};
pub use watched::{Crowd, Room, watched};
pub use webhook::WebhookSettings;

use crate::store::Outgoing;

/// A broker.
pub trait Queue: Send {
    /// Connects and proves that events can be sent, without sending one.
    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>>;

    /// What of its schema is not as this version makes it, in words, each with what to do; nothing where it has none that is made by
    /// hand.
    fn unlike(&mut self) -> BoxFuture<'_, Result<Option<Vec<String>>, QueueFault>> {
        futures::future::ready(Ok(None)).boxed()
    }

    /// Which messaging system it is, as OpenTelemetry calls it; by our own word where it has none for it.
    fn system(&self) -> &'static str {
        "_OTHER"
    }

    /// How many events it takes at once: what it surely delivers before a claim on them lapses.
    fn takes_at_once(&self) -> u32 {
        u32::MAX
    }

    /// How far its consumers are behind, where the broker tells. `of` names whose lag is meant, where several may consume: a group, a durable
    /// consumer, a queue.
    fn lag<'a>(&'a mut self, _of: Option<&'a str>) -> BoxFuture<'a, Result<Option<Lag>, QueueFault>> {
        futures::future::ready(Ok(None)).boxed()
    }

    /// What became of the events of a CloudEvents source, and of those under it, that came in a range of time; nothing where the broker does
    /// not tell.
    fn tally<'a>(
        &'a mut self,
        _source: &'a str,
        _window: Window,
    ) -> BoxFuture<'a, Result<Option<Tally>, QueueFault>> {
        futures::future::ready(Ok(None)).boxed()
    }

    /// Whether its consumers may only be so far behind.
    fn watches_consumers(&self) -> bool {
        false
    }

    /// How many of the events that are wanted its consumers leave room for now.
    fn room(&mut self, wanted: u32) -> BoxFuture<'_, Room> {
        futures::future::ready(Room::For(wanted)).boxed()
    }

    /// Delivers a batch; every event that is acknowledged is durable at the broker.
    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery>;
}

/// The open queues by their names in the configuration.
pub type Queues = BTreeMap<String, Box<dyn Queue>>;

/// How a batch went.
#[derive(Debug, Default)]
pub struct Delivery {
    /// What became of each event, in the order of the batch, as far as the queue got.
    pub outcomes: Vec<Outcome>,
    /// Why it got no further. The events without an outcome were not tried, or are safe to send again.
    pub fault: Option<QueueFault>,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The broker has it.
    Acknowledged,
    /// It may be accepted later. That was an attempt, and their number has a limit.
    Retry(String),
    /// There is no room for it now, which is not its fault: no attempt.
    NotNow(String),
    /// Nothing takes it where it was sent, now: a queue that restarts may take it soon.
    Unroutable(String),
    /// This broker will never take it.
    Dead {
        /// `poison`, `too_large`, `rejected` or `unroutable`.
        class: &'static str,
        /// What the broker said.
        reason: String,
    },
}

/// Why a queue as a whole does not work. It costs no event an attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueFault {
    /// It may work later: not there, restarting, full.
    #[error("the queue at {place} cannot be reached: {why}")]
    Unreachable {
        /// Where it is, without credentials.
        place: String,
        /// What was seen.
        why: String,
    },
    /// It will not work until somebody does something: login, grant, missing table.
    #[error("the queue at {place} refuses: {why}")]
    Refused {
        /// Where it is, without credentials.
        place: String,
        /// What was seen and, where it is known, what to do.
        why: String,
    },
}

impl QueueFault {
    /// The same about the queue that the configuration calls so: a command in it can be pasted.
    #[must_use]
    pub fn of_queue(self, name: &str) -> Self {
        match self {
            Self::Refused { place, why } => Self::Refused { place, why: with_name(&why, name) },
            unreachable @ Self::Unreachable { .. } => unreachable,
        }
    }
}

/// What a queue said that does not know what the configuration calls it, with its name in the command that it advises.
#[must_use]
pub fn with_name(told: &str, name: &str) -> String {
    told.replace("migrate queue NAME", &format!("migrate queue {name}"))
}

/// Makes a queue of its settings. Nothing is opened before [`Queue::ready`] or the first [`Queue::send`].
#[must_use]
pub fn open(settings: &QueueSettings) -> Box<dyn Queue> {
    match settings {
        QueueSettings::Sqlite { path, table } => Box::new(sqlite::SqliteQueue::new(path, table)),
        QueueSettings::Postgres { url, table } => Box::new(postgres::PostgresQueue::new(url, table.clone())),
        QueueSettings::Pgmq { url, queue } => {
            Box::new(postgres::PostgresQueue::new(url, postgres::Pgmq::new(queue.clone())))
        }
        #[cfg(feature = "redis")]
        QueueSettings::Redis(settings) => Box::new(redis::RedisQueue::new(settings)),
        #[cfg(not(feature = "redis"))]
        QueueSettings::Redis(_) => Box::new(unbuilt::Unbuilt),
        #[cfg(feature = "amqp")]
        QueueSettings::Amqp(settings) => Box::new(amqp::AmqpQueue::new(settings)),
        #[cfg(not(feature = "amqp"))]
        QueueSettings::Amqp(_) => Box::new(unbuilt::Unbuilt),
        #[cfg(feature = "nats")]
        QueueSettings::Nats(settings) => Box::new(nats::NatsQueue::new(settings)),
        #[cfg(not(feature = "nats"))]
        QueueSettings::Nats(_) => Box::new(unbuilt::Unbuilt),
        #[cfg(feature = "aws")]
        QueueSettings::Sqs(settings) => aws::sqs(settings),
        #[cfg(feature = "aws")]
        QueueSettings::Sns(settings) => aws::sns(settings),
        #[cfg(feature = "aws")]
        QueueSettings::EventBridge(settings) => aws::eventbridge(settings),
        #[cfg(not(feature = "aws"))]
        QueueSettings::Sqs(_) | QueueSettings::Sns(_) | QueueSettings::EventBridge(_) => {
            Box::new(unbuilt::Unbuilt)
        }
        #[cfg(feature = "kafka")]
        QueueSettings::Kafka(settings) => Box::new(kafka::KafkaQueue::new(settings)),
        #[cfg(not(feature = "kafka"))]
        QueueSettings::Kafka(_) => Box::new(unbuilt::Unbuilt),
        #[cfg(feature = "gcp")]
        QueueSettings::Pubsub(settings) => Box::new(pubsub::PubsubQueue::new(settings)),
        #[cfg(not(feature = "gcp"))]
        QueueSettings::Pubsub(_) => Box::new(unbuilt::Unbuilt),
        QueueSettings::Webhook(settings) => Box::new(webhook::WebhookQueue::new(settings)),
        QueueSettings::Ndjson { path } => Box::new(ndjson::NdjsonQueue::new(path)),
        QueueSettings::Stdout => Box::new(stdout::StdoutQueue),
    }
}

/// The statements that make a queue's table and what its consumers call, for the queues that are tables. They may be run again.
#[must_use]
pub fn ddl(settings: &QueueSettings) -> Option<String> {
    match settings {
        QueueSettings::Sqlite { table, .. } => Some(sqlite::ddl(table)),
        QueueSettings::Postgres { table, .. } => Some(postgres::ddl(table)),
        QueueSettings::Pgmq { queue, .. } => Some(postgres::pgmq_ddl(queue)),
        QueueSettings::Redis(_)
        | QueueSettings::Amqp(_)
        | QueueSettings::Nats(_)
        | QueueSettings::Sqs(_)
        | QueueSettings::Sns(_)
        | QueueSettings::EventBridge(_)
        | QueueSettings::Kafka(_)
        | QueueSettings::Pubsub(_)
        | QueueSettings::Webhook(_)
        | QueueSettings::Ndjson { .. }
        | QueueSettings::Stdout => None,
    }
}

/// A delivery that stopped before its first event.
fn stopped(fault: QueueFault) -> Delivery {
    Delivery { outcomes: Vec::new(), fault: Some(fault) }
}

/// A delivery of everything.
fn all_acknowledged(batch: &[Outgoing]) -> Delivery {
    Delivery { outcomes: vec![Outcome::Acknowledged; batch.len()], fault: None }
}

/// Events as lines. JSON has line breaks only between its tokens, where a space says the same.
fn lines(batch: &[Outgoing]) -> Vec<u8> {
    let mut lines = Vec::new();
    for event in batch {
        lines.extend(
            event.payload.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }),
        );
        lines.push(b'\n');
    }
    lines
}

#[cfg(test)]
pub(crate) mod tests;

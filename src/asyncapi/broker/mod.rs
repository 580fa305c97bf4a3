//! What each kind of queue is in the words of AsyncAPI: one file each. Where the specification or the registry of its bindings has a name
//! for a protocol, that is the protocol's name here, else the name of what consumers connect to.

mod amqp;
mod aws;
mod file;
mod kafka;
mod nats;
mod pubsub;
mod redis;
mod table;
mod webhook;

use super::bindings::{ChannelBindings, MessageBindings, OperationBindings};
use super::document::Server;
use super::form::Form;
use crate::config::queue::QueueConfig;

/// A queue.
#[derive(Debug)]
pub(super) struct Described {
    /// Where it is.
    pub(super) server: Server,
    /// Which of that server's channels it is.
    pub(super) address: Address,
    /// What a consumer has to know.
    pub(super) description: Option<&'static str>,
    /// How events stand in its messages.
    pub(super) form: Form,
    /// What its protocol adds.
    pub(super) channel: Option<ChannelBindings>,
    /// What its protocol adds to sending.
    pub(super) operation: Option<OperationBindings>,
    /// What its protocol adds to a message of a type.
    pub(super) message: Option<fn(&str) -> Option<MessageBindings>>,
}

/// The address of a channel.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Always the same.
    Known(String),
    /// The type of the event that is sent.
    Type,
    /// Only a secret says it.
    Unknown,
}

impl Described {
    /// A queue of which no more is known.
    pub(super) const fn new(server: Server, address: Address, form: Form) -> Self {
        Self { server, address, description: None, form, channel: None, operation: None, message: None }
    }
}

/// Describes a queue.
pub(super) fn describe(queue: &QueueConfig) -> Described {
    match queue {
        QueueConfig::Sqlite { path, table } => table::sqlite(path, table),
        QueueConfig::Postgres { url, table } => table::postgres(url, table),
        QueueConfig::Pgmq { url, queue } => table::pgmq(url, queue),
        QueueConfig::Redis(redis) => redis::stream(redis),
        QueueConfig::Amqp(amqp) => amqp::exchange(amqp),
        QueueConfig::Nats(nats) => nats::subject(nats),
        QueueConfig::Sqs(sqs) => aws::queue(sqs),
        QueueConfig::Sns(sns) => aws::topic(sns),
        QueueConfig::EventBridge(bus) => aws::bus(bus),
        QueueConfig::Kafka(kafka) => kafka::topic(kafka),
        QueueConfig::Pubsub(pubsub) => pubsub::topic(pubsub),
        QueueConfig::Webhook(webhook) => webhook::handler(webhook),
        QueueConfig::Ndjson { path } => file::lines(path),
        QueueConfig::Stdout => file::stdout(),
    }
}

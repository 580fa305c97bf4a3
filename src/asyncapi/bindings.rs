//! What protocols add to channels, operations and messages, with the names of their bindings
//! (<https://github.com/asyncapi/bindings>). A protocol whose binding has nothing that is known here is not named.

use serde::Serialize;

use super::schema::Schema;

/// What protocols add to a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ChannelBindings {
    /// AMQP 0-9-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) amqp: Option<AmqpChannel>,
    /// Kafka.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kafka: Option<KafkaChannel>,
    /// SNS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sns: Option<SnsChannel>,
    /// SQS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sqs: Option<SqsChannel>,
}

/// What protocols add to an operation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct OperationBindings {
    /// AMQP 0-9-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) amqp: Option<AmqpOperation>,
    /// HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http: Option<HttpOperation>,
}

/// What protocols add to a message.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct MessageBindings {
    /// AMQP 0-9-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) amqp: Option<AmqpMessage>,
    /// Kafka.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kafka: Option<KafkaMessage>,
}

/// An exchange with a routing key, or a queue behind the nameless exchange. Of either, only its name is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub(super) enum AmqpChannel {
    #[serde(rename_all = "camelCase")]
    RoutingKey { exchange: AmqpNamed, binding_version: &'static str },
    #[serde(rename_all = "camelCase")]
    Queue { queue: AmqpNamed, binding_version: &'static str },
}

/// An exchange or a queue, and its virtual host where that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct AmqpNamed {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vhost: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AmqpOperation {
    /// 2 is persistent.
    pub(super) delivery_mode: u8,
    pub(super) binding_version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AmqpMessage {
    pub(super) message_type: String,
    pub(super) binding_version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpOperation {
    pub(super) method: &'static str,
    pub(super) binding_version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KafkaChannel {
    pub(super) topic: String,
    pub(super) binding_version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KafkaMessage {
    pub(super) key: Schema,
    pub(super) binding_version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SqsChannel {
    pub(super) queue: SqsQueue,
    pub(super) binding_version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SqsQueue {
    pub(super) name: String,
    pub(super) fifo_queue: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SnsChannel {
    pub(super) name: String,
    pub(super) ordering: SnsOrdering,
    pub(super) binding_version: &'static str,
}

/// `standard` or `FIFO`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct SnsOrdering {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

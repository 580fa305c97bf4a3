//! Kafka. How many partitions and replicas the topic has is its owner's business and not known here.

use super::{Address, Described};
use crate::asyncapi::bindings::{ChannelBindings, KafkaChannel, KafkaMessage, MessageBindings};
use crate::asyncapi::document::Server;
use crate::asyncapi::form::{Form, Holds, Text};
use crate::asyncapi::place::Place;
use crate::asyncapi::schema::Schema;
use crate::config::queue::KafkaConfig;

/// The version of the binding (<https://github.com/asyncapi/bindings/blob/master/kafka/README.md>).
const BINDING: &str = "0.5.0";

/// A topic.
pub(super) fn topic(kafka: &KafkaConfig) -> Described {
    let form = Form::of(kafka.mode, "ce_", Text::Plain).with("content-type", Holds::MediaType);
    let channel = KafkaChannel { topic: kafka.topic.clone(), binding_version: BINDING };
    Described {
        channel: Some(ChannelBindings { kafka: Some(channel), ..ChannelBindings::default() }),
        message: Some(|_| Some(message())),
        ..Described::new(server(kafka), Address::Known(kafka.topic.clone()), form)
    }
}

/// The first broker, which names the others.
fn server(kafka: &KafkaConfig) -> Server {
    let protocol = if kafka.tls.is_some() { "kafka-secure" } else { "kafka" };
    let mut server = Place::Here(None).server(protocol);
    server.host = kafka.brokers.first().cloned().unwrap_or_default();
    let others = kafka.brokers.get(1..).unwrap_or_default();
    server.description =
        (!others.is_empty()).then(|| format!("Its cluster is also reached at {}.", others.join(", ")));
    server
}

fn message() -> MessageBindings {
    let key = Schema::text().described("The event's subject, by which its partition is chosen.");
    let kafka = KafkaMessage { key, binding_version: BINDING };
    MessageBindings { kafka: Some(kafka), ..MessageBindings::default() }
}
